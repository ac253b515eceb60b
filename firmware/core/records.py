"""Bodies of the state journal's records: types, fields, and how items are packed into them.

A body is type (u8), aux (u8) and 22 bytes of payload, little-endian; docs/flash-format.md has the tables. Every value
is absolute, never a difference, so a body that is applied twice changes nothing.
"""

import struct

from micropython import const

BODY_SIZE = const(24)
ATTEMPT = const(1)
BURN = const(2)
OUTCOME = const(3)
CLOCK = const(4)
BUCKETS = const(5)
INTERVALS = const(6)
EVENTS = const(7)
EVENTS_WIDE = const(8)
NUMBERS = const(9)
HEAD = const(10)
SYNC = const(11)
REVOKED = const(12)
COUNTERS = const(13)

ATTEMPT_FORMAT = "<BBIIIII"  # type, length, level, stamp, attempts, ref, floor
BURN_FORMAT = "<BBIIHBIHBI"  # type, length, attempts, level, 2 * (grant, serial, value)
OUTCOME_FORMAT = "<BBIBIHI4s"  # type, decision, attempts, length, level, grant, head of the log: sequence, MAC
CLOCK_FORMAT = "<BBIIIIIH"  # type, restarts, credit, ref, floor, attempts, boots, generation of the vault
HEAD_FORMAT = "<BBI4sII"  # type, 0, head of the log: sequence, MAC; last sync: t, uncertainty in ms
SYNC_FORMAT = "<BBIIII"  # type, 0, t, uncertainty in ms, credit, floor
BUCKET_ITEM = "<BII"  # length, level, stamp
INTERVAL_ITEM = "<HBII"  # grant, serial, highest accepted step, bitmap behind it
EVENT_ITEM = "<HIHH"  # grant, base, bitmap of 16 from base, bitmap of 16 behind it
EVENT_WIDE_ITEM = "<HIIIH"  # grant, base, bitmap of 64 from base (low, high), bitmap of 16 behind it
NUMBER_ITEM = "<HH"  # grant, uses
COUNTER_ITEM = "<BBI"  # issuer, key epoch (0: forget the issuer), counter of its last command; up to three
REVOKED_ITEM = "<HBI"  # grant, serial, step or counter, 0 of a number; up to three

LONGEST = const(16)  # digits an entry can have


class StateError(ValueError):
    """A record body of an unknown type, of a wrong size or with an impossible typed length."""


def check_body(body):
    """Raise `StateError` unless `body` is one that `State.apply` understands."""
    if len(body) != BODY_SIZE or not ATTEMPT <= body[0] <= COUNTERS:
        raise StateError("unknown record")
    if body[0] <= BURN:
        possible = 0 < body[1] <= LONGEST
    elif body[0] == OUTCOME:
        possible = body[6] <= LONGEST
    else:
        possible = body[0] != BUCKETS or body[2] <= LONGEST and body[11] <= LONGEST
    if not possible:
        raise StateError("impossible length")


def record(fmt, *values):
    """One body of the given fields."""
    body = bytearray(BODY_SIZE)
    struct.pack_into(fmt, body, 0, *values)
    return body


def pack_items(kind, fmt, items):
    """Pack item tuples into as few bodies of one kind as hold them; each yielded body is valid until the next one."""
    body = bytearray(BODY_SIZE)
    size = struct.calcsize(fmt)
    at = 2
    for item in items:
        if at + size > BODY_SIZE:
            yield body
            at = 2
            for k in range(BODY_SIZE):
                body[k] = 0
        body[0] = kind
        struct.pack_into(fmt, body, at, *item)
        at += size
    if at > 2:
        yield body


def unpack_items(fmt, body):
    """The item tuples of a packed body; an item whose first field is 0 is none."""
    size = struct.calcsize(fmt)
    for at in range(2, BODY_SIZE - size + 1, size):
        item = struct.unpack_from(fmt, body, at)
        if item[0]:
            yield item
