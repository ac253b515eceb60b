"""The lock's connection to a real broker that a gateway of this program stands beside, without any guess about time.

What is under way is known from the packets of MQTT: every CONNECT, SUBSCRIBE and PINGREQ has its answer, what the lock
publishes reaches the gateway, what the gateway publishes reaches the lock. It is waited for in real time while
simulated time stands still, so a run is the same however fast the broker is; nothing is waited for that nobody owes.
"""

import time

from host_sim.world.ends import TcpEnd

CONNECT, CONNACK, PUBLISH = 0x10, 0x20, 0x30
_ANSWERS = {CONNECT: CONNACK, 0x80: 0x90, 0xC0: 0xD0}
_PATIENCE_S = 120
_LOOK_S = 0.02


class Line(TcpEnd):
    """To a broker on `port`, beside which there is `gateway`.

    gateway.hear(timeout) takes what has come, says what is due, and returns how many messages have come; gateway.said
    is how many it has said to this lock.
    """

    def __init__(self, port, gateway):
        super().__init__(port)
        self._gateway = gateway
        self._up, self._down = Packets(), Packets()
        self._owed = []  # kinds of packets that the broker has yet to send
        self._unheard = 0  # messages of the lock's that have yet to reach the gateway
        self._came = []
        self._said = gateway.said

    def send(self, data):
        sent = super().send(data)
        for kind, _ in self._up.take(data[:sent]):
            if kind == PUBLISH:
                self._unheard += 1
            elif kind in _ANSWERS:
                self._owed.append(_ANSWERS[kind])
        return sent

    def receive(self, patience_s):
        """The next packet as a whole, as soon as one is owed; `patience_s` does not matter."""
        self._meet()
        patience = time.monotonic() + _PATIENCE_S
        while self._owed and not self._came:
            data = super().receive(_LOOK_S)
            self._gateway.hear()
            if data == b"" or time.monotonic() > patience:
                raise OSError("the broker has not answered")
            self._came += self._down.take(data or b"")
        if not self._came:
            return None
        kind, packet = self._came.pop(0)
        if kind in self._owed:
            self._owed.remove(kind)
        return packet

    def close(self):
        self._meet()
        super().close()

    def _meet(self):
        """Let the gateway have what the lock has said, and say what is due."""
        patience = time.monotonic() + _PATIENCE_S
        self._unheard -= self._gateway.hear()
        while self._unheard > 0 and time.monotonic() < patience:
            self._unheard -= self._gateway.hear(_LOOK_S)
        self._owed += [PUBLISH] * (self._gateway.said - self._said)
        self._said = self._gateway.said


class Packets:
    """Finds the packets of MQTT in a stream of bytes."""

    def __init__(self):
        self._data = bytearray()

    def take(self, data):
        """(kind without flags, all bytes) of each packet that `data` completes."""
        self._data += data
        found = []
        while end := self._end():
            found.append((self._data[0] & 0xF0, bytes(self._data[:end])))
            del self._data[:end]
        return found

    def _end(self):
        """Where the first packet ends; 0: it is not all there."""
        size = 0
        for at, octet in enumerate(self._data[1:5]):
            size |= (octet & 0x7F) << 7 * at
            if octet < 0x80:
                end = at + 2 + size
                return end if end <= len(self._data) else 0
        return 0
