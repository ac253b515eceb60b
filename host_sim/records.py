"""What went to flash, in words: programs and erases of the partition as a person reads them."""

import struct

from firmware.core import records
from firmware.core.words import DECISIONS
from firmware.store.audit import KINDS, Event
from firmware.store.chain import KEY
from firmware.store.sectors import BODY_SIZE, SLOT_SIZE

_SECTOR = 4096
_AUDIT_FROM = 16
"""First sector of the audit log; the state journal lies before it."""
_NOTES = {
    0xF1: "next sector erased ahead",
    0xF2: "next sector announced",
    KEY: "key of the sector",
}
"""The ring's own records, by type: docs/flash-format.md."""
_WIPED = bytes(SLOT_SIZE)
_SNAPSHOT = {
    records.BUCKETS: "buckets",
    records.INTERVALS: "intervals",
    records.EVENTS: "events",
    records.EVENTS_WIDE: "events",
    records.NUMBERS: "numbers",
    records.HEAD: "head of the log",
    records.REVOKED: "revoked codes",
    records.COUNTERS: "counters of commands",
}


def describe(kind, address, data, labels):
    """One operation of the flash in a few words; `labels`: name of each grant by its id.

    `kind` is "program", "erase" or "torn", as in `NorFlash.on_op`.
    """
    sector = address // _SECTOR
    ring = "journal" if sector < _AUDIT_FROM else "log"
    if kind == "erase":
        return f"{ring}: sector {sector} erased"
    if kind == "torn":
        return f"{ring}: torn in sector {sector}"
    if len(data) != SLOT_SIZE or address % _SECTOR == 0:
        return f"{ring}: sector {sector} begins"
    if data == _WIPED:
        return f"{ring}: sector {sector} " + ("left" if address % _SECTOR == _SECTOR - SLOT_SIZE else "loses its key")
    body = data[:BODY_SIZE]
    if body[0] in _NOTES:
        return f"{ring}: {_NOTES[body[0]]}"
    return _event(Event(body), labels) if ring == "log" else _state(body, labels)


def _event(event, labels):
    words = [DECISIONS[event.decision] or KINDS[event.kind], labels.get(event.grant, "")]
    return "log: " + " ".join(word for word in words if word)


def _state(body, labels):
    kind = body[0]
    if kind == records.ATTEMPT:
        _, length, _, _, attempts, _, _ = struct.unpack_from(records.ATTEMPT_FORMAT, body)
        return f"attempt {attempts}: {length} digits"
    if kind == records.BURN:
        _, _, attempts, _, *items = struct.unpack_from(records.BURN_FORMAT, body)
        burnt = [labels.get(grant_id, str(grant_id)) for grant_id in items[::3] if grant_id]
        return f"attempt {attempts}: burnt {', '.join(burnt)}"
    if kind == records.OUTCOME:
        _, decision, attempts, *_ = struct.unpack_from(records.OUTCOME_FORMAT, body)
        return f"attempt {attempts}: {DECISIONS[decision] or 'outcome unknown'}"
    if kind == records.CLOCK:
        return "clock"
    if kind == records.SYNC:
        return "clock set"
    return _SNAPSHOT[kind]
