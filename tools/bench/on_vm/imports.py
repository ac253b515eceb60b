"""What imports cost: imports.py NAMES, on the MicroPython VM; NAMES is a file with the name of a module on each line.

Prints [name, bytes of the heap, microseconds] of each module that is loaded, those they import in turn before them. The
chip's own modules are stood for by nothing.
"""

import json
import sys

from importing import Imports


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
    rows = [None] * 200  # so that noting them takes little of what is measured
    count = 0

    def tell(name, _, taken, took):
        nonlocal count
        rows[count] = name, taken, took
        count += 1

    imports = Imports(tell)
    for name in names:
        imports.load(name, None, None, None, 0)
    print(json.dumps(rows[:count]))


main(*sys.argv[1:])
