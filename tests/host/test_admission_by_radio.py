"""What a change of the set by radio is measured by, and what its sender is told about what others have in it."""

import pytest

from firmware.core.packing import pack_grant
from firmware.core.stretch import number_key
from firmware.core.words import EVENT, NUMBER, OWNER, UNLOCK
from firmware.net import messages as m
from host_sim.runtime import RUNTIMES
from tests.host.radio_lock import CARRIER, GATEWAY, GUEST, next_check_in, radio_lock
from tools.protocol.messages import Result

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
PARCEL = "918273645546"
GRANTS = [
    {"label": "owner", "kind": "number", "number": "112233445566", "uses": 0, "permissions": UNLOCK | OWNER},
    {"label": "parcel", "kind": "number", "number": PARCEL[:10], "issuer": CARRIER, "unpredictable": 10},
    {"label": "couriers", "kind": "event", "digits": 8, "check": True},
]
SETTINGS = {"risk_one_in": 10, "zone": "UTC0"}


def results(lock, peer, number, *orders):
    """(word, detail) of each of these commands of issuer `number`."""
    before = len(peer.issuers.of(Result, number))
    for order in orders:
        peer.issuers.order(number, *order)
    next_check_in(lock, peer)
    return [(result.word, result.detail) for result in peer.issuers.of(Result, number)[before:]]


@BOTH
def test_who_is_no_owner_is_not_told_what_others_have(runtime):
    with radio_lock(runtime, grants=GRANTS, settings=SETTINGS) as (lock, peer):
        salt = lock._issuer.salt
        same = pack_grant(
            id=40,
            kind=NUMBER,
            key=number_key(salt, PARCEL[:10].encode()),
            digits=10,
            unpredictable=10,
            issuer=GUEST,
        )
        owners = pack_grant(id=40, kind=NUMBER, key=b"k" * 16, digits=12, unpredictable=12, issuer=GUEST)
        without = pack_grant(id=40, kind=EVENT, key=b"k" * 20, digits=9, issuer=GUEST)
        second = pack_grant(id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, second=2, issuer=GUEST)
        many = pack_grant(id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, window=64, issuer=GUEST)
        past = pack_grant(id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, valid_until=5, issuer=GUEST)
        records = same, owners, without, second, many, past
        told = results(lock, peer, GUEST, *[(m.PUT_GRANT, record) for record in records])
        assert [word for word, _ in told] == [m.REFUSED, m.MALFORMED, m.MALFORMED, m.MALFORMED, m.REFUSED, m.REFUSED]
        assert {detail for _, detail in told} == {""}
        told = results(lock, peer, GATEWAY, *[(m.PUT_GRANT, record) for record in records])
        assert [detail for _, detail in told] == [
            "grant 40: same number as grant 2: one code would be of both",
            "grants: grant 40: typed length of the owner's, shared with grant 1",
            "grants: grant 40: 9 digits typed as grant 3, check digit in one only",
            "grants: grant 40: second part 2 is not a grant that approves by itself",
            "issuer 9: 64 codes outstanding, quota 32",
            "grant 40: valid until lies in the past",
        ]


@BOTH
def test_a_schedule_that_changes_leaves_its_grants_as_they_are(runtime):
    day = 86_400
    whole_week, monday_night = [[127, 0, 1440]], [[1, 0, 60]]
    with radio_lock(runtime, grants=GRANTS, settings={**SETTINGS, "schedules": [whole_week]}) as (lock, peer):
        until = int(lock.now) + 2 * day
        visitor = pack_grant(
            id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, schedule=1, valid_until=until, issuer=GUEST
        )
        other = pack_grant(id=41, kind=EVENT, key=b"l" * 20, digits=8, check=True, issuer=CARRIER)
        assert results(lock, peer, GUEST, (m.PUT_GRANT, visitor)) == [(m.DONE, "")]
        orders = (m.SET_SETTINGS, {"schedules": [monday_night]}), (m.MUTE, 1), (m.SET_SETTINGS, {"schedules": []})
        closed, mute, gone = results(lock, peer, GATEWAY, *orders)
        assert (closed[0], mute[0], gone[0]) == (m.DONE, m.DONE, m.MALFORMED)
        assert gone[1] == "schedules: there is no schedule 1"
        assert results(lock, peer, CARRIER, (m.PUT_GRANT, other)) == [(m.DONE, "")]
        longer = pack_grant(
            id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, schedule=1, valid_until=until + 1, issuer=GUEST
        )
        assert results(lock, peer, GATEWAY, (m.PUT_GRANT, longer)) == [
            (m.REFUSED, "grant 40: schedule 1 is closed for as long as the grant is valid")
        ]
        assert results(lock, peer, GATEWAY, (m.SET_SETTINGS, {"schedules": [whole_week]}))[0][0] == m.DONE
