"""Everything that reads bytes from outside, each as one function of these bytes: it reads them, or says what is wrong.

What it must never do is to raise anything else, or to go on with what it should have refused. Found inputs are kept in
tests/both/corpus.json, and played on both Pythons.
"""

import json

from commanded import GUEST, LOCK, NOW, sealed
from commanded import Lock as Commanded
from nor import Nor, Nvs
from test_config import GOOD, GRANTS
from umqtt import simple
from wire import ASKED, Wire
from wrist import Board

from firmware.config import Config, ConfigError
from firmware.core.entry import Entry
from firmware.core.grants import Grants
from firmware.core.state import State
from firmware.core.zone import Zone, ZoneError
from firmware.drivers.keypad import KEYS
from firmware.memory import Memory
from firmware.net import messages, names
from firmware.net.link import Link, LinkError, Stream
from firmware.net.messages import MessageError
from firmware.net.mqtt import Mqtt
from firmware.net.recall import Recall
from firmware.net.settings import INSECURE, Radio, RadioError, pack
from firmware.store import StorageError
from firmware.store.audit import Audit
from firmware.store.journal import Journal
from firmware.store.vault import Vault, VaultError

SETTINGS = json.dumps(GOOD).encode()
RADIO = json.dumps(
    {
        "ssid": "home",
        "password": "correct horse",
        "bssid": "02d40b017001",
        "address": ["10.0.0.7", "255.255.255.0", "10.0.0.1", "10.0.0.1"],
        "host": "broker.example",
        "port": 8883,
        "ip": "10.0.0.2",
        "security": INSECURE,
        "key": "",
        "user": "lock",
        "login": "secret",
        "gateway": 1,
        "often_s": 300,
        "rarely_s": 3600,
    }
).encode()
MORE = pack(b"\1\1" + b"g" * 32, b"certificate")
QUERY = names.question("broker.example", 0x1234)
ANSWER = b"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + QUERY[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\2"
SECTORS, SIZE = 3, 512
ID, MAC = b"journal1", b"m" * 16
CONNECTED = b"\x20\x02\x01\x00"
_BROKER = ("10.0.0.2", 8883)
_LONGEST_ENTRY = 12


def settings(data):
    """The settings in the vault."""
    try:
        config = Config(data, GRANTS)
    except ConfigError:
        return
    assert len(config.lock) == 8 and 1 <= config.relock_s <= 120


def grants(data):
    """The table of grants in the vault."""
    try:
        Config(SETTINGS, data)
    except ConfigError:
        pass


def zone(data):
    """A time zone, in the settings; whatever it is, it has an offset at any time."""
    try:
        text = data.decode()
    except (ValueError, UnicodeError):
        return
    try:
        zone = Zone(text)
    except ZoneError:
        return
    for t in (0, NOW, 2**32 - 1):
        assert -200 * 3600 < zone.offset(t) < 200 * 3600


def radio_settings(data):
    """The settings of the radio."""
    try:
        radio = Radio(data, MORE)
    except RadioError:
        return
    assert 1 <= radio.port <= 65535 and radio.ip.count(".") in (0, 3)


def radio_keys(data):
    """What stands beside them: keys and certificate."""
    try:
        Radio(RADIO, data)
    except RadioError:
        pass


def vault(data):
    """Blobs in NVS: each is one byte for its name, two for its size, and so many bytes."""
    nvs = Nvs()
    while len(data) > 2:
        size = data[1] | data[2] << 8
        name = ("a", "b", "a.s0", "a.g0", "b.s0", "b.g0", "a.g1")[data[0] % 7]
        nvs.set_blob(name, bytes(data[3 : 3 + size]))
        data = data[3 + size :]
    try:
        Vault(nvs).load()
    except VaultError:
        pass


def dns(data):
    """The name server's answer: an address, or none."""
    found = names.answer(data, QUERY)
    assert found is None or len(found) == 4


def message(data):
    """The plaintext of a command, its type before it."""
    if data:
        try:
            messages.unpack(data[0], data[1:])
        except MessageError:
            pass


def sealed_message(data):
    """What the broker delivers, from anybody: nothing is done."""
    lock = Commanded()
    commands = lock.check_in((12, 345))
    commands.receive(data)
    assert (lock.done, lock.writes, commands.results) == ([], 0, [])


def command(data):
    """The plaintext of a command that one has sealed who may not do much, its type before it: answered, or ignored."""
    if data:
        lock = Commanded()
        commands = lock.check_in((12, 345))
        commands.receive(sealed(GUEST, 5, data[0], data[1:]))
        assert len(commands.results) + commands.ignored <= 1


def mqtt(data):
    """What a broker says after it has accepted the connection, in pieces of at most seven bytes."""
    pieces = [data[at : at + 7] for at in range(0, len(data), 7)]
    wire = Wire(ASKED, CONNECTED, *pieces)
    got = []
    link = Link(Stream(wire, wire.now, wire.turn, 2000), None)
    try:
        client = Mqtt(simple, link, LOCK, _BROKER, "lock", "secret", got.append, wire.turn)
        client.connect()
        while wire.script:
            client.poll()
    except LinkError:
        pass
    assert sum(len(each) for each in got) <= len(data)


def broker(data):
    """What a broker says from the first byte on."""
    wire = Wire(ASKED, data)
    link = Link(Stream(wire, wire.now, wire.turn, 2000), None)
    try:
        Mqtt(simple, link, LOCK, _BROKER, None, None, lambda message: None, wire.turn).connect()
    except LinkError:
        pass


def rtc_memory(data):
    """What the chip has kept through deep sleep, or what is left of it after a brown-out."""
    board = Board()
    board.memory = bytes(data)
    memory = Memory(board)
    memory.keep()
    assert Memory(board).fresh is False
    Recall(memory.radio)


def recall(data):
    """The radio's part of it."""
    kept = Recall(bytes(data))
    kept.next_nonce(1)
    kept.addresses(kept.asked_at + 1)
    assert Recall(kept.packed()).number == kept.number


def keys(data):
    """Keys in any order: an entry never has more digits than the longest code."""
    entry, now = Entry(), 0
    for byte in data:
        now += byte >> 4
        entry.tick(now)
        entry.feed(KEYS[byte % 12], now)
        assert 0 <= entry.length <= len(entry.digits)
        assert all(0x30 <= digit <= 0x39 for digit in bytes(entry.digits)[: entry.length])


def _flash(data):
    nor = Nor(SECTORS * 2, SIZE)
    for number in range(SECTORS * 2):
        part = bytes(data[number * SIZE : (number + 1) * SIZE])
        nor.writeblocks(number, part + b"\xff" * (SIZE - len(part)), 0)
    return nor


def journal(data):
    """The partition, from its first byte on."""
    try:
        Journal(_flash(data), State(Grants(GRANTS)), ID, MAC, Nvs()).mount()
    except StorageError:
        pass


def log(data):
    """The same as a log."""
    audit = Audit(_flash(data), ID)
    try:
        audit.mount(0)
    except StorageError:
        return
    assert audit.head[0] >= 0


PARSERS = {
    "settings": settings,
    "grants": grants,
    "zone": zone,
    "radio settings": radio_settings,
    "radio keys": radio_keys,
    "vault": vault,
    "dns": dns,
    "message": message,
    "sealed message": sealed_message,
    "command": command,
    "mqtt": mqtt,
    "broker": broker,
    "rtc memory": rtc_memory,
    "recall": recall,
    "keys": keys,
    "journal": journal,
    "log": log,
}
SEEDS = {
    "settings": [SETTINGS],
    "grants": [GRANTS, GRANTS * 2],
    "zone": [GOOD["zone"].encode(), b"<+0545>-5:45"],
    "radio settings": [RADIO],
    "radio keys": [MORE],
    "dns": [ANSWER],
    "mqtt": [b"\x32\x0a\x00\x04down\x00\x07ok", b"\xd0\x00", b"\x90\x03\x00\x01\x01"],
    "broker": [CONNECTED, b"\x20\x02\x00\x05"],
}
"""What is right, to be spoilt: a parser by its name."""


def corpus():
    """Inputs that were found: parser by parser, bytes each."""
    with open(__file__.rsplit("/", 1)[0] + "/corpus.json") as file:
        kept = json.load(file)
    return {name: [bytes.fromhex(text) for text in texts] for name, texts in kept.items()}
