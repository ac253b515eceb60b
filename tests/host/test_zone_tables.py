"""Local time as zoneinfo has it: for every place of the time zone database, and for rules that no place has yet."""

import importlib.resources
import io
import struct
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from firmware.core.zone import Zone

DATABASE = importlib.resources.files("tzdata")
PLACES = (DATABASE / "zones").read_text(encoding="utf-8").split()
FAR = int(datetime(2040, 1, 1, tzinfo=UTC).timestamp())  # after the last change that the files list one by one
STEP_S = 13 * 86400 + 5 * 3600 + 1234


def table(place):
    """The TZif file of a place."""
    return (DATABASE / "zoneinfo" / place).read_bytes()


def rules(tzif):
    """The POSIX TZ string at the end of a TZif file."""
    return tzif.rsplit(b"\n", 2)[1].decode("ascii")


def tzif_of(text):
    """A TZif file that has nothing but the POSIX TZ string `text` (RFC 8536, 3)."""
    block = struct.pack(">4s1s15x6I", b"TZif", b"3", 0, 0, 0, 0, 1, 4) + struct.pack(">iBB", 0, 0, 0) + b"LMT\0"
    return block + block + b"\n" + text.encode("ascii") + b"\n"


def reference(zone, t):
    """Seconds by which zoneinfo has the clocks ahead of UTC at unix second `t`."""
    return int(datetime.fromtimestamp(t, zone).utcoffset().total_seconds())


def test_there_is_a_database_of_the_whole_world():
    assert len(PLACES) > 500
    assert len({rules(table(place)) for place in PLACES}) > 80


@pytest.mark.parametrize("place", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"])
def test_every_half_hour_of_a_year(place):
    theirs, ours = ZoneInfo.from_file(io.BytesIO(table(place))), Zone(rules(table(place)))
    for t in range(FAR, FAR + 366 * 86400, 1800):
        assert ours.offset(t) == reference(theirs, t), t


def test_every_rule_of_the_world_until_2120():
    for text in {rules(table(place)) for place in PLACES}:
        theirs, ours = ZoneInfo.from_file(io.BytesIO(tzif_of(text))), Zone(text)
        for t in range(FAR, FAR + 80 * 366 * 86400, STEP_S * 7):
            assert ours.offset(t) == reference(theirs, t), (text, t)
        change = ours.next_change(FAR)
        if change is not None:
            for t in (change - 1, change):
                assert ours.offset(t) == reference(theirs, t), (text, t)


@st.composite
def clock(draw, hours):
    """A time as POSIX writes it: of up to so many hours, sometimes with minutes and seconds."""
    sign = draw(st.sampled_from(["", "-", "+"]))
    parts = [draw(st.integers(0, hours))] + draw(st.lists(st.integers(0, 59), max_size=2))
    return sign + ":".join(f"{part:02}" for part in parts)


@st.composite
def day(draw, first, last):
    """A day of the months from `first` to `last`, as POSIX writes it.

    Not by its number with the leap day, nor J59: there zoneinfo is a day off from POSIX.1-2024, 8.3.
    """
    if draw(st.booleans()):
        return f"M{draw(st.integers(first, last))}.{draw(st.integers(1, 5))}.{draw(st.integers(0, 6))}"
    return f"J{draw(st.integers(first * 30, last * 30).filter(lambda number: number != 59))}"


@st.composite
def zones(draw):
    """A POSIX TZ string with daylight saving time."""
    text = (
        draw(st.sampled_from(["AAA", "<-03>", "<+0545>"])) + draw(clock(23)) + draw(st.sampled_from(["BBB", "<+99>"]))
    )
    text += draw(st.one_of(st.just(""), clock(23)))
    begin, end = draw(st.permutations([draw(day(2, 5)), draw(day(7, 11))]))
    return f"{text},{begin}/{draw(clock(100))},{end}/{draw(clock(100))}"


@example("AAA-23BBB,J60/00,J210/00", 2_208_988_800)
@given(zones(), st.integers(FAR, FAR + 60 * 365 * 86400))
def test_rules_that_no_place_has(text, t):
    theirs, ours = ZoneInfo.from_file(io.BytesIO(tzif_of(text))), Zone(text)
    assume(all(abs(ours.offset(instant)) < 86400 for instant in (t, ours.next_change(t))))  # datetime has no more
    for instant in (t, ours.next_change(t) - 1, ours.next_change(t)):
        assert ours.offset(instant) == reference(theirs, instant), instant
