"""The other end of a conversation with a broker: as little of MQTT 3.1.1 as tests need, on real sockets."""

import socket
import struct

_PATIENCE_S = 120


class MqttClient:
    """Connected from its making to `close()`; `user` is also the client's name and password.

    `wrap`: turns the socket into one with TLS. Raises ConnectionRefusedError with the broker's reason.
    """

    def __init__(self, port, user, wrap=None, clean=True):
        self._socket = socket.create_connection(("127.0.0.1", port), _PATIENCE_S)
        if wrap:
            self._socket = wrap(self._socket)
        self._packet_id = 0
        self._received = []
        fields = b"".join(_text(field) for field in (user, user, user))
        self._send(0x10, _text("MQTT") + bytes([4, 0xC0 | clean << 1, 0, 0]) + fields)
        kind, body = self._packet()
        if kind != 0x20 or body[1]:
            self._socket.close()
            raise ConnectionRefusedError(body[1])
        self.session_present = bool(body[0])

    def close(self):
        self._send(0xE0, b"")
        self._socket.close()

    def shut(self):
        """End the connection from another thread than the one that waits in `receive`, which raises OSError then."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def publish(self, topic, message, qos=1, retain=False):
        """Publish; with QoS 1 wait until the broker has it."""
        packet_id = self._next_id() if qos else b""
        self._send(0x30 | qos << 1 | retain, _text(topic) + packet_id + message)
        if qos:
            self._wait_for(0x40, packet_id)

    def subscribe(self, topic, qos=1):
        """Subscribe; returns what the broker granted: a QoS, or 128 for nothing."""
        packet_id = self._next_id()
        self._send(0x82, packet_id + _text(topic) + bytes([qos]))
        return self._wait_for(0x90, packet_id)[2]

    def receive(self):
        """The next message that came: (topic, message), acknowledged. Raises TimeoutError when none comes."""
        while not self._received:
            self._take(*self._packet())
        return self._received.pop(0)

    def _next_id(self):
        self._packet_id += 1
        return struct.pack(">H", self._packet_id)

    def _wait_for(self, wanted, packet_id):
        while True:
            kind, body = self._packet()
            if kind == wanted and body[:2] == packet_id:
                return body
            self._take(kind, body)

    def _take(self, kind, body):
        if kind & 0xF0 != 0x30:
            raise ConnectionError(f"packet {kind:#x} nobody waits for")
        size = 2 + struct.unpack_from(">H", body)[0]
        topic, rest = body[2:size].decode(), body[size:]
        if kind & 6:
            self._send(0x40, rest[:2])
            rest = rest[2:]
        self._received.append((topic, rest))

    def _send(self, kind, body):
        size, length = len(body), b""
        while size > 0x7F:
            length += bytes([size & 0x7F | 0x80])
            size >>= 7
        self._socket.sendall(bytes([kind]) + length + bytes([size]) + body)

    def _packet(self):
        kind = self._exactly(1)[0]
        size = shift = 0
        while True:
            byte = self._exactly(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return kind, self._exactly(size)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise ConnectionResetError("the broker closed the connection")
            data += part
        return data


def _text(text):
    return struct.pack(">H", len(text)) + text.encode()
