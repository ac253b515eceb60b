"""Watches imports: what each module takes of the heap and of time, without what it imports in turn."""

import builtins
import gc
import sys

import utime  # the VM's own, also where `time` is the simulated chip's

OURS = "firmware", "umqtt"


def allocated():
    """Bytes of the heap that are reachable."""
    gc.collect()
    return gc.mem_alloc()


class Imports:
    """Stands for `__import__` from now on; calls tell(name, file, bytes, microseconds) for each module of the firmware
    or its library. others: bytes of all other modules.
    """

    def __init__(self, tell):
        self.others = 0
        self._tell = tell
        self._import = builtins.__import__
        self._inner = [[0, 0]]  # (bytes, microseconds) of what the imports under way have imported, the outermost first
        builtins.__import__ = self.load

    def load(self, name, *more):
        """Import the module as `__import__` does."""
        if name in sys.modules and not more[2]:
            return self._import(name, *more)
        known = len(sys.modules)
        entered = utime.ticks_us()
        before = allocated()
        self._inner.append([0, 0])
        began = utime.ticks_us()
        try:
            module = self._import(name, *more)
        finally:
            took = utime.ticks_diff(utime.ticks_us(), began)
            inner_bytes, inner_us = self._inner.pop()
        if len(sys.modules) > known:
            taken = allocated() - before
            self._note(name, taken - inner_bytes, took - inner_us)
            inner_bytes = taken
        self._inner[-1][0] += inner_bytes
        self._inner[-1][1] += utime.ticks_diff(utime.ticks_us(), entered)
        return module

    def _note(self, name, taken, took):
        if name.split(".")[0] not in OURS:
            self.others += taken
            return
        file = getattr(sys.modules[name], "__file__", None)
        if file:  # else it is a folder
            self._tell(name, file, taken, took)
