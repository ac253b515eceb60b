from firmware.clock import Clock
from firmware.core.words import LOST, STALE, TRUSTED
from firmware.drivers.ds3231 import ClockError
from firmware.memory import Memory

NOON = 1_772_452_800


class Board:
    """The chip's own clock and the memory that it keeps while there is power."""

    def __init__(self):
        self.rtc = 0
        self.memory = b""

    def rtc_seconds(self):
        return self.rtc

    def recall(self):
        return self.memory

    def remember(self, data):
        self.memory = bytes(data)

    def lose_power(self):
        self.rtc = 0
        self.memory = b""


class Source:
    def __init__(self):
        self.t = NOON
        self.running = True
        self.answers = True

    def read(self):
        if not self.answers:
            raise ClockError("no answer")
        return self.t, self.running


class State:
    floor = 0
    credit = 1000
    ref = NOON - 500


class Life:
    """A lock's clock through wakes and power cuts."""

    def __init__(self):
        self.board, self.source, self.state = Board(), Source(), State()
        self.wake()

    def wake(self):
        self.clock = Clock(self.source, self.board, Memory(self.board), self.state)

    def pass_time(self, seconds, rtc_error=0):
        self.source.t += seconds
        self.board.rtc += seconds + rtc_error


def test_after_power_on_the_flash_and_a_trusted_reading_prove_the_time_between():
    life = Life()
    assert life.clock.read() == (NOON, TRUSTED)
    assert life.clock.credit == 1500


def test_credit_grows_with_trusted_readings_through_deep_sleep():
    life = Life()
    life.clock.read()
    life.pass_time(3600, rtc_error=90)
    life.wake()
    assert life.clock.read() == (NOON + 3600, TRUSTED)
    assert life.clock.credit == 1500 + 3600


def test_a_wild_reading_is_stale_and_proves_only_what_the_chips_own_clock_says():
    life = Life()
    life.clock.read()
    life.board.rtc += 1000
    life.source.t += 100_000
    assert life.clock.read()[1] == STALE
    assert life.clock.credit == 1500 + 950


def test_a_clock_that_is_set_back_and_forth_refills_nothing():
    life = Life()
    life.clock.read()
    before = life.clock.credit
    for _ in range(50):
        life.source.t += 90_000
        life.clock.read()
        life.source.t -= 90_000
        life.clock.read()
    assert life.clock.credit == before


def test_without_a_clock_the_chips_own_counts_less_and_a_power_cut_nothing():
    life = Life()
    life.clock.read()
    life.source.answers = False
    life.board.rtc += 1000
    assert life.clock.read()[1] == LOST
    assert life.clock.credit == 1500 + 950
    life.state.credit = life.clock.credit
    life.board.lose_power()
    life.wake()
    life.clock.read()
    assert life.clock.credit == 1500 + 950


def test_lost_when_the_oscillator_stood_still_or_the_floor_is_ahead():
    life = Life()
    life.source.running = False
    assert life.clock.read()[1] == LOST
    life.source.running = True
    life.state.floor = NOON + 10
    assert life.clock.read() == (NOON + 10, LOST)


def test_a_sync_after_a_lost_clock_refills_nothing():
    life = Life()
    life.source.running = False
    life.clock.read()
    life.source.t += 10_000_000
    life.source.running = True
    before = life.clock.credit
    life.clock.read()
    assert life.clock.credit == before


def test_the_owner_waits_after_power_on_and_between_entries_but_not_after_sleep():
    life = Life()
    life.clock.read()
    assert life.clock.owner_wait(15) == 16_000  # whole seconds: never less than 15
    life.pass_time(60)
    life.wake()
    assert life.clock.owner_wait(15) <= 0
    life.clock.owner_entered()
    life.pass_time(5)
    life.wake()
    assert life.clock.owner_wait(15) == 11_000
    life.board.lose_power()
    life.wake()
    assert life.clock.owner_wait(15) == 16_000


def test_memory_that_outlived_the_chips_own_clock_locks_nobody_out():
    life = Life()
    life.board.rtc = 3_456_000
    life.clock.read()
    life.clock.owner_entered()
    life.board.rtc = 0
    life.wake()
    assert life.clock.owner_wait(15) == 16_000


def test_a_time_that_no_record_can_hold_is_no_time():
    life = Life()
    life.source.t = 4_300_000_000
    assert life.clock.read()[1] == LOST
    assert life.clock.reference == 0


def test_a_second_back_and_forth_is_not_counted_twice():
    life = Life()
    life.clock.read()
    before = life.clock.credit
    for _ in range(100):
        life.source.t -= 1
        life.clock.read()
        life.source.t += 1
        life.clock.read()
    assert life.clock.credit == before


def test_memory_that_is_damaged_is_forgotten():
    life = Life()
    life.clock.read()
    life.board.memory = life.board.memory[:-1] + b"\x00"
    life.wake()
    assert life.clock.credit == life.state.credit
