"""The fields of a session's lines: what a person writes, what it means, and how to say that it is wrong.

A reader takes the words of a line that are left and returns (value, how many words it took), or raises `FieldError`
with what it expected. Times are unix seconds in UTC, durations seconds.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from firmware.core.words import DECISIONS
from firmware.drivers.signals import PATTERNS
from firmware.logbook import FAULTS
from firmware.store.audit import KINDS

KEYPAD = "0123456789*#"
NOT_ANSWERS = ("key", "ready")  # patterns that say that the keypad listens, and nothing about an entry
ANSWERS = tuple(sorted(set(PATTERNS) - set(NOT_ANSWERS)))
EVENTS = tuple(dict.fromkeys(word for word in DECISIONS + KINDS if word not in (None, "entry")))
FAULT_WORDS = FAULTS[1:]
BOLT_STATES = ("locked", "unlocked", "between")
DOOR_STATES = ("open", "closed")
COMMANDS = ("unlock", "approve", "refuse", "revoke", "set-time", "identify")
"""What a gateway can be told to send in a session, of all that it can; `revoke` needs a grant."""
COMMAND_STATES = ("waiting", "sent", "done", "failed", "expired", "unanswered")
REASONS = ("timer", "call", "event", "entry")

_UNITS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|h|d)")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d))?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PART = re.compile(r"<([^<>]*)>|([0-9*#]+)")
_LABEL_BYTES = 12  # a packed grant's label


class FieldError(ValueError):
    """The words do not make this field; the text says what was expected."""


@dataclass(frozen=True)
class DayTime:
    """A moment: unix seconds of its day (None: the day the session has reached) and seconds since midnight, UTC."""

    day: int | None
    seconds: int

    def unix(self, now):
        """The moment in unix seconds, where a moment without a date is on the day of `now`."""
        day = self.day if self.day is not None else int(now) // 86400 * 86400
        return day + self.seconds


@dataclass(frozen=True)
class Literal:
    """Keys pressed as they stand."""

    keys: str


@dataclass(frozen=True)
class CodeOf:
    """The digits of a named code; `wrong` is the place (from 1) of a digit typed wrong, 0 for none."""

    name: str
    wrong: int = 0


@dataclass(frozen=True)
class Guess:
    """`digits` random digits; with a fitting check digit where the lock expects one at that length."""

    digits: int


def _pattern(pattern, words, expected):
    match = pattern.fullmatch(words[0]) if words else None
    if match is None:
        raise FieldError(expected)
    return match


def read_time(words):
    """`2026-03-02 08:00`, with `:30` for seconds; without the date it means the day the session has reached."""
    expected = "a time such as 2026-03-02 08:00 or 08:00:30"
    day, used = None, 0
    if words and _DATE.fullmatch(words[0]):
        try:
            day = int(datetime.strptime(words[0], "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
        except ValueError:
            raise FieldError("a date of the calendar, as 2026-03-02") from None
        used = 1
    hour, minute, second = (int(part or 0) for part in _pattern(_CLOCK, words[used:], expected).groups())
    if hour > 23 or minute > 59 or second > 59:
        raise FieldError("a time of the day from 00:00 to 23:59:59")
    return DayTime(day, hour * 3600 + minute * 60 + second), used + 1


def read_duration(words):
    """`3s`, `90ms`, `15min`, `8h`, `2d`: seconds, more than zero."""
    expected = "a duration such as 3s, 90ms, 15min, 8h or 2d"
    number, unit = _pattern(_DURATION, words, expected).groups()
    seconds = float(number) * _UNITS[unit]
    if seconds <= 0:
        raise FieldError("a duration longer than nothing")
    return (int(seconds) if seconds == int(seconds) else seconds), 1


def read_count(words):
    """A whole number, zero or more."""
    return int(_pattern(re.compile(r"\d{1,9}"), words, "a whole number")[0]), 1


def read_name(words):
    """A name: small letters, digits, `-` and `_`, beginning with a letter."""
    return _pattern(_NAME, words, "a name of small letters, digits, - and _")[0], 1


def read_label(words):
    """A grant's label: a name of up to 12 characters, as a packed grant holds it."""
    label, used = read_name(words)
    if len(label) > _LABEL_BYTES:
        raise FieldError(f"a label of at most {_LABEL_BYTES} characters")
    return label, used


def read_word(words):
    """Any one word."""
    return _pattern(re.compile(r"\S+"), words, "a word")[0], 1


def read_text(words):
    """All that is left of the line."""
    if not words:
        raise FieldError("some text")
    return " ".join(words), len(words)


def read_key(words):
    """One key of the keypad."""
    return _pattern(re.compile(r"[0-9*#]"), words, "one of the keys 0 to 9, * and #")[0], 1


def read_keys(words):
    """What is typed: keys as they stand and, in angle brackets, codes to fill in. The rest of the line."""
    text = " ".join(words)
    parts, end = [], 0
    for match in _PART.finditer(text):
        if text[end : match.start()].strip():
            break
        parts.append(Literal(match[2]) if match[2] else _read_bracket(match[1].split()))
        end = match.end()
    if not parts or text[end:].strip():
        raise FieldError("keys such as 1234#, or a code in angle brackets such as <morning>#")
    return tuple(parts), len(words)


def _read_bracket(words):
    """What stands in angle brackets: a code's name, a code with a digit wrong, or random digits."""
    if len(words) == 3 and words[0] == "random" and words[2] == "digits":
        digits, _ = read_count(words[1:])
        if not 1 <= digits <= 16:
            raise FieldError("from 1 to 16 random digits")
        return Guess(digits)
    if len(words) == 5 and words[1:3] == ["with", "digit"] and words[4] == "wrong":
        place, _ = read_count(words[3:])
        if place < 1:
            raise FieldError("the place of a digit, counted from 1")
        return CodeOf(read_name(words)[0], place)
    if len(words) == 1:
        return CodeOf(read_name(words)[0])
    raise FieldError("<NAME>, <NAME with digit 3 wrong> or <random 9 digits> in angle brackets")


def one_of(*choices):
    """A reader of one word out of `choices`."""

    def read(words):
        if not words or words[0] not in choices:
            raise FieldError("one of " + ", ".join(choices))
        return words[0], 1

    return read


def utc_text(unix):
    """Unix seconds as `2026-03-02 08:00:00`."""
    return datetime.fromtimestamp(int(unix), UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso_text(unix):
    """Unix seconds as `2026-03-02T08:00:00.250Z`, to the millisecond."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
