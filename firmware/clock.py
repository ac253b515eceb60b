"""What time it is, how far to trust it, and how many seconds of the lock's life are proven.

`t` is UTC in seconds since 1970 from the DS3231. The quality says what it rests on:

    TRUSTED  the oscillator has run since it was set, the floor is behind, and the chip's own RTC agrees
    STALE    the chip's RTC tells of another span than the DS3231: used, but moves neither floor nor credit
    LOST     no answer, no time, the oscillator stood still, or the time is before the floor

`credit` counts proven seconds and never jumps with the time of day; the guess budget refills from it.
"""

from firmware.core.budget import proven_elapsed
from firmware.core.words import LOST, STALE, TRUSTED
from firmware.drivers.ds3231 import ClockError

_END = 4_200_000_000  # 2103: later times do not fit the 32 bits of a record, and none of this lock's will be true


class Clock:
    """`source`: DS3231; `board`: seconds of the chip's RTC; `memory`: what survives sleep; `state`: what is in flash.

    credit: proven seconds. reference: trusted reading that belongs to it, 0 for none.
    """

    def __init__(self, source, board, memory, state):
        self._source = source
        self._board = board
        self._memory = memory
        self._state = state
        self._fresh = memory.fresh  # there is no earlier reading in this power session to compare with
        self.credit = max(state.credit, memory.credit)
        self.reference = state.ref if memory.fresh else memory.reference

    def read(self):
        """(t, quality) now; brings credit and reference up to date and keeps them through deep sleep."""
        rtc = self._board.rtc_seconds()
        elapsed = None if self._fresh else max(0, rtc - self._memory.rtc_at)
        try:
            t, running = self._source.read()
        except ClockError:
            t, running = 0, False
        quality = self._judge(t, running, elapsed)
        self.credit += proven_elapsed(self.reference, t if quality == TRUSTED else 0, elapsed)
        if quality == TRUSTED:
            self.reference = max(self.reference, t)  # a second back and forth must not be counted twice
        elif quality == STALE:
            self.reference += elapsed
        else:
            self.reference = 0
            t = self._state.floor
        self._fresh = False
        self._memory.rtc_at = rtc
        self._keep()
        return t, quality

    def owner_wait(self, seconds):
        """Ms until more than `seconds` have passed since the last owner's entry or power-on; 0 or less: they have."""
        left = self._memory.owner_at + seconds + 1 - self._board.rtc_seconds()
        return min(left, seconds + 1) * 1000

    def owner_entered(self):
        """An owner's entry is evaluated now."""
        self._memory.owner_at = self._memory.rtc_at = self._board.rtc_seconds()
        self._keep()

    def _judge(self, t, running, elapsed):
        if not running or not self._state.floor <= t < _END:
            return LOST
        if elapsed is not None and self.reference and abs(t - self.reference - elapsed) > elapsed // 10 + 2:
            return STALE
        return TRUSTED

    def _keep(self):
        self._memory.credit = self.credit
        self._memory.reference = self.reference
        self._memory.keep()
