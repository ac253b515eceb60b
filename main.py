"""Runs the lock; never ends in a prompt.

The app sleeps by itself and the next wake starts boot.py anew. Should it fail to load or to go to sleep, SystemExit
makes MicroPython reset softly and start again: the bolt stays where it is.
"""

import micropython

micropython.kbd_intr(-1)

try:
    from firmware.app import run
    from firmware.board import Board

    run(Board())
except Exception:  # noqa: S110  (there is nobody to tell: what can be said was written to the audit log by the app)
    pass
raise SystemExit
