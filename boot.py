"""First on the chip after MicroPython: no way into a prompt, no level on the motor."""

import micropython

micropython.kbd_intr(-1)

from firmware.board import make_safe  # noqa: E402  (the console is closed before anything else)

make_safe()
