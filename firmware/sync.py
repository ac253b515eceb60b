"""Setting the clock: the one way in which time comes into the lock, for the cable and for a sealed `set time`.

The journal says first that there is no time, then the clock is set, then the journal says what it was set to. A cut of
the power in between leaves the clock lost, and whoever sent the time sends it again.
"""

from firmware.clock import END, Clock
from firmware.drivers.ds3231 import DS3231
from firmware.drivers.ds3231_service import set_time

EARLIEST = 1_577_836_800
"""2020: no lock of this kind is older."""

LONGEST_DOUBT_MS = 86_400_000
"""A day: whoever knows the time no better does not know it."""


class SyncError(ValueError):
    """A time that cannot be right; nothing has changed."""


def synchronise(board, memory, journal, state, t, uncertainty_ms, reset_floor=False):
    """Set the clock to `t` (unix seconds), authenticated and true to `uncertainty_ms` at the instant of the call.

    `journal`: mounted, of `state`; `memory`: that of the wake's clock. Burns stay, and no bucket fills: `credit` goes
    on as it was proven before. The floor rises to the earliest that it can be now, and falls to that only with
    `reset_floor`, which is for the owner: without it a time before the floor is refused.

    Raises SyncError for a time that is refused, ClockError if the clock cannot be set (it is lost then), StorageError.
    """
    began = board.now()
    if not EARLIEST <= t < END:
        raise SyncError("time is not between 2020 and 2103")
    if not 0 <= uncertainty_ms <= LONGEST_DOUBT_MS:
        raise SyncError("uncertainty is not between 0 and a day")
    clock = Clock(DS3231(board.i2c), board, memory, state)
    clock.read()
    doubt = (uncertainty_ms + 999) // 1000
    floor = t - doubt
    if not reset_floor:
        if t + doubt < clock.floor:
            raise SyncError("time is before the floor")
        t, floor = max(t, clock.floor), max(floor, clock.floor)
    journal.write(state.synchronised(0, 0, clock.credit, clock.floor))
    set_time(board.i2c, t)
    passed = board.now() - began + 1  # the clock is behind by that
    journal.write(state.synchronised(t, uncertainty_ms + passed, clock.credit, floor))
    memory.reference = memory.seen = t
    memory.counted_at = memory.seen_at = board.rtc_seconds()
    memory.sure, memory.doubt = 1, 0
    memory.keep()
