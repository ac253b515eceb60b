"""Runs the lock; ends in a prompt only for who holds the maintenance key, inside the door, while it gets power.

The app sleeps by itself and the next wake starts boot.py anew. Should it fail to load, there is nobody to tell and
nothing to open: sleep, try again every five minutes, and the batteries last until somebody comes.
"""

import micropython

try:
    micropython.kbd_intr(-1)
    for _ in "1":  # a Ctrl-C that came before is raised where a loop jumps: here, and nowhere further on
        pass
except KeyboardInterrupt:
    pass

from time import sleep_ms  # noqa: E402

import machine  # noqa: E402

called = machine.reset_cause() in (machine.PWRON_RESET, machine.WDT_RESET)  # not by reset(), which ends the console
for _ in range(20):  # neither noise nor the glitches of GPIO 39 (errata of the ESP32) last for a second
    called = called and not machine.Pin(39, machine.Pin.IN).value()
    sleep_ms(50 if called else 0)
try:
    from firmware.board import Board

    if called:
        from firmware.maintenance import note as run
    else:
        from firmware.app import run
    run(Board())
except BaseException:
    pass
if not called:
    machine.deepsleep(300_000)
Board = run = None  # room for what is done at the prompt
machine.Pin(16, machine.Pin.OUT, value=1)  # the LED, until a reset ends it: after an hour, or the cells would be empty
machine.Timer(0).init(mode=machine.Timer.ONE_SHOT, period=3_600_000, callback=lambda _: machine.reset())
