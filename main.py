"""Runs the lock; never ends in a prompt.

The app sleeps by itself and the next wake starts boot.py anew. Should it fail to load, there is nobody to tell and
nothing to open: sleep, try again every five minutes, and the batteries last until somebody comes.
"""

import micropython

micropython.kbd_intr(-1)

try:
    from firmware.app import run
    from firmware.board import Board

    run(Board())
except Exception:
    pass

import machine  # noqa: E402  (only board.py needs it otherwise, and that may be what failed to load)

machine.deepsleep(300_000)
