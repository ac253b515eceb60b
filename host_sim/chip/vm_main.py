"""Entry of a boot in the MicroPython VM: the bus is the socket with file number 3."""

import os

import vm_link

vm_link.join(3)

from start import start  # noqa: E402  (needs the bus)

_main = {"__name__": "__main__"}


def _execute(name):
    if name in os.listdir():
        execfile(name, _main)  # noqa: F821  (a builtin of MicroPython)


start(_execute, vm_link.describe)
