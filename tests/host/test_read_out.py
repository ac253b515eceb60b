"""A lock that was taken off its door and read out to the last byte: what that tells of its owner's other locks."""

import json
import random
from types import SimpleNamespace

import pytest

from firmware.calling import BANKS
from firmware.config import Config
from firmware.core.seal import DOWN, UP, Seal, SealError
from firmware.core.verify import Verifier, otp_code
from firmware.core.words import EVENT, NUMBER
from firmware.net.settings import Radio, pack
from firmware.store.audit import Audit
from firmware.store.vault import Vault
from host_sim.cable import open_journal
from host_sim.devices import FlashDevice, Namespace
from host_sim.lock import DEFAULT_START
from host_sim.provision import RADIO_SETTINGS
from host_sim.world.flash import NorFlash
from host_sim.world.nvs import Nvs
from tests.host.owners import CONFIG, NUMBERS, new_record

ISSUER = '\n[[issuer]]\nnumber = 1\nlabel = "house"\npermissions = ["unlock", "owner"]\nquota = 40\n'
_PIECE = 8
"""Bytes: a secret of which that many stand somewhere else is no secret any more."""


class Chip:
    """What is in the flash of a lock that was provisioned with a record."""

    def __init__(self, kept):
        self.flash, self.nvs = NorFlash(64 * 4096), Nvs()
        journal, _ = open_journal(SimpleNamespace(flash=self.flash, nvs=self.nvs), kept.issuer)
        journal.format()
        Audit(FlashDevice(self.flash), kept.issuer.journal_id).format(kept.issuer.audit_key)
        self.vault = Vault(Namespace(self.nvs, "dropbolt"))
        self.vault.replace(kept.issuer.settings, kept.issuer.packed)
        self.radio = Vault(Namespace(self.nvs, "dropbolt"), BANKS)
        self.radio.replace(json.dumps(RADIO_SETTINGS).encode(), pack(kept.radio_keys(), b"a certificate"))

    @property
    def content(self):
        """Every byte that reading it out gives."""
        partition = self.flash.read(0, 64 * 4096)
        return bytes(partition) + b"".join(b"".join(map(bytes, vault.load())) for vault in (self.vault, self.radio))


def record(seed, numbers=NUMBERS):
    """A record whose secrets are independent of each other and of any other seed's."""
    source = random.Random(seed)
    return new_record(CONFIG + ISSUER, numbers, secret=lambda name, size: source.randbytes(size))


@pytest.fixture(scope="module")
def own():
    return record(1)


@pytest.fixture(scope="module")
def other():
    return record(2, {"parcel": "20461735", "owner": "271828182845"})


@pytest.fixture(scope="module")
def stolen(own):
    return Chip(own)


def pieces(secret):
    return {secret[at : at + _PIECE] for at in range(len(secret) - _PIECE + 1)}


def stands_in(secret, content):
    """Whether a piece of a secret stands in `content`, as it is or as hexadecimal digits."""
    return any(piece in content or piece.hex().encode() in content for piece in pieces(secret))


def test_a_lock_that_is_read_out_holds_no_secret_of_another(own, other, stolen):
    content = stolen.content
    assert [name for name in own.secrets if stands_in(bytes.fromhex(own.secrets[name]), content)] != []
    assert [name for name in other.secrets if stands_in(bytes.fromhex(other.secrets[name]), content)] == []


def test_it_does_not_hold_what_its_owner_alone_keeps(own, stolen):
    content = stolen.content
    assert not stands_in(own.issuer.audit_key, content)
    assert [grant for grant in own.grants if grant["kind"] == "number" and grant["number"].encode() in content] == []


def test_its_keys_make_no_code_of_another(other, stolen):
    """Whoever has them types at the other door what they make for each grant, at the right time."""
    table = Config(*stolen.vault.load()).grants
    verifier = Verifier(other.table, other.state(), other.lock_id, other.issuer.salt)
    verifier.begin(DEFAULT_START)
    tried = 0
    for i in (i for i in range(len(table)) if table.kind(i) != NUMBER):
        values = range(table.window(i)) if table.kind(i) == EVENT else [table.step_at(i, DEFAULT_START)]
        for serial in range(table.serials(i)):
            for value in values:
                digits = otp_code(table, i, serial, value, other.lock_id).encode()
                assert verifier.match(digits, len(digits), DEFAULT_START) == []
                tried += 1
    assert tried == 14


def test_its_keys_neither_read_nor_command_another(own, other, stolen):
    radio = Radio(*stolen.radio.load())
    root = radio.keys.root(1, 1)
    assert root == bytes.fromhex(own.secrets["root 1"])
    theirs = bytes.fromhex(other.secrets["root 1"])
    for direction in (UP, DOWN):
        right = Seal(theirs, direction, other.lock_id, 1, 1).seal(1, 7, b"open")
        forged = Seal(root, direction, other.lock_id, 1, 1).seal(1, 7, b"open")
        with pytest.raises(SealError):
            Seal(root, direction, other.lock_id, 1, 1).open(right)
        with pytest.raises(SealError):
            Seal(theirs, direction, other.lock_id, 1, 1).open(forged)
