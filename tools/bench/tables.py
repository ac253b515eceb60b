"""Tables of grants that the figures are measured with."""

import hashlib

from firmware.core.bounds import check_grants
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.words import EVENT, INTERVAL, NUMBER

NOW = 1_772_438_400
"""2026-03-02 08:00 UTC."""
DAY = 86_400


def one():
    """One event grant: couriers who come in any order."""
    return _packed([event(1)])


def sixty_four():
    """As many grants as a lock takes, a third of each kind, one serial each."""
    grants = [_interval(k) for k in range(1, 23)] + [event(k, window=4) for k in range(23, 44)]
    return _packed(grants + [_number(k) for k in range(44, 65)])


def most_state():
    """64 grants, one of them with all 128 serials: about the most that a rotation must carry forward."""
    grants = [_interval(1, serials=128, grace_before=0, grace_after=0, early=0)]
    grants += [event(k, window=4) for k in range(2, 34)]
    return _packed(grants + [_number(k) for k in range(34, 65)])


def couriers(codes):
    """So many codes that could open, of one grant for each 16."""
    windows = [16] * (codes // 16) + [codes % 16] * bool(codes % 16)
    return _packed([event(k, window) for k, window in enumerate(windows, 1)])


def _packed(records):
    table = b"".join(records)
    check_grants(Grants(table))
    return table


def _key(grant_id, size=20):
    return hashlib.sha256(b"bench %d" % grant_id).digest()[:size]


def _interval(grant_id, **fields):
    values = {"step": DAY, "key": _key(grant_id), "check": True, **fields}
    return pack_grant(id=grant_id, kind=INTERVAL, **values)


def event(grant_id, window=16):
    """The record of a grant for couriers who come in any order."""
    return pack_grant(id=grant_id, kind=EVENT, window=window, key=_key(grant_id), check=True)


def _number(grant_id):
    return pack_grant(id=grant_id, kind=NUMBER, digits=10, uses=0, key=_key(grant_id, 16))
