"""The other end of a lock's radio inside the test: a broker that knows one lock, and the issuers behind it.

Sealed by tools/protocol, so that none of the lock's own code stands on both sides.
"""

import struct

from firmware.net import messages
from host_sim.world.ends import ScriptedEnd
from tools.protocol.messages import command, read
from tools.protocol.seal import DOWN, UP, Channel

ROOTS = {1: b"g" * 32, 7: b"c" * 32, 9: b"h" * 32}
KEYS = {(number, 1): root for number, root in ROOTS.items()}
"""As `LockConfig.radio["keys"]` has them."""


class Issuers:
    """Those who command the lock with the id `lock`; issuer 1 is the gateway. `now()`: the true time in unix seconds.

    said: what the lock has said, (issuer, Hello, Events, Result or Bye) each. orders: commands that go with the next
    reply. listen: seconds that the reply asks for. silent: no reply is sent. have: newest event held.
    """

    def __init__(self, lock, now, roots=ROOTS):
        self.lock = lock
        self.now = now
        self.channels = {number: Channel(root, lock, number, 1) for number, root in roots.items()}
        self.counters = dict.fromkeys(roots, 0)
        self.said = []
        self.orders = []
        self.listen = 0
        self.silent = False
        self.have = 0
        self.doubt_ms = 20
        self.nonce = None
        self.on_hello = None

    def seal(self, number, kind, *fields, counter=None):
        """A command of issuer `number`, under its next counter."""
        if counter is None:
            counter = self.counters[number] = self.counters[number] + 1
        return self.channels[number].seal(DOWN, kind, counter, command(kind, *fields))

    def order(self, number, kind, *fields):
        """Have this command sent with the next reply."""
        self.orders.append((number, kind, fields))

    def take(self, topic, message):
        """What the lock has published; returns what is published to it in answer."""
        number = int(topic.rpartition("/")[2])
        header, text = self.channels[number].open(UP, message)
        said = read(header.kind, text)
        self.said.append((number, said))
        if header.kind == messages.EVENTS:
            self.have = max(self.have, said.first + len(said.records) - 1)
        if header.kind != messages.HELLO:
            return []
        self.nonce = (said.nonce.boots, said.nonce.number)
        for item in said.counters:
            self.counters[item.sender] = max(self.counters.get(item.sender, 0), item.counter)
        if number != 1 or self.silent:
            return []
        if self.on_hello:
            self.on_hello(said)
        return self.answer()

    def answer(self):
        """The reply to the last hello, and what waits to be sent."""
        t = self.now()
        orders, self.orders = self.orders, []
        follow = len([order for order in orders if order[0] == 1])
        fields = (*self.nonce, int(t), int(t % 1 * 1000), self.doubt_ms, follow, self.have, self.listen)
        reply = self.seal(1, messages.REPLY, *fields, counter=0)
        return [reply] + [self.seal(number, kind, *fields) for number, kind, fields in orders]

    def of(self, kind, number=1):
        """All that issuer `number` was told of a type: Hello, Events, Result or Bye."""
        return [said for to, said in self.said if to == number and isinstance(said, kind)]

    def words(self, number=1):
        """How the commands of issuer `number` have ended, in order."""
        return [said.word for to, said in self.said if to == number and type(said).__name__ == "Result"]


class Peer:
    """A broker. waiting: messages that it keeps for the lock. present: whether it has a session for it.

    packets: types of the packets that the lock has sent. connects: how often it came.
    """

    def __init__(self, issuers):
        self.issuers = issuers
        self.waiting = []
        self.present = False
        self.packets = []
        self.connects = 0
        self.acknowledged = 0
        self.ends = []

    def end(self):
        """The end of a new connection, for `Network.routes`."""
        self.connects += 1
        self.ends.append(PeerEnd(self))
        return self.ends[-1]

    def publish(self, message):
        """Deliver to a lock that listens, or keep it until it comes."""
        if self.ends and self.ends[-1].ready:
            self.ends[-1].deliver(message)
        else:
            self.waiting.append(message)


class PeerEnd(ScriptedEnd):
    """One connection of the lock."""

    def __init__(self, peer):
        super().__init__()
        self._peer = peer
        self._got = bytearray()
        self.ready = False

    def close(self):
        self.ready = False

    def deliver(self, message, flags=2):
        """PUBLISH with QoS 1; `flags`: QoS, 8 again, 1 retained."""
        topic = b"dropbolt/" + self._peer.issuers.lock.hex().encode() + b"/down"
        self.packet(0x30 | flags, struct.pack(">H", len(topic)) + topic + b"\x00\x07" + message)

    def packet(self, kind, body):
        """Send one packet."""
        size, length = len(body), b""
        while size > 0x7F:
            length += bytes([size & 0x7F | 0x80])
            size >>= 7
        self.say(bytes([kind]) + length + bytes([size]) + body)

    def received(self, data):
        if self.closed:
            return
        self._got += data
        while len(self._got) > 1:
            size = shift = 0
            for at in range(1, len(self._got)):
                size |= (self._got[at] & 0x7F) << shift
                shift += 7
                if self._got[at] < 0x80:
                    break
            else:
                return
            if len(self._got) < at + 1 + size:
                return
            kind, body = self._got[0], bytes(self._got[at + 1 : at + 1 + size])
            del self._got[: at + 1 + size]
            self._peer.packets.append(kind & 0xF0)
            self.handle(kind & 0xF0, body)

    def handle(self, kind, body):
        """Answer one packet of the lock."""
        peer = self._peer
        if kind == 0x10:
            self.packet(0x20, bytes([peer.present, 0]))
            self.ready = peer.present
        elif kind == 0x80:
            self.packet(0x90, body[:2] + b"\x01")
            peer.present = self.ready = True
        elif kind == 0x30:
            size = struct.unpack_from(">H", body)[0]
            for message in peer.issuers.take(body[2 : 2 + size].decode(), body[2 + size :]):
                self.deliver(message)
        elif kind == 0xC0:
            self.packet(0xD0, b"")
        elif kind == 0x40:
            peer.acknowledged += 1
        elif kind == 0xE0:
            self.ready = False
        if kind in (0x10, 0x80) and self.ready:
            waiting, peer.waiting = peer.waiting, []
            for message in waiting:
                self.deliver(message)
