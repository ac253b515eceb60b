"""Civil dates against known days and a plain count."""

from firmware.core.calendar import civil_from_days, days_from_civil

MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def test_known_days():
    for days, date in (
        (0, (1970, 1, 1)),
        (10957, (2000, 1, 1)),
        (11016, (2000, 2, 29)),
        (19782, (2024, 2, 29)),
        (24855, (2038, 1, 19)),
        (47540, (2100, 2, 28)),
        (47541, (2100, 3, 1)),
        (84005, (2199, 12, 31)),
    ):
        assert days_from_civil(*date) == days
        assert civil_from_days(days) == date


def test_every_day_the_clock_chip_can_show():
    days = 10957
    for year in range(2000, 2200):
        leap = year % 4 == 0 and year % 100 != 0 or year % 400 == 0
        for month in range(1, 13):
            for day in range(1, MONTHS[month - 1] + (leap and month == 2) + 1):
                assert days_from_civil(year, month, day) == days
                assert civil_from_days(days) == (year, month, day)
                days += 1
    assert days == 84006


def test_years_before_the_epoch():
    assert days_from_civil(1969, 12, 31) == -1
    assert civil_from_days(-1) == (1969, 12, 31)
    assert civil_from_days(days_from_civil(1600, 2, 29)) == (1600, 2, 29)


def test_a_day_past_its_month_counts_on():
    assert days_from_civil(2100, 2, 29) == days_from_civil(2100, 3, 1)
    assert days_from_civil(2023, 4, 31) == days_from_civil(2023, 5, 1)
