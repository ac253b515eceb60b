"""A broker that stalls after any byte of a check-in over TLS, in the handshake too: neither lock nor keypad is kept."""

import ssl
from contextlib import contextmanager

import pytest

from firmware.net import link as links
from host_sim.world.ends import FaultyEnd, ScriptedEnd
from tests.host.certificates import Authority
from tests.host.peer import KEYS
from tests.host.radio_lock import checked_in, radio_lock

HOST = "broker.example"
AUTHORITY = Authority()


class TlsEnd(ScriptedEnd):
    """TLS around another scripted end, in memory. `total`: bytes from and to the lock so far, in this class."""

    total = {"up": 0, "down": 0}

    def __init__(self, context, inner):
        super().__init__()
        self._inner = inner
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self._shaken = False

    def received(self, data):
        self.total["up"] += len(data)
        self._in.write(data)
        try:
            if not self._shaken:
                self._tls.do_handshake()
                self._shaken = True
            while True:
                self._inner.send(self._tls.read(4096))
                answer = self._inner.receive(0)
                if answer:
                    self._tls.write(answer)
        except ssl.SSLError:  # it wants more, or the lock has turned away
            pass
        self.say(self._out.read())

    def receive(self, patience_s):
        said = super().receive(patience_s)
        self.total["down"] += len(said or b"")
        return said

    def close(self):
        self._inner.close()


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    issued = AUTHORITY.issue(HOST)
    (folder / "crt").write_bytes(issued.certificate)
    (folder / "key").write_bytes(issued.key)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(folder / "crt", folder / "key")
    return made


@contextmanager
def asleep(runtime, context):
    """(lock, peer, snapshot) of a lock shortly before it checks in over TLS, as it has before."""
    radio = {"security": "certificate", "host": HOST, "authority": AUTHORITY.der, "port": 8883, "keys": KEYS}
    with radio_lock(runtime, radio, peer=False) as (lock, peer):
        lock.world.network.patience_s = 0
        lock.world.network.routes["10.0.0.2", 8883] = lambda: TlsEnd(context, peer.end())
        assert checked_in(lock, peer, 60), lock.log()
        lock.wait(3200)
        assert not lock.awake
        yield lock, peer, lock.snapshot()


def check_in(lock, peer, snapshot, end):
    """Let the lock check in with what `end` makes; seconds that its radio was on."""
    lock.go_back(snapshot)
    lock.world.network.patience_s = 0
    lock.world.network.routes["10.0.0.2", 8883] = end
    assert lock.run_until(lambda: lock.world.radio.state != "off", 1000)
    began = lock.now
    lock.wait(4)
    before = lock.openings
    lock.press("*")  # where the check-in is over already, this wakes the lock
    lock.wait(0.6)
    lock.type(lock.issue("couriers", counter=0) + "#")
    assert lock.run_until(lambda: lock.openings > before, 4)
    assert lock.run_until(lambda: lock.world.radio.state == "off" and not lock.awake, 60)
    return lock.now - began


@pytest.mark.parametrize(
    ("runtime", "direction", "every"),
    [("cpython", "down", 83), ("cpython", "up", 31), ("micropython", "down", 307), ("micropython", "up", 131)],
)
def test_a_stall_after_any_byte_over_tls(runtime, direction, every, context):
    with asleep(runtime, context) as (lock, peer, snapshot):
        TlsEnd.total.update(up=0, down=0)
        check_in(lock, peer, snapshot, lambda: TlsEnd(context, peer.end()))
        total = TlsEnd.total[direction]
        assert total > 500
        farewells = 0
        for count in range(0, total, every):
            taken = peer.packets.count(0xE0)
            end = lambda n=count: FaultyEnd(TlsEnd(context, peer.end()), **{direction: n})  # noqa: E731
            assert check_in(lock, peer, snapshot, end) < 20 + 15
            farewells += peer.packets.count(0xE0) - taken
            told = [event["detail"] for event in lock.log() if event["kind"] == "radio"]
            assert told in ([links.STALLED], [links.SILENT]) or count > total - 100, (count, told)
        assert farewells <= 1
