"""The DS3231 at its registers, and the chip's own clock."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_sim.world.ds3231 import DS3231, EPOCH_2000
from host_sim.world.rtc import MEMORY_SIZE, ChipRtc
from host_sim.world.timeline import Timeline

HOUR_US = 3_600_000_000
NOON = int(datetime(2026, 11, 30, 12, 34, 56, tzinfo=UTC).timestamp())


def after(timeline, us):
    timeline.advance_to(timeline.now_us + us)


def test_registers_are_bcd_of_the_time_in_utc():
    chip = DS3231(Timeline(), NOON)
    assert chip.read(0, 3) == b"\x56\x34\x12"
    assert chip.read(4, 3) == b"\x30\x11\x26"


@given(st.integers(EPOCH_2000, EPOCH_2000 + 99 * 31_556_952))
def test_what_was_read_can_be_written_back(unix):
    chip, other = DS3231(Timeline(), unix), DS3231(Timeline())
    other.write(0, chip.read(0, 7))
    assert other.unix == unix


def test_time_carries_over_the_end_of_a_century():
    timeline = Timeline()
    chip = DS3231(timeline, int(datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()))
    after(timeline, 1_000_000)
    assert chip.read(0, 7)[4:] == b"\x01\x81\x00"


@pytest.mark.parametrize(("hour", "register"), [(0, 0x52), (9, 0x49), (11, 0x51), (12, 0x72), (15, 0x63), (23, 0x71)])
def test_twelve_hour_mode_both_ways(hour, register):
    timeline = Timeline()
    chip = DS3231(timeline, EPOCH_2000)
    chip.write(2, bytes([register]))
    assert chip.unix == EPOCH_2000 + hour * 3600
    assert chip.read(2, 1)[0] == register
    after(timeline, HOUR_US)
    assert chip.read(2, 1)[0] & 0x40, "the mode stays"


def test_the_day_of_the_week_counts_on_from_what_was_written():
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    chip.write(3, b"\x07")
    assert chip.read(3, 1) == b"\x07"
    after(timeline, 24 * HOUR_US)
    assert chip.read(3, 1) == b"\x01"
    assert chip.unix == NOON + 86_400


def test_writing_the_seconds_begins_a_whole_second():
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    after(timeline, 900_000)
    chip.write(0, b"\x10")
    after(timeline, 999_999)
    assert chip.read(0, 1) == b"\x10"
    after(timeline, 1)
    assert chip.read(0, 1) == b"\x11"


def test_a_fresh_chip_stands_at_2000_and_says_so():
    chip = DS3231(Timeline())
    assert chip.unix == EPOCH_2000
    assert chip.osf
    assert chip.read(0x0E, 2) == b"\x1c\x88"


def test_software_clears_the_stop_flag_but_cannot_set_it():
    chip = DS3231(Timeline())
    chip.write(0x0F, b"\x08")
    assert chip.read(0x0F, 1) == b"\x08"
    chip.write(0x0F, b"\x88")
    assert not chip.osf


def test_a_stopped_oscillator_holds_the_time_and_flags_it():
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    chip.stop()
    after(timeline, HOUR_US)
    assert chip.unix == NOON
    assert chip.osf
    chip.start()
    after(timeline, HOUR_US)
    assert chip.unix == NOON + 3600
    assert chip.osf


def test_without_both_supplies_the_chip_starts_anew():
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    chip.write(0x10, b"\x05")
    after(timeline, HOUR_US)
    chip.lose_power()
    after(timeline, HOUR_US)
    assert chip.unix == EPOCH_2000 + 3600
    assert chip.osf
    assert chip.read(0x10, 1) == b"\x00"


def test_the_coin_cell_keeps_it_going_without_main_power_and_the_other_way_round():
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    for supplies in ({"main": False}, {"main": True}, {"cell": False}, {"cell": True}):
        chip.supply(**supplies)
        after(timeline, HOUR_US)
    assert (chip.unix, chip.osf) == (NOON + 4 * 3600, False)


def test_it_stands_at_2000_for_as_long_as_both_are_gone():
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    chip.supply(cell=False)
    chip.supply(main=False)
    after(timeline, HOUR_US)
    chip.supply(main=True)
    after(timeline, 60_000_000)
    assert (chip.unix, chip.osf) == (EPOCH_2000 + 60, True)


def test_with_eosc_the_oscillator_rests_on_the_coin_cell_and_says_so():
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    chip.write(0x0E, b"\x9c")
    after(timeline, HOUR_US)
    assert (chip.unix, chip.osf) == (NOON + 3600, False)
    chip.supply(main=False)
    after(timeline, HOUR_US)
    chip.supply(main=True)
    after(timeline, HOUR_US)
    assert (chip.unix, chip.osf) == (NOON + 2 * 3600, True)


def test_a_glitch_is_read_once_and_changes_nothing():
    chip = DS3231(Timeline(), NOON)
    sane = chip.read(0, 7)
    chip.glitch = chip.registers_at(NOON + 20 * 365 * 86_400)
    assert chip.read(0x0E, 2) == b"\x1c\x08"
    assert chip.read(0, 7) != sane
    assert chip.read(0, 7) == sane
    assert chip.unix == NOON


def test_every_fourth_year_is_a_leap_year_to_it_and_after_2199_comes_2000():
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    chip.write(0, b"\x59\x59\x23\x01\x28\x82\x00")
    for date in (b"\x29\x82\x00", b"\x01\x83\x00"):
        after(timeline, 24 * HOUR_US)
        assert chip.read(4, 3) == date
    chip.write(0, b"\x59\x59\x23\x01\x31\x92\x99")
    after(timeline, 1_000_000)
    assert chip.read(4, 3) == b"\x01\x01\x00"


def test_a_chip_put_back_goes_on_as_it_was():
    timeline = Timeline()
    chip, other = DS3231(timeline, NOON), DS3231(timeline)
    chip.drift_ppm = 500
    chip.write(0x10, b"\x05")
    chip.write(3, b"\x07")
    chip.supply(cell=False)
    after(timeline, 777_777)
    other.load(chip.snapshot())
    after(timeline, 400 * HOUR_US)
    assert other.snapshot() == chip.snapshot()
    assert other.read(0, 0x13) == chip.read(0, 0x13)


@pytest.mark.parametrize(
    ("ppm", "aging", "gained"), [(0, 0, 0), (100, 0, 864), (-100, 0, -864), (0, 127, -110), (0, 129, 110)]
)
def test_drift_and_aging_change_the_rate(ppm, aging, gained):
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    chip.drift_ppm = ppm
    chip.write(0x10, bytes([aging]))
    after(timeline, 100 * 24 * HOUR_US)
    assert chip.unix - NOON - 100 * 86_400 == pytest.approx(gained, abs=1)


@pytest.mark.parametrize(("celsius", "lost"), [(25, 0), (-40, 302), (85, 258), (0, 45)])
def test_the_temperature_leaves_no_more_than_the_data_sheet_says(celsius, lost):
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    chip.temperature_c = celsius
    after(timeline, 1000 * 24 * HOUR_US)
    assert NOON + 1000 * 86_400 - chip.unix == pytest.approx(lost, abs=1)
    assert -3.5 <= chip.rate_ppm <= 0


def test_a_change_of_drift_or_temperature_does_not_change_the_past():
    timeline = Timeline()
    chip = DS3231(timeline, NOON)
    after(timeline, 24 * HOUR_US)
    chip.drift_ppm = 1_000
    assert chip.unix == NOON + 86_400
    chip.drift_ppm = 0
    chip.temperature_c = -40
    assert chip.unix == NOON + 86_400


def test_temperature_in_quarters_of_a_degree():
    chip = DS3231(Timeline(), NOON)
    chip.temperature_c = -10.25
    high, low = chip.read(0x11, 2)
    assert ((high << 8 | low) - 0x10000) / 256 == -10.25
    chip.write(0x11, b"\x00\x00")
    assert chip.read(0x11, 2) == bytes([high, low])


def test_reading_goes_on_at_the_first_register():
    chip = DS3231(Timeline(), NOON)
    assert chip.read(0x12, 2)[1] == 0x56


def test_a_chip_that_is_not_there_does_not_answer():
    chip = DS3231(Timeline(), NOON)
    chip.connected = False
    for call in (lambda: chip.read(0, 7), lambda: chip.write(0, b"\0")):
        with pytest.raises(OSError, match="19"):
            call()


def test_what_is_no_time_is_refused():
    chip = DS3231(Timeline(), NOON)
    for wrong in (b"\x5a", b"\x60"):
        with pytest.raises(ValueError, match="BCD|second"):
            chip.write(0, wrong)


def test_the_chips_clock_is_exact_awake_and_drifts_asleep():
    timeline = Timeline()
    rtc = ChipRtc(timeline, sleep_drift=0.05)
    after(timeline, HOUR_US)
    assert rtc.us == HOUR_US
    rtc.sleep()
    after(timeline, HOUR_US)
    rtc.wake()
    after(timeline, HOUR_US)
    assert rtc.us == 3 * HOUR_US + HOUR_US // 20


def test_a_set_clock_goes_on_from_there():
    timeline = Timeline()
    rtc = ChipRtc(timeline)
    after(timeline, HOUR_US)
    rtc.us = 5
    after(timeline, 10)
    assert rtc.us == 15


def test_clock_and_memory_survive_sleep_but_not_power_on():
    timeline = Timeline()
    rtc = ChipRtc(timeline)
    rtc.store(b"session")
    rtc.sleep()
    after(timeline, HOUR_US)
    rtc.wake()
    assert (rtc.memory, rtc.us) == (b"session", HOUR_US)
    rtc.power_on()
    assert (rtc.memory, rtc.us) == (b"", 0)


def test_rtc_memory_is_limited():
    rtc = ChipRtc(Timeline())
    rtc.store(bytes(MEMORY_SIZE))
    with pytest.raises(ValueError, match="too long"):
        rtc.store(bytes(MEMORY_SIZE + 1))
