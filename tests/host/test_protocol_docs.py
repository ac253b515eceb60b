"""docs/protocol.md says what the code does: tables, example, words, and what keeps a counter."""

import re
import struct

import pytest

from firmware import calling, limits, rights
from firmware.net import checkin, commands, keys, when
from firmware.net import messages as lock
from tests.host.vm import ROOT
from tools.protocol import messages, vectors
from tools.protocol.examples import EXAMPLES

PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
TYPES = messages.UP_TYPES | messages.DOWN_TYPES


def rows(section):
    """Cells of the table rows below a heading, up to the next one."""
    text = PAGE.split(f"\n{section}\n", 1)[1].split("\n#", 1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [row for row in cells if not set(row[0]) <= set("- ") and row[0] not in ("at", "word", "bit", "type")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_types_table_is_its_message(example):
    at, fields = 0, []
    for field in example.fields:
        if field.name not in [name for _, _, name in fields]:  # further events and counters are as the first
            fields.append((at, len(field.octets), field.name))
        at += len(field.octets)
    documented = rows(f"### {example.kind} {example.name}")
    assert [(row[0], row[2]) for row in documented] == [(str(at), name) for at, _, name in fields]
    for row, (_, size, _) in zip(documented, fields, strict=True):
        lowest, _, highest = row[1].partition(" to ")
        assert int(lowest) <= size <= int(highest or lowest)


def test_every_type_has_its_section():
    sections = re.findall(r"^### (\d+) ([a-z ]+)$", PAGE, re.MULTILINE)
    assert [(int(kind), name) for kind, name in sections] == sorted(TYPES.items())


def test_the_header_is_as_documented():
    documented = rows("## A message")
    assert [int(row[0]) for row in documented] == [0, 1, 2, 3, 4, 8, 16, 32]
    assert documented[-1][1] == "0 to 1024"


def test_words_of_results_are_as_documented():
    documented = {int(row[0]): row[1] for row in rows("## Commands") if row[0].isdigit() and len(row) == 3}
    assert documented == messages.RESULTS


def test_reasons_to_ignore_are_as_documented():
    bits = [int(row[0]) for row in rows("## Commands") if row[0].isdigit() and len(row) == 2]
    named = [
        commands.NO_MESSAGE,
        commands.FOREIGN,
        commands.FORGED,
        commands.REPLAYED,
        commands.UNASKED,
        commands.FLOOD,
    ]
    assert bits == named


def test_every_command_stands_in_the_table_of_commands():
    cells = [row[0] for row in rows("## Commands") if row[0].startswith("`")]
    listed = re.findall(r"`([a-z ]+)`", " ".join(cells))
    assert sorted(listed) == sorted(set(messages.DOWN_TYPES.values()) - {"reply"})


def test_numbers_are_as_documented():
    for text in (
        f"A check-in answers {commands.MAX_ANSWERED}, of which those who are no owners leave {commands.OWNERS} to the",
        f"at most {lock.MAX_COUNTERS}, {struct.calcsize(lock.COUNTER_FORMAT)} bytes each",
        f"Up to {lock.MAX_EVENTS} events",
        f"{lock.EVENT_SIZE} bytes for each event",
        f"0 to {lock.MAX_DETAIL} | detail",
    ):
        assert text in PAGE, text
    assert commands.MAX_WAITING == 8
    assert "wait, up to eight;" in " ".join(PAGE.split())
    assert keys.KEY_SIZE == 2 + 32


def test_how_long_a_check_in_takes_is_as_documented():
    text = " ".join(PAGE.split())
    assert f"waits {checkin.REPLY_MS // 1000} s for the reply, {checkin._LEFT_MS // 1000} s after it" in text
    assert f"listens: for {checkin.LISTEN_MS // 1000} s where" in text
    exchange_s = checkin.EXCHANGE_MS // 1000
    assert f"all of it has {exchange_s} s, from Wi-Fi to `bye`; with it there are {exchange_s} s before" in text
    assert f"and {exchange_s // 4} s after it" in text


def test_settings_that_can_be_changed_are_as_documented():
    section = PAGE.split("\n### 25 set settings\n", 1)[1].split("\n#", 1)[0]
    assert tuple(re.findall(r"`(\w+)`", section)) == rights._CHANGEABLE


def test_the_example_is_the_vector():
    channel = vectors.channel()
    (message,) = [bytes.fromhex(row["message"]) for row in vectors.check_in() if row["name"] == "approve"]
    shown = dict(re.findall(r"^    (\S.*?)  +([0-9a-f]+)$", PAGE, re.MULTILINE))
    assert {name: bytes.fromhex(text) for name, text in shown.items()} == {
        "lock": vectors.LOCK,
        "root key": vectors.root("root"),
        "key(down, mac)": channel.key("down", "mac"),
        "key(down, key)": channel.key("down", "key"),
        "plaintext": channel.open("down", message)[1],
        "header": message[:16],
        "tag": message[16:32],
        "ciphertext": message[32:],
        "message": message,
    }


def test_what_is_bounded_by_the_day_is_as_documented():
    text = " ".join(PAGE.split())
    assert (limits.COMMANDS, limits.CHANGES, limits.ALL_CHANGES) == (24, 8, 10)
    assert "24 commands in a day of the chip's clock, eight of which may change the set or its key, and all" in text
    assert "all such senders together ten of those" in text
    assert [row[1:] for row in calling._BUDGETS] == [(3, 2 * 3600), (2, 12 * 3600)]
    assert "three at once, one more in two hours" in text and "two at once, one more in twelve hours" in text


def test_when_what_failed_is_tried_again_is_as_documented():
    lock = bytes(8)  # whose share of the spread is all the same
    least = [when.again_in(urgent, tries, lock) for urgent in (True, False) for tries in (0, 20)]
    for shown, most in zip(least, (60, 3600, 3600, 86400), strict=True):
        assert most * 9 // 10 <= shown <= most
    text = " ".join(PAGE.split())
    assert "again after a minute, doubled up to an hour" in text
    assert "where there is no timer after an hour, doubled up to a day" in text
