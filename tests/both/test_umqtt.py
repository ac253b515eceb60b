"""What goes onto the chip as lib/umqtt is the client that the link was made for, byte for byte on the wire."""

from umqtt.simple import MQTTClient


class Wire:
    """A socket that keeps what is written and answers from a script."""

    def __init__(self, script):
        self.written = []
        self.script = script
        self.blocking = []

    def write(self, data, size=None):
        data = data.encode() if isinstance(data, str) else bytes(data)
        self.written.append(data if size is None else data[:size])

    def read(self, count):
        data, self.script = self.script[:count], self.script[count:]
        return data

    def setblocking(self, flag):
        self.blocking.append(flag)


def client(script):
    made = MQTTClient("dropbolt-1", "broker.example")
    made.sock = Wire(script)
    return made


def test_every_field_is_a_write_of_its_own():
    lock = client(b"")
    lock.publish("dropbolt/1/up/1", b"sealed")
    assert lock.sock.written == [b"\x30\x17", b"\x00\x0f", b"dropbolt/1/up/1", b"sealed"]


def test_a_message_is_acknowledged_after_the_callback():
    lock = client(b"\x32\x0a\x00\x04down\x00\x07ok")
    seen = []
    lock.set_callback(lambda topic, message: seen.append((topic, message, list(lock.sock.written))))
    lock.wait_msg()
    assert seen == [(b"down", b"ok", [])]
    assert lock.sock.written == [b"\x40\x02\x00\x07"]


def test_the_socket_is_made_to_block_after_the_first_byte():
    lock = client(b"\xd0\x00")
    assert lock.check_msg() is None
    assert lock.sock.blocking == [False, True]
