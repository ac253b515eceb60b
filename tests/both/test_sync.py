"""Setting the clock: what it changes, what it refuses, and what a cut of the power or a dead clock leaves."""

from wrist import DAY, NOON, Board, Bus

from firmware.clock import Clock
from firmware.core.grants import Grants
from firmware.core.state import State
from firmware.core.words import LOST, STALE, TRUSTED
from firmware.drivers.ds3231 import DS3231, ClockError
from firmware.memory import Memory
from firmware.sync import SyncError, synchronise


class Cut(Exception):
    """The power went."""


class Lock:
    """Board, memory and a journal that keeps records until the power goes before the record `cut` (from 1)."""

    def __init__(self):
        self.board = Board()
        self.board.i2c = Bus()
        self.state = State(Grants(b""))
        self.cut = self.records = 0
        self.wake()

    def wake(self):
        self.memory = Memory(self.board)
        self.clock = Clock(DS3231(self.board.i2c), self.board, self.memory, self.state)

    def write(self, body):
        self.records += 1
        if self.records == self.cut:
            raise Cut
        self.state.apply(body)

    def pass_time(self, seconds):
        self.board.rtc += seconds
        self.board.i2c.t += seconds

    def sync(self, t, doubt_ms=500, **more):
        synchronise(self.board, self.memory, self, self.state, t, doubt_ms, **more)

    def refuses(self, error, *args, **more):
        try:
            self.sync(*args, **more)
        except error:
            return True
        return False


def synchronised():
    lock = Lock()
    lock.sync(NOON)
    return lock


def test_a_sync_makes_a_lost_clock_trusted_at_once():
    lock = Lock()
    assert lock.clock.read()[1] == LOST
    lock.sync(NOON, 500)
    assert lock.clock.read() == (NOON, TRUSTED)
    assert lock.clock.uncertainty == 2
    assert lock.state.sync == (NOON, 501)  # a millisecond may have passed
    assert (lock.state.floor, lock.state.ref, lock.state.credit) == (NOON - 1, NOON, 0)


def test_what_passes_while_the_clock_is_being_set_is_doubt():
    lock = Lock()
    lock.board.ms_per_look = 400  # an erase
    lock.sync(NOON, 500)
    assert lock.state.sync == (NOON, 901)


def test_a_sync_never_refills_and_what_was_proven_before_stays():
    lock = synchronised()
    lock.pass_time(3600)
    lock.sync(NOON + 30 * DAY)
    assert lock.state.credit == 3600
    lock.pass_time(60)
    assert lock.clock.read()[1] == TRUSTED
    assert lock.clock.credit == 3660


def test_a_jump_is_over_with_a_sync():
    lock = synchronised()
    lock.board.i2c.t += 1000
    assert lock.clock.read()[1] == STALE
    lock.sync(NOON + 10)
    assert lock.clock.read() == (NOON + 10, TRUSTED)
    lock.board.rtc, lock.board.memory = 0, b""
    lock.wake()
    lock.pass_time(5)
    assert lock.clock.read()[1] == STALE
    assert lock.clock.read() == (NOON + 15, TRUSTED)


def test_the_floor_falls_only_when_it_is_told_to():
    lock = synchronised()
    lock.sync(NOON + DAY, 10_000)
    floor = lock.state.floor
    assert floor == NOON + DAY - 10
    assert lock.refuses(SyncError, NOON + 3600)
    assert lock.clock.read() == (NOON + DAY, TRUSTED)  # nothing has changed
    assert lock.state.floor == floor
    lock.sync(NOON + 3600, 500, reset_floor=True)
    assert lock.state.floor == NOON + 3599
    assert lock.clock.read() == (NOON + 3600, TRUSTED)


def test_a_time_that_may_be_before_the_floor_is_taken_for_the_floor():
    lock = synchronised()
    lock.sync(NOON + 100, 0)
    lock.sync(NOON + 90, 20_000)
    assert lock.clock.read() == (NOON + 100, TRUSTED)
    assert lock.state.floor == NOON + 100


def test_times_and_doubts_that_cannot_be_are_refused_and_nothing_changes():
    lock = synchronised()
    before = lock.state.sync, lock.records
    for t, doubt in ((0, 0), (1_577_836_799, 0), (4_200_000_000, 0), (1 << 40, 0), (NOON, -1), (NOON, 86_400_001)):
        for reset in (False, True):
            assert lock.refuses(SyncError, t, doubt, reset_floor=reset), (t, doubt)
    assert (lock.state.sync, lock.records) == before
    assert lock.clock.read()[1] == TRUSTED


def test_a_cut_at_any_step_leaves_the_old_time_or_none():
    for cut in (1, 2):
        lock = synchronised()
        lock.pass_time(DAY)
        lock.records, lock.cut = 0, cut
        assert lock.refuses(Cut, NOON + 90 * DAY)
        lock.board.rtc, lock.board.memory = 0, b""
        lock.wake()
        for _ in range(3):
            lock.pass_time(5)
            t, quality = lock.clock.read()
        assert (t, quality) == ((NOON + DAY + 15, TRUSTED) if cut == 1 else (lock.state.floor, LOST))
        assert lock.clock.credit <= DAY + 15
        lock.sync(NOON + 90 * DAY)  # whoever sent it sends it again
        assert lock.clock.read() == (NOON + 90 * DAY, TRUSTED)


def test_a_clock_that_cannot_be_set_is_lost():
    lock = synchronised()
    lock.board.i2c.dead = True
    assert lock.refuses(ClockError, NOON + DAY)
    lock.board.i2c.dead = False
    assert lock.clock.read()[1] == LOST
    lock.sync(NOON + DAY)
    assert lock.clock.read() == (NOON + DAY, TRUSTED)


def test_the_snapshot_carries_the_sync_forward():
    lock = synchronised()
    lock.pass_time(500)
    lock.clock.read()
    lock.state.apply(lock.state.clock(lock.clock.credit, lock.clock.reference, lock.clock.floor, 1))
    other = State(Grants(b""))
    for body in lock.state.snapshot():
        other.apply(body)
    assert (other.sync, other.ref, other.credit) == ((NOON, 501), NOON + 500, 500)
    assert other.floor == lock.state.floor
