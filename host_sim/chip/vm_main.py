"""Entry of a boot in the MicroPython VM: the bus is the socket with file number 3; the arguments are where the bytes in
the flash are in memory, and how many."""

import os
import sys

import vm_link

vm_link.join(3, *map(int, sys.argv[1:]))

from start import start  # noqa: E402  (needs the bus)

_main = {"__name__": "__main__"}


def _execute(name):
    if name in os.listdir():
        execfile(name, _main)  # noqa: F821  (a builtin of MicroPython)


start(_execute, vm_link.describe)
