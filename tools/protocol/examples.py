"""One message of each type, written out field by field, and plaintexts that are none: for vectors and documentation."""

import json
from dataclasses import dataclass

from firmware.net import messages as lock
from tools.protocol.messages import DOWN_TYPES, UP_TYPES

BOOTS = 12
CHECK_IN = 345
ATTEMPT = 678
NOW = 1_900_000_000
ROOT = bytes(range(32))
GRANT = bytes.fromhex(
    "0700" "02" "00" "08" "01" "07" "10" "00000000" "00000000" "00" "00" "00" "00" "00000000" "00000000" "0100" "0000"
    "436f7572696572730000000014" + b"12345678901234567890".hex() + "00" * 12 + "000000"
)  # fmt: skip
"""An event of eight digits with a window of 16, id 7, of issuer 7, labelled Couriers."""


@dataclass(frozen=True)
class Field:
    """A field: its bytes in the message, and its value as the table of the protocol has it."""

    name: str
    octets: bytes
    value: int | str


@dataclass(frozen=True)
class Example:
    """A message of a type, its fields in their order."""

    kind: int
    fields: tuple

    @property
    def name(self):
        """Name of the type."""
        return (UP_TYPES | DOWN_TYPES)[self.kind]

    @property
    def text(self):
        """The plaintext."""
        return b"".join(field.octets for field in self.fields)


def _number(size):
    return lambda name, value: Field(name, value.to_bytes(size, "little"), value)


_u8, _u16, _u32 = _number(1), _number(2), _number(4)


def _octets(name, octets):
    return Field(name, octets, octets.hex())


_NONCE = (_u32("boots", BOOTS), _u32("check-in", CHECK_IN))
_ENTRY = (_u32("boots", BOOTS), _u32("attempt", ATTEMPT))
_TIME = (_u32("time", NOW), _u16("milliseconds", 250), _u16("uncertainty", 40))

EXAMPLES = (
    Example(
        lock.HELLO,
        _NONCE
        + (
            _u32("time", NOW - 7),
            _u8("clock", 2),
            _u16("uncertainty", 9),
            _u32("head", 4321),
            _octets("head MAC", b"\xa1\xb2\xc3\xd4"),
            _u32("generation", 17),
            _u32("attempts", ATTEMPT),
            _u16("battery", 5870),
            _u8("door", 5),
            _u8("reason", lock.BY_ENTRY),
            _u32("waiting boots", BOOTS),
            _u32("waiting attempt", ATTEMPT),
            _u16("ignored", 3),
            _u8("why", 12),
            _octets("version", bytes((0, 1, 0))),
            _u8("senders", 2),
            _u8("sender", 1),
            _u8("epoch", 1),
            _u32("counter", 99),
            _u8("sender", 7),
            _u8("epoch", 3),
            _u32("counter", 2**32 - 2),
        ),
    ),
    Example(
        lock.EVENTS,
        _NONCE
        + (
            _u32("first", 4320),
            _u32("sector", 35),
            _octets("MAC before", b"\x01\x02\x03\x04"),
            _octets("body", bytes(range(1, 25))),
            _octets("MAC", b"\x05\x06\x07\x08"),
            _octets("body", bytes(range(2, 26))),
            _octets("MAC", b"\xa1\xb2\xc3\xd4"),
        ),
    ),
    Example(
        lock.RESULT,
        _NONCE + (_u32("counter", 5), _u8("word", lock.REFUSED), Field("detail", b"quota of 3", "quota of 3")),
    ),
    Example(lock.BYE, _NONCE + (_u8("answered", 2), _u16("ignored", 1), _u8("why", 8))),
    Example(lock.REPLY, _NONCE + _TIME + (_u8("follow", 2), _u32("have", 4319), _u8("listen", 45))),
    Example(lock.UNLOCK_NOW, _NONCE + (_u32("expiry", NOW + 60),)),
    Example(lock.APPROVE_ENTRY, _ENTRY),
    Example(lock.REFUSE_ENTRY, _ENTRY),
    Example(lock.PUT_GRANT, (_octets("grant", GRANT),)),
    Example(lock.REVOKE_GRANT, (_u16("grant", 7),)),
    Example(
        lock.PUT_ISSUER,
        (
            _u8("issuer", 7),
            _u8("permissions", 33),
            _u16("quota", 20),
            _u8("epoch", 1),
            _octets("root key", ROOT),
            Field("label", "Börse".encode().ljust(12, b"\0"), "Börse"),
        ),
    ),
    Example(lock.REVOKE_ISSUER, (_u8("issuer", 7),)),
    Example(lock.SET_TIME, _NONCE + _TIME),
    Example(lock.SET_SETTINGS, (Field("settings", b'{"relock_s":5,"mute":true}', '{"relock_s":5,"mute":true}'),)),
    Example(lock.MUTE, (_u8("mute", 1),)),
    Example(lock.SEND_LOG, (_u32("first", 4000),)),
    Example(lock.IDENTIFY, ()),
    Example(lock.ROTATE, (_u8("issuer", 7), _u8("epoch", 4), _octets("root key", ROOT))),
    Example(lock.REVOKE_CODE, (_u16("grant", 7), _u8("serial", 0), _u32("value", 42))),
    Example(lock.SET_BASE, (_u16("grant", 7), _u32("counter", 48))),
)


def malformed():
    """(why, type, plaintext) of what no command says."""
    downs = {example.name: example for example in EXAMPLES if example.kind in DOWN_TYPES}
    for example in downs.values():
        yield f"{example.name}, a byte too many", example.kind, example.text + b"\1"
        if example.text:
            yield f"{example.name}, a byte too few", example.kind, example.text[:-1]
            yield f"{example.name}, nothing", example.kind, b""
    for kind in (0, lock.HELLO, lock.BYE, 15, 32, 255):
        yield f"type {kind}", kind, downs["reply"].text
    for name, field, value in _OUT_OF_BOUNDS:
        yield f"{name}, {field} {value}", downs[name].kind, _changed(downs[name], field, value)
    yield "put issuer, a key without an epoch", lock.PUT_ISSUER, _changed(downs["put issuer"], "epoch", 0)
    yield "put issuer, an epoch without a key", lock.PUT_ISSUER, _changed(downs["put issuer"], "root key", 0)
    yield "rotate, no key", lock.ROTATE, _changed(downs["rotate"], "root key", 0)
    label = downs["put issuer"].text[:-12]
    yield "put issuer, label not UTF-8", lock.PUT_ISSUER, label + b"\xff".ljust(12, b"\0")
    yield "put issuer, label with a zero inside", lock.PUT_ISSUER, label + b"a\0b".ljust(12, b"\0")
    yield "put grant, kind 9", lock.PUT_GRANT, GRANT[:2] + b"\x09" + GRANT[3:]
    yield "put grant, a reserved byte", lock.PUT_GRANT, GRANT[:-1] + b"\1"
    for text in (b"[]", b"1", b'"mute"', b"null", b'{"mute":', b"\xff\xfe{}", b'{"a":' + b"[" * 1000):
        yield f"set settings, {text[:8]!r}", lock.SET_SETTINGS, text


_OUT_OF_BOUNDS = (
    ("reply", "milliseconds", 1000),
    ("reply", "follow", 65),
    ("reply", "listen", 61),
    ("set time", "milliseconds", 1000),
    ("revoke grant", "grant", 0),
    ("revoke grant", "grant", 0xFFFF),
    ("put issuer", "issuer", 0),
    ("put issuer", "permissions", 0),
    ("put issuer", "permissions", 128),
    ("revoke issuer", "issuer", 0),
    ("mute", "mute", 2),
    ("rotate", "issuer", 0),
    ("rotate", "epoch", 0),
    ("revoke code", "grant", 0),
    ("revoke code", "serial", 128),
    ("set base", "grant", 0),
)


def _changed(example, name, value):
    parts = [value.to_bytes(len(f.octets), "little") if f.name == name else f.octets for f in example.fields]
    return b"".join(parts)


def rows():
    """The examples as JSON has them."""
    return [
        {
            "name": example.name,
            "type": example.kind,
            "fields": [[field.name, len(field.octets), field.value] for field in example.fields],
            "plaintext": example.text.hex(),
        }
        for example in EXAMPLES
    ]


def as_given(example):
    """The fields as `messages.command` takes them."""
    if example.kind == lock.SET_SETTINGS:
        return [json.loads(example.text)]
    return [
        field.octets if isinstance(field.value, str) and field.name != "label" else field.value
        for field in example.fields
    ]
