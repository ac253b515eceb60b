"""The link: gathers, bounds, never waits beyond its deadline, and has umqtt's errors come out as one."""

from umqtt import simple
from wire import ASKED, ECONNRESET, Wire

from firmware.net import link as links
from firmware.net.link import BROKER, CERTIFICATE, DENIED, MOST, NONSENSE, STALLED, TLS, Link, LinkError, Stream
from firmware.net.mqtt import Mqtt

LOCK = b"\x24\x0a\xc4\xd0\x0b\x01\x00\x00"
ADDRESS = ("10.0.0.2", 8883)
ACCEPTED = b"\x20\x02\x00\x00"
PRESENT = b"\x20\x02\x01\x00"


def linked(wire, secure=None, deadline=1000):
    return Link(Stream(wire, wire.now, wire.turn, deadline), secure)


def client(wire, deadline=1000):
    got = []
    link = linked(wire, deadline=deadline)
    return Mqtt(simple, link, LOCK, ADDRESS, "lock", "secret", got.append, wire.turn), got


def reason(step, *arguments):
    try:
        step(*arguments)
    except LinkError as error:
        return error.reason
    return None


def publish(message, qos=1, topic=b"d"):
    body = b"\x00" + bytes((len(topic),)) + topic + (b"\x00\x07" if qos else b"") + message
    return bytes((0x30 | qos << 1, len(body))) + body


def test_what_is_written_goes_out_with_the_next_read_in_one_piece():
    wire = Wire(ASKED, b"abcd")
    link = linked(wire)
    link.connect(ADDRESS)
    link.write(b"one ")
    link.write("two ")
    link.write(b"three and more", 5)
    assert wire.up == []
    assert link.read(4) == b"abcd"
    assert wire.up == [b"one two three"]


def test_much_goes_out_by_itself():
    wire = Wire()
    link = linked(wire)
    for _ in range(20):
        link.write(bytes(100))
    assert [len(piece) for piece in wire.up] == [links.SEGMENT]
    link.close()
    assert len(wire.sent) == 2000
    assert wire.closed


def test_reading_waits_and_the_keypad_is_served_meanwhile():
    wire = Wire(None, None, b"a", None, b"b")
    assert linked(wire).read(2) == b"ab"
    assert wire.turns == 3


def test_reading_that_does_not_wait_says_that_there_is_nothing():
    wire = Wire(None, b"\xd0\x00")
    link = linked(wire)
    link.setblocking(False)
    assert link.read(1) is None
    assert link.idle
    assert link.read(1) == b"\xd0"
    assert (link.idle, link.kind) == (False, 0xD0)
    link.setblocking(True)
    assert link.read(1) == b"\0"
    assert link.kind == 0xD0


def test_waiting_for_ever_ends_at_the_deadline():
    wire = Wire()
    link = linked(wire, deadline=500)
    link.setblocking(True)
    assert reason(link.read, 1) == STALLED
    assert (wire.ms, wire.turns) == (500, 50)


def test_a_peer_that_sends_a_byte_now_and_then_ends_at_the_deadline_too():
    wire = Wire(*[b"x", None] * 100)
    assert reason(linked(wire, deadline=300).read, 200) == STALLED


class Slow(Wire):
    """A socket that takes 3 ms for each call, and never has nothing."""

    def readinto(self, buffer):
        self.ms += 3
        return super().readinto(buffer)

    def write(self, data):
        self.ms += 3
        return super().write(data[:1])


def test_a_peer_that_never_pauses_does_not_keep_the_keypad_from_its_turn():
    for piece, size in ((b"x", 2), (bytes(1000), 1000)):
        wire = Slow(*[piece] * 200)
        link = linked(wire)
        for _ in range(100):
            link.read(size)
        assert wire.turns >= 100 * 3 // (links.UNSEEN_MS + 3)


def test_nor_does_one_that_takes_little_all_the_time():
    wire = Slow()
    link = linked(wire)
    link.write(bytes(200))
    link.flush()
    assert len(wire.up) == 200 and wire.turns >= 200 * 3 // (links.UNSEEN_MS + 3)


def test_connecting_waits_with_the_first_write():
    wire = Wire(ASKED, b"y", opens=7)
    link = linked(wire)
    link.connect(ADDRESS)
    link.write(b"x")
    assert link.read(1) == b"y"
    assert wire.turns == 7
    wire = Wire(opens=10000)
    link = linked(wire)
    link.connect(ADDRESS)
    link.write(b"x")
    assert reason(link.read, 1) == STALLED


def test_the_end_of_the_connection_is_said_so():
    assert reason(linked(Wire(b"")).read, 1) == BROKER
    assert reason(linked(Wire(ECONNRESET)).read, 1) == BROKER


def test_no_size_that_a_peer_names_is_allocated():
    for size in (MOST + 1, 65535, 268435455, -3):
        wire = Wire(b"x" * 10)
        assert reason(linked(wire).read, size) == NONSENSE
    assert len(linked(Wire(bytes(MOST))).read(MOST)) == MOST


def test_errors_of_tls_have_words_of_their_own():
    def fails(error):
        def secure(stream):
            raise error

        return secure

    assert reason(linked(Wire(), fails(ValueError("expired"))).connect, ADDRESS) == CERTIFICATE
    assert reason(linked(Wire(), fails(OSError(-0x7780))).connect, ADDRESS) == TLS
    assert reason(linked(Wire(), fails(AttributeError("psk_key"))).connect, ADDRESS) == TLS


def test_a_handshake_that_stalls_ends_at_the_deadline():
    wire = Wire(b"\x16\x03\x03")
    secure = links.over_tls("broker.example", identity="lock", key=b"k" * 32)
    # A VM or a chip without pre-shared keys refuses them before anything is sent.
    assert reason(linked(wire, secure, 400).connect, ADDRESS) == (STALLED if wire.up else TLS)
    assert not wire.up or wire.ms == 400


def test_a_session_that_the_broker_kept_needs_no_subscription():
    wire = Wire(ASKED, PRESENT)
    mqtt, _ = client(wire)
    mqtt.connect()
    assert wire.address == ADDRESS
    assert b"dropbolt-240ac4d00b010000" in wire.sent
    assert b"down" not in wire.sent
    assert len(wire.up) == 1
    assert wire.up[0][9] & 2 == 0  # clean session


def test_one_that_it_did_not_keep_is_subscribed():
    wire = Wire(ASKED, ACCEPTED, ASKED, b"\x90\x03\x00\x01\x01")
    mqtt, _ = client(wire)
    mqtt.connect()
    assert wire.sent.endswith(b"dropbolt/240ac4d00b010000/down\x01")
    wire = Wire(ASKED, PRESENT, ASKED, b"\x90\x03\x00\x01\x01")
    mqtt, _ = client(wire)
    mqtt.connect(True)
    assert wire.sent.endswith(b"dropbolt/240ac4d00b010000/down\x01")


def test_messages_come_in_and_are_acknowledged_once_no_more_come():
    wire = Wire(ASKED, PRESENT, publish(b"one"), publish(b"two"), ASKED, None, ASKED, b"\xd0\x00")
    mqtt, got = client(wire)
    mqtt.connect()
    assert [mqtt.poll(), mqtt.poll(), mqtt.poll()] == [True, True, False]
    assert got == [b"one", b"two"]
    mqtt.say(7, b"sealed")
    mqtt.settle()
    assert wire.up[1] == b"\x40\x02\x00\x07" * 2
    assert wire.up[2].endswith(b"dropbolt/240ac4d00b010000/up/7sealed\xc0\x00")
    mqtt.close()
    assert wire.sent.endswith(b"\xe0\x00")
    assert wire.closed


def test_a_broker_that_refuses_or_talks_nonsense():
    cases = (
        (DENIED, b"\x20\x02\x00\x05"),
        (NONSENSE, b"\x21\x02\x00\x00"),
        (NONSENSE, b"\x20\x03\x00\x00"),
        (DENIED, ACCEPTED, b"\x90\x03\x00\x01\x80"),
        (NONSENSE, ACCEPTED, b"\x90\x03\x00\x02\x01"),
    )
    for expected, *script in cases:
        assert reason(client(Wire(*script))[0].connect) == expected


def test_malformed_packets_end_the_conversation():
    for packet in (
        b"\x30\xff\xff\xff\xff\x7f",  # a length of five bytes
        b"\x30\xff\xff\xff\x7f\x00\x01d",  # of a quarter of a gigabyte
        b"\x30\x7f\xff\xffdddd",  # a topic longer than the packet
        b"\x30\x00\x00\x05hello",  # a message of negative size
        b"\xd0\x01",  # a ping's answer with a body
        publish(b"twice", 2),
    ):
        wire = Wire(PRESENT, packet, b"x" * 400)
        mqtt, _ = client(wire)
        mqtt.connect()
        assert reason(mqtt.poll) == NONSENSE, packet


def test_a_message_that_ends_in_its_middle_ends_at_the_deadline():
    whole = publish(b"sealed" * 10)
    for size in range(1, len(whole)):
        wire = Wire(PRESENT, whole[:size])
        mqtt, got = client(wire, 200)
        mqtt.connect()
        assert reason(mqtt.poll) == STALLED
        assert got == []
        assert wire.ms == 200
