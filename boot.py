"""First on the chip after MicroPython: no way into a prompt, no level on the motor.

Nothing of the lock's own is imported here, so that a file that is damaged cannot keep main.py from running.
"""

import micropython

micropython.kbd_intr(-1)

from machine import Pin  # noqa: E402  (the console is closed before anything else)

for number in (18, 19, 23):  # IN1, IN2, nSLEEP of the motor's bridge
    Pin(number, Pin.OUT, value=0)
