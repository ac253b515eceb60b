"""Issuers who own nothing, against everybody else: what they may command must not keep the others from the lock."""

import pytest

from firmware.core.bounds import MAX_GRANTS
from firmware.core.burns import MAX_REVOKED
from firmware.core.packing import pack_grant
from firmware.core.words import EVENT, OWNER, UNLOCK
from firmware.net import messages as m
from host_sim.runtime import RUNTIMES
from tests.host.radio_lock import CARRIER, GATEWAY, GRANTS, GUEST, next_check_in, radio_lock
from tests.host.test_radio_attacks import opens
from tools.protocol.seal import DOWN

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
OWN = {"label": "visits", "kind": "event", "digits": 8, "check": True, "issuer": GUEST}
OWN_ID = len(GRANTS) + 1


OWNERS = {"label": "owner", "kind": "number", "number": "918273645546", "uses": 0, "permissions": UNLOCK | OWNER}
LABEL = 32  # where it stands in a grant's record


def visits(number, **more):
    """A grant of the guest's."""
    key = number.to_bytes(2, "big") * 10
    return pack_grant(id=number, kind=EVENT, key=key, digits=8, check=True, issuer=GUEST, window=1, **more)


def told(peer, lock, number, *orders):
    """How these commands of issuer `number` end."""
    before = len(peer.issuers.words(number))
    for order in orders:
        peer.issuers.order(number, *order)
    next_check_in(lock, peer)
    return peer.issuers.words(number)[before:]


def say(peer, counter, kind, text):
    """A message of the guest that no tool of ours would seal."""
    peer.publish(peer.issuers.channels[GUEST].seal(DOWN, kind, counter, text))


@BOTH
@pytest.mark.parametrize("kind", [m.SET_BASE, m.REVOKE_CODE])
def test_no_counter_that_an_issuer_names_keeps_the_lock_from_judging(runtime, kind):
    with radio_lock(runtime, grants=[*GRANTS, OWN]) as (lock, peer):
        for count, counter in enumerate((0xFFFF_FFF0, 1_000_000_000), 1):
            serial = bytes(kind == m.REVOKE_CODE)
            say(peer, count, kind, OWN_ID.to_bytes(2, "little") + serial + counter.to_bytes(4, "little"))
        next_check_in(lock, peer)
        assert peer.issuers.words(GUEST) == [m.MALFORMED, m.DONE]
        assert opens(lock)
        lock.wake()
        lock.type(lock.issue("visits", counter=1_000_000_003) + "#")
        assert lock.run_until(lambda: lock.openings == 2, 3)


@BOTH
def test_many_commands_of_an_issuer_leave_room_for_the_owners(runtime):
    with radio_lock(runtime) as (lock, peer):
        for _ in range(80):
            peer.publish(peer.issuers.seal(GUEST, m.IDENTIFY))
        peer.issuers.order(GATEWAY, m.REVOKE_ISSUER, GUEST)
        next_check_in(lock, peer)
        assert peer.issuers.words(GATEWAY) == [m.DONE]


@BOTH
def test_what_waits_of_an_issuer_before_the_reply_leaves_room_for_the_owners(runtime):
    owners = [GATEWAY, "gateway", OWNER, 64], [CARRIER, "other", OWNER, 0], [GUEST, "guest", UNLOCK, 32]
    with radio_lock(runtime, settings={"issuers": list(owners)}, grants=GRANTS[:1]) as (lock, peer):
        for _ in range(80):
            peer.publish(peer.issuers.seal(GUEST, m.IDENTIFY))
        for _ in range(2):
            peer.publish(peer.issuers.seal(CARRIER, m.IDENTIFY))
        assert told(peer, lock, GATEWAY, *[(m.IDENTIFY,)] * 14) == [m.DONE] * 14
        assert peer.issuers.words(CARRIER) == [m.DONE] * 2


@BOTH
def test_no_issuer_uses_up_the_ids_of_grants(runtime):
    with radio_lock(runtime) as (lock, peer):
        most = len(GRANTS) + MAX_GRANTS
        orders = [(m.PUT_GRANT, visits(number)) for number in (0xFFFE, most + 1, most)]
        assert told(peer, lock, GUEST, *orders) == [m.REFUSED, m.REFUSED, m.DONE]
        assert told(peer, lock, GATEWAY, (m.PUT_GRANT, visits(most + 1)), (m.PUT_GRANT, visits(9000))) == [m.DONE] * 2


@BOTH
def test_the_list_of_revoked_codes_has_room_for_the_owners(runtime):
    own = OWN | {"kind": "interval", "step": 3600, "window": 1}
    with radio_lock(runtime, grants=[*GRANTS, own]) as (lock, peer):
        for day in range(2):
            first = 10**6 + 100 * day
            orders = [(m.REVOKE_CODE, OWN_ID, 0, first + n) for n in range(MAX_REVOKED // 2 + 4)]
            words = told(peer, lock, GUEST, *orders)
            lock.wait(86400)
        assert m.FULL in words
        assert told(peer, lock, GATEWAY, (m.REVOKE_CODE, OWN_ID, 0, 5)) == [m.DONE]


@BOTH
@pytest.mark.parametrize("label", [b"\xff\xfe", b"a\0b", b"\x1b[2J", "\x9b2J".encode()])
def test_no_label_of_a_grant_is_other_than_text(runtime, label):
    with radio_lock(runtime) as (lock, peer):
        record = visits(OWN_ID)
        say(peer, 1, m.PUT_GRANT, record[:LABEL] + label.ljust(12, b"\0") + record[LABEL + 12 :])
        say(peer, 2, m.PUT_GRANT, record[:LABEL] + "Füße".encode().ljust(12, b"\0") + record[LABEL + 12 :])
        next_check_in(lock, peer)
        assert peer.issuers.words(GUEST) == [m.MALFORMED, m.DONE]


@BOTH
def test_who_was_revoked_at_the_keypad_is_not_heard_again_when_his_number_is_given_to_another(runtime):
    with radio_lock(runtime, grants=[*GRANTS, OWNERS]) as (lock, peer):
        lock.wake()
        lock.wait(16)
        lock.wake()
        lock.type(OWNERS["number"] + "#")
        assert lock.run_until(lambda: lock.openings == 1, 20)
        lock.wait(2)
        lock.type("82#")
        lock.wait(1)
        lock.type(f"{GUEST}#")
        assert lock.run_until(lambda: not lock.awake, 90)
        peer.publish(peer.issuers.seal(GUEST, m.IDENTIFY))
        next_check_in(lock, peer)
        assert peer.issuers.words(GUEST) == []
        another = (m.PUT_ISSUER, GUEST, UNLOCK, 9, 0, bytes(32), "another")
        assert told(peer, lock, GATEWAY, another, (m.MUTE, 1)) == [m.DONE, m.DONE]
        peer.publish(peer.issuers.seal(GUEST, m.IDENTIFY))
        next_check_in(lock, peer)
        assert peer.issuers.words(GUEST) == []
