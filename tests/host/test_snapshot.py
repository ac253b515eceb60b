"""A lock put aside asleep or without power goes on from there as it was, as often as one likes."""

import pytest

from host_sim.lock import Lock, LockConfig
from host_sim.runtime import RUNTIMES
from host_sim.world.tears import TEARS

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
CONFIG = LockConfig(grants=[{"label": "couriers", "kind": "event", "digits": 8, "check": True}])


def asleep(runtime):
    lock = Lock(runtime, CONFIG)
    assert lock.run_until(lambda: lock.powered and not lock.awake, 30)
    return lock


def what_an_opening_looks_like(lock, code):
    lock.wait(3600)
    lock.wake()
    lock.type(code + "#")
    lock.wait(30)
    return list(lock.trace), lock.flash, lock.openings, lock.now


@BOTH
def test_the_same_moment_gives_the_same_run_with_new_counts(runtime):
    with asleep(runtime) as lock:
        before = lock.snapshot()
        code = lock.issue("couriers")
        runs = []
        for _ in range(2):
            lock.go_back(before)
            assert (lock.openings, lock.flash_ops, lock.nvs_ops, lock.answers, lock.trace) == (0, 0, 0, [], [])
            assert lock.issue("couriers") == code
            runs.append(what_an_opening_looks_like(lock, code))
        assert runs[0] == runs[1]
        assert lock.openings == 1 and lock.answers[-1][1] == "locked"


@BOTH
def test_a_snapshot_serves_another_lock_begun_alike(runtime):
    with asleep(runtime) as lock, Lock(runtime, CONFIG) as other:
        before = lock.snapshot()
        code = lock.issue("couriers")
        lock.go_back(before)
        other.go_back(before)
        assert what_an_opening_looks_like(lock, code) == what_an_opening_looks_like(other, code)


def test_bolt_door_battery_and_clock_are_as_they_were():
    with asleep("cpython") as lock:
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        assert lock.run_until(lambda: lock.bolt == "unlocked")
        lock.door("open")
        lock.battery(5100)
        lock.cut_power()
        lock.set_clock(1_900_000_000)
        aside = lock.snapshot()
        lock.go_back(aside)
        assert lock.snapshot() == aside
        assert (lock.bolt, lock.door_state, lock.powered) == ("unlocked", "open", False)


def test_a_half_drawn_bolt_stays_between():
    with asleep("cpython") as lock:
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        assert lock.run_until(lambda: lock.bolt == "between")
        lock.cut_power()
        lock.go_back(lock.snapshot())
        assert lock.bolt == "between"
        lock.restore_power()
        assert lock.run_until(lambda: lock.bolt == "locked")
        assert lock.openings == 0


def test_a_chip_that_runs_cannot_be_put_aside():
    with asleep("cpython") as lock:
        lock.wake()
        with pytest.raises(ValueError, match="awake"):
            lock.snapshot()


def test_every_tear_of_a_cut_is_the_one_that_a_cut_of_that_tear_leaves():
    with asleep("cpython") as lock:
        before = lock.snapshot()
        with pytest.raises(ValueError, match="no flash operation"):
            before.torn("half")
        code = lock.issue("couriers")
        left = {}
        for tear in TEARS:
            lock.go_back(before)
            lock.wake()
            lock.cut_at_flash_op(2, tear, seed=5)
            lock.type(code + "#")
            lock.wait(3)
            left[tear] = lock.snapshot()
        for tear in TEARS:
            assert left["none"].torn(tear, seed=5) == left[tear]
        assert len({snapshot.flash for snapshot in left.values()}) == len(TEARS)
