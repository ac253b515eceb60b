"""The other end of a check-in: a broker, and behind it the issuer who answers the lock, inside this program."""

import struct

from firmware.net import messages
from host_sim.world.ends import ScriptedEnd
from tools.protocol.messages import command, read
from tools.protocol.seal import DOWN, UP, Channel

GATEWAY = 1
ROOT = bytes(range(32))
"""Number and root key of the issuer who answers."""
_CONNECT, _PUBLISH, _SUBSCRIBE, _PINGREQ = 1, 3, 8, 12


class Issuer:
    """Answers the hellos of the lock with that id, with the time from `now()`.

    orders: (type, fields...) of commands that go with the next reply; listen: seconds that it asks for. words: how the
    commands have ended. told: how many events have come.
    """

    def __init__(self, lock, now):
        self.orders = []
        self.listen = 0
        self.words = []
        self.told = 0
        self._channel = Channel(ROOT, lock, GATEWAY, 1)
        self._now = now
        self._counter = 0
        self._have = 0

    def take(self, message):
        """What the lock has published; yields what is published to it."""
        header, text = self._channel.open(UP, message)
        said = read(header.kind, text)
        if header.kind == messages.EVENTS:
            self.told += len(said.records)
            self._have = max(self._have, said.first + len(said.records) - 1)
        elif header.kind == messages.RESULT:
            self.words.append(said.word)
        elif header.kind == messages.HELLO:
            orders, self.orders = self.orders, []
            t = self._now()
            fields = (said.nonce.boots, said.nonce.number, int(t), int(t % 1 * 1000), 20, len(orders), self._have)
            yield self._seal(0, messages.REPLY, *fields, self.listen)
            for order in orders:
                self._counter += 1
                yield self._seal(self._counter, *order)

    def _seal(self, counter, kind, *fields):
        return self._channel.seal(DOWN, kind, counter, command(kind, *fields))


class Peer(ScriptedEnd):
    """One connection to the broker. `topic`: on which the lock listens; it has a session there.

    `take(message)`: yields what a message of the lock has published to it in turn.
    """

    def __init__(self, topic, take):
        super().__init__()
        self._topic = topic.encode()
        self._take = take
        self._bytes = bytearray()

    def received(self, data):
        self._bytes += data
        answers = b"".join(self._answers())
        if answers:
            self.say(answers)

    def _answers(self):
        while (packet := self._packet()) is not None:
            kind, body = packet
            if kind >> 4 == _CONNECT:
                yield b"\x20\x02\x01\x00"
            elif kind >> 4 == _SUBSCRIBE:
                yield b"\x90\x03" + body[:2] + b"\x01"
            elif kind >> 4 == _PINGREQ:
                yield b"\xd0\x00"
            elif kind >> 4 == _PUBLISH:
                begin = 2 + struct.unpack_from(">H", body)[0]
                if kind & 2:
                    yield b"\x40\x02" + body[begin : begin + 2]
                    begin += 2
                for message in self._take(body[begin:]):
                    yield self._publish(message)

    def _packet(self):
        """(first byte, body) of the next packet of MQTT, or None while it is not whole."""
        size = place = 0
        for place, byte in enumerate(self._bytes[1:5], 1):
            size |= (byte & 0x7F) << 7 * (place - 1)
            if byte < 0x80:
                break
        else:
            return None
        end = 1 + place + size
        if len(self._bytes) < end:
            return None
        kind, body = self._bytes[0], bytes(self._bytes[1 + place : end])
        del self._bytes[:end]
        return kind, body

    def _publish(self, message):
        """A packet with a message for the lock, QoS 1."""
        body = struct.pack(">H", len(self._topic)) + self._topic + b"\x00\x07" + message
        length = bytes([len(body)]) if len(body) < 0x80 else bytes([len(body) & 0x7F | 0x80, len(body) >> 7])
        return b"\x32" + length + body
