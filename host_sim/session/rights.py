"""The fields of a session's lines that say who may do what, and when: permissions, weekly windows, time zones."""

import re

from firmware.core.words import PERMISSIONS
from firmware.core.zone import Zone, ZoneError
from host_sim.session.fields import FieldError

POWERS = tuple(name.replace(" ", "-") for name in PERMISSIONS)
"""What a grant's codes may do, as a session says it; the place in it is the bit."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 1440
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def read_powers(words):
    """`unlock,hold-open`: bits of UNLOCK to OWNER."""
    expected = "permissions such as unlock,hold-open, out of " + ", ".join(POWERS)
    names = words[0].split(",") if words else []
    if not names or not set(names) <= set(POWERS):
        raise FieldError(expected)
    return sum(1 << POWERS.index(name) for name in set(names)), 1


def read_zone(words):
    """A POSIX TZ string, with the rules of its daylight saving time."""
    if not words:
        raise FieldError("a POSIX time zone such as CET-1CEST,M3.5.0,M10.5.0/3")
    try:
        Zone(words[0])
    except ZoneError as error:
        raise FieldError(f"a POSIX time zone such as CET-1CEST,M3.5.0,M10.5.0/3: {error}") from None
    return words[0], 1


def read_windows(words):
    """`mon-fri 08:00-18:00 and sat,sun 22:00-02:00`: rows of a schedule; over midnight is two rows. The rest."""
    rows = []
    for text in " ".join(words).split(" and "):
        parts = text.split()
        if len(parts) != 2:
            raise FieldError("days and hours such as mon-fri 08:00-18:00, more of them after `and`")
        rows += _rows(_days(parts[0]), parts[1])
    return rows, len(words)


def _days(text):
    """Bits of the days in `mon-fri`, `sat,sun`, `daily`; a range may go over Sunday."""
    mask = 127 if text == "daily" else 0
    for part in [] if mask else text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise FieldError(f"days such as mon-fri, sat,sun or daily, but found `{part}`")
        day, end = DAYS.index(first), DAYS.index(last or first)
        mask |= 1 << end
        while day != end:
            mask |= 1 << day
            day = (day + 1) % 7
    return mask


def _rows(mask, text):
    found = _CLOCK.fullmatch(text)
    hours = [int(part) for part in found.groups()] if found else [0] * 4
    since, until = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if since == until or until > _DAY_MINUTES:
        raise FieldError("hours such as 08:00-18:00, up to 24:00")
    if since < until:
        return [[mask, since, until]]
    rows = [[mask, since, _DAY_MINUTES], [(mask << 1 | mask >> 6) & 127, 0, until]]
    return rows if until else rows[:1]
