"""What time it is, how far to trust it, and how many seconds of the lock's life are proven.

`t` is UTC in seconds since 1970 from the DS3231. The quality says what it rests on:

    TRUSTED  the oscillator has run since it was set, the floor is behind, and the chip's own RTC agrees
    STALE    the chip's RTC tells of another span than the DS3231: used, but moves neither floor nor credit
    LOST     no answer, no time, the oscillator stood still, or the time is before the floor

`credit` counts proven seconds and never jumps with the time of day; the guess budget refills from it.
"""

import binascii
import struct

from firmware.core.budget import proven_elapsed
from firmware.core.words import LOST, STALE, TRUSTED
from firmware.drivers.ds3231 import ClockError

_MEMORY = "<4sIIII"  # mark, credit, reference time, RTC seconds of both, RTC seconds of the last owner's entry
_MARK = b"dbt1"


class Clock:
    """`source`: DS3231; `board`: RTC seconds and RTC memory; `state`: floor, credit and reference from flash."""

    def __init__(self, source, board, state):
        self._source = source
        self._board = board
        self._state = state
        self.credit = state.credit
        self.reference = state.ref
        self._owner_at = board.rtc_seconds()  # RTC seconds of the last owner's entry, or of power-on
        self._rtc_at = None  # RTC seconds at which credit and reference held; None before the first after power-on
        self._recall()

    def read(self):
        """(t, quality) now; brings credit and reference up to date and keeps them through deep sleep."""
        rtc = self._board.rtc_seconds()
        elapsed = None if self._rtc_at is None else max(0, rtc - self._rtc_at)
        try:
            t, running = self._source.read()
        except ClockError:
            t, running = 0, False
        quality = self._judge(t, running, elapsed)
        self.credit += proven_elapsed(self.reference, t if quality == TRUSTED else 0, elapsed)
        if quality == TRUSTED:
            self.reference = t
        elif quality == STALE:
            self.reference += elapsed
        else:
            self.reference = 0
            t = max(t, self._state.floor)
        self._rtc_at = rtc
        self._keep()
        return t, quality

    def owner_wait(self, seconds):
        """Ms until `seconds` have passed since the last owner's entry or power-on; 0 or less: they have."""
        return (self._owner_at + seconds - self._board.rtc_seconds()) * 1000

    def owner_entered(self):
        """An owner's entry is evaluated now."""
        self._owner_at = self._board.rtc_seconds()
        self._keep()

    def _judge(self, t, running, elapsed):
        if not running or t < self._state.floor:
            return LOST
        if elapsed is not None and self.reference and abs(t - self.reference - elapsed) > elapsed // 10 + 2:
            return STALE
        return TRUSTED

    def _recall(self):
        kept = self._board.recall()
        size = struct.calcsize(_MEMORY)
        if len(kept) != size + 4 or struct.unpack_from("<I", kept, size)[0] != binascii.crc32(kept[:size]):
            return
        mark, credit, reference, rtc_at, owner_at = struct.unpack_from(_MEMORY, kept)
        if mark == _MARK:
            self.credit = max(self.credit, credit)
            self.reference = reference
            self._rtc_at = rtc_at
            self._owner_at = owner_at

    def _keep(self):
        data = struct.pack(_MEMORY, _MARK, self.credit, self.reference, self._rtc_at or 0, self._owner_at)
        self._board.remember(data + struct.pack("<I", binascii.crc32(data)))
