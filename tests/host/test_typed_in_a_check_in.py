"""What is typed while a check-in goes on, to a judge who has just been made anew and has laid out no candidates yet."""

from functools import partial

import pytest

from firmware.core.packing import pack_grant
from firmware.core.words import EVENT
from firmware.net import messages as m
from host_sim.runtime import RUNTIMES, cpython
from tests.host.radio_lock import CARRIER, GUEST, radio_lock
from tools.protocol.messages import Hello

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
OTHER = pack_grant(id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, issuer=GUEST, label="new")
BYE = 0xE0


def changed(lock, peer, called):
    """Let the set be changed in a check-in that somebody `called` for, or that is due."""
    if called:
        told = len(peer.issuers.of(Hello, CARRIER))
        lock.wake()
        lock.type("0#")
        assert lock.run_until(lambda: len(peer.issuers.of(Hello, CARRIER)) > told, 10)
        peer.publish(peer.issuers.seal(GUEST, m.PUT_GRANT, OTHER))
    else:
        peer.issuers.order(GUEST, m.PUT_GRANT, OTHER)
    assert lock.run_until(lambda: peer.issuers.words(GUEST) == [m.DONE], 7200)


@BOTH
@pytest.mark.parametrize("called", [True, False], ids=["a call", "the timer"])
def test_keys_after_a_change_of_the_set_open(runtime, called):
    with radio_lock(runtime) as (lock, peer):
        changed(lock, peer, called)
        assert lock.awake
        lock.type(lock.issue("couriers") + "#")
        assert lock.run_until(lambda: lock.openings == 1, 3)
        assert (peer.packets.count(BYE) == 1) == called  # who has called is waited for


class Computed:
    """Candidates that the lock has computed, over all its wakes."""

    def __init__(self, monkeypatch):
        self.count = 0
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(cpython, "join", partial(self._join, cpython.join))

    def _join(self, join, modules, port):
        join(modules, port)
        hmac = modules.find("firmware.core.hotp").Hmac
        code = hmac.code

        def counted(*arguments):
            self.count += 1
            return code(*arguments)

        self._monkeypatch.setattr(hmac, "code", counted)


@pytest.mark.parametrize("called", [True, False], ids=["a call", "the timer"])
def test_no_candidate_is_left_after_hash_nor_computed_before_a_key(monkeypatch, called):
    with radio_lock() as (lock, peer), monkeypatch.context() as patches:
        computed = Computed(patches)
        changed(lock, peer, called)
        before = computed.count
        lock.type(lock.issue("couriers"))
        ahead = computed.count
        assert ahead - before == 4 * 16  # each counter in the window of a grant
        lock.type("#")
        assert lock.run_until(lambda: lock.openings == 1, 3)
        assert computed.count == ahead
