"""A peer that stalls after any byte, of what it sends or of what it takes: the conversation ends at the deadline."""

from umqtt import simple
from wire import EAGAIN, Wire

from firmware.net.link import STALLED, UNSEEN_MS, Link, LinkError, Stream
from firmware.net.mqtt import Mqtt

LOCK = b"\x24\x0a\xc4\xd0\x0b\x01\x00\x00"
DEADLINE = 400
TICK = 10
ANSWERS = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01", b"\x32\x09\x00\x01d\x00\x07seal\xd0\x00"
"""To CONNECT, to SUBSCRIBE, to what follows."""
FAREWELL = 6
"""Bytes of the last acknowledgement and of DISCONNECT, whose fate nobody asks about."""


class Broker(Wire):
    """Sends `down` bytes, and takes `up` bytes: not one more. `most`: it takes so many at once at most."""

    def __init__(self, down=1000, up=1000, most=1000):
        super().__init__()
        self.down, self.room, self.most = down, up, most
        self.packets = list(ANSWERS)

    def readinto(self, buffer):
        if self.packets and not self.script and len(self.up) > self.answered:
            self.answered = len(self.up)
            packet = self.packets.pop(0)[: self.down]
            self.down -= len(packet)
            self.script = [packet] if packet else []
        return super().readinto(buffer)

    def write(self, data):
        count = min(len(data), self.room, self.most)
        if not count:
            raise OSError(EAGAIN)
        self.room -= count
        return super().write(data[:count])


def conversation(wire):
    """(the reason why it ended, or None, messages that came) of a connect, a message each way and a farewell."""
    got = []
    link = Link(Stream(wire, wire.now, wire.turn, DEADLINE), None)
    mqtt = Mqtt(simple, link, LOCK, ("10.0.0.2", 8883), "lock", "secret", got.append, wire.turn)
    reason = None
    try:
        mqtt.connect()
        mqtt.say(1, b"sealed" * 20)
        mqtt.settle()
        mqtt.close()
    except LinkError as error:
        reason = error.reason
    link.close()
    return reason, got


def test_without_a_stall_it_comes_to_its_end():
    for most in (1000, 7, 1):
        wire = Broker(most=most)
        assert conversation(wire) == (None, [b"seal"])
        assert wire.closed and wire.ms < DEADLINE


def test_a_peer_that_sends_no_more():
    total = sum([len(packet) for packet in ANSWERS])
    for count in range(total):
        wire = Broker(down=count)
        reason, got = conversation(wire)
        assert reason == STALLED, count
        assert got == ([b"seal"] if count >= total - 2 else [])
        assert DEADLINE <= wire.ms < DEADLINE + TICK and wire.turns >= DEADLINE // TICK - 1
        assert wire.closed


def test_a_peer_that_takes_no_more():
    wire = Broker()
    conversation(wire)
    total = len(wire.sent)
    for most in (1000, 3):
        for count in range(total - FAREWELL):
            wire = Broker(up=count, most=most)
            reason, got = conversation(wire)
            assert reason == STALLED, count
            assert DEADLINE <= wire.ms < DEADLINE + TICK and wire.turns >= DEADLINE // TICK - 1
            assert len(wire.sent) == count and wire.closed


def test_a_farewell_that_nobody_takes_ends_at_the_deadline_too():
    wire = Broker()
    conversation(wire)
    for count in range(len(wire.sent) - FAREWELL, len(wire.sent)):
        short = Broker(up=count)
        conversation(short)
        assert short.ms < DEADLINE + TICK and short.closed


def test_the_keypad_has_its_turns_however_little_is_taken_at_once():
    class Slow(Broker):
        def write(self, data):
            self.ms += 1
            return super().write(data)

    wire = Slow(most=1)
    assert conversation(wire)[0] is None
    assert wire.turns >= len(wire.sent) // (UNSEEN_MS + TICK)
