"""Code that is let go once its part is done, so that there is room for what comes next.

A module that is loaded stays for as long as the table of modules names it. Whoever wants one again that was let go
loads it again, and its classes are others then: so what such a part leaves behind is of classes that were there before.
"""

import gc
from sys import modules


def passing(work, *arguments):
    """What `work(*arguments)` returns or raises; the firmware's modules that it has loaded are let go."""
    known = set(modules)
    try:
        return work(*arguments)
    finally:
        gone = [name for name in modules if name.startswith("firmware.") and name not in known]
        known = None
        for name in gone:
            package, _, own = name.rpartition(".")
            del modules[name]
            if package in modules:
                modules[package].__dict__.pop(own, None)
        if gone:
            gc.collect()
