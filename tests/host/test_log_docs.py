"""docs/log.md says what the log's commands do: the words of `verify`, the fields of an export, its numbers."""

import json
import re

from firmware.store.audit import Event
from firmware.store.chain import KEY_SIZE
from tests.host.vm import ROOT
from tools.log import cli, lines, partition, verify

PAGE = (ROOT / "docs" / "log.md").read_text(encoding="utf-8")


def first_cells(heading, which=0):
    """What stands in backquotes in the first column of a table below a heading."""
    tables = re.findall(r"(?:^\|.*\n)+", PAGE.split(f"\n## {heading}\n", 1)[1], re.MULTILINE)
    return [word for row in tables[which].splitlines()[2:] for word in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_every_word_of_verify_is_there():
    words = {verify.CHANGED, verify.REMOVED, verify.REORDERED, verify.INSERTED, verify.TRUNCATED, verify.FORKED}
    words |= {verify.MISPLACED, verify.UNKEYED_EVENT, verify.WRONG_KEY, verify.FORGOTTEN}
    assert set(first_cells("What `verify` says")) == words


def test_every_field_of_an_export_is_there():
    head = lines.read_head(lines.NO_HEAD)
    whole = lines.Whole(bytes(8), 0, 0, 0, bytes(4), head, head)
    assert first_cells("Fields of an export") == list(json.loads(whole.line()))
    fields = json.loads(lines.event_line(Event(bytes([1]) + bytes(23))))
    told = first_cells("Fields of an export", 1)
    assert sorted(told + ["clock"]) == sorted(fields)
    assert "`clock` says how good it was" in PAGE


def test_numbers_are_those_of_the_code():
    text = " ".join(PAGE.split())
    assert f"a sector has at most {verify.CAPACITY} events: {verify._SLOTS} slots less" in text
    assert f"at most {verify._NUMBERS} (s - 1) + 1" in text
    assert f"fewer than {lines.KEPT:,} left" in text
    assert f"an export of more than {cli._EXPORT_LIMIT >> 20} MiB" in text
    assert f"K0**, the log's first key: {KEY_SIZE} bytes, for `verify` as {2 * KEY_SIZE} hex digits" in text
    assert f"the {partition.SIZE >> 10} KiB of the partition" in text
