"""Two parts, duress and holding open on the whole lock: what a cut leaves, and what can be told from the door."""

from contextlib import contextmanager

import pytest

from firmware.core.state import State
from firmware.store.journal import Journal
from host_sim.devices import FlashImage, Namespace
from host_sim.lock import FirmwareError, Lock, LockConfig
from host_sim.provision import Issuer
from host_sim.runtime import RUNTIMES
from tests.host.power_cuts import KEEPS

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
TEARS = {"cpython": ("none", "seven", "half", "all"), "micropython": ("half",)}
"""Kinds of tear; under the VM a cut and what follows takes twice as long."""
UNLOCK, HOLD_OPEN, DURESS, APPROVE = 1, 2, 8, 32
PARTS = LockConfig(
    [
        {"id": 1, "label": "courier", "kind": "event", "digits": 8, "check": True, "second": 2},
        {"id": 2, "label": "consent", "kind": "event", "digits": 8, "check": True, "permissions": APPROVE},
    ]
)
HOLDS = LockConfig([{"label": "staff", "kind": "event", "digits": 8, "check": True, "permissions": UNLOCK | HOLD_OPEN}])


@contextmanager
def asleep(runtime, config, **options):
    """(lock, codes of its grants in their order), half a minute after power came."""
    with Lock(runtime, config, **options) as lock:
        lock.wait(30)
        yield lock, [lock.issue(grant["label"]) for grant in config.grants]


def enter(lock, *codes):
    lock.wake()
    for code in codes:
        lock.type(code + "#", hold_ms=40, gap_ms=40)
        lock.wait(4.5)


def cuts(lock, codes, tears):
    """Let the power go at every operation of flash and NVS of an entry, each time from the same moment."""
    begun = lock.snapshot()
    for kinds, arm in ((tears, lambda k, kind: lock.cut_at_flash_op(k, kind)), (KEEPS, None)):
        for kind in kinds:
            k, struck = 0, True
            while struck:
                k += 1
                lock.go_back(begun)
                arm(k, kind) if arm else lock.world.nvs.cut_at(k, kind)
                try:
                    enter(lock, *codes)
                    lock.wait(20)
                except FirmwareError:
                    assert not lock.powered
                struck = not lock.powered
                if struck:
                    yield f"{kind} at {k}"
            assert k > 2


def burnt(lock, config):
    issuer = Issuer(config)
    state = State(issuer.grants)
    nvs = Namespace(lock.world.nvs, "dropbolt")
    Journal(FlashImage(lock.flash), state, issuer.journal_id, issuer.mac, nvs).mount()
    return [state.event_used(i, 0) for i in range(len(issuer.grants))]


@BOTH
def test_a_cut_anywhere_in_two_parts_leaves_both_burnt_or_neither_and_one_opening_at_most(runtime):
    with asleep(runtime, PARTS) as (lock, codes):
        courier, consent = codes
        left = []
        for where in cuts(lock, codes, TEARS[runtime]):
            before = lock.openings
            lock.wait(1)
            lock.restore_power()
            lock.wait(20)
            both = burnt(lock, PARTS)
            assert both in ([True, True], [False, False]), where
            assert before == 0 or both[0], where
            enter(lock, consent)
            assert lock.answer == ("used" if both[0] else "owner"), where
            enter(lock, courier, consent)
            lock.wait(20)
            assert lock.openings == (before if both[0] else 1), where
            enter(lock, courier, consent)
            assert lock.openings <= 1, where
            left.append((both[0], before))
        assert set(left) == {(False, 0), (True, 0), (True, 1)}


@BOTH
def test_a_cut_anywhere_in_an_entry_that_holds_open_leaves_a_door_that_locks_itself(runtime):
    with asleep(runtime, HOLDS) as (lock, codes):
        opened = 0
        for where in cuts(lock, codes, TEARS[runtime]):
            opened += lock.openings
            lock.wait(1)
            lock.restore_power()
            lock.wait(20)
            assert lock.bolt == "locked", where
            enter(lock, *codes)
            assert lock.openings <= 1, where
        assert opened > 1


@BOTH
def test_duress_cannot_be_told_from_the_door(runtime):
    lives = []
    for permissions in (UNLOCK, UNLOCK | DURESS):
        grant = {"label": "home", "kind": "event", "digits": 8, "check": True, "permissions": permissions}
        with asleep(runtime, LockConfig([grant]), seed=5) as (lock, codes):
            enter(lock, *codes)
            lock.wait(30)
            enter(lock, *codes)
            lock.wait(30)
            seen = lock.trace, lock.world.signals.edges, lock.flash_ops, lock.nvs_ops, lock.openings
            details = [event["detail"] for event in lock.log() if event["grant"] == "home"]
        lives.append(seen)
        assert details == [int(permissions == UNLOCK | DURESS)] * 2
    assert lives[0] == lives[1], "to the microsecond, and operation by operation"
    assert lives[0][4] == 1


@BOTH
def test_a_hold_outlasts_neither_the_clock_nor_the_lock_that_lost_it(runtime):
    config = LockConfig(HOLDS.grants, settings={"hold_s": 3600})
    for off in (-2 * 86400, -4000, 3700, 86400):
        with asleep(runtime, config) as (lock, codes):
            enter(lock, *codes)
            lock.wait(600)
            assert (lock.bolt, lock.awake) == ("unlocked", False)
            lock.set_clock(lock.now + off)
            lock.wake()
            lock.wait(20)
            assert lock.bolt == "locked", off


@BOTH
def test_a_hold_ends_in_time_also_by_a_slow_clock_of_the_chip(runtime):
    config = LockConfig(HOLDS.grants, settings={"hold_s": 4 * 3600})
    for drift in (-0.05, 0.05):
        with asleep(runtime, config) as (lock, codes):
            lock.world.rtc.sleep_drift = drift
            enter(lock, *codes)
            began = lock.now
            lock.run_until(lambda lock=lock: lock.bolt == "locked", 5 * 3600)
            assert -60 < lock.now - began - 4 * 3600 < 15


@BOTH
def test_a_hold_ends_though_the_clock_stands_still(runtime):
    config = LockConfig(HOLDS.grants, settings={"hold_s": 3600})
    with asleep(runtime, config) as (lock, codes):
        enter(lock, *codes)
        began = lock.now
        while lock.bolt == "unlocked" and lock.now < began + 3 * 3600:
            lock.set_clock(began)
            lock.wait(60)
        assert 3600 - 120 < lock.now - began < 3600 * 17 // 16 + 120
