"""main.py of a board that checks in once and sleeps, as docs/protocol.md describes it, message by message.

OPTIONS, which stand before this: `static`, `bssid`: how it joins. `flights`: bytes of the TLS handshake to and fro,
() without TLS. `gathered`: by the lock's own link; else by umqtt alone, each event a message that is acknowledged.
`events`, `hello`, `event`, `result`: numbers and bytes of messages. `commands`: how many it waits for, the reply among
them. `listen_ms`: for how long it then waits for a call's answer. `deadline_ms`: for all of it.
"""

import socket
import struct
import time

import machine
import network
from umqtt import simple

from firmware.net.link import Link, LinkError, Stream
from firmware.net.mqtt import Mqtt

_RECORD = 29  # bytes that TLS 1.2 with AES-GCM adds to what is written at once
_BROKER = ("10.0.0.2", 8883)
_LOCK = bytes(8)
_UP = b"dropbolt/0000000000000000/up/1"
_DOWN = b"dropbolt/0000000000000000/down"

began = time.ticks_ms()
taken = []


def now():
    return time.ticks_diff(time.ticks_ms(), began)


def turn():
    time.sleep_ms(5)


def checked(count):
    """A count of bytes; what is negative is an error's number, and none is the end."""
    if count <= 0:
        raise OSError(-count)
    return count


class Sealed:
    """TLS by the number of its bytes: records as long as real ones, over `stream`."""

    def __init__(self, stream):
        self._stream = stream
        self._left = 0
        for kinds, size, answer in OPTIONS["flights"]:
            for kind in kinds:
                self._send(struct.pack(">BHH", kind, 0x0303, size // len(kinds) - 5) + bytes(size // len(kinds) - 5))
            self._receive(bytearray(answer))

    def write(self, data):
        self._send(struct.pack(">BHH", 23, 0x0303, len(data) + _RECORD - 5) + bytes(_RECORD - 5) + bytes(data))
        return len(data)

    def readinto(self, buffer):
        if not self._left:
            head = bytearray(_RECORD)
            count = self._stream.readinto(head)
            if not count:
                return count
            self._receive(memoryview(head)[count:])
            self._left = struct.unpack_from(">H", head, 3)[0] - _RECORD + 5
        count = self._stream.readinto(memoryview(buffer)[: self._left])
        self._left -= count or 0
        return count

    def close(self):
        """The stream is closed by whoever has it."""

    def _send(self, data):
        while data:
            data = data[checked(self._stream.write(data)) :]

    def _receive(self, view):
        while len(view):
            view = memoryview(view)[checked(self._stream.readinto(view)) :]


def join():
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    if OPTIONS["static"]:
        wlan.ifconfig(("10.0.0.9", "255.255.255.0", "10.0.0.1", "10.0.0.1"))
    wlan.connect("dropbolt", "correct horse", bssid=bytes.fromhex("02d40b017001") if OPTIONS["bssid"] else None)
    while not wlan.isconnected():
        turn()
    return wlan


def wait_for(count, poll):
    while len(taken) < count:
        if not poll():
            turn()


def gathered(link):
    mqtt = Mqtt(simple, link, _LOCK, _BROKER, "lock", "password", taken.append, turn)
    mqtt.connect()
    mqtt.say(1, bytes(OPTIONS["hello"]))
    if OPTIONS["events"]:
        mqtt.say(1, bytes(OPTIONS["head"] + OPTIONS["events"] * OPTIONS["event"]))
    wait_for(OPTIONS["commands"], mqtt.poll)
    for _ in range(OPTIONS["commands"] - 1):
        mqtt.say(1, bytes(OPTIONS["result"]))
    mqtt.settle()
    until = now() + OPTIONS["listen_ms"]
    while now() < until:
        if not mqtt.poll():
            turn()
    mqtt.close()


def plain(link):
    """As a sketch with umqtt does it: one message after the other, each acknowledged."""
    simple.socket = link
    client = simple.MQTTClient("lock", *_BROKER, "lock", "password", 120)
    client.set_callback(lambda topic, message: taken.append(message))
    client.connect(False)
    client.subscribe(_DOWN, 1)
    client.publish(_UP, bytes(OPTIONS["hello"]), qos=1)
    while len(taken) < OPTIONS["commands"]:
        client.wait_msg()
    for _ in range(OPTIONS["events"]):
        client.publish(_UP, bytes(OPTIONS["head"] + OPTIONS["event"]), qos=1)
    for _ in range(OPTIONS["commands"] - 1):
        client.publish(_UP, bytes(OPTIONS["result"]), qos=1)
    client.disconnect()


def check_in():
    machine.WDT(timeout=120_000)
    wlan = join()
    link = Link(Stream(socket.socket(), now, turn, OPTIONS["deadline_ms"]), Sealed if OPTIONS["flights"] else None)
    try:
        (gathered if OPTIONS["gathered"] else plain)(link)
    except LinkError:
        link.close()
    wlan.active(False)
    machine.deepsleep()


check_in()
