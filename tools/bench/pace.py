"""How fast the simulator is: sessions at the keypad, and a year of them with a check-in every hour.

A session is all of it: a key wakes the lock, eight digits and `#`, it opens, relocks and sleeps. Times are real ones,
of this computer as busy as it is.
"""

import time

from host_sim.lock import Lock, LockConfig
from host_sim.runtime import RUNTIMES
from tools.bench.figures import AT_MOST, Figure
from tools.energy.peer import GATEWAY, ROOT, Issuer, Peer

SESSIONS_A_SECOND = {"cpython": 300, "micropython": 150}
YEAR_S = 60
"""Goals."""

_GRANTS = [{"label": "courier", "kind": "event", "digits": 8}]
_A_DAY = 10
_DAYS = 365
_BROKER = ("10.0.0.2", 1883)
_RADIO = {"security": "insecure", "port": _BROKER[1], "keys": {(GATEWAY, 1): ROOT}, "rarely_s": 3600}
_WARM_UP = 5


def session(lock):
    """One session; raises RuntimeError for one that does not end as it must."""
    lock.wake()
    lock.type(lock.issue("courier") + "#")
    opened = lock.run_until(lambda: lock.bolt == "unlocked", 3)
    if not (opened and lock.run_until(lambda: not lock.awake, 120) and lock.bolt == "locked"):
        raise RuntimeError(f"the session ended with the answer {lock.answer} and the bolt {lock.bolt}")
    lock.forget()


def seconds_a_session(runtime, count):
    """Seconds of real time that each of `count` sessions takes."""
    with Lock(runtime, LockConfig(grants=_GRANTS)) as lock:
        lock.run_until(lambda: not lock.awake, 60)
        for _ in range(_WARM_UP):
            session(lock)
        began = time.perf_counter()
        for _ in range(count):
            session(lock)
        return (time.perf_counter() - began) / count


def seconds_a_year(runtime, days):
    """Seconds of real time for a year of ten sessions a day and hourly check-ins with a scripted peer, by so many days
    of it; raises RuntimeError where the lock did not check in."""
    issuers = [[GATEWAY, "gateway", 65, 64]]
    config = LockConfig(grants=_GRANTS, settings={"issuers": issuers}, radio=_RADIO)
    with Lock(runtime, config) as lock:
        issuer = Issuer(lock.lock_id, lambda: lock.now)
        topic, calls = f"dropbolt/{lock.lock_id.hex()}/down", []

        def answer():
            calls.append(lock.now)
            return Peer(topic, issuer.take)

        lock.world.network.routes[_BROKER] = answer
        lock.wait(60)
        began, calls[:] = time.perf_counter(), []
        for _ in range(days * _A_DAY):
            lock.wait(86_400 / _A_DAY - 20)
            lock.run_until(lambda: not lock.awake, 60)
            session(lock)
        if len(calls) < 23 * days:
            raise RuntimeError(f"{len(calls)} check-ins in {days} days")
        return (time.perf_counter() - began) * _DAYS / days


def pace(sessions=300, days=20):
    """The figures, measured over so many sessions and so many days of the year."""
    figures = []
    for runtime in RUNTIMES:
        group = f"The simulator, {runtime}"
        ms = seconds_a_session(runtime, sessions) * 1000
        figures.append(Figure(group, "a session", "ms", ms, goal=(AT_MOST, 1000 / SESSIONS_A_SECOND[runtime])))
        year = seconds_a_year(runtime, days)
        figures.append(Figure(group, "a year of ten a day, hourly check-ins", "s", year, goal=(AT_MOST, YEAR_S)))
    return figures
