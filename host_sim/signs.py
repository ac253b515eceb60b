"""Everything that the lock can show at the door, for world/signals.py to recognise: its patterns and numbers."""

from firmware.drivers import numerals
from firmware.drivers.signals import PATTERNS, unpacked

_NUMBERS = {"number": numerals.FRAME, **{str(d): numerals.digit(d) for d in range(10)}}
SIGNS = {name: tuple(unpacked(steps)) for name, steps in {**PATTERNS, **_NUMBERS}.items()}
