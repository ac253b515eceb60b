"""Before main.py, after importing.py, in a boot that is watched: prints what it loads and what heap it takes.

import NAME FILE BYTES MICROSECONDS   a module of the firmware or its library, without what it imports in turn
heap INSTANT BYTES                    at a request to the world: what is reachable, but for the simulated chip's modules
"""

import bus

bus.chip.cells = None  # so that reading flash is a request, too
_exchange = bus.chip.exchange
_imports = Imports(lambda *row: print("import", *row))  # noqa: F821  (of importing.py)


def _watched_exchange(request):
    print("heap", bus.chip.now, allocated() - _begin - _imports.others)  # noqa: F821
    return _exchange(request)


bus.chip.exchange = _watched_exchange
_begin = allocated()  # noqa: F821
