"""What imports cost: imports.py NAMES, on the MicroPython VM; NAMES is a file with the name of a module on each line.

Prints [bytes of the heap, microseconds] of all of them. The chip's own modules are stood for by nothing.
"""

import gc
import json
import sys
import time


class Chip:
    """Has whatever is asked for."""

    def __getattr__(self, name):
        return None


def main(path):
    """Import them in their order, and print the figures."""
    with open(path) as file:
        names = file.read().split()
    for name in ("machine", "esp32", "network"):
        sys.modules[name] = Chip()
    gc.collect()
    before = gc.mem_alloc()
    began = time.ticks_us()
    for name in names:
        __import__(name)
    took = time.ticks_diff(time.ticks_us(), began)
    gc.collect()
    print(json.dumps((gc.mem_alloc() - before, took)))


main(*sys.argv[1:])
