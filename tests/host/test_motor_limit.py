"""The motor is never driven for longer than its limit, whatever else the lock waits for meanwhile."""

import pytest

from host_sim.lock import Lock, LockConfig
from host_sim.runtime import RUNTIMES

OWNER = {"label": "owner", "kind": "number", "number": "918273645546", "uses": 0, "permissions": 65}
CONFIG = LockConfig(grants=[{"label": "couriers", "kind": "event", "digits": 8, "check": True}, OWNER])
LIMIT_MS = 1500
TURN_MS = 50


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_a_blocked_bolt_is_let_go_in_time_while_an_entry_waits_for_its_turn(runtime):
    with Lock(runtime, CONFIG) as lock:
        lock.wait(30)
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        assert lock.run_until(lambda: lock.bolt == "unlocked", 5)
        lock.jam()
        for _ in range(2):  # the second waits for fifteen seconds
            lock.type("111111111111#")
        lock.wait(10)
        assert lock.answer == "jammed"
        assert 0 < lock.world.bolt.stall_ms <= 2 * (LIMIT_MS + TURN_MS)
