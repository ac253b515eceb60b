"""What time it is, how wrong that may be, and how many seconds of the lock's life are proven.

`t` is UTC in seconds since 1970 from the DS3231, which was last set by an authenticated sync. The chip's own RTC, good
to 5 %, is the witness: what passes by the one must pass by the other, within 10 % and 2 s. The quality says what `t`
rests on, `uncertainty` how far from the truth it may be:

    TRUSTED  the witness agrees: the sync's own doubt, 8.5 ppm of the time since, and the second begun
    STALE    the clock has jumped since the sync: that, and as much as it has jumped; or there was no witness: NEVER.
             Used as far as the uncertainty allows, but moves neither floor nor credit
    LOST     no sync, no answer, no time, the oscillator stood still, or a time before the floor or the sync: NEVER

A reading that the witness denies, or on which more than a minute rests, counts when it was read twice alike: one wild
reading moves nothing and is not even seen. Two that the witness denies are a jump, and the clock is stale until a sync
(`firmware/sync.py`): right is this clock, or what it read before and the witness since, and the doubt covers both.

Without power the witness loses count. The first reading after that proves nothing and is stale; the next one trusts
both, if they agree with the witness, and then the time between them and the last trusted reading before is proven too.
Not so if they disagree, which is a jump as any other, or if the clock went back meanwhile, or more than 400 days ahead:
batteries are changed sooner, and budgets and floor shall not leap by years on the word of two readings. Then, or when
the journal knows of a jump, the clock is stale, and NEVER certain, until a sync.

So the uncertainty covers the truth while the DS3231 keeps to its specification, and when it jumps by more than the
witness tolerates. From inside nobody can tell a jump that is tolerated, a clock that runs wrong by less than 10 %, or
one that was set without power, if no record tells of it: floor and credit are then as wrong as the clock is, with power
by less than 0.16 s for each second and 2 s for each minute with a reading in it.
"""

from micropython import const

from firmware.core.words import LOST, NEVER, STALE, TRUSTED
from firmware.drivers.ds3231 import ClockError

END = 4_200_000_000
"""2103: later times do not fit the 32 bits of a record, and none of this lock's will be true."""

_MAX = 0xFFFFFFFF  # of a record's field
_LONGEST = const(34560000)  # 400 days
_SLACK = const(2)  # two clocks are read in whole seconds
_APART = const(60)  # seconds between readings that others are held against, or the slack would add up


def drift(sync, t):
    """How far from the truth, in seconds rounded up, a DS3231 may be that reads `t` after `sync`, (t, doubt in ms).

    8.5 ppm of the seconds that the clock itself has counted: 3.5 over temperature and 5 by age (Maxim 19-5170,
    electrical characteristics). And the second that it is in.
    """
    return (sync[1] + (t - sync[0]) * 17 // 1999 + 2000) // 1000


class Clock:
    """`source`: DS3231; `board`: seconds of the chip's RTC; `memory`: what survives sleep; `state`: what is in flash.

    As of the last `read`: uncertainty, in seconds; floor: unix seconds before which no clock is believed from now on.
    """

    def __init__(self, source, board, memory, state):
        self._source = source
        self._board = board
        self._memory = memory
        self._state = state
        self.uncertainty = NEVER
        self.floor = state.floor
        if memory.fresh or memory.credit < state.credit or state.ref and not memory.reference:
            memory.credit, memory.reference = state.credit, state.ref
            memory.fresh = False

    @property
    def credit(self):
        """Proven seconds of the lock's life, which never jump with the time of day; the budget refills by them."""
        return self._memory.credit

    @property
    def reference(self):
        """The unix second up to which `credit` counts, for the journal; 0 if the clock is not to be believed again."""
        return 0 if self._memory.doubt else self._memory.reference

    def read(self):
        """(t, quality) now, t being the floor if the clock is lost; brings everything else up to date."""
        memory = self._memory
        rtc = self._board.rtc_seconds()
        t = self._reading()
        if not memory.sure or rtc - memory.seen_at >= _APART or not self._agrees(t, rtc):
            t = self._read_twice(t)
            if t and memory.sure and not self._agrees(t, rtc):
                self._jump(t, rtc)
        quality = self._judge(t, rtc)
        self.floor = self._state.floor
        if quality == TRUSTED:
            self._prove(max(0, t - memory.reference))  # a second back and forth is not counted twice
            memory.counted_at = rtc
            self.floor = max(self.floor, t - self.uncertainty)
        else:
            twenties = max(0, rtc - memory.counted_at) // 20
            self._prove(19 * twenties)  # the witness may be 5 % fast
            memory.counted_at += 20 * twenties
        memory.keep()
        return (t if quality != LOST else self.floor), quality

    def owner_wait(self, seconds):
        """Ms until more than `seconds` have passed since the last owner's entry or power-on; 0 or less: they have."""
        left = self._memory.owner_at + seconds + 1 - self._board.rtc_seconds()
        return min(left, seconds + 1) * 1000

    def owner_entered(self):
        """An owner's entry is evaluated now."""
        self._memory.owner_at = self._board.rtc_seconds()
        self._memory.keep()

    def _prove(self, seconds):
        memory = self._memory
        memory.credit = min(_MAX, memory.credit + seconds)
        if memory.reference:
            memory.reference = min(_MAX, memory.reference + seconds)

    def _reading(self):
        """Unix seconds by the clock, 0 if it has none that could be."""
        try:
            t, running = self._source.read()
        except ClockError:
            return 0
        return t if running and t < END else 0

    def _read_twice(self, t):
        """What two readings in a row have said, after `t`; 0 if no two of three are alike."""
        for _ in range(2):
            before, t = t, self._reading()
            if abs(t - before) < _SLACK:
                return t
        return 0

    def _agrees(self, t, rtc):
        span = max(0, rtc - self._memory.seen_at)
        return abs(t - self._memory.seen - span) <= span // 10 + _SLACK

    def _jump(self, t, rtc):
        """The clock is at `t`, by the witness it should not be: go on from there, with as much more doubt."""
        memory = self._memory
        span = max(0, rtc - memory.seen_at)
        gap = abs(t - memory.seen - span)
        # The witness is good to 5 %, which is less than 1/16; 1/65536 is more than the clock's own 8.5 ppm.
        memory.doubt = min(NEVER, memory.doubt + gap + (gap >> 16) + (span >> 4) + _SLACK + 1)
        memory.seen, memory.seen_at = t, rtc

    def _judge(self, t, rtc):
        """The quality of a reading at `rtc`; sets the uncertainty."""
        memory, sync = self._memory, self._state.sync
        self.uncertainty = NEVER
        agrees = self._agrees(t, rtc)
        if t and not memory.sure:
            if memory.seen and not agrees:
                memory.doubt = NEVER
            memory.seen, memory.seen_at = t, rtc
        if not t or not sync[0] or t < max(sync[0], self._state.floor):
            return LOST
        if rtc - memory.seen_at >= _APART:
            memory.seen, memory.seen_at = t, rtc
        if not memory.sure and not (agrees and self._plausible(t)):
            return STALE
        memory.sure = 1
        self.uncertainty = min(NEVER, drift(sync, t) + memory.doubt)
        return STALE if memory.doubt else TRUSTED

    def _plausible(self, t):
        """Whether the first time after a loss of power can follow the last proven one."""
        return self._memory.reference and -_SLACK <= t - self._memory.reference <= _LONGEST
