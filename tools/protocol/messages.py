"""What sealed messages say, at the other end: commands packed, the lock's messages read.

Formats and bounds are the lock's own (firmware/net/messages.py, orders.py); docs/protocol.md has them as tables.
"""

import json
import struct
from dataclasses import dataclass

from firmware.net import messages as lock
from firmware.net.messages import MessageError
from firmware.net.orders import COMMANDS, unpack
from tools.sentence import plain

UP_TYPES = {lock.HELLO: "hello", lock.EVENTS: "events", lock.RESULT: "result", lock.BYE: "bye"}
DOWN_TYPES = {
    lock.REPLY: "reply",
    lock.UNLOCK_NOW: "unlock",
    lock.APPROVE_ENTRY: "approve",
    lock.REFUSE_ENTRY: "refuse",
    lock.PUT_GRANT: "put grant",
    lock.REVOKE_GRANT: "revoke grant",
    lock.PUT_ISSUER: "put issuer",
    lock.REVOKE_ISSUER: "revoke issuer",
    lock.SET_TIME: "set time",
    lock.SET_SETTINGS: "set settings",
    lock.MUTE: "mute",
    lock.SEND_LOG: "send log",
    lock.IDENTIFY: "identify",
    lock.ROTATE: "rotate",
    lock.REVOKE_CODE: "revoke code",
    lock.SET_BASE: "set base",
}
RESULTS = {
    lock.DONE: "done",
    lock.BEFORE: "done before",
    lock.REFUSED: "refused",
    lock.EXPIRED: "expired",
    lock.STALE: "stale nonce",
    lock.MALFORMED: "malformed",
    lock.FULL: "full",
    lock.RETRY: "retry",
    lock.STORAGE: "storage",
    lock.UNKNOWN: "unknown",
}
REASONS = {lock.BY_TIMER: "timer", lock.BY_CALL: "call", lock.BY_EVENT: "event", lock.BY_ENTRY: "entry waits"}
QUALITIES = (1, 2, 3)
"""Of the clock: trusted, stale, lost."""
_LAST_EVENT = 0xFFFFFFFF
"""Numbers of events have 32 bits, and a lock comes to none beyond."""


@dataclass(frozen=True, order=True)
class Nonce:
    """Names one check-in (boots, number of the check-in), or one entry (boots, number of the attempt)."""

    boots: int
    number: int


@dataclass(frozen=True)
class Counter:
    """The last counter that the lock took from a sender in a key epoch."""

    sender: int
    epoch: int
    counter: int


@dataclass(frozen=True)
class Hello:
    """The first message of a check-in. t: unix s by the lock's clock; uncertainty: s, 65535 for that or more.

    head: (sequence, MAC) of the log. door: bits 0 and 1 position of the bolt, 4 door closed, 8 jammed. waiting: the
    entry that waits for approval, or None. ignored, why: messages ignored at the last check-in, and reasons as bits.
    """

    nonce: Nonce
    t: int
    quality: int
    uncertainty: int
    head: tuple
    generation: int
    attempts: int
    millivolts: int
    door: int
    reason: int
    waiting: Nonce | None
    ignored: int
    why: int
    version: tuple
    counters: tuple


@dataclass(frozen=True)
class Events:
    """Events of the log, all of one sector. before: MAC of the event before the first. records: (body, MAC) each."""

    nonce: Nonce
    first: int
    sector: int
    before: bytes
    records: tuple


@dataclass(frozen=True)
class Result:
    """How the command under `counter` ended: `word` of RESULTS; `detail` says more to people, in a line of text."""

    nonce: Nonce
    counter: int
    word: int
    detail: str


@dataclass(frozen=True)
class Bye:
    """The last message of a check-in: commands answered, messages ignored, and why, as bits."""

    nonce: Nonce
    answered: int
    ignored: int
    why: int


def command(kind, *fields):
    """Plaintext of a command, its fields in the order of docs/protocol.md. Raises MessageError for one out of bounds.

    A label is text; settings are a dict.
    """
    if kind == lock.SET_SETTINGS:
        text = json.dumps(*fields, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    elif kind in COMMANDS:
        fields = [field.encode() if isinstance(field, str) else field for field in fields]
        try:
            text = struct.pack(COMMANDS[kind][0], *fields)
        except struct.error as error:
            raise MessageError(str(error)) from error
    else:
        raise MessageError(f"no command has the type {kind}")
    if unpack(kind, text) != _as_unpacked(kind, fields):
        raise MessageError(f"{DOWN_TYPES[kind]}: a field is cut or filled up")
    return text


def _as_unpacked(kind, fields):
    if kind == lock.PUT_ISSUER:
        return (*fields[:5], fields[5].decode())
    return tuple(fields)


def read(kind, text):
    """Hello, Events, Result or Bye from the plaintext of a message. Raises MessageError: the lock never says that."""
    reader = {lock.HELLO: _hello, lock.EVENTS: _events, lock.RESULT: _result, lock.BYE: _bye}.get(kind)
    if reader is None:
        raise MessageError(f"no message of the lock has the type {kind}")
    try:
        return reader(text)
    except struct.error as error:
        raise MessageError(f"{UP_TYPES[kind]}: {error}") from error


def _hello(text):
    fixed = struct.calcsize(lock.HELLO_FORMAT)
    boots, number, t, quality, uncertainty, sequence, mac, *rest = struct.unpack_from(lock.HELLO_FORMAT, text)
    generation, attempts, millivolts, door, reason, *rest = rest
    entry_boots, entry, ignored, why, *version, count = rest
    if quality not in QUALITIES or reason not in REASONS or count > lock.MAX_COUNTERS:
        raise MessageError("hello: a field is out of bounds")
    if len(text) != fixed + count * struct.calcsize(lock.COUNTER_FORMAT):
        raise MessageError(f"hello: {len(text)} bytes with {count} counters")
    return Hello(
        nonce=Nonce(boots, number),
        t=t,
        quality=quality,
        uncertainty=uncertainty,
        head=(sequence, mac),
        generation=generation,
        attempts=attempts,
        millivolts=millivolts,
        door=door,
        reason=reason,
        waiting=Nonce(entry_boots, entry) if (entry_boots, entry) != (0, 0) else None,
        ignored=ignored,
        why=why,
        version=tuple(version),
        counters=tuple(Counter(*item) for item in struct.iter_unpack(lock.COUNTER_FORMAT, text[fixed:])),
    )


def _events(text):
    fixed = struct.calcsize(lock.EVENTS_FORMAT)
    boots, number, first, sector, before = struct.unpack_from(lock.EVENTS_FORMAT, text)
    records = tuple(struct.iter_unpack(f"{lock.EVENT_SIZE - 4}s4s", text[fixed:]))
    if not 0 < len(records) <= lock.MAX_EVENTS:
        raise MessageError(f"events: {len(records)} of them")
    if not 0 < first <= _LAST_EVENT - len(records) + 1:
        raise MessageError(f"events: {len(records)} of them from number {first} on")
    return Events(Nonce(boots, number), first, sector, before, records)


def _result(text):
    fixed = struct.calcsize(lock.RESULT_FORMAT)
    boots, number, counter, word = struct.unpack_from(lock.RESULT_FORMAT, text)
    if word not in RESULTS or len(text) > fixed + lock.MAX_DETAIL:
        raise MessageError("result: a field is out of bounds")
    return Result(Nonce(boots, number), counter, word, plain(text[fixed:].decode(errors="replace")))


def _bye(text):
    boots, number, *counts = struct.unpack(lock.BYE_FORMAT, text)
    return Bye(Nonce(boots, number), *counts)
