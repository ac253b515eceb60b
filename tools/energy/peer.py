"""The other end of a scripted check-in: a broker with an issuer behind it, inside this program, by numbers of bytes.

What it sends is as long as what a broker would send over TLS; nothing of it is sealed or secret.
"""

import struct

from host_sim.world.ends import ScriptedEnd

RECORD = 29
"""Bytes that a record of TLS 1.2 with AES-GCM has beside what was written."""
_CONNECT, _PUBLISH, _SUBSCRIBE, _PINGREQ = 1, 3, 8, 12
_DOWN = b"dropbolt/0000000000000000/down"


class Peer(ScriptedEnd):
    """`flights`: bytes of the handshake to and fro, as in `runs.py`. `messages`: sizes of what waits for the lock.

    The first of the messages answers the hello, the others come with it.
    """

    def __init__(self, flights, messages):
        super().__init__()
        self._flights = list(flights)
        self._tls = bool(flights)
        self._messages = messages
        self._bytes = bytearray()
        self._plain = bytearray()
        self._greeted = False

    def received(self, data):
        """Take bytes; answer a flight that is complete, else each record's packets."""
        self._bytes += data
        while self._flights and len(self._bytes) >= self._flights[0][1]:
            _, size, answer = self._flights.pop(0)
            del self._bytes[:size]
            self.say(bytes(answer))
        if not self._flights:
            self._open()
            answers = b"".join(self._answers())
            if answers:
                self.say(self._record(answers))

    def _open(self):
        """Move what whole records hold to the bytes of MQTT."""
        if not self._tls:
            self._plain += self._bytes
            self._bytes.clear()
        while len(self._bytes) >= 5:
            size = 5 + struct.unpack_from(">H", self._bytes, 3)[0]
            if len(self._bytes) < size:
                return
            self._plain += self._bytes[RECORD:size]
            del self._bytes[:size]

    def _record(self, data):
        if not self._tls:
            return data
        return struct.pack(">BHH", 23, 0x0303, len(data) + RECORD - 5) + bytes(RECORD - 5) + data

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
                if kind & 2:
                    topic = 2 + struct.unpack_from(">H", body)[0]
                    yield b"\x40\x02" + body[topic : topic + 2]
                if not self._greeted:
                    self._greeted = True
                    yield from (_publish(number, size) for number, size in enumerate(self._messages, 1))

    def _packet(self):
        """(first byte, body) of the next packet of MQTT, or None while it is not whole."""
        size = place = 0
        for place, byte in enumerate(self._plain[1:5], 1):
            size |= (byte & 0x7F) << 7 * (place - 1)
            if byte < 0x80:
                break
        else:
            return None
        end = 1 + place + size
        if len(self._plain) < end:
            return None
        kind, body = self._plain[0], bytes(self._plain[1 + place : end])
        del self._plain[:end]
        return kind, body


def _publish(number, size):
    """A message of `size` bytes for the lock, QoS 1."""
    body = struct.pack(">H", len(_DOWN)) + _DOWN + struct.pack(">H", number) + bytes(size)
    length = bytes([len(body)]) if len(body) < 0x80 else bytes([len(body) & 0x7F | 0x80, len(body) >> 7])
    return b"\x32" + length + body
