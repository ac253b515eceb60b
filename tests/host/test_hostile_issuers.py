"""Issuers who own nothing, against everybody else: what they may command must not keep the others from the lock."""

import pytest

from firmware.net import messages as m
from host_sim.runtime import RUNTIMES
from tests.host.radio_lock import GATEWAY, GRANTS, GUEST, next_check_in, radio_lock
from tests.host.test_radio_attacks import opens
from tools.protocol.seal import DOWN

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
OWN = {"label": "visits", "kind": "event", "digits": 8, "check": True, "issuer": GUEST}
OWN_ID = len(GRANTS) + 1


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
