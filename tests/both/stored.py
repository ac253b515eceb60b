"""The parsers of what is kept in NVS and flash, each as one function of bytes, for tests/both/parsers.py."""

import struct
from hashlib import sha256

from nor import Nor, Nvs
from seeds import BLOBS, ID, MAC, SECTORS, SIZE, TABLE
from test_config import GRANTS

from firmware.core import records
from firmware.core.grants import Grants
from firmware.core.state import State
from firmware.store import StorageError
from firmware.store.anchor import Anchor
from firmware.store.audit import BOOT, Audit
from firmware.store.chain import Chained
from firmware.store.journal import Journal
from firmware.store.ring import Ring
from firmware.store.vault import PIECE, Vault, VaultError

HASH_AT = 22


def vault(data):
    """Blobs in NVS: each is one byte for its name, two for its size, and so many bytes. Heads are taken as they are,
    and with the hash that belongs to what they say."""
    blobs = {}
    while len(data) > 2:
        size = data[1] | data[2] << 8
        blobs[BLOBS[data[0] % len(BLOBS)]] = bytes(data[3 : 3 + size])
        data = data[3 + size :]
    _load(blobs)
    for name in ("a", "b"):
        if len(blobs.get(name, b"")) >= HASH_AT:
            blobs[name] = blobs[name][:HASH_AT] + _hash(blobs, blobs[name])
    _load(blobs)


def _load(blobs):
    """A set that is loaded can be replaced, and stays so."""
    nvs = Nvs()
    for name, blob in blobs.items():
        nvs.set_blob(name, blob)
    try:
        Vault(nvs).load()
    except VaultError:
        return
    Vault(nvs).replace(b"{}", GRANTS)
    assert Vault(nvs).load() == (b"{}", GRANTS)


def _hash(blobs, head):
    """SHA-256 over the pieces of a head and itself, as docs/flash-format.md has it."""
    text, table, places = struct.unpack_from("<HHH", head, 8)
    digest = sha256()
    for piece in range(9):
        size = text if piece == 8 else max(0, min(PIECE, table - piece * PIECE))
        place = "ab"[places >> piece & 1]
        digest.update(blobs.get(place + (".s0" if piece == 8 else f".g{piece}"), b"")[:size])
    digest.update(head[:HASH_AT])
    return digest.digest()


def _flash(data):
    nor = Nor(SECTORS, SIZE)
    nor.data[:] = (data + b"\xff" * len(nor.data))[: len(nor.data)]
    return nor


def journal(data):
    """The anchor in NVS, 4 bytes, and the partition: where it is mounted, it goes on, and a mount later nothing is
    lost."""
    nor = _flash(data[4:])
    Anchor(nor, ID).write(int.from_bytes(data[:4] + b"\0\0\0\0", "little") & 0x7FFFFFFF)
    state = State(Grants(TABLE))
    mounted = Journal(nor, state, ID, MAC, nor, 0, SECTORS)
    try:
        mounted.mount()
        attempts = state.attempts
        for n in range(3):
            mounted.write(state.attempt(9, n, n, 0, 0))
            mounted.tidy()
    except StorageError:
        return
    again = State(Grants(TABLE))
    Journal(nor, again, ID, MAC, nor, 0, SECTORS).mount()
    assert _picture(again) == _picture(state) and again.attempts == min(attempts + 3, 2**32 - 1)


def _picture(state):
    return [bytes(body) for body in state.snapshot()]


def journal_records(data):
    """Bodies of 24 bytes that bear the right seal: what they say is refused, or carried over a rotation as it is."""
    state = State(Grants(TABLE))
    for at in range(0, len(data) - 23, 24):
        try:
            records.check_body(data[at : at + 24])
            state.apply(data[at : at + 24])
        except records.StateError:
            continue
    again = State(Grants(TABLE))
    for body in _picture(state):
        records.check_body(body)
        again.apply(body)
    # A burn whose outcome is missing fills its bucket again; no lock writes a bucket before that outcome.
    assert [body for body in _picture(again) if body[0] != records.BUCKETS or not state.pending] == [
        body for body in _picture(state) if body[0] != records.BUCKETS or not state.pending
    ]


def log(data):
    """The same partition as a log: it goes on behind whatever it finds."""
    nor = _flash(data)
    audit = Audit(nor, ID, 0, SECTORS)
    try:
        audit.mount(0)
        for _ in range(3):
            audit.append(BOOT)
            audit.tidy()
    except StorageError:
        return
    numbers = [event.sequence for event in audit.events()]
    assert numbers[-3:] == [audit.head[0] - back & 0xFFFFFFFF for back in (2, 1, 0)], numbers


def log_records(data):
    """Bodies of 24 bytes that are records of a log, whatever they say."""
    nor = Nor(SECTORS, SIZE)
    seal = Chained()
    ring = Ring(nor, 0, SECTORS, 2, seal)
    ring.format(ID)
    for at in range(0, len(data) - 23, 24):
        if 0 < data[at] < 0xF0:
            ring.append(data[at : at + 24])
    log(bytes(nor.data))
