"""A key that leans on something must not empty the batteries, nor keep anybody out."""

import pytest

from firmware.core.words import HOLD_OPEN, UNLOCK
from host_sim.lock import Lock, LockConfig

HOUR = 3600


@pytest.fixture(params=["cpython", "micropython"])
def lock(request):
    config = LockConfig(grants=[{"label": "couriers", "kind": "event", "check": True}])
    with Lock(runtime=request.param, config=config) as lock:
        lock.wait(30)
        yield lock


@pytest.mark.parametrize("keys", ["8", "*0#", "123456789*0#"], ids=["one key", "one in every column", "all keys"])
def test_the_lock_sleeps_while_keys_are_stuck_and_looks_again_every_five_minutes(lock, keys):
    for key in keys:
        lock.world.keys.press(key)
    lock.wait(30)
    before, told = lock.boots, len(lock.answers)
    awake = 0
    for _ in range(HOUR):
        lock.wait(1)
        awake += lock.awake
    assert lock.boots - before <= 14
    assert awake <= 14 * 2, "no longer than it takes to see that they still are"
    assert len(lock.answers) == told
    for key in keys:
        lock.world.keys.release(key)
    lock.wait(400)
    lock.wake()
    lock.type("*" + lock.issue("couriers") + "#")
    lock.wait(3)
    assert lock.answer == "opened"


@pytest.mark.parametrize("hold_ms", [90, 900], ids=["at once", "after a while"])
def test_a_stuck_key_keeps_nobody_out(lock, hold_ms):
    lock.world.keys.press("8")
    lock.wait(60)
    code = next(code for code in (lock.issue("couriers") for _ in range(12)) if "8" not in code)
    lock.press("1", hold_ms)  # a key of another column still wakes the lock
    lock.wait(1)
    lock.type("*" + code + "#")
    lock.wait(3)
    assert lock.answer == "opened"


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_a_stuck_key_does_not_keep_anybody_from_ending_a_hold(runtime):
    config = LockConfig(grants=[{"label": "host", "kind": "event", "permissions": UNLOCK | HOLD_OPEN}])
    with Lock(runtime=runtime, config=config) as lock:
        lock.wait(30)
        lock.wake()
        lock.type(lock.issue("host") + "#")
        lock.wait(30)
        lock.world.keys.press("8")
        lock.wait(60)
        assert lock.bolt == "unlocked" and not lock.awake
        lock.press("1", 900)
        lock.wait(1)
        lock.type("*#")
        assert lock.run_until(lambda: lock.bolt == "locked", 3)
