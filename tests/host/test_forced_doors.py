"""A door that is open while its bolt is thrown: told once, as soon as the lock is awake to see it."""

import pytest

from firmware.net import messages as m
from host_sim.lock import Lock, LockConfig
from host_sim.runtime import RUNTIMES
from tests.host.radio_lock import radio_lock
from tools.protocol.messages import Hello

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
CONFIG = LockConfig(grants=[{"label": "couriers", "kind": "event", "digits": 8, "check": True}])


def told(lock):
    return [event["kind"] for event in lock.log()].count("forced")


@BOTH
def test_a_door_forced_before_somebody_at_the_keypad_is_told_once_and_again_when_it_was_closed(runtime):
    with Lock(runtime, CONFIG) as lock:
        lock.wait(30)
        lock.wake()
        lock.world.door.open()
        lock.wait(6)
        assert told(lock) == 1
        for _ in range(3):
            lock.wait(60)
            lock.wake()
        lock.wait(60)
        assert told(lock) == 1
        assert not lock.awake and lock.bolt == "locked"
        lock.world.door.close()
        lock.wake()
        lock.wait(60)
        lock.world.door.open()
        lock.wake()
        lock.wait(6)
        assert told(lock) == 2


@BOTH
def test_a_door_forced_while_the_lock_sleeps_is_told_at_the_next_check_in(runtime):
    with radio_lock(runtime, {"rarely_s": 3600}) as (lock, peer):
        assert lock.run_until(lambda: not lock.awake, 200)
        lock.world.door.open()
        before = len(peer.issuers.of(Hello))
        assert lock.run_until(lambda: told(lock) == 1, 3700)
        assert lock.run_until(lambda: len(peer.issuers.of(Hello)) > before, 120)
        lock.wait(3 * 3600)
        assert told(lock) == 1
        assert {hello.reason for hello in peer.issuers.of(Hello)[before:]} <= {m.BY_TIMER, m.BY_EVENT}


def test_a_door_that_stands_open_with_a_thrown_bolt_drains_no_battery():
    with Lock(config=CONFIG) as lock:
        lock.wait(30)
        lock.world.door.open()
        lock.wake()
        lock.wait(60)
        boots = lock.boots
        lock.wait(86_400)
        assert lock.boots == boots
