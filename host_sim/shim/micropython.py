"""The few names of MicroPython's `micropython` module that firmware uses, for CPython.

It comes before site-packages on the path: the wheel of the MicroPython VM leaves a `micropython.py` of its own there,
which is a command and not this module. It imports nothing, so that it may stand for the chip's module as well.
"""


def const(value):
    """`value` itself; on MicroPython the compiler folds it into the code."""
    return value


def opt_level(level=None):
    """Optimisation level of later compilations. There is none here: always 0."""
    return 0 if level is None else None


def kbd_intr(char):
    """Choose the character that interrupts the program (-1: none). The host's terminal is left as it is."""


def schedule(function, argument):
    """Run `function(argument)` soon; here there is no interrupt to wait for, so at once."""
    function(argument)


def heap_lock():
    """Forbid allocation, as for an interrupt handler; without effect here."""


def heap_unlock():
    """Allow allocation again; returns the depth of locks left, always 0."""
    return 0
