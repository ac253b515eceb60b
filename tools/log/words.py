"""Records in words: state records and events as a person reads them. Any 24 bytes have words, also nonsense."""

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime

from firmware.core import records
from firmware.core.words import DECISIONS, QUALITIES
from firmware.logbook import FAULTS
from firmware.net import link as links
from firmware.store.audit import (
    BEGUN,
    BY_RADIO,
    COMMAND,
    ENTRY,
    FAULT,
    FIRST_PART,
    HELD,
    KINDS,
    LET_GO,
    LIST_FULL,
    OVER,
    RADIO,
    REVOCATION,
    SERVICE,
    UNDER_DURESS,
    UNDONE,
    UNSAFE,
    UNUSABLE,
)
from tools.protocol.messages import DOWN_TYPES, RESULTS

_ITEMS = {
    records.BUCKETS: ("buckets", records.BUCKET_ITEM, "{0} digits: {1} s at {2} s"),
    records.INTERVALS: ("intervals", records.INTERVAL_ITEM, "grant {0} serial {1}: step {2} behind {3:08x}"),
    records.EVENTS: ("events", records.EVENT_ITEM, "grant {0}: base {1} ahead {2:04x} behind {3:04x}"),
    records.EVENTS_WIDE: ("events", records.EVENT_WIDE_ITEM, "grant {0}: base {1} ahead {3:08x}{2:08x} behind {4:04x}"),
    records.NUMBERS: ("numbers", records.NUMBER_ITEM, "grant {0}: {1} uses"),
    records.REVOKED: ("revoked", records.REVOKED_ITEM, "grant {0} serial {1} value {2}"),
    records.COUNTERS: ("counters", records.COUNTER_ITEM, "issuer {0} key {1}: command {2}"),
}
_DETAILS = {
    (HELD, BEGUN): "begun",
    (HELD, OVER): "over",
    (HELD, LET_GO): "let go",
    (SERVICE, 1): "battery",
    (SERVICE, 2): "clock",
    (SERVICE, 3): "refusals",
    (SERVICE, 4): "bolt test",
    (SERVICE, 5): "mute",
    (SERVICE, 7): "lockout ended",
    (REVOCATION, 81): "of a grant",
    (REVOCATION, 82): "of an issuer",
    (REVOCATION, 83): "of a code",
    **{(COMMAND, kind): text for kind, text in DOWN_TYPES.items()},
    **{(UNDONE, result): text for result, text in RESULTS.items()},
    (RADIO, links.WIFI): "no Wi-Fi",
    (RADIO, links.NAME): "the broker's name is not resolved",
    (RADIO, links.BROKER): "no broker",
    (RADIO, links.CERTIFICATE): "the broker's certificate is not good",
    (RADIO, links.TLS): "no TLS with the broker",
    (RADIO, links.DENIED): "the broker refuses",
    (RADIO, links.STALLED): "time is over",
    (RADIO, links.NONSENSE): "the broker speaks no MQTT",
    (RADIO, links.SILENT): "no answer from the gateway",
    (RADIO, links.DRIVER): "the chip's Wi-Fi does not start, or gives no socket",
    (RADIO, links.MEMORY): "not enough memory",
    (RADIO, links.BROKEN): "the firmware failed, or a part of it is missing",
    (RADIO, UNSAFE): "without TLS",
    (RADIO, UNUSABLE): "settings of the radio unusable",
}
_ENTRY_DETAILS = {
    UNDER_DURESS: "duress",
    LIST_FULL: "list of revoked codes full",
    FIRST_PART: "first part",
    BY_RADIO: "by radio",
}


def time_text(t):
    """Unix seconds as UTC, "" for 0, which is an unknown time."""
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M:%S") if t else ""


def word(names, number):
    """The name of a number, the number itself where it has no name, "" for none."""
    return str(number) if number >= len(names) else names[number] or ""


def state_words(body):
    """(type, what it says) of a record of the state journal."""
    kind = body[0]
    if kind in _ITEMS:
        name, fmt, text = _ITEMS[kind]
        return name, "; ".join(text.format(*item) for item in records.unpack_items(fmt, body))
    if kind == records.ATTEMPT:
        _, length, level, stamp, number, t, floor = struct.unpack_from(records.ATTEMPT_FORMAT, body)
        said = f"{number}: {length} digits, bucket {level} s at {stamp} s, floor {time_text(floor)}"
        return "attempt", f"{said}, t {time_text(t)}" if t else said
    if kind == records.BURN:
        _, length, number, level, *items = struct.unpack_from(records.BURN_FORMAT, body)
        burnt = [f"grant {items[at]} serial {items[at + 1]} value {items[at + 2]}" for at in (0, 3) if items[at]]
        return "burn", f"{number}: {length} digits, bucket {level} s, {', '.join(burnt)}"
    if kind == records.OUTCOME:
        return "outcome", _outcome(body)
    if kind == records.CLOCK:
        _, restarts, credit, ref, floor, attempts, boots, _ = struct.unpack_from(records.CLOCK_FORMAT, body)
        at = f", reading {time_text(ref)}" if ref else ""
        row = f" ({restarts} in a row)" if restarts else ""
        return "clock", f"{attempts} attempts, {boots} boots{row}, {credit} s proven{at}, floor {time_text(floor)}"
    if kind == records.SYNC:
        _, _, t, doubt_ms, credit, floor = struct.unpack_from(records.SYNC_FORMAT, body)
        said = f"to {time_text(t)}, true to {doubt_ms} ms" if t else "none"
        return "sync", f"{said}, {credit} s proven, floor {time_text(floor)}"
    if kind == records.HEAD:
        _, _, sequence, mac, t, doubt_ms = struct.unpack_from(records.HEAD_FORMAT, body)
        return "head", _head(sequence, mac) + (f", sync to {time_text(t)}, true to {doubt_ms} ms" if t else "")
    return f"type {kind}", body[1:].hex()


def _outcome(body):
    _, decision, number, length, level, grant, *head = struct.unpack_from(records.OUTCOME_FORMAT, body)
    by = f", grant {grant}" if grant else ""
    return f"{number}: {word(DECISIONS, decision) or 'unknown'}, {length} digits, bucket {level} s{by}, {_head(*head)}"


def _head(sequence, mac):
    return f"log at {sequence}:{mac.hex()}"


def detail_words(kind, detail):
    """What the `detail` of an event of that `kind` says, "" for nothing."""
    if kind == FAULT or not detail:
        return ""
    if kind == ENTRY and detail < 2 * max(_ENTRY_DETAILS):
        return ", ".join(text for bit, text in _ENTRY_DETAILS.items() if detail & bit)
    return _DETAILS.get((kind, detail)) or f"detail {detail}"


@dataclass(frozen=True)
class Names:
    """What people call a lock's grants and issuers: labels by number. An event has the numbers alone."""

    grants: dict = field(default_factory=dict)
    issuers: dict = field(default_factory=dict)


def _named(labels, number):
    """`couriers (2)`, `2` where the label is not known, "" for none."""
    if not number:
        return ""
    return f"{labels[number]} ({number})" if number in labels else str(number)


def event_words(event, names=None):
    """(time, what happened, grant, what else) of an event; `names`: the Names of its lock, if known."""
    names = names or Names()
    what = word(DECISIONS, event.decision) or word(KINDS, event.kind)
    if event.kind == FAULT:
        what = f"fault: {word(FAULTS, event.detail)}"
    more = [
        f"{event.count} times" if event.count > 1 and event.kind != FAULT else "",
        f"attempt {event.attempt}" if event.attempt else "",
        f"{event.length} digits" if event.length else "",
        f"issuer {_named(names.issuers, event.issuer)}" if event.issuer else "",
        f"{event.mv} mV" if event.mv else "",
        f"clock {word(QUALITIES, event.quality)}" if event.quality else "",
        detail_words(event.kind, event.detail),
    ]
    return time_text(event.t), what, _named(names.grants, event.grant), ", ".join(text for text in more if text)
