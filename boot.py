"""First on the chip after MicroPython: no way into a prompt, no level on the motor.

Nothing of the lock's own is imported here, so that a file that is damaged cannot keep main.py from running. Were this
one left by an exception, main.py would not run at all and there would be a prompt.
"""

import micropython

try:
    micropython.kbd_intr(-1)
    for _ in "1":  # where a loop jumps, MicroPython raises a Ctrl-C that came before: here, and nowhere further on
        pass
except KeyboardInterrupt:
    pass

from machine import SOFT_RESET, Pin, reset, reset_cause  # noqa: E402  (the console is closed before anything else)

for number in (18, 19, 23):  # IN1, IN2, nSLEEP of the motor's bridge
    Pin(number, Pin.OUT, value=0)

if reset_cause() == SOFT_RESET:  # by Ctrl-D at the prompt: main.py might not be run, and the prompt would stay open
    reset()
