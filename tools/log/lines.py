"""The lines of an exported log: JSON objects, each written in one way only, so that any other way is a change.

The first line tells of the whole, each further line of one event: its number, the sequence of its sector, MAC and body
as they were on flash, and what the body says in words. docs/log.md has the fields.
"""

import json
import re
from dataclasses import dataclass

from firmware.core.words import DECISIONS, QUALITIES
from firmware.store.audit import KINDS, Event
from tools.log.words import time_text, word

FORMAT = 1
NO_HEAD = "0:00000000"
KEPT = 4000
"""Events that the log keeps at least: one that has fewer must begin at 1."""

_HEAD = re.compile(r"(\d{1,10}):([0-9a-f]{8})", re.ASCII)


class LineError(ValueError):
    """A line is not one that an export has; the text says why."""


@dataclass(frozen=True)
class Head:
    """The newest event at some time: its number, from 1, and its MAC of 4 bytes. Number 0: there was none."""

    sequence: int
    mac: bytes

    def __str__(self):
        return f"{self.sequence}:{self.mac.hex()}"


def read_head(text):
    """The Head that is written as number, colon, MAC in hex. Raises LineError."""
    found = _HEAD.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise LineError(f"{text!r} is no head: a number, a colon and 8 hex digits, such as 1250:09af3c11")
    return Head(int(found[1]), bytes.fromhex(found[2]))


@dataclass(frozen=True)
class Whole:
    """What the first line says. journal_id: 8 bytes. boots: by the state journal. events: how many lines follow.

    first: number of the first event, 0 for none. before: MAC of the event before it, zeros if there was none. head: the
    last event. told: the head that the newest outcome in the state journal names.
    """

    journal_id: bytes
    boots: int
    events: int
    first: int
    before: bytes
    head: Head
    told: Head

    def line(self):
        """The line, without its end."""
        return json.dumps(
            {
                "dropbolt": "log",
                "format": FORMAT,
                "journal": self.journal_id.hex(),
                "boots": self.boots,
                "events": self.events,
                "first": self.first,
                "before": self.before.hex(),
                "head": str(self.head),
                "told": str(self.told),
            }
        )


def event_line(event):
    """The line of an Event, without its end."""
    return json.dumps(
        {
            "event": event.sequence,
            "sector": event.sector,
            "mac": event.mac.hex(),
            "body": event.body.hex(),
            "time": time_text(event.t),
            "kind": word(KINDS, event.kind),
            "decision": word(DECISIONS, event.decision),
            "grant": event.grant,
            "issuer": event.issuer,
            "length": event.length,
            "count": event.count,
            "attempt": event.attempt,
            "mv": event.mv,
            "clock": word(QUALITIES, event.quality),
            "detail": event.detail,
        }
    )


def read_whole(text):
    """The Whole of a first line. Raises LineError."""
    found = _object(text)
    if found.get("dropbolt") != "log" or found.get("format") != FORMAT:
        raise LineError(f"it does not begin a Dropbolt log of format {FORMAT}")
    whole = Whole(
        _octets(found, "journal", 8),
        _count(found, "boots"),
        _count(found, "events"),
        _count(found, "first"),
        _octets(found, "before", 4),
        read_head(found.get("head")),
        read_head(found.get("told")),
    )
    return _same(whole, whole.line(), text)


def read_event(text):
    """The Event of a line. Raises LineError."""
    found = _object(text)
    event = Event(_octets(found, "body", 24), _octets(found, "mac", 4), _count(found, "sector"))
    return _same(event, event_line(event), text)


def _same(what, line, text):
    if line != text:
        raise LineError("its fields do not say what its body says")
    return what


def _object(text):
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LineError("it is no JSON") from error
    if not isinstance(found, dict):
        raise LineError("it is no JSON object")
    return found


def _octets(found, name, size):
    value = found.get(name)
    try:
        octets = bytes.fromhex(value)
    except (TypeError, ValueError) as error:
        raise LineError(f"{name} is no hex") from error
    if len(octets) != size:
        raise LineError(f"{name} has {len(octets)} bytes, must have {size}")
    return octets


def _count(found, name):
    value = found.get(name)
    if type(value) is not int or not 0 <= value <= 0xFFFFFFFF:
        raise LineError(f"{name} is no number from 0 to 4294967295")
    return value
