"""How fast the simulator is: full sessions a second on both runtimes, and a simulated year of a busy door.

A session: a key wakes the lock, a code of eight digits and `#` open it, it locks itself and sleeps. In the year there
are ten of them a day, and the lock checks in every hour; who answers is inside this program.
"""

import gc
import time

from firmware.core.words import OWNER, UNLOCK
from host_sim.lock import Lock, LockConfig
from tools.bench.door import opens, sleeps
from tools.bench.figures import AT_LEAST, AT_MOST, Figure
from tools.energy.peer import GATEWAY, ROOT, Issuer, Peer

_GOALS = (("cpython", 300, "cpython"), ("micropython", 150, "vm"))
_YEAR_S, _A_DAY, _DAYS, _PART = 60, 10, 365, 73
_BROKER = ("10.0.0.2", 1883)
_GRANTS = [{"label": "lobby", "kind": "event", "digits": 8, "check": True}]
_SETTINGS = {"issuers": [[GATEWAY, "owner", OWNER | UNLOCK, 64]]}
_RADIO = {"security": "insecure", "port": _BROKER[1], "keys": {(GATEWAY, 1): ROOT}, "rarely_s": 3600}


def simulator(sessions=300, days=_PART):
    """The figures; `sessions` are counted on each runtime, and a year is as fast as `days` of it."""
    figures = []
    gc.collect()
    gc.freeze()  # the firmware collects at a check-in: not what this program has loaded besides
    for runtime, least, row in _GOALS:
        done, door = rate(runtime, sessions)
        goal, against = (AT_LEAST, least), "a real door"
        figures.append(Figure(f"The simulator on {runtime}", "sessions", "1/s", done, door, against, goal, row))
    seconds = year(days) * _DAYS / days
    gc.unfreeze()
    goal, against = (AT_MOST, _YEAR_S), "a real door"
    group = f"The simulator on cpython, by {days} days"
    figures.append(Figure(group, "a year", "s", seconds, _DAYS * 86_400, against, goal, "year"))
    return figures


def rate(runtime, sessions):
    """Sessions a second, and as many of them as a second has at a real door."""
    with Lock(runtime, LockConfig(grants=_GRANTS)) as lock:
        lock.wait(60)
        _session(lock)
        since, began = lock.now, time.perf_counter()
        for _ in range(sessions):
            _session(lock)
        return sessions / (time.perf_counter() - began), sessions / (lock.now - since)


def year(days):
    """Seconds that so many days of a busy door take. Raises RuntimeError where a check-in an hour did not come."""
    with Lock(config=LockConfig(grants=_GRANTS, settings=_SETTINGS, radio=_RADIO)) as lock:
        issuer, hellos = Issuer(lock.lock_id, lambda: lock.now), []

        def end():
            hellos.append(lock.now)
            return Peer(f"dropbolt/{lock.lock_id.hex()}/down", issuer.take)

        lock.world.network.routes[_BROKER] = end
        begun, began = lock.now, time.perf_counter()
        for number in range(days * _A_DAY):
            lock.wait(begun + (number + 0.5) * 86_400 / _A_DAY - lock.now)
            _session(lock)
        took = time.perf_counter() - began
    if len(hellos) < 23 * days:
        raise RuntimeError(f"{len(hellos)} check-ins in {days} days")
    return took


def _session(lock):
    sleeps(lock)  # it may be checking in just now
    lock.wake()
    opens(lock, "lobby")
