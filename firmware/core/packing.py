"""Makes a grant's record (core/grants.py has the layout). For issuers' and installers' side: a wake never loads it."""

import struct

from micropython import const

from firmware.core.bounds import bound, check_grant
from firmware.core.grants import Grants
from firmware.core.words import EVENT, INTERVAL, NUMBER, UNLOCK

_CHECK_DIGIT = const(1)
_SHA256 = const(2)
_REVOKED = const(4)
_LABEL_SIZE = const(12)
_KEY_SIZE = const(32)

_FORMAT = "<HBBBBBBIIBBBBIIHH12sB32sHB"
_FIELDS = (
    ("id", 0xFFFF),
    ("kind", 0xFF),
    ("flags", 0xFF),
    ("digits", 0xFF),
    ("permissions", 0xFF),
    ("issuer", 0xFF),
    ("count", 0xFF),
    ("step", 0xFFFFFFFF),
    ("offset", 0xFFFFFFFF),
    ("grace before", 0xFF),
    ("grace after", 0xFF),
    ("early", 0xFF),
    ("schedule", 0xFF),
    ("valid from", 0xFFFFFFFF),
    ("valid until", 0xFFFFFFFF),
    ("uses", 0xFFFF),
    ("second", 0xFFFF),
)


def pack_grant(
    *,
    id,
    kind,
    key,
    digits=8,
    check=False,
    sha256=False,
    permissions=UNLOCK,
    issuer=0,
    serials=1,
    window=16,
    step=30,
    offset=0,
    grace_before=1,
    grace_after=1,
    early=1,
    valid_from=0,
    valid_until=0,
    uses=1,
    unpredictable=None,
    schedule=0,
    second=0,
    max_u=0,
    revoked=False,
    label="",
):
    """One grant as an 80-byte record; raises GrantError for a value out of its bounds.

    An interval uses `serials`, `step` to `early` and `max_u`, an event `window`, a number `uses` and `unpredictable`
    (None: all its digits); a kind leaves the others out. The key of a number is what `stretch.number_key` makes of its
    digits. The other fields are as in `Grants`.
    """
    count = {INTERVAL: serials, EVENT: window}.get(kind, digits if unpredictable is None else unpredictable)
    timed = (step, offset, grace_before, grace_after, early) if kind == INTERVAL else (0,) * 5
    flags = (_CHECK_DIGIT if check else 0) | (_SHA256 if sha256 else 0) | (_REVOKED if revoked else 0)
    head = (id, kind, flags, digits, permissions, issuer, count)
    tail = (schedule, valid_from, valid_until, uses if kind == NUMBER else 1, second)
    return _checked(_packed(head + timed + tail, label.encode(), key, max_u if kind == INTERVAL else 0))


def _checked(record):
    check_grant(Grants(record), 0)
    return record


def _packed(values, label, key, max_u):
    """The record, after a look at what fits: on MicroPython struct.pack cuts a value that does not."""
    for (name, highest), value in zip(_FIELDS, values):
        bound(values[0], name, value, 0, highest)
    bound(values[0], "label bytes", len(label), 0, _LABEL_SIZE)
    bound(values[0], "key bytes", len(key), 0, _KEY_SIZE)
    bound(values[0], "max_u", max_u, 0, 0xFFFF)
    return struct.pack(_FORMAT, *values, label, len(key), key, max_u, 0)
