"""An access point that goes and comes back in the midst of a check-in, at each moment of it."""

import pytest

from firmware.net import messages as m
from tests.host.radio_lock import CARRIER, GATEWAY, GUEST, next_check_in, radio_lock
from tools.protocol.messages import Hello

RADIO_S = 2.0
"""Longer than a check-in without mishaps is on the air."""


def commands(lock):
    """What was done by radio: (issuer, type) each."""
    return [(event["issuer"], event["detail"]) for event in lock.log() if event["kind"] == "command"]


def order(peer):
    """Have the next hello, and only that, answered with four commands, one of each sort."""

    def once(hello):
        peer.issuers.on_hello = None
        nonce = hello.nonce.boots, hello.nonce.number
        peer.issuers.order(CARRIER, m.UNLOCK_NOW, *nonce, int(hello.t) + 600)
        peer.issuers.order(GATEWAY, m.MUTE, 1)
        peer.issuers.order(GATEWAY, m.REVOKE_CODE, 1, 0, 5)
        peer.issuers.order(GUEST, m.IDENTIFY)

    peer.issuers.on_hello = once


def flapped(lock, peer, after_s, away_s):
    """A check-in in which the access point goes after so long and stays away for so long; how long the radio was on."""
    order(peer)
    assert lock.run_until(lambda: lock.world.radio.state != "off", 1000)
    began, timeline, point = lock.now, lock.world.timeline, lock.world.radio.access_point
    for at_s, up in ((after_s, False), (after_s + away_s, True)):
        timeline.at(timeline.now_us + round(at_s * 1e6), lambda up=up: setattr(point, "up", up))
    assert lock.run_until(lambda: lock.world.radio.state == "off", 40)
    return lock.now - began


@pytest.mark.parametrize(
    ("runtime", "away_s", "step_s"),
    [
        ("cpython", 0.4, 0.1),
        ("cpython", 7, 0.2),
        ("cpython", 25, 0.2),
        ("micropython", 0.4, 0.3),
        ("micropython", 7, 0.5),
    ],
)
def test_whenever_the_access_point_goes_the_deadline_holds_and_nothing_is_done_twice(runtime, away_s, step_s):
    with radio_lock(runtime) as (lock, peer):
        next_check_in(lock, peer)
        lock.wait(3200)
        assert not lock.awake
        before, snapshot, seen = peer.issuers.of(Hello)[-1], lock.snapshot(), set()
        for n in range(round(RADIO_S / step_s)):
            lock.go_back(snapshot)
            lock.world.network.routes["10.0.0.2", 1883] = peer.end
            peer.waiting.clear()
            peer.issuers.orders.clear()
            assert flapped(lock, peer, n * step_s, away_s) < 20.5
            lock.wait(40)
            assert not lock.awake
            done = commands(lock)
            assert len(done) == len(set(done))
            assert lock.openings == done.count(("carrier", m.UNLOCK_NOW))
            seen.add(len(done))
            peer.issuers.on_hello = None
            peer.issuers.orders.clear()
            next_check_in(lock, peer)
            hello = peer.issuers.of(Hello)[-1]
            assert hello.nonce > before.nonce
            assert hello.generation == before.generation + done.count(("gateway", m.MUTE))
            assert commands(lock) == done
            opened = lock.openings
            lock.wake()
            lock.type(lock.issue("couriers", counter=0) + "#")
            assert lock.run_until(lambda opened=opened: lock.openings == opened + 1, 3)
        assert seen >= ({0, 4} if away_s > 20 else {4})  # what is away for less is waited for
