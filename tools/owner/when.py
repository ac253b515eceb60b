"""Times as people say them, `tomorrow 9-12`, `fri 24 dec 14:00-16:30`, as instants at the lock.

Hours are read here, days by dateparser. What can be meant in two ways is refused with both, never guessed.
"""

import re
from datetime import UTC, datetime, timedelta

from firmware.clock import END
from firmware.sync import EARLIEST
from tools.owner import place

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_TIME = r"(\d{1,2})(?:[:.](\d\d))?\s*(am|pm)?"
_HOURS = rf"(?<![\d./:-])(?:from\s+)?{_TIME}\s*(?:-|–|to|until)\s*{_TIME}(?![\d./:-])"
_RANGE = re.compile(rf"{_HOURS}$|^{_HOURS}(?=\s)")
_AT = re.compile(r"(?:\bat\s+)?\b(\d{1,2})(?:[:.](\d\d)(?::\d\d)?\s*(am|pm)?|\s*(am|pm))$|\bat\s+(\d{1,2})$")
_NUMERIC = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-]\d{2,4})?\.?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d(:\d\d)?(z|[+-]\d\d:\d\d)")
_EXAMPLES = "write it like `tomorrow 9-12`, `friday 14:00-16:30` or `2026-12-24 8-10`"


class WhenError(ValueError):
    """Not a time, or more than one; the text says what was understood and what to write."""


def span_of(text, zone, now):
    """(since, until) in unix s of a span of hours, a day without hours being the whole of it. Raises WhenError.

    Hours that the clocks show twice are meant from the first to the last time; those they leave out are refused.
    """
    words = _words(text)
    found = _RANGE.search(words)
    if found is None:
        return _whole_day(text, words, zone, now)
    day = _day(words[: found.start()] or words[found.end() :], zone, now)
    begin, end = _hours(found.groups()[:6] if found.group(1) else found.groups()[6:])
    opens = day + timedelta(minutes=begin)
    shuts = day + timedelta(minutes=end + (1440 if end <= begin else 0))
    since, until = _first(opens, zone), _last(shuts, zone)
    _within(since, until)
    if until <= now:
        raise WhenError(f"{place.span(zone, since, until)} is over; did you mean another day? {_EXAMPLES}")
    return since, until


def instant_of(text, zone, now):
    """Unix second of a moment: `yesterday 18:00`, `now`, `3 hours ago`, or ISO 8601 with an offset. Raises WhenError.

    A weekday is the last one, a date without a year the last of that name.
    """
    t = _instant(text, zone, now)
    _within(t)
    return t


def _within(*times):
    """Raise WhenError for a time that no lock's clock knows."""
    for t in times:
        if not EARLIEST <= t < END:
            raise WhenError("a lock's clock knows the years from 2020 to 2103")


def _instant(text, zone, now):
    words = _words(text)
    if words == "now":
        return now
    if _ISO.fullmatch(words):
        return _iso(words)
    if re.search(r"\b(hours?|minutes?|min)\b", words) and (found := _parse(words, place.local(zone, now))):
        return now + round((found - place.local(zone, now)).total_seconds())
    found = _AT.search(words)
    if found is None:
        raise WhenError(f"{text!r}: at what time? write it like `yesterday 18:00` or `2026-12-24 7:30`")
    hour, minute, half, other_half, alone = found.groups()
    minutes = _minute(hour or alone, minute, half or other_half)
    times = place.instants(zone, _day(words[: found.start()], zone, now, True) + timedelta(minutes=minutes))
    if len(times) != 1:
        raise WhenError(_unclear(text, zone, times))
    return times[0]


def _words(text):
    return " ".join(text.lower().replace(",", " ").split())


def _whole_day(text, words, zone, now):
    if not words or words == "now" or _AT.search(words) and not _NUMERIC.fullmatch(words):
        raise WhenError(f"{text!r}: from when until when? {_EXAMPLES}")
    day = _day(words, zone, now)
    since, until = _first(day, zone), _last(day + timedelta(days=1), zone)
    _within(since, until)
    if until <= now:
        raise WhenError(f"{place.span(zone, since, until)} is over; {_EXAMPLES}")
    return since, until


def _hours(groups):
    """(from, until) in minutes of the day; until may be the smaller one, over midnight."""
    first, second = groups[:3], groups[3:]
    if second[2] and not first[2]:
        first = (*first[:2], second[2])
        if _minute(*first) >= _minute(*second):
            first = (*first[:2], "am")
    begin, end = _minute(*first), _minute(*second)
    if end == begin:
        raise WhenError("the hours end when they begin")
    if end < begin and not second[2] and begin < 780 and end <= 720:
        raise WhenError(
            f"is that {_text(begin)} to {_text(end + 720)}, or overnight to {_text(end)}? write hours from 0 to 24"
            if end + 720 > begin
            else f"{_text(begin)} to {_text(end)}: overnight? write am or pm"
        )
    return begin, end


def _minute(hour, minute, half):
    hour, minute = int(hour), int(minute or 0)
    if half and not 1 <= hour <= 12:
        raise WhenError(f"there is no {hour} {half}")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 24 or minute > 59 or hour == 24 and minute:
        raise WhenError(f"there is no {hour}:{minute:02}")
    return hour * 60 + minute


def _text(minutes):
    return f"{minutes // 60}:{minutes % 60:02}"


def _day(words, zone, now, past=False):
    """Midnight, without zone, of the day that words name, today where there are none; the last one if `past`."""
    today = place.local(zone, now).replace(hour=0, minute=0, second=0, microsecond=0)
    words = re.sub(r"\s*\b(from|at|on|this)$", "", re.sub(r"^(on|this)\s+", "", words.strip())).strip()
    if words in ("", "today"):
        return today
    if weekday := _weekday(words):
        return _nearest(weekday, today, past)
    if re.match(r"next\s", words) and _weekday(words[5:]):
        raise WhenError(f"`{words}`: the coming one, or the one a week later? write `{words[5:]}` or its date")
    head, _, rest = words.partition(" ")
    named = _weekday(head) if rest else None
    date = rest if named else words
    found = _date(date, today, past)
    if named and DAYS[found.weekday()] != named:
        raise WhenError(f"{found:%d %b %Y} is a {DAYS[found.weekday()]}, not a {named}: which one is right?")
    return found


def _date(words, today, past):
    found = None if _trailing(words, today) else _parse(words, today, past)
    numeric = _NUMERIC.fullmatch(words)
    if found and numeric and "." not in words and numeric[1] != numeric[2] and max(map(int, numeric.groups())) <= 12:
        both = [f"{_parse(words, today, past, order):%d %b %Y}" for order in ("DMY", "MDY")]
        raise WhenError(f"{words}: {both[0]} or {both[1]}? write the month by its name")
    if found is None:
        raise WhenError(f"what day is `{words}`? {_EXAMPLES}")
    return found.replace(hour=0, minute=0, second=0, microsecond=0)


def _trailing(words, today):
    """Whether a number follows what is a day without it, as in `tomorrow 9`: nobody knows what it means."""
    head, _, tail = words.rpartition(" ")
    return tail.isdigit() and len(tail) < 3 and _parse(head, today) is not None


def _parse(words, base, past=False, order="DMY"):
    options = {
        "RELATIVE_BASE": base,
        "PREFER_DATES_FROM": "past" if past else "future",
        "REQUIRE_PARTS": ["day", "month"],
        "DATE_ORDER": order,
        "RETURN_AS_TIMEZONE_AWARE": False,
        "PARSERS": ["relative-time", "absolute-time"],
    }
    import dateparser  # half a second that only a command with a time should wait for

    return dateparser.parse(words, languages=["en"], settings=options)


def _weekday(word):
    """The day's name that the word is, or begins with three letters or more."""
    return next((day for day in DAYS if len(word) >= 3 and day.startswith(word)), None)


def _nearest(weekday, today, past):
    """The weekday's next time after today, or its last before."""
    days = (DAYS.index(weekday) - today.weekday()) % 7
    if not days:
        raise WhenError(f"{weekday} is today: write `today`, or the other one's date")
    return today + timedelta(days=days - 7 if past else days)


def _first(when, zone):
    return _there(when, zone)[0]


def _last(when, zone):
    return _there(when, zone)[-1]


def _there(when, zone):
    times = place.instants(zone, when)
    if not times:
        raise WhenError(_unclear(f"{when:%d %b %Y %H:%M}", zone, times))
    return times


def _unclear(text, zone, times):
    if not times:
        return f"{text}: the clocks leave that hour out on this day"
    both = " or ".join(f"{datetime.fromtimestamp(t, UTC):%Y-%m-%dT%H:%MZ}" for t in times)
    return f"{text}: the clocks show that hour twice on this day: write {both}"


def _iso(words):
    try:
        return int(datetime.fromisoformat(words.upper()).timestamp())
    except ValueError as error:
        raise WhenError(f"{words}: {error}") from error
