"""Local time of a place: how far its clocks are ahead of UTC at an instant, by its rules for daylight saving time.

The rules are a POSIX TZ string, as the last line of a TZif file has it (RFC 8536, 3.3.1): "CET-1CEST,M3.5.0,M10.5.0/3".
Times of a change may be negative or beyond a day, up to 167 hours. Rules hold for all years; what a place did before
the rules it has now is not known here. Loaded only where a schedule is.
"""

from micropython import const

from firmware.core.calendar import civil_from_days, days_from_civil

_DAY = const(86400)
_HOUR = const(3600)
_NAME_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_QUOTED = _NAME_LETTERS + "0123456789+-"


class ZoneError(ValueError):
    """Not a POSIX TZ string with all its rules; the text says what is wrong where."""


class Zone:
    """The place whose clocks follow the POSIX TZ string `text`. Raises ZoneError.

    A string that names daylight saving time must say when it begins and ends: POSIX leaves it open otherwise.
    """

    def __init__(self, text):
        reader = _Reader(text)
        reader.name()
        self._standard = -reader.duration(24)
        self._saving = self._begin = self._end = None
        if not reader.done():
            reader.name()
            self._saving = self._standard + _HOUR if reader.done() or reader.next_is(",") else -reader.duration(24)
            self._begin = reader.rule()
            self._end = reader.rule()
        if not reader.done():
            reader.fail("the end")

    def offset(self, t):
        """Seconds by which local clocks are ahead of UTC at unix second `t`; negative west of Greenwich."""
        if self._saving is None:
            return self._standard
        latest, offset = None, self._standard
        for instant, then in self._changes(t):
            # Saving that ends as the next begins never ends: of two changes at one instant the beginning is later.
            if instant <= t and (latest is None or instant > latest or instant == latest and then == self._saving):
                latest, offset = instant, then
        return offset

    def next_change(self, t):
        """Unix second of the first change after `t`, None for a place without any."""
        if self._saving is None:
            return None
        return min([instant for instant, _ in self._changes(t) if instant > t])

    def _changes(self, t):
        """(unix second, offset from then on) of all changes that may be the last up to `t` or the next one after."""
        year = civil_from_days(t // _DAY)[0]
        changes = []
        for y in range(year - 2, year + 3):  # 167 hours may take a change into the year before or after its own
            changes.append((_instant(self._begin, y) - self._standard, self._saving))
            changes.append((_instant(self._end, y) - self._saving, self._standard))
        return changes


def _instant(rule, year):
    """Second of local time since 1970 at which a rule makes its change in a year."""
    kind, month, week, day, seconds = rule
    if kind == "M":
        first = days_from_civil(year, month, 1)
        days = first + (day - first - 4) % 7 + 7 * (week - 1)  # 1970-01-01 was a Thursday, day 4 of its week
        if days >= days_from_civil(year, month + 1, 1):
            days -= 7
    else:
        days = days_from_civil(year, 1, 1) + day
        if kind == "J" and days >= days_from_civil(year, 2, 29):  # the leap day is not counted
            days += days_from_civil(year, 3, 1) - days_from_civil(year, 2, 29)
    return days * _DAY + seconds


class _Reader:
    """Reads a TZ string from left to right."""

    def __init__(self, text):
        self._text = text
        self._at = 0

    def done(self):
        return self._at == len(self._text)

    def next_is(self, letter):
        return self._text[self._at : self._at + 1] == letter

    def fail(self, expected):
        raise ZoneError(f"expected {expected} at place {self._at + 1}")

    def name(self):
        """Three letters or more, or in angle brackets letters, digits, + and -."""
        quoted = self._take("<")
        size = len(self._span(_QUOTED if quoted else _NAME_LETTERS))
        if size < 3 or quoted and not self._take(">"):
            self.fail("a name of three letters or more")

    def duration(self, hours):
        """[+-]hh[:mm[:ss]] in seconds, up to so many hours."""
        sign = -1 if self._take("-") else 1
        if sign == 1:
            self._take("+")
        seconds = self._number(0, hours) * _HOUR
        for unit in (60, 1):
            if not self._take(":"):
                break
            seconds += self._number(0, 59) * unit
        return sign * seconds

    def rule(self):
        """(kind, month, week, day, second of that day): ,Mm.w.d ,Jn or ,n, and [/time]."""
        if not self._take(","):
            self.fail("a comma and when daylight saving time begins or ends")
        month = week = 0
        kind = "M" if self._take("M") else "J" if self._take("J") else "n"
        if kind == "M":
            month = self._number(1, 12)
            week = self._field(1, 5)
            day = self._field(0, 6)
        elif kind == "J":
            day = self._number(1, 365) - 1
        else:
            day = self._number(0, 365)
        return kind, month, week, day, self.duration(167) if self._take("/") else 2 * _HOUR

    def _field(self, low, high):
        if not self._take("."):
            self.fail("a point")
        return self._number(low, high)

    def _number(self, low, high):
        digits = self._span("0123456789")
        if not 1 <= len(digits) <= 3 or not low <= int(digits) <= high:
            self.fail(f"a number from {low} to {high}")
        return int(digits)

    def _span(self, letters):
        start = self._at
        while not self.done() and self._text[self._at] in letters:
            self._at += 1
        return self._text[start : self._at]

    def _take(self, letter):
        if not self.next_is(letter):
            return False
        self._at += 1
        return True
