"""Civil dates and days since 1970-01-01, proleptic Gregorian, in integer arithmetic and without a time module."""

from micropython import const

_ERA_DAYS = const(146097)  # 400 years
_EPOCH = const(719468)  # days from 0000-03-01 to 1970-01-01


def days_from_civil(year, month, day):
    """Days from 1970-01-01 to the date; years begin in March here, so that the leap day is a year's last.

    A day past its month's end counts on into the next month.
    """
    if month <= 2:
        year -= 1
        month += 12
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month - 3) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * _ERA_DAYS + day_of_era - _EPOCH


def civil_from_days(days):
    """(year, month 1 to 12, day 1 to 31) of the date that many days after 1970-01-01."""
    era, day_of_era = divmod(days + _EPOCH, _ERA_DAYS)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    year = era * 400 + year_of_era
    return (year, month + 3, day) if month < 10 else (year + 1, month - 9, day)
