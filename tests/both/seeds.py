"""What is right, for tests/both/parsers.py to be spoilt: for each parser some inputs that a lock, its owner or a peer
may have made, so that what is changed in them still reaches the code behind the first check."""

import json
import struct
from binascii import unhexlify

from commanded import GUEST, NOW, sealed
from nor import Nor, Nvs
from test_config import GOOD, GRANTS
from test_radio_parts import GOOD as HOUSE
from wrist import Board

from firmware.core import records
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import EVENT, INTERVAL, NUMBER, OPENED, WRONG
from firmware.limits import IGNORED, Limits
from firmware.logbook import NEWS
from firmware.memory import Memory
from firmware.net import messages, names
from firmware.net.recall import Recall
from firmware.net.settings import INSECURE, pack
from firmware.store.audit import BOOT, ENTRY, JAM, Audit
from firmware.store.chain import KEY_SIZE
from firmware.store.journal import Journal
from firmware.store.vault import PIECE, Vault

SETTINGS = json.dumps(GOOD).encode()
RADIO = json.dumps(dict(HOUSE, ip="10.0.0.2", security=INSECURE)).encode()
MORE = pack(b"\1\1" + b"g" * 32, b"certificate")
QUERY = names.question("broker.example", 0x1234)
ANSWER = b"\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + QUERY[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\2"
CONNECTED = b"\x20\x02\x01\x00"
SECTORS, SIZE = 3, 512
ID, MAC = b"journal1", b"m" * 16
TABLE = (
    pack_grant(id=1, kind=INTERVAL, key=b"k" * 20, serials=2)
    + pack_grant(id=2, kind=EVENT, key=b"l" * 20)
    + pack_grant(id=3, kind=NUMBER, key=b"n" * 16, uses=0)
)
BLOBS = ("a", "b", "a.s0", "b.s0", "a.g0", "b.g0", "a.g1", "b.g1")


def journals():
    """A journal as it was formatted, and two that have lived, the longer one beyond its first sector: the anchor in
    NVS, 4 bytes, and the flash."""
    nor, state = Nor(SECTORS, SIZE), State(Grants(TABLE))
    journal = Journal(nor, state, ID, MAC, nor, 0, SECTORS)
    journal.format()
    images = [_image(nor)]
    for entries in (2, 9):
        for n in range(entries):
            journal.write(state.attempt(9, 288000 - n, 1000 + n, NOW + n, NOW))
            journal.write(state.burn(9, 288000, [(1, n & 1, 100 + n), (2, 0, n)]))
            journal.write(state.outcome(OPENED, 9, 288000, 1, (n + 1, b"head")))
        journal.write(state.clock(1000, NOW, NOW, entries))
        journal.write(state.revoke([(2, 0, 40 + entries)]))
        journal.write(state.command(7, 1, entries))
        journal.tidy()
        images.append(_image(nor))
    return images


def _image(nor):
    return b"".join([struct.pack("<i", value) for value in nor.numbers.values()]) + bytes(nor.data)


def bodies():
    """Bodies of the journal, 24 bytes each, of every type."""
    state, some = State(Grants(TABLE)), []
    for body in (
        state.attempt(9, 287999, 1000, NOW, NOW),
        state.burn(9, 288000, [(1, 1, 100), (2, 0, 7)]),
        state.outcome(OPENED, 9, 288000, 1, (5, b"head")),
        state.clock(1000, NOW, NOW, 3),
        state.revoke([(2, 0, 44), (1, 0, 900)]),
        state.command(7, 1, 12),
        records.record(records.SYNC_FORMAT, records.SYNC, 0, NOW, 500, 1000, NOW - 1),
    ):
        state.apply(body)
        some.append(bytes(body))
    return [b"".join(some), b"".join([bytes(body) for body in state.snapshot()]), some[0], some[1]]


def logs():
    """A log with some events, and one beyond its first sector."""
    nor = Nor(SECTORS, SIZE)
    audit = Audit(nor, ID, 0, SECTORS)
    audit.format(b"f" * KEY_SIZE)
    images = []
    for events in (3, 20):
        for n in range(events):
            audit.append(ENTRY, decision=WRONG, t=NOW + n, grant=n, length=9, attempt=n, mv=5900, quality=1)
            audit.append(BOOT if n % 2 else JAM, t=NOW + n, attempt=n)
        images.append(bytes(nor.data))
    return images


def vaults():
    """A set of one piece of grants, and its successor of two, as rows of `parsers.vault`."""
    nvs, found = Nvs(), []
    vault = Vault(nvs)
    for grants in (GRANTS, GRANTS + bytes(PIECE)):
        vault.replace(SETTINGS, grants)
        found.append(b"".join([row(name, blob) for name, blob in sorted(nvs.blobs.items())]))
    return found


def row(name, blob):
    """One blob of an NVS, for `parsers.vault`."""
    return struct.pack("<BH", BLOBS.index(name), len(blob)) + blob


def memories():
    """What the chip keeps through deep sleep: of a lock without a radio, and of one with everything."""
    board = Board()
    board.rtc = 90_000
    memory = Memory(board)
    memory.keep()
    found = [board.memory]
    memory.credit, memory.reference, memory.seen, memory.sure, memory.held_until = 4000, NOW, NOW, 1, NOW + 60
    memory.news, memory.tries, memory.radio_at, memory.radio = NEWS, 2, 91_000, recalls()[1]
    memory.keep()
    return found + [board.memory]


def recalls():
    """The radio's part of it, without and with what limits it."""
    kept = Recall(b"")
    kept.boots, kept.number, kept.sent = 3, 17, 400
    kept.keep_addresses(("10.0.0.7", "255.255.255.0", "10.0.0.1", "10.0.0.1"), 80_000)
    bare = kept.packed()
    limits = Limits(b"")
    limits.begin(85_000)
    limits.add(IGNORED, 5, 3)
    limits.grants(7, True)
    kept.limits = limits.packed()
    return [bare, kept.packed()]


def commands():
    """The plaintext of a command of each type, its type before it."""
    with open(__file__.rsplit("/", 2)[0] + "/vectors/messages.json") as file:
        rows = json.load(file)["messages"]
    return [bytes([each["type"]]) + unhexlify(each["plaintext"]) for each in rows if each["type"] >= messages.REPLY]


def strangers():
    """Messages of whoever has read all about them and has no key."""
    return [sealed(GUEST, 5, each[0], each[1:], root=b"x" * 32) for each in commands()]


SEEDS = {
    "settings": [SETTINGS],
    "grants": [GRANTS, GRANTS * 2],
    "zone": [GOOD["zone"].encode(), b"<+0545>-5:45"],
    "radio settings": [RADIO],
    "radio keys": [MORE],
    "vault": vaults(),
    "dns": [ANSWER],
    "message": commands(),
    "sealed message": strangers(),
    "command": commands(),
    "owner's command": commands(),
    "mqtt": [b"\x32\x0a\x00\x04down\x00\x07ok", b"\xd0\x00", b"\x90\x03\x00\x01\x01"],
    "broker": [CONNECTED, b"\x20\x02\x00\x05"],
    "rtc memory": memories(),
    "recall": recalls(),
    "contacts": [bytes([2, 0xF0, 2, 0xF0, 0, 0x50, 16, 0xF0, 16, 0xF0, 18, 0xF0, 2, 0xF0, 0, 0xF0])],
    "keys": [b"\x10\x21\x32\x43\x54\x65\x76\x87\x98\xbb", b"\x00" * 14 + b"\x0b"],
    "journal": journals(),
    "journal records": bodies(),
    "log": logs(),
    "log records": [logs()[0][: 32 * 6]],
}
