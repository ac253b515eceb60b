"""What is soldered to which GPIO: the pin map of firmware/board.py, seen from the outside of the chip."""

ROWS = (32, 33, 13, 4)
"""Rows of the key matrix, top first."""
COLUMNS = (25, 26, 27)
"""Columns of the key matrix, left first."""

MOTOR = (18, 19, 23)
"""IN1, IN2 and nSLEEP of the bridge, which have pull-downs: while the chip's pads float, the motor is off."""
URGENT_PADS = sum(1 << pad for pad in MOTOR)
"""Mask of the outputs that change what happens next; nobody but onlookers cares about the others."""

BOLT_LOCKED = 34
BOLT_UNLOCKED = 35
"""End switches to ground, with pull-ups: low when reached."""
REED = 14
"""Reed contact to ground, with a pull-up: low while the door is closed."""

MAINTENANCE = 39
"""The maintenance key to ground, with a pull-up: low while it is held."""

BATTERY = 36
BUZZER = 17
LED = 16
DS3231_ADDRESS = 0x68

MAC = bytes.fromhex("240ac4d00b01")

LOCKLOG = "locklog"
LOCKLOG_ADDRESS = 0x200000
LOCKLOG_SIZE = 0x40000
LOCKLOG_TYPE, LOCKLOG_SUBTYPE = 1, 0x81
"""The partition for the journal and the audit log, right behind the application (subtype: FAT, as the tools offer)."""
