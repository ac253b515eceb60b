"""Before main.py in a boot that is watched: prints what each import takes, and the heap at each request to the world.

import NAME FILE BYTES MICROSECONDS   a module of the firmware or its library, without what it imports in turn
heap INSTANT BYTES                    what is reachable, but for the simulated chip's modules
"""

import builtins
import gc
import sys

import bus
import utime  # the VM's own: simulated time stands still while the firmware computes

_OURS = "firmware", "umqtt"
_import = builtins.__import__
_exchange = bus.chip._exchange
_inner = [[0, 0]]  # (bytes, microseconds) of what the imports under way have imported, the outermost first
_chip = 0


def _allocated():
    gc.collect()
    return gc.mem_alloc()


def _watched_import(name, *more):
    global _chip
    if name in sys.modules and not more[2]:
        return _import(name, *more)
    known = len(sys.modules)
    entered = utime.ticks_us()
    before = _allocated()
    _inner.append([0, 0])
    began = utime.ticks_us()
    try:
        module = _import(name, *more)
    finally:
        took = utime.ticks_diff(utime.ticks_us(), began)
        inner_bytes, inner_us = _inner.pop()
    if len(sys.modules) > known:
        taken = _allocated() - before
        if name.split(".")[0] in _OURS:
            file = getattr(sys.modules[name], "__file__", None)
            if file:  # else it is a folder
                print("import", name, file, taken - inner_bytes, took - inner_us)
        else:
            _chip += taken - inner_bytes
        inner_bytes = taken
    _inner[-1][0] += inner_bytes
    _inner[-1][1] += utime.ticks_diff(utime.ticks_us(), entered)
    return module


def _watched_exchange(request):
    print("heap", bus.chip.now, _allocated() - _begin - _chip)
    return _exchange(request)


builtins.__import__ = _watched_import
bus.chip._exchange = _watched_exchange
_begin = _allocated()
