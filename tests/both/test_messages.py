"""Plaintexts of messages against the vectors that the other end's code wrote out field by field."""

import json
from binascii import unhexlify

from keyring import raises

from firmware.core.seal import DOWN, UP, Seal
from firmware.net import messages
from firmware.net.messages import MessageError, pack_bye, pack_events, pack_hello, pack_result
from firmware.net.orders import COMMANDS, unpack

NONCE = (12, 345)
NOW = 1900000000
UPS = {
    messages.HELLO: lambda: pack_hello(
        NONCE,
        (NOW - 7, 2, 9),
        (4321, b"\xa1\xb2\xc3\xd4"),
        17,
        678,
        (5870, 5),
        messages.BY_ENTRY,
        (12, 678),
        (3, 12),
        (0, 1, 0),
        [(1, 1, 99), (7, 3, 0xFFFFFFFE)],
    ),
    messages.EVENTS: lambda: pack_events(
        NONCE,
        4320,
        35,
        b"\x01\x02\x03\x04",
        bytes(range(1, 25)) + b"\x05\x06\x07\x08" + bytes(range(2, 26)) + b"\xa1\xb2\xc3\xd4",
    ),
    messages.RESULT: lambda: pack_result(NONCE, 5, messages.REFUSED, b"quota of 3"),
    messages.BYE: lambda: pack_bye(NONCE, 2, 1, 8),
}


def vectors(name):
    """The object in the file `name` of tests/vectors."""
    with open(__file__.rsplit("/", 2)[0] + "/vectors/" + name) as file:
        return json.load(file)


def expected(row):
    """What `unpack` makes of the plaintext of a row."""
    if row["type"] == messages.SET_SETTINGS:
        return ({"relock_s": 5, "mute": True},)
    values = []
    for name, _, value in row["fields"]:
        values.append(unhexlify(value) if name in ("grant", "root key") and isinstance(value, str) else value)
    return tuple(values)


def test_every_type_is_as_in_the_vectors():
    kinds = set()
    for row in vectors("messages.json")["messages"]:
        kind, text = row["type"], unhexlify(row["plaintext"])
        kinds.add(kind)
        if kind in UPS:
            assert UPS[kind]() == text, row["name"]
        else:
            assert unpack(kind, text) == expected(row), row["name"]
    assert kinds == set(UPS) | set(COMMANDS) | {messages.SET_SETTINGS}


def test_what_no_command_says_is_malformed():
    rows = vectors("messages.json")["malformed"]
    assert len(rows) > 60
    for row in rows:
        refused = raises(MessageError, lambda row=row: unpack(row["type"], unhexlify(row["plaintext"])))
        assert refused is not None, row["name"]


def test_a_check_in_is_as_in_the_vectors():
    lock, sender, epoch = unhexlify("0102030405060708"), 7, 3
    whole = vectors("check-in.json")
    for row in whole["messages"]:
        text, message = unhexlify(row["plaintext"]), unhexlify(row["message"])
        seal = Seal(unhexlify(whole["root"]), DOWN if row["direction"] == "down" else UP, lock, sender, epoch)
        assert seal.open(message) == text, row["name"]
        assert seal.seal(row["type"], row["counter"], text) == message, row["name"]


def test_what_goes_up_is_bounded():
    event = bytes(messages.EVENT_SIZE)
    pack_events(NONCE, 1, 1, bytes(4), event * messages.MAX_EVENTS)
    for events in (b"", event[1:], event + b"\0", event * (messages.MAX_EVENTS + 1)):
        assert raises(MessageError, lambda events=events: pack_events(NONCE, 1, 1, bytes(4), events)) == "events"
    short, longest = pack_result(NONCE, 5, messages.DONE), pack_result(NONCE, 5, messages.DONE, b"x" * 201)
    assert len(longest) == len(short) + 200
    assert pack_bye(NONCE, 999, 70000, 1)[8:] == b"\xff\xff\xff\x01"


def test_a_hello_clips_what_does_not_fit():
    clock, power = (NOW, 3, 1 << 28), (70000, 0)
    items = [(1, 1, 1)] * 32
    text = pack_hello(NONCE, clock, (0, bytes(4)), 1, 1, power, 1, (0, 0), (70000, 0), (1, 2, 3), items)
    assert text[13:15] == b"\xff\xff"
    assert text[31:33] == b"\xff\xff"
    assert len(text) == 50 + 32 * 6
    items.append((1, 1, 1))
    assert raises(
        MessageError,
        lambda: pack_hello(NONCE, clock, (0, bytes(4)), 1, 1, power, 1, (0, 0), (0, 0), (1, 2, 3), items),
    )
