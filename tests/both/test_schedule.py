"""Weekly schedules in local time: the edges of windows, days, DST changes and years."""

from keyring import raises

from firmware.core.calendar import days_from_civil
from firmware.core.schedule import ScheduleError, Schedules, problems
from firmware.core.zone import Zone

BERLIN = Zone("CET-1CEST,M3.5.0,M10.5.0/3")
SYDNEY = Zone("AEST-10AEDT,M10.1.0,M4.1.0/3")
LORD_HOWE = Zone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")
HONOLULU = Zone("HST10")
UTC = Zone("UTC0")

WEEKDAYS = 31
SUNDAY = 64
ALL = 127
OFFICE = [[WEEKDAYS, 8 * 60, 18 * 60]]
NIGHT = [[16, 22 * 60, 1440], [32, 0, 6 * 60]]  # Friday 22:00 to Saturday 6:00


def utc(year, month, day, hour=0, minute=0, second=0):
    return days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second


def opens(windows, zone, since, until):
    """A schedule of `windows` is open from unix second `since` to before `until`, and not just before or then."""
    schedules = Schedules([windows], zone)
    seen = [schedules.allows(1, t) for t in (since - 1, since, until - 1, until)]
    assert seen == [False, True, True, False], seen
    assert schedules.closes(1, since, until + 86400) == until
    assert schedules.closes(1, since, until - 1) == until - 1
    assert schedules.closes(1, until, until + 1) == until


def test_windows_begin_and_end_by_the_clock_of_the_place():
    opens(OFFICE, UTC, utc(2026, 3, 2, 8), utc(2026, 3, 2, 18))
    opens(OFFICE, BERLIN, utc(2026, 3, 2, 7), utc(2026, 3, 2, 17))
    opens(OFFICE, BERLIN, utc(2026, 7, 6, 6), utc(2026, 7, 6, 16))
    opens(OFFICE, HONOLULU, utc(2026, 3, 2, 18), utc(2026, 3, 3, 4))


def test_days_are_those_of_the_place():
    opens([[1, 0, 1440]], HONOLULU, utc(2026, 3, 2, 10), utc(2026, 3, 3, 10))
    opens([[SUNDAY, 0, 1440]], SYDNEY, utc(2026, 2, 28, 13), utc(2026, 3, 1, 13))


def test_each_day_has_its_bit():
    monday = utc(2026, 3, 2, 12)
    for bit in range(7):
        schedules = Schedules([[[1 << bit, 0, 1440]]], UTC)
        assert [schedules.allows(1, monday + day * 86400) for day in range(7)] == [day == bit for day in range(7)]


def test_two_windows_meet_at_midnight():
    opens(NIGHT, BERLIN, utc(2026, 3, 6, 21), utc(2026, 3, 7, 5))


def test_windows_that_overlap_are_one():
    opens([[1, 480, 600], [1, 540, 720]], UTC, utc(2026, 3, 2, 8), utc(2026, 3, 2, 12))


def test_an_hour_that_does_not_exist_never_comes():
    spring = utc(2026, 3, 29, 1)  # two o'clock becomes three
    opens([[SUNDAY, 60, 240]], BERLIN, utc(2026, 3, 29, 0), utc(2026, 3, 29, 2))
    opens([[SUNDAY, 60, 150]], BERLIN, utc(2026, 3, 29, 0), spring)
    opens([[SUNDAY, 150, 240]], BERLIN, spring, utc(2026, 3, 29, 2))
    schedules = Schedules([[[SUNDAY, 120, 180]]], BERLIN)
    for minute in range(0, 1440, 10):
        assert not schedules.allows(1, utc(2026, 3, 29) + minute * 60)


def test_an_hour_that_exists_twice_comes_twice():
    opens([[SUNDAY, 60, 240]], BERLIN, utc(2026, 10, 24, 23), utc(2026, 10, 25, 3))
    opens([[SUNDAY, 120, 180]], BERLIN, utc(2026, 10, 25, 0), utc(2026, 10, 25, 2))
    opens([[SUNDAY, 130, 150]], BERLIN, utc(2026, 10, 25, 0, 10), utc(2026, 10, 25, 0, 30))
    opens([[SUNDAY, 130, 150]], BERLIN, utc(2026, 10, 25, 1, 10), utc(2026, 10, 25, 1, 30))


def test_half_an_hour_that_exists_twice():
    opens([[SUNDAY, 90, 120]], LORD_HOWE, utc(2026, 4, 4, 14, 30), utc(2026, 4, 4, 15, 30))


def test_leap_day_year_end_and_far_years():
    opens([[2, 0, 1440]], BERLIN, utc(2028, 2, 28, 23), utc(2028, 2, 29, 23))
    opens([[8, 0, 1440]], BERLIN, utc(2026, 12, 30, 23), utc(2026, 12, 31, 23))
    opens([[16, 0, 1440]], SYDNEY, utc(2026, 12, 31, 13), utc(2027, 1, 1, 13))
    opens(OFFICE, BERLIN, utc(2038, 1, 19, 7), utc(2038, 1, 19, 17))
    opens([[4, 0, 1]], UTC, utc(2100, 3, 3), utc(2100, 3, 3, 0, 1))


def test_always_open_closes_at_the_limit():
    always = Schedules([[[ALL, 0, 1440]]], BERLIN)
    start = utc(2026, 10, 24, 12)
    assert always.closes(1, start, start + 100 * 3600) == start + 100 * 3600


def test_a_schedule_that_is_not_there_never_opens():
    schedules = Schedules([[[ALL, 0, 1440]]], UTC)
    assert schedules.allows(1, 0)
    for number in (-1, 0, 2, 255):
        assert not schedules.allows(number, utc(2026, 3, 2))
        assert schedules.closes(number, 5, 9) == 5


def test_impossible_windows_are_told():
    for windows, told in (
        ([], "must be a list of 1 to 21 windows"),
        ("mon", "must be a list"),
        ([[1, 0, 1]] * 22, "must be a list of 1 to 21 windows"),
        ([5], "window 1 must be [days, from minute, to minute]"),
        ([[1, 0]], "window 1 must be"),
        ([[1, 0, 1440], [1, 0, True]], "window 2 must be"),
        ([[1, 0.5, 1]], "window 1 must be"),
        ([[0, 0, 1440]], "window 1: days 0, must be 1 to 127"),
        ([[128, 0, 1440]], "days 128"),
        ([[1, 600, 600]], "from minute 600 to 600, must be 0 <= from < to <= 1440"),
        ([[1, 600, 480]], "from minute 600 to 480"),
        ([[1, -1, 480]], "from minute -1"),
        ([[1, 0, 1441]], "to 1441"),
    ):
        said = raises(ScheduleError, lambda windows=windows: Schedules([OFFICE, windows], UTC))
        assert said is not None and said.startswith("schedule 2: ") and told in said, (windows, said)


def test_all_problems_of_a_schedule_are_told():
    assert len(problems([[0, 5, 5], [1, 0, 60], ["x"]])) == 3
    assert problems(OFFICE) == []
