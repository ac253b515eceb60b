"""A stand-in for `umqtt.simple` 1.8, as it is frozen into newer firmware: its signatures, its way with the socket.

What counts for a link: `socket` is a name of this module, `connect` takes a timeout and wraps with an SSLContext that
was given as `ssl`, every field is written by itself, texts as they are, `setblocking(True)` follows each first byte.
"""

import socket
import struct


class MQTTException(Exception):
    """A broker's refusal; its number is the argument."""


class MQTTClient:
    """One client's session. Everything it raises, the real one raises as well."""

    def __init__(self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None, ssl_params=None):
        self.client_id, self.server, self.user, self.pswd = client_id, server, user, password
        self.port = port or (8883 if ssl else 1883)
        self.keepalive, self.ssl, self.ssl_params = keepalive, ssl, ssl_params
        self.sock = self.cb = None
        self.pid = 0

    def set_callback(self, f):
        self.cb = f

    def connect(self, clean_session=True, timeout=None):
        self.sock = socket.socket()
        self.sock.settimeout(timeout)
        self.sock.connect(socket.getaddrinfo(self.server, self.port)[0][-1])
        if self.ssl:
            self.sock = self.ssl.wrap_socket(self.sock, server_hostname=self.server)
        fields = [self.client_id] + ([self.user, self.pswd] if self.user else [])
        self._head(0x10, 10 + sum([2 + len(field) for field in fields]))
        flags = (0xC0 if self.user else 0) | clean_session << 1
        self.sock.write(b"\x00\x04MQTT\x04" + bytes([flags]) + struct.pack(">H", self.keepalive))
        for field in fields:
            self._text(field)
        answer = self.sock.read(4)
        assert answer[0] == 0x20 and answer[1] == 2
        if answer[3]:
            raise MQTTException(answer[3])
        return answer[2] & 1

    def disconnect(self):
        self.sock.write(b"\xe0\0")
        self.sock.close()

    def ping(self):
        self.sock.write(b"\xc0\0")

    def publish(self, topic, msg, retain=False, qos=0):
        self._head(0x30 | qos << 1 | retain, 2 + len(topic) + (2 if qos else 0) + len(msg))
        self._text(topic)
        if qos:
            self.pid += 1
            self.sock.write(struct.pack(">H", self.pid))
        self.sock.write(msg)
        while qos:
            if self.wait_msg() == 0x40:
                assert self.sock.read(1) == b"\x02"
                if self.sock.read(2) == struct.pack(">H", self.pid):
                    return

    def subscribe(self, topic, qos=0):
        assert self.cb is not None
        answer = self._ask(0x82, topic, bytes([qos]), 0x90, 4)
        if answer[3] == 0x80:
            raise MQTTException(answer[3])

    def unsubscribe(self, topic):
        self._ask(0xA2, topic, b"", 0xB0, 3)

    def wait_msg(self):
        first = self.sock.read(1)
        self.sock.setblocking(True)
        if first is None:
            return None
        if first == b"":
            raise OSError(-1)
        kind = first[0]
        if kind == 0xD0:
            assert self.sock.read(1) == b"\0"
            return None
        if kind & 0xF0 != 0x30:
            return kind
        size = shift = 0
        while True:
            byte = self.sock.read(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        length = struct.unpack(">H", self.sock.read(2))[0]
        topic = self.sock.read(length)
        pid = self.sock.read(2) if kind & 6 else b""
        self.cb(topic, self.sock.read(size - 2 - length - len(pid)))
        assert kind & 6 != 4
        if pid:
            self.sock.write(b"\x40\x02" + pid)
        return kind

    def check_msg(self):
        self.sock.setblocking(False)
        return self.wait_msg()

    def _ask(self, kind, topic, end, wanted, size):
        self.pid += 1
        self._head(kind, 4 + len(topic) + len(end))
        self.sock.write(struct.pack(">H", self.pid))
        self._text(topic)
        self.sock.write(end)
        while self.wait_msg() != wanted:
            pass
        answer = self.sock.read(size)
        assert answer[1:3] == struct.pack(">H", self.pid)
        return answer

    def _head(self, kind, size):
        head = bytearray([kind])
        while size > 0x7F:
            head.append(size & 0x7F | 0x80)
            size >>= 7
        head.append(size)
        self.sock.write(head)

    def _text(self, text):
        self.sock.write(struct.pack(">H", len(text)))
        self.sock.write(text)
