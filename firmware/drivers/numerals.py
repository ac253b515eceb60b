"""Numbers by light and sound, for whoever counts along: the service menu's way to tell a voltage or a temperature.

    flicker   each digit as that many slow flashes, 0 as one long, a pause after each   flicker

The flicker says that a number begins and that it is over, so that no flashes of a number are taken for an answer, nor
an answer for a number. Nothing but the menu imports this.
"""

from micropython import const

from firmware.drivers.signals import HZ_AT, LIT

_HZ = const(1000)
_FRAME_HZ = const(2400)
_ON_MS = const(250)
_OFF_MS = const(350)
_ZERO_MS = const(900)
_PAUSE_MS = const(850)  # after what follows each flash: more than a second between two digits

_FLASH = LIT | _HZ << HZ_AT | _ON_MS
_LONG = LIT | _HZ << HZ_AT | _ZERO_MS

FRAME = (LIT | _FRAME_HZ << HZ_AT | 40, 60) * 10


def digit(d):
    """The steps of one decimal digit, 0 to 9."""
    return (_FLASH, _OFF_MS) * d or (_LONG, _OFF_MS)


def number(n):
    """The steps of a whole number for `Signals.begin`; one below zero begins with a zero."""
    pause = (_PAUSE_MS,)
    steps = FRAME + pause
    for d in str(n).replace("-", "0"):
        steps += digit(int(d)) + pause
    return steps + FRAME
