"""More issuers have commanded a lock than it keeps counters for: it still has the keys of some who were revoked."""

import pytest

from firmware.core import records
from firmware.core.state import MAX_ISSUERS, State
from firmware.core.words import UNLOCK
from firmware.net import messages as m
from firmware.store.journal import Journal
from host_sim.devices import FlashDevice, Namespace
from host_sim.runtime import RUNTIMES
from host_sim.world.flash import NorFlash
from tests.host.peer import KEYS, ROOTS
from tests.host.radio_lock import GATEWAY, GUEST, next_check_in, radio_lock
from tools.protocol.messages import Bye, Hello
from tools.protocol.seal import Channel

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
FORMER = range(20, 20 + MAX_ISSUERS + 1)
FORMER_KEYS = {(number, 1): bytes([number]) * 32 for number in FORMER}


def with_counters(lock):
    """A lock whose journal has a counter of each former issuer, one more than there may be."""
    issuer, flash = lock._issuer, NorFlash(len(lock.flash))
    flash.load(lock.flash)
    state = State(issuer.grants)
    journal = Journal(FlashDevice(flash), state, issuer.journal_id, issuer.mac, Namespace(lock.world.nvs, "dropbolt"))
    journal.mount()
    items = [(number, 1, 5) for number in FORMER]
    for body in records.pack_items(records.COUNTERS, records.COUNTER_ITEM, items):
        journal.write(body)
    assert len(state.counters) > MAX_ISSUERS
    lock.world.flash.load(flash.snapshot())


@pytest.fixture(params=list(RUNTIMES))
def crowded(request):
    with radio_lock(request.param, {"keys": KEYS | FORMER_KEYS}) as (lock, peer):
        issuers = peer.issuers
        for (number, epoch), root in FORMER_KEYS.items():
            issuers.channels[number] = Channel(root, lock.lock_id, number, epoch)
            issuers.counters[number] = 5
        with_counters(lock)
        yield lock, peer


def test_who_may_command_still_does_and_the_lock_checks_in(crowded):
    lock, peer = crowded
    peer.issuers.order(GATEWAY, m.MUTE, 1)
    peer.issuers.order(GUEST, m.IDENTIFY)
    for _ in range(3):
        next_check_in(lock, peer)
    assert peer.issuers.words() == [m.DONE]
    assert peer.issuers.words(GUEST) == [m.DONE]
    assert [event["kind"] for event in lock.log()].count("crash") == 0
    counters = {c.sender: c.counter for c in peer.issuers.of(Hello)[-1].counters}
    assert (counters[GATEWAY], counters[GUEST]) == (1, 1)


def test_whose_counter_is_forgotten_is_never_heard_again(crowded):
    lock, peer = crowded
    former = FORMER[0]
    captured = peer.issuers.seal(former, m.IDENTIFY)
    peer.issuers.order(GATEWAY, m.MUTE, 1)
    next_check_in(lock, peer)
    peer.issuers.order(GATEWAY, m.PUT_ISSUER, former, UNLOCK, 1, 0, bytes(32), "back")
    next_check_in(lock, peer)
    assert peer.issuers.words() == [m.DONE, m.DONE]
    peer.publish(captured)
    next_check_in(lock, peer)
    assert peer.issuers.words(former) == []
    assert peer.issuers.of(Bye)[-1].ignored == 1


def test_who_is_no_issuer_costs_the_lock_no_record(crowded):
    lock, peer = crowded
    next_check_in(lock, peer)
    for number in FORMER[:8]:
        peer.publish(peer.issuers.seal(number, m.IDENTIFY))
    next_check_in(lock, peer)
    assert peer.issuers.of(Bye)[-1].ignored == 8
    assert all(peer.issuers.words(number) == [] for number in FORMER)


@BOTH
def test_no_more_issuers_are_admitted_than_have_counters(runtime):
    with radio_lock(runtime) as (lock, peer):
        for number in range(20, 40):
            peer.issuers.order(GATEWAY, m.PUT_ISSUER, number, UNLOCK, 1, 1, bytes([number]) * 32, f"{number}")
        for _ in range(3):
            next_check_in(lock, peer)
        words = peer.issuers.words()
        assert words[:13] == [m.DONE] * 13
        assert set(words[13:]) == {m.FULL}
        assert set(ROOTS) <= {c.sender for c in peer.issuers.of(Hello)[-1].counters}
