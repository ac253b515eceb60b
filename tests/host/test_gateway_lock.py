"""The gateway and the firmware understand each other, on both Pythons: time, commands, a call, a rotation, the log."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from host_sim.lock import Lock, LockConfig
from host_sim.runtime import RUNTIMES
from tests.host.peer import ROOTS, Peer
from tests.host.radio_lock import GATEWAY, GRANTS, INSECURE, ISSUERS, next_check_in
from tools.gateway import gateway as gateways
from tools.gateway import outgoing, store
from tools.gateway.export import export
from tools.gateway.keyfile import Broker, KeyFile, LockKeys
from tools.gateway.orders import order
from tools.log.verify import verify

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
NEXT = b"n" * 32


class Ends:
    """The gateway in the place of peer.Issuers; roots of the gateway's issuer: `roots`."""

    def __init__(self, lock, path, roots, clock):
        self.lock = lock.lock_id
        self.id = lock.lock_id.hex()
        keys = LockKeys(self.id, "door", GATEWAY, 1, roots, lock.log_key)
        file = KeyFile(Broker("127.0.0.1", insecure=True), {self.id: keys}, path / "gateway.db")
        self.keys = keys
        self.store = store.Store(file.store, clock)
        self.lines = []
        self.gateway = gateways.Gateway(file, self.store, lambda _, word, text: self.lines.append((word, text)))

    def take(self, topic, message):
        """What the lock has published; returns what is published to it in answer."""
        with self.store.batch():
            self.gateway.receive(topic, message)
            self.gateway.tick()
        said, self.gateway.outbox[:] = [item[1] for item in self.gateway.outbox], []
        return said

    def send(self, *words, within=None):
        """Queue a command; returns its number."""
        with self.store.batch():
            return self.gateway.queue(self.keys, order(list(words), self.store.lock(self.id)["hello"], within))

    def states(self, *numbers):
        """How commands stand."""
        return [self.store.command(number).state for number in numbers]

    def alarms(self):
        """Words of the alarms."""
        return [row["word"] for row in self.store.all("SELECT word FROM alarm")]


@contextmanager
def beside(runtime, path, monkeypatch, roots=None):
    """(lock, its Peer, the Ends) after the first check-in, all by the lock's clock."""
    config = LockConfig(grants=GRANTS, settings={"issuers": ISSUERS}, radio=INSECURE)
    with Lock(runtime, config) as lock:
        clock = SimpleNamespace(
            time=lambda: float(lock.now), time_ns=lambda: int(lock.now * 1e9), monotonic=lambda: float(lock.now)
        )
        monkeypatch.setattr(outgoing, "_QUIET_S", -1)  # simulated time stands still here: nothing to wait for
        ends = Ends(lock, path, roots or {1: ROOTS[GATEWAY]}, clock)
        peer = Peer(ends)
        lock.world.network.routes["10.0.0.2", 1883] = peer.end
        assert lock.run_until(lambda: peer.packets[-1:] == [0xE0] and not lock.awake, 40), lock.log()
        yield lock, peer, ends
        ends.store.close()


@BOTH
def test_log_time_and_commands(runtime, tmp_path, monkeypatch):
    with beside(runtime, tmp_path, monkeypatch) as (lock, peer, ends):
        for _ in range(3):
            lock.wake()
            lock.type(lock.issue("couriers") + "#")
            assert lock.run_until(lambda: lock.bolt == "unlocked", 3)
            lock.wait(30)
        numbers = [ends.send("revoke", "1"), ends.send("identify"), ends.send("revoke", "77"), ends.send("set-time")]
        for _ in range(3):
            next_check_in(lock, peer)
        assert ends.states(*numbers) == ["done", "done", "failed", "done"]
        assert ends.alarms() == []
        text, whole = export(ends.store, ends.id)
        assert verify(text, lock.log_key).events == whole.events == len(lock.log())
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        lock.wait(3)
        assert lock.bolt == "locked"


@BOTH
def test_a_call_is_answered_by_an_unlock_that_waited(runtime, tmp_path, monkeypatch):
    with beside(runtime, tmp_path, monkeypatch) as (lock, _, ends):
        number = ends.send("unlock", within=3600)
        before = lock.openings
        lock.wake()
        lock.type(lock.issue("caller") + "#")
        assert lock.run_until(lambda: lock.openings > before, 60)
        lock.run_until(lambda: not lock.awake, 100)
        lock.run_until(lambda: False, 7200)
        assert (lock.openings, ends.states(number), ends.alarms()) == (before + 1, ["done"], [])


@BOTH
def test_a_rotation(runtime, tmp_path, monkeypatch):
    with beside(runtime, tmp_path, monkeypatch, {1: ROOTS[GATEWAY], 2: NEXT}) as (lock, peer, ends):
        rotation = ends.send("rotate")
        next_check_in(lock, peer)
        others = [ends.send("identify")]
        next_check_in(lock, peer)
        others.append(ends.send("identify"))
        next_check_in(lock, peer)
        assert ends.states(rotation, *others) == ["done"] * 3
        assert ends.gateway.rotated[:1] == [ends.id]
        assert ends.alarms() == []
