"""Local time by POSIX TZ strings: both hemispheres, odd rules, and every string that is none."""

from keyring import raises

from firmware.core.calendar import days_from_civil
from firmware.core.zone import Zone, ZoneError

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
NEW_YORK = "EST5EDT,M3.2.0,M11.1.0"
LORD_HOWE = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
AUCKLAND = "NZST-12NZDT,M9.5.0,M4.1.0/3"
SANTIAGO = "<-04>4<-03>,M9.1.6/24,M4.1.6/24"
NUUK = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"
DUBLIN = "IST-1GMT0,M10.5.0,M3.5.0/1"
GAZA = "EET-2EEST,M3.4.4/50,M10.4.4/50"

HOUR = 3600


def utc(year, month, day, hour=0, minute=0, second=0):
    return days_from_civil(year, month, day) * 86400 + hour * HOUR + minute * 60 + second


def changes_at(text, t, before, after):
    """The offset, in hours, is `before` until unix second `t`, and `after` from then on."""
    zone = Zone(text)
    offsets = [zone.offset(t + seconds) / HOUR for seconds in (-1, 0)]
    assert offsets == [before, after], (text, t, offsets)
    assert zone.next_change(t - 1) == t, (text, t)


def test_a_place_without_changes():
    for text, seconds in (
        ("UTC0", 0),
        ("IST-5:30", 19800),
        ("<+0545>-5:45", 20700),
        ("<-03>3", -10800),
        ("LMT+0:01:15", -75),
        ("FAR-24:59:59", 89999),
    ):
        assert Zone(text).offset(utc(2026, 7, 1)) == seconds, text
        assert Zone(text).next_change(utc(2026, 7, 1)) is None


def test_europe_changes_at_one_utc():
    changes_at(BERLIN, utc(2026, 3, 29, 1), 1, 2)
    changes_at(BERLIN, utc(2026, 10, 25, 1), 2, 1)
    changes_at("WET0WEST,M3.5.0/1,M10.5.0", utc(2026, 3, 29, 1), 0, 1)
    changes_at("EET-2EEST,M3.5.0/3,M10.5.0/4", utc(2026, 10, 25, 1), 3, 2)


def test_north_america_changes_at_two_by_its_own_clock():
    changes_at(NEW_YORK, utc(2026, 3, 8, 7), -5, -4)
    changes_at(NEW_YORK, utc(2026, 11, 1, 6), -4, -5)


def test_the_southern_summer_spans_the_year_end():
    changes_at(AUCKLAND, utc(2026, 4, 4, 14), 13, 12)
    changes_at(AUCKLAND, utc(2026, 9, 26, 14), 12, 13)
    zone = Zone(AUCKLAND)
    for t in (utc(2026, 12, 31, 10, 59, 59), utc(2026, 12, 31, 11), utc(2027, 1, 1)):
        assert zone.offset(t) == 13 * HOUR


def test_lord_howe_changes_by_half_an_hour():
    changes_at(LORD_HOWE, utc(2026, 4, 4, 15), 11, 10.5)
    changes_at(LORD_HOWE, utc(2026, 10, 3, 15, 30), 10.5, 11)


def test_times_beyond_the_day_and_before_it():
    changes_at(SANTIAGO, utc(2026, 4, 5, 3), -3, -4)
    changes_at(SANTIAGO, utc(2026, 9, 6, 4), -4, -3)
    changes_at(NUUK, utc(2026, 3, 29, 1), -2, -1)
    changes_at(GAZA, utc(2026, 3, 28, 0), 2, 3)
    changes_at(GAZA, utc(2026, 10, 23, 23), 3, 2)


def test_winter_may_be_the_exception():
    changes_at(DUBLIN, utc(2026, 3, 29, 1), 0, 1)
    changes_at(DUBLIN, utc(2026, 10, 25, 1), 1, 0)


def test_days_by_number_with_and_without_the_leap_day():
    for year, day in ((2026, 1), (2028, 1), (2100, 1)):
        changes_at("AAA0BBB,J60/0,J300/0", utc(year, 3, day), 0, 1)
    changes_at("AAA0BBB,59/0,J300/0", utc(2026, 3, 1), 0, 1)
    changes_at("AAA0BBB,59/0,J300/0", utc(2028, 2, 29), 0, 1)
    changes_at("AAA0BBB,J59/0,J300/0", utc(2028, 2, 28), 0, 1)
    changes_at("AAA0BBB,365/0,J100/0", utc(2028, 12, 31), 0, 1)


def test_saving_all_year_and_changes_that_leave_their_year():
    permanent = Zone("XXX3EDT4,0/0,J365/23")
    for t in (utc(2026, 12, 31, 23), utc(2027, 1, 1, 2, 59, 59), utc(2027, 1, 1, 3), utc(2028, 2, 29)):
        assert permanent.offset(t) == -4 * HOUR
    changes_at("AAA0BBB,J1/-48,J180/0", utc(2026, 12, 30), 0, 1)
    changes_at("AAA0BBB,J180/0,J365/167", utc(2027, 1, 6, 22), 1, 0)
    both = Zone("AAA0BBB,J1/-167,J2/-167")
    assert both.offset(utc(2026, 12, 31)) == 0
    assert both.next_change(utc(2026, 12, 31)) == utc(2027, 12, 25, 1)


def test_far_years():
    changes_at(BERLIN, utc(2038, 3, 28, 1), 1, 2)
    changes_at(BERLIN, utc(2100, 10, 31, 1), 2, 1)
    assert Zone(BERLIN).offset(utc(2038, 1, 19, 3, 14, 8)) == HOUR
    assert Zone(BERLIN).offset(0xFFFFFFFF) == HOUR


def test_what_is_no_zone_is_told_with_its_place():
    for text, told in (
        ("", "expected a name of three letters or more at place 1"),
        ("CE-1", "expected a name of three letters or more at place 3"),
        ("<+1-1", "a name"),
        ("Europe/Berlin", "a number from 0 to 24 at place 7"),
        ("CET", "a number from 0 to 24 at place 4"),
        ("CET-25", "a number from 0 to 24"),
        ("CET-1:60", "a number from 0 to 59"),
        ("CET-1:", "a number from 0 to 59"),
        ("CET-1CEST", "a comma and when daylight saving time begins or ends at place 10"),
        ("CET-1CEST,M3.5.0", "a comma and when"),
        ("CET-1CEST,M13.5.0,M10.5.0", "a number from 1 to 12"),
        ("CET-1CEST,M3.6.0,M10.5.0", "a number from 1 to 5"),
        ("CET-1CEST,M3.5.7,M10.5.0", "a number from 0 to 6"),
        ("CET-1CEST,M3.5,M10.5.0", "a point at place 15"),
        ("CET-1CEST,J0,J300", "a number from 1 to 365"),
        ("CET-1CEST,366,J300", "a number from 0 to 365"),
        ("CET-1CEST,M3.5.0/168,M10.5.0", "a number from 0 to 167"),
        ("CET-1CEST,M3.5.0,M10.5.0/3 ", "the end at place 27"),
        ("CET-1CEST,M3.5.0,M10.5.0,J3", "the end at place 25"),
    ):
        said = raises(ZoneError, lambda text=text: Zone(text))
        assert said is not None and told in said, (text, said)
