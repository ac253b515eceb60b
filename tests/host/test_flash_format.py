"""docs/flash-format.md says what the code writes: each table's places and sizes, each list of numbers."""

import re
import struct

import pytest

from firmware import settings
from firmware.core import packing, records, schedule, words
from firmware.core.bounds import MAX_SCHEDULES
from firmware.core.grants import GRANT_SIZE
from firmware.net.keys import KEY_SIZE
from firmware.store import audit, journal, replay, ring, sectors, vault
from tests.host.vm import ROOT

PAGE = (ROOT / "docs" / "flash-format.md").read_text(encoding="utf-8")
BODIES = {
    records.ATTEMPT: records.ATTEMPT_FORMAT,
    records.BURN: records.BURN_FORMAT,
    records.OUTCOME: records.OUTCOME_FORMAT,
    records.CLOCK: records.CLOCK_FORMAT,
    records.BUCKETS: records.BUCKET_ITEM,
    records.INTERVALS: records.INTERVAL_ITEM,
    records.EVENTS: records.EVENT_ITEM,
    records.EVENTS_WIDE: records.EVENT_WIDE_ITEM,
    records.NUMBERS: records.NUMBER_ITEM,
    records.HEAD: records.HEAD_FORMAT,
    records.SYNC: records.SYNC_FORMAT,
    records.REVOKED: records.REVOKED_ITEM,
    records.COUNTERS: records.COUNTER_ITEM,
}
TIMES = {"twice": 2, "three times": 3, "five times": 5}


def tables(heading):
    """The tables below a heading, up to the next one: each a list of rows, the first with what its columns are."""
    text = PAGE.split(f"\n{heading}\n", 1)[1]
    text = re.split(r"\n#", text, maxsplit=1)[0]
    blocks = re.findall(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE)
    rows = [[[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()] for block in blocks]
    return [table[:1] + table[2:] for table in rows]


def places(table):
    assert table[0][:2] == ["at", "size"]
    return [(int(row[0]), int(row[1])) for row in table[1:]]


def of_format(fmt):
    """(at, size) of each field of a struct format without padding."""
    assert fmt[0] == "<"
    codes = re.findall(r"\d+s|[BHIb]", fmt)
    ends = [struct.calcsize("<" + "".join(codes[: k + 1])) for k in range(len(codes))]
    return [
        (end - struct.calcsize("<" + code), struct.calcsize("<" + code)) for end, code in zip(ends, codes, strict=True)
    ]


@pytest.mark.parametrize(
    ("heading", "which", "fmt"),
    [
        ("## A record: 32 bytes", 0, f"<{sectors.BODY_SIZE}s4sI"),
        ("## A sector: 128 slots", 0, sectors._HEADER_FORMAT),
        ("## Bodies of the log", 0, audit._FORMAT),
        ("## Bodies of the log", 1, audit._KEY_FORMAT),
        ("### A grant: 80 bytes", 0, packing._FORMAT),
    ],
)
def test_a_table_has_the_places_of_its_record(heading, which, fmt):
    assert places(tables(heading)[which]) == of_format(fmt)


def test_the_vaults_head_is_as_documented():
    found = dict(places(tables("## The vault in NVS")[0]))
    assert list(found) == [0, 4, vault._SIZES_AT, 10, vault._PLACES_AT, vault._REVOKED_AT, vault._HASH_AT]
    assert sum(found.values()) == vault._HEAD_SIZE == vault._HASH_AT + 32
    assert f"A head has {vault._HEAD_SIZE} bytes" in PAGE
    assert f"`{vault._MAGIC.decode()}`" in PAGE
    assert f"`s0`, at most {vault.MAX_SETTINGS} bytes" in PAGE
    assert vault.PIECE == 8 * GRANT_SIZE


def test_sizes_of_the_seed_and_of_what_is_sealed():
    assert struct.calcsize(sectors._SEED_FORMAT) == 15
    assert "Seed, 15 bytes" in PAGE
    assert GRANT_SIZE == 80
    assert KEY_SIZE == 34


def documented_body(row):
    """(sizes of the fields that stand once, sizes of those that are repeated, how often) of a row of the bodies."""
    text = re.sub(r"\([^)]*\)", "", row[3])
    once, times, repeated = text, 1, ""
    for words_, count in TIMES.items():
        if f"{words_}:" in text:
            once, repeated = text.split(f"{words_}:")
            times = count
    size = {"u8": 1, "u16": 2, "u32": 4, "4 bytes": 4}
    fields = [[size[found] for found in re.findall(r"\bu8|u16|u32|4 bytes", part)] for part in (once, repeated)]
    return fields[0], fields[1], times


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_of_the_journal_has_the_documented_fields(kind):
    (row,) = [row for row in tables("## Bodies of the journal")[0][1:] if int(row[0]) == kind]
    once, repeated, times = documented_body(row)
    fields = [size for _, size in of_format(BODIES[kind])]
    if BODIES[kind].startswith("<BB") and not repeated:
        assert fields[2:] == once  # type and the byte after it stand in columns of their own
    elif kind == records.BURN:
        assert fields[2:] == once + repeated * times
    else:
        assert fields == once + repeated
        assert times == (sectors.BODY_SIZE - 2) // sum(fields)


def test_every_type_of_the_journal_is_there():
    assert [int(row[0]) for row in tables("## Bodies of the journal")[0][1:]] == sorted(BODIES)


def test_notes_are_as_documented():
    rows = tables("## A sector: 128 slots")[1][1:]
    assert [int(row[0], 16) for row in rows] == [replay.PREPARED_NOTE, ring._ANNOUNCED_NOTE]
    assert f"0x{sectors.ANNOUNCED:X}" in rows[1][2]
    assert f"Type 0x{audit.KEY:X} is the sector's key" in PAGE


def test_the_kinds_of_events_are_as_documented():
    listed = tables("## Bodies of the log")[0][1][2].removeprefix("kind: ").split(", ")
    assert listed == [f"{number} {word}" for number, word in enumerate(audit.KINDS) if word]


def test_the_anchor_names_what_is_documented():
    assert set(journal._FINAL) == {records.ATTEMPT, records.BURN, records.REVOKED, records.COUNTERS}
    assert "an attempt, a burn, a revocation or a command's counter" in PAGE


def test_every_setting_is_documented_with_its_bounds():
    rows = {name: row[1] for row in tables("### The settings")[0][1:] for name in re.findall(r"`(\w+)`", row[0])}
    assert set(rows) == set(settings.SETTINGS) - {settings._BESIDE}
    for name, (low, high) in settings._RANGES.items():
        assert rows[name].startswith(f"{low} to {high}")
    for name, size in settings._OCTETS.items():
        assert f"{size} bytes in hex" in rows[name]
    low, high = settings._REFILL_S
    shortest, longest = settings._LENGTHS
    assert f"typed length {shortest} to {longest}," in rows["buckets"]
    assert f"{low} to {high}]" in rows["buckets"]
    assert settings.MAX_ROWS == MAX_SCHEDULES
    assert rows["issuers"].startswith(f"list of at most {settings.MAX_ROWS}")
    assert rows["schedules"].startswith(f"list of at most {MAX_SCHEDULES}")
    assert f"1 to {schedule._WINDOWS} windows" in rows["schedules"]


def test_numbers_of_a_grants_words_are_as_documented():
    rows = {int(row[0]): row[2] for row in tables("### A grant: 80 bytes")[0][1:]}
    assert rows[2] == "kind: " + ", ".join(f"{number} {word}" for number, word in enumerate(words.KINDS) if word)
    powers = ", ".join(f"{1 << bit} {word}" for bit, word in enumerate(words.PERMISSIONS))
    assert rows[5] == "permissions, added up: " + powers
    assert str(words.REMOTE) in rows[30]
