"""Everything that reads bytes from outside, each as one function of these bytes: it reads them, or says what is wrong.

What it must never do is to raise anything else, or to go on with what it should have refused. tests/both/corpus.json
keeps inputs that once did harm, and those by which a search guided by coverage (atheris) came to branches that nothing
else here reaches; they are played on both Pythons.
"""

import json
import struct
from binascii import crc32

from commanded import GATEWAY, GUEST, LOCK, NONCE, NOW, sealed
from commanded import Lock as Commanded
from pins import Matrix
from seeds import CONNECTED, MORE, QUERY, RADIO, SETTINGS
from stored import journal, journal_records, log, log_records, vault
from test_config import GRANTS
from umqtt import simple
from wire import ASKED, Wire
from wrist import Life

from firmware.config import Config, ConfigError
from firmware.core.entry import Entry
from firmware.core.words import LOST, STALE, TRUSTED
from firmware.core.zone import Zone, ZoneError
from firmware.drivers.keypad import KEYS, Keypad
from firmware.limits import Limits
from firmware.memory import Memory
from firmware.net import messages, names, orders
from firmware.net.link import Link, LinkError, Stream
from firmware.net.messages import MessageError
from firmware.net.mqtt import Mqtt
from firmware.net.recall import Recall
from firmware.net.settings import Radio, RadioError

_BROKER = ("10.0.0.2", 8883)
_GUESTS = ("unlock", "identify", "put grant", "revoke grant", "revoke code", "set base")
_OTHERS = (6, 8)  # grants that are another issuer's


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


def dns(data):
    """The name server's answer: an address, or none."""
    found = names.answer(data, QUERY)
    assert found is None or len(found) == 4


def message(data):
    """The plaintext of a command, its type before it."""
    if data:
        try:
            orders.unpack(data[0], data[1:])
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
        done = _commanded(GUEST, data)
        assert all(what[0] in _GUESTS for what in done), done
        assert all(what[1] not in _OTHERS for what in done if what[0] not in ("unlock", "identify")), done


def owners_command(data):
    """The same sealed by the owner."""
    if data:
        _commanded(GATEWAY, data)


def _commanded(number, data):
    """What a command does, the gateway's reply before it."""
    lock = Commanded()
    commands = lock.check_in(NONCE)
    commands.receive(sealed(GATEWAY, 4, messages.REPLY, struct.pack("<IIIHHBIB", *NONCE, NOW, 0, 0, 1, 0, 0)))
    before = len(lock.done)
    commands.receive(sealed(number, 5, data[0], data[1:]))
    assert len(commands.results) + commands.ignored == 1
    assert not commands.results or lock.last(number, 1) == 5 or commands.results[0][4] == messages.RETRY
    return lock.done[before:]


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
    """What the chip has kept through deep sleep, or what is left of it after a brown-out; then, with its checksum made
    right, what another version may have kept: the clock reads on, and the radio remembers."""
    for kept in (data, data[:-4] + struct.pack("<I", crc32(data[:-4]))):
        life = Life()
        life.board.rtc = 90_000
        life.board.memory = bytes(kept)
        life.wake()
        for _ in range(3):
            t, quality = life.clock.read()
            assert 0 <= t <= 2**32 - 1 and quality in (TRUSTED, STALE, LOST)
            life.pass_time(100)
        memory = Memory(life.board)
        assert memory.fresh is False
        recall(memory.radio)


def recall(data):
    """The radio's part of it."""
    kept = Recall(bytes(data))
    if kept.number < 0xFFFFFFFF:  # so many check-ins between two losses of power there are not
        kept.next_nonce(1)
    kept.addresses(kept.asked_at + 1)
    assert Recall(kept.packed()).number == kept.number
    limits = Limits(kept.limits)
    limits.begin(86_400)
    for trouble in range(4):
        limits.add(trouble, 1, 0xFFFF)
    limits.grants(7, True)
    assert Limits(limits.packed()).packed() == limits.packed()


def keys(data):
    """Keys in any order: an entry never has more digits than the longest code."""
    entry, now = Entry(), 0
    for byte in data:
        now += byte >> 4
        entry.tick(now)
        entry.feed(KEYS[byte % 12], now)
        assert 0 <= entry.length <= len(entry.digits)
        assert all(0x30 <= digit <= 0x39 for digit in bytes(entry.digits)[: entry.length])


def contacts(data):
    """Contacts of the matrix, twelve bits, and for how many ms they stay so, four bits, less than a press or longer:
    what is read as a key was down, alone or as one of two, for as long as a contact may bounce."""
    matrix, now, since = Matrix(), 0, {}
    keypad = Keypad(matrix.rows, matrix.look)
    for at in range(0, len(data) - 1, 2):
        mask = data[at] | (data[at + 1] & 15) << 8
        matrix.contacts = {key for place, key in enumerate(KEYS) if mask >> place & 1}
        since = {key: since.get(key, now) for key in matrix.contacts}
        for _ in range(2):
            keypad.poll(now)
            key = keypad.read()
            while key:
                assert key in since and now - since[key] >= 10 and len(since) <= 2, (key, now, since)
                key = keypad.read()
            now += data[at + 1] >> 4


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
    "owner's command": owners_command,
    "mqtt": mqtt,
    "broker": broker,
    "rtc memory": rtc_memory,
    "recall": recall,
    "keys": keys,
    "contacts": contacts,
    "journal": journal,
    "journal records": journal_records,
    "log": log,
    "log records": log_records,
}


def corpus():
    """Inputs that were found: parser by parser, bytes each."""
    with open(__file__.rsplit("/", 1)[0] + "/corpus.json") as file:
        kept = json.load(file)
    return {name: [bytes.fromhex(text) for text in texts] for name, texts in kept.items()}
