"""The clock's quality, uncertainty, floor and proven seconds, through sleep, losses of power and wrong clocks."""

import binascii
import struct

from wrist import DAY, NOON, Life

from firmware.clock import drift
from firmware.core.words import LOST, NEVER, STALE, TRUSTED
from firmware.memory import Memory


def test_after_a_loss_of_power_the_second_reading_proves_the_time_between():
    life = Life()
    life.pull_power(500)
    assert life.clock.read() == (NOON + 500, STALE)
    assert life.clock.uncertainty == NEVER
    assert (life.clock.credit, life.clock.floor) == (1000, 0)
    life.pass_time(5)
    assert life.clock.read() == (NOON + 505, TRUSTED)
    assert (life.clock.credit, life.clock.floor) == (1505, NOON + 503)


def test_credit_grows_with_trusted_readings_through_deep_sleep():
    life = Life()
    life.pass_time(3600, rtc_error=90)
    life.wake()
    assert life.clock.read() == (NOON + 3600, TRUSTED)
    assert life.clock.credit == 1000 + 3600
    assert life.clock.reference == NOON + 3600


def test_the_uncertainty_is_that_of_the_sync_and_85_ppm_and_the_second():
    assert drift((NOON, 0), NOON) == 2
    assert drift((NOON, 999), NOON) == 2
    assert drift((NOON, 1500), NOON) == 3
    assert drift((NOON, 0), NOON + 30 * DAY) == 24  # 22.03 s and one
    assert drift((NOON, 30_000), NOON + 3650 * DAY) == 31 + 2682
    life = Life()
    life.pass_time(30 * DAY)
    life.clock.read()
    assert life.clock.uncertainty == drift(life.state.sync, NOON + 30 * DAY)
    assert life.clock.floor == NOON + 30 * DAY - life.clock.uncertainty


def test_one_wild_reading_moves_nothing_and_is_not_even_seen():
    for wild in (-NOON, -20 * 365 * DAY, -3600, -5, 5, 3600, 20 * 365 * DAY, 4_300_000_000):
        life = Life()
        life.pass_time(10 * DAY)
        life.source.misread = [life.truth + wild]
        assert life.clock.read() == (life.truth, TRUSTED)
        assert not life.source.misread
        assert life.clock.credit == 1000 + 10 * DAY


def test_two_wild_readings_that_differ_move_nothing_and_the_next_sane_one_is_trusted():
    life = Life()
    life.pass_time(10 * DAY)
    life.clock.read()
    before = life.clock.credit, life.clock.reference
    for wild in (3600, 20 * 365 * DAY):
        life.source.misread = [life.truth - wild, life.truth + wild]
        assert life.clock.read() == (0, LOST)
        assert life.clock.uncertainty == NEVER
        assert (life.clock.credit, life.clock.reference, life.clock.floor) == before + (0,)
        life.pass_time(7)
        assert life.clock.read() == (life.truth, TRUSTED)
        before = life.clock.credit, life.clock.reference
    assert before[0] == 1000 + 10 * DAY + 14


def test_a_jump_is_stale_with_that_much_doubt_for_as_long_as_there_is_power():
    for jump in (5, -5, 500, -3600, 90 * DAY, 20 * 365 * DAY):
        life = Life()
        life.pass_time(DAY)
        life.clock.read()
        life.source.t += jump
        for n in range(40):
            assert life.clock.read()[1] == (STALE if life.source.t >= NOON else LOST)
            assert abs(jump) <= life.clock.uncertainty
            if abs(jump) < DAY:
                assert life.clock.uncertainty < abs(jump) + 10 + n
            assert life.clock.reference == 0
            life.pass_time(3600)
            life.wake()
        assert life.clock.credit == 1000 + DAY + 39 * 3600 * 95 // 100
        assert life.clock.floor == 0


def test_the_doubt_of_a_jump_has_the_error_of_the_witness_in_it():
    for error in (-50, 50):
        life = Life()
        life.pass_time(1000, rtc_error=error)
        life.source.t += 4 * error
        assert life.clock.read()[1] == STALE
        assert life.clock.uncertainty >= 200


def test_a_second_jump_adds_to_the_first_even_if_it_leads_back():
    life = Life()
    for jump in (1000, -1000):
        life.source.t += jump
        assert life.clock.read()[1] == STALE
        life.pass_time(60)
    assert 2000 < life.clock.uncertainty < 2020


def test_a_jump_below_the_floor_is_lost_and_still_a_jump_when_the_floor_is_passed():
    life = Life()
    life.pass_time(DAY)
    life.clock.read()
    life.record()
    life.source.t -= 500
    assert life.clock.read() == (life.state.floor, LOST)
    life.pass_time(9000)  # by then the witness would tolerate it
    assert life.clock.read() == (life.truth - 500, STALE)
    assert life.clock.uncertainty >= 500


def test_a_jump_that_the_flash_knows_of_is_never_certain_after_a_loss_of_power():
    life = Life()
    life.source.t += 100
    life.clock.read()
    life.record()
    life.pull_power(60)
    for _ in range(5):
        life.pass_time(5)
        assert life.clock.read()[1] == STALE
        assert life.clock.uncertainty == NEVER
    assert life.clock.credit == life.state.credit + 19


def test_after_a_loss_of_power_one_wild_reading_among_others_moves_nothing():
    for place in range(4):
        life = Life()
        life.pull_power(DAY)
        before = life.clock.credit
        for n in range(6):
            life.pass_time(5)
            life.source.misread = [life.truth + 30 * DAY] * (n == place)
            t, quality = life.clock.read()
            assert quality != TRUSTED or t == life.truth
            assert life.clock.credit <= 1000 + DAY + 5 * (n + 1)
            assert life.clock.floor <= life.truth
        assert quality == TRUSTED
        assert life.clock.credit == before + DAY + 30


def test_after_a_loss_of_power_a_clock_that_went_back_or_more_than_400_days_ahead_stays_stale():
    for off, believed in ((-1, True), (-5, False), (-DAY, False), (399 * DAY, True), (401 * DAY, False)):
        life = Life()
        life.pass_time(2 * DAY)
        life.clock.read()
        life.record()
        life.pull_power(0)
        life.source.t += off
        for _ in range(10):
            quality = life.clock.read()[1]
        assert (quality == TRUSTED) == believed, off
        if not believed:
            assert life.clock.uncertainty == NEVER
            assert life.clock.credit == life.state.credit
            assert life.clock.floor == life.state.floor


def test_a_jump_right_after_a_loss_of_power_is_not_taken_for_the_time_without_it():
    for first, then in ((0, 100 * DAY), (500 * DAY, -400 * DAY), (-10 * DAY, 110 * DAY)):
        life = Life()
        life.source.t += first
        life.pull_power(600)
        assert life.clock.read()[1] == (LOST if first < 0 else STALE)
        life.source.t += then
        for _ in range(5):
            life.pass_time(40)
            assert life.clock.read()[1] == STALE
        assert life.clock.uncertainty == NEVER
        assert life.clock.credit <= 1000 + 200
        assert life.clock.reference == life.clock.floor == 0
        life.record()
        life.pull_power(600)
        life.clock.read()
        assert life.clock.read()[1] == STALE


def test_a_clock_that_does_not_answer_right_after_a_loss_of_power_has_not_jumped():
    life = Life()
    life.pull_power(600)
    life.clock.read()
    life.source.answers = False
    assert life.clock.read()[1] == LOST
    life.source.answers = True
    assert life.clock.read() == (life.truth, TRUSTED)


def test_a_clock_that_is_set_back_and_forth_refills_nothing():
    life = Life()
    life.pass_time(90_000)
    life.clock.read()
    before = life.clock.credit
    for _ in range(50):
        life.source.t += 90_000
        life.clock.read()
        life.source.t -= 90_000
        life.clock.read()
    assert life.clock.credit == before


def test_the_slack_of_two_seconds_does_not_add_up():
    life = Life()
    for _ in range(600):
        life.board.rtc += 1
        life.source.t += 3  # as if someone turned it on
        life.clock.read()
    assert life.clock.credit <= 1000 + 600 * 1.14 + 2


def test_without_a_clock_the_chips_own_counts_less_and_a_power_cut_nothing():
    life = Life()
    life.source.answers = False
    for _ in range(1000):  # however often one looks
        life.board.rtc += 1
        assert life.clock.read()[1] == LOST
    assert life.clock.credit == 1000 + 950
    life.record()
    life.pull_power(5000)
    life.clock.read()
    assert life.clock.credit == 1950


def test_what_the_chips_own_clock_proved_is_not_proven_again():
    life = Life()
    life.source.answers = False
    life.pass_time(2000)
    life.clock.read()
    life.source.answers = True
    life.pass_time(100)
    assert life.clock.read()[1] == TRUSTED
    assert life.clock.credit == 1000 + 2100
    life.record()
    life.pull_power(300)
    life.clock.read()
    life.clock.read()
    assert life.clock.credit == 1000 + 2400


def test_lost_without_a_sync_an_oscillator_or_a_time_that_a_record_can_hold():
    life = Life()
    life.source.running = False
    assert life.clock.read() == (0, LOST)
    assert life.clock.uncertainty == NEVER
    life.source.running = True
    life.state.floor = NOON + 10
    assert life.clock.read() == (NOON + 10, LOST)
    life.state.floor = 0
    life.source.t = 4_300_000_000
    assert life.clock.read()[1] == LOST
    life.source.t = NOON
    assert life.clock.read()[1] == TRUSTED
    life.state.sync = (0, 0)
    assert life.clock.read()[1] == LOST


def test_the_owner_waits_after_power_on_and_between_entries_but_not_after_sleep():
    life = Life()
    life.pull_power(0)
    life.clock.read()
    assert life.clock.owner_wait(15) == 16_000  # whole seconds: never less than 15
    life.pass_time(60)
    life.wake()
    assert life.clock.owner_wait(15) <= 0
    life.clock.owner_entered()
    life.pass_time(5)
    life.wake()
    assert life.clock.owner_wait(15) == 11_000
    life.pull_power(0)
    assert life.clock.owner_wait(15) == 16_000


def test_memory_that_outlived_the_chips_own_clock_locks_nobody_out():
    life = Life()
    life.board.rtc = 3_456_000
    life.clock.read()
    life.clock.owner_entered()
    life.board.rtc = 0
    life.wake()
    assert life.clock.owner_wait(15) == 16_000


def test_a_second_back_and_forth_is_not_counted_twice():
    life = Life()
    life.pass_time(10)
    life.clock.read()
    before = life.clock.credit
    for _ in range(100):
        life.source.t -= 1
        life.clock.read()
        assert life.clock.credit == before
        life.source.t += 1
        life.clock.read()
        assert life.clock.credit == before


def test_memory_that_is_damaged_or_of_another_layout_is_forgotten():
    for change in (lambda kept: kept[:-1] + b"\x00", lambda kept: kept[:-1], lambda kept: b""):
        life = Life()
        life.pass_time(900)
        life.clock.read()
        life.board.memory = change(life.board.memory)
        life.wake()
        assert life.clock.credit == life.state.credit
        assert life.clock.read()[1] == STALE


def test_what_the_layout_before_left_is_forgotten_though_it_is_whole():
    life = Life()
    life.board.rtc = 5000
    fields = 100, 0, 0, 0, 4000, 0, 7, 1000, 0, 0, 1000, 4000, 0
    data = struct.pack("<4s13I6BHH", b"dbtA", *fields, *[0] * 8) + b"what the radio keeps"
    life.board.memory = data + struct.pack("<I", binascii.crc32(data))
    assert Memory(life.board).fresh


def test_a_state_that_could_not_be_read_for_once_is_not_taken_for_an_empty_one():
    life = Life()
    life.pull_power(60)
    state, life.state = life.state, type(life.state)()
    life.state.sync = (0, 0)
    life.state.credit = life.state.ref = 0
    life.wake()
    life.clock.read()
    life.state = state
    life.wake()
    life.pass_time(5)
    life.clock.read()
    assert life.clock.read()[1] == TRUSTED
    assert life.clock.credit == 1065


def test_a_reset_while_the_chips_calendar_shows_the_date_refills_nothing():
    life = Life()
    life.pass_time(DAY)
    life.clock.read()
    before = life.clock.credit
    life.board.rtc += 25 * 365 * DAY  # the watchdog bit while the calendar was ahead, for the dates of certificates
    life.wake()
    for _ in range(3):
        life.clock.read()
        life.pass_time(10)
    assert life.clock.credit <= before + 30
