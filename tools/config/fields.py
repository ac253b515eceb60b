"""The values of `lock.toml`: what a person writes, what it means, and how to say that it is wrong.

A reader takes a value as TOML has it and returns what the firmware wants, or raises FieldError with what it expected.
"""

import difflib
import re
from datetime import UTC, datetime

from firmware.core.words import PERMISSIONS
from host_sim.session.fields import FieldError as SessionFieldError
from host_sim.session.rights import read_windows

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([0-9]{1,9})(s|min|h|d)")


class FieldError(ValueError):
    """The value cannot be this field; the text says what was expected."""


def whole(value):
    """A whole number; its bounds are the firmware's to know."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise FieldError("must be a whole number")
    return value


def natural(value):
    """A whole number, zero or more."""
    if whole(value) < 0:
        raise FieldError("must not be negative")
    return value


def boolean(value):
    """true or false."""
    if not isinstance(value, bool):
        raise FieldError("must be true or false")
    return value


def text(value):
    """Text of at least one character."""
    if not isinstance(value, str) or not value:
        raise FieldError("must be text in quotes")
    return value


def label(value):
    """A name of 1 to 12 bytes as UTF-8."""
    if len(text(value).encode()) > 12:
        raise FieldError("must have at most 12 bytes")
    return value


def duration(value):
    """`"30s"`, `"5min"`, `"8h"`, `"2d"` as seconds."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise FieldError('must be a duration such as "30s", "5min", "8h" or "2d"')
    return int(match[1]) * _UNITS[match[2]]


def moment(value):
    """A date and time with its offset, as TOML has it: unix seconds."""
    if not isinstance(value, datetime) or value.tzinfo is None or value.microsecond:
        raise FieldError("must be a date and time with offset, as 2026-03-02T08:00:00Z, without quotes")
    return int(value.astimezone(UTC).timestamp())


def permissions(value):
    """A list of words as a mask of bits."""
    if not isinstance(value, list) or not value or not all(each in PERMISSIONS for each in value):
        raise FieldError("must be a list of " + ", ".join(f'"{word}"' for word in PERMISSIONS))
    return sum(1 << PERMISSIONS.index(word) for word in set(value))


def one_of(*words):
    """A reader of one of `words`; gives its place among them, from 1."""

    def read(value):
        if value not in words:
            raise FieldError("must be one of " + ", ".join(f'"{word}"' for word in words))
        return words.index(value) + 1

    return read


def windows(value):
    """`["mon-fri 08:00-18:00", "sat 22:00-02:00"]` as [days, from, to] each; over midnight is two windows.

    `days`: bit 0 is Monday. from, to: minutes of the local day.
    """
    if not isinstance(value, list) or not value:
        raise FieldError('must be a list of windows such as "mon-fri 08:00-18:00"')
    return [row for each in value for row in _window(each)]


def _window(value):
    try:
        return read_windows(text(value).split())[0]
    except SessionFieldError as error:
        raise FieldError(f"expected {error}, but found {value!r}") from None


def near(word, known):
    """A guess at which of `known` was meant, as the end of a sentence; "" without one."""
    near = difflib.get_close_matches(str(word), [str(each) for each in known], n=1)
    return f"; did you mean {near[0]}?" if near else ""
