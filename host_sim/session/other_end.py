"""The other end of the lock's radio in a session: the gateway of tools/gateway, and amqtt as the broker.

It is the gateway that an owner runs, but for its clock, which is the world's. The broker listens on loopback alone,
and nothing that goes over it has TLS: the lock says so in its log, the gateway in what it tells.
"""

import hashlib
import tempfile
import time
from pathlib import Path

from firmware.net.messages import HELLO
from host_sim.broker import LocalBroker
from host_sim.line import Line
from host_sim.provision import RADIO_SETTINGS
from tools.gateway.connection import Connection
from tools.gateway.gateway import Gateway
from tools.gateway.keyfile import Broker, KeyFile, LockKeys
from tools.gateway.orders import order
from tools.gateway.store import Store
from tools.protocol.messages import REASONS, read

PORT = 1883
_EPOCH = 1
_DOUBT_MS = 20
_PATIENCE_S = 150
_LOGIN = "gateway"


def root(number):
    """The root key that a session's lock shares with the issuer of this number."""
    return hashlib.sha256(f"root key of issuer {number}".encode()).digest()


def radio(number):
    """The radio's settings, as `LockConfig` has them, of a lock whose gateway is the issuer of this number."""
    return {
        "security": "insecure",
        "port": PORT,
        "user": "lock",
        "login": "lock",
        "gateway": number,
        "keys": {(number, _EPOCH): root(number)},
    }


class WorldClock:
    """A lock's world's time, as the module `time` tells it."""

    def __init__(self, lock):
        self._lock = lock

    def time(self):
        return self._lock.now

    monotonic = time

    def time_ns(self):
        return int(self._lock.now * 1000) * 1_000_000


class OtherEnd:
    """Broker and gateway of `lock`, where the gateway is issuer `number`. Raises OSError: the broker does not start.

    said: messages that the gateway has published for the lock. heard: reasons of the check-ins so far, in order.
    """

    def __init__(self, lock, number):
        self.said = 0
        self.heard = []
        self._lock = lock
        self._id = lock.lock_id.hex()
        self._folder = tempfile.TemporaryDirectory()
        self._broker = LocalBroker()
        broker = Broker("127.0.0.1", self._broker.port, _LOGIN, _LOGIN, insecure=True)
        keys = LockKeys(self._id, "door", number, _EPOCH, {_EPOCH: root(number)}, lock.log_key)
        path = Path(self._folder.name, "gateway.sqlite")
        self._keys = KeyFile(broker, {self._id: keys}, path, _DOUBT_MS)
        self._store = Store(path, WorldClock(lock))
        self._gateway = Gateway(self._keys, self._store, self._tell)
        self._connection = Connection(broker, self._gateway.topics, lambda word, text: self._tell(None, word, text))
        self._join()
        lock.world.network.routes[RADIO_SETTINGS["ip"], PORT] = lambda: Line(self._broker.port, self)

    def _join(self):
        patience = time.monotonic() + _PATIENCE_S
        while not self._connection.joined:
            if time.monotonic() > patience:
                raise OSError("the gateway does not reach the broker")
            self.hear(0.05)

    def close(self):
        """End it, a check-in that goes on included, and forget everything."""
        self._lock.world.network.drop()
        self._connection.close()
        self._store.close()
        self._broker.close()
        self._folder.cleanup()

    def hear(self, timeout=0):
        """Take what has come, after at most `timeout` real seconds, and say what is due; returns how much came."""
        messages = self._connection.step(timeout)
        with self._store.batch():
            for message in messages:
                self._gateway.receive(*message)
            self._gateway.tick()
        for item in self._gateway.outbox:
            self._connection.publish(*item)
        self.said += len(self._gateway.outbox)
        self._gateway.outbox.clear()
        return len(messages)

    def command(self, words):
        """Queue a command, as `python -m tools gateway send` has its words. Raises OrderError."""
        with self._store.batch():
            hello = self._store.lock(self._id)["hello"]
            self._gateway.queue(self._keys.locks[self._id], order(words, hello))

    def ended(self):
        """Of the newest command: (its state, what more the lock has said or None); None if there is none."""
        rows = self._store.all("SELECT state, detail FROM command ORDER BY number DESC LIMIT 1")
        return tuple(rows[0]) if rows else None

    def _tell(self, _, word, text):
        if word == "hello":
            hello = read(HELLO, self._store.lock(self._id)["hello"])
            self.heard.append(REASONS[hello.reason].split()[0])
        self._lock.world.note("radio", f"{word}: {text}")
