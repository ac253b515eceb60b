"""What a lock's flash tells its owner: that the log is whole, which codes were used, what is wrong with the lock."""

from dataclasses import dataclass

from firmware.core.records import StateError
from firmware.core.state import State
from firmware.core.words import ACCEPTED, DECISIONS, INTERVAL, LOST, OPENED, QUALITIES, STALE
from firmware.logbook import FAULTS
from firmware.store import StorageError
from firmware.store.audit import ENTRY, FAULT, JAM, Event
from firmware.store.chain import Sealed
from firmware.store.ring import Ring
from host_sim.devices import FlashImage
from tools.log import partition
from tools.log.export import export
from tools.log.files import read
from tools.log.lines import NO_HEAD, read_event, read_head, read_whole
from tools.log.partition import LOG, in_order
from tools.log.verify import verify
from tools.log.words import Names, event_words, word
from tools.owner import place
from tools.owner.advice import REFUSALS

_PPM = 8.5
_DAY = 86400
_REFUSALS = 5
_LIMIT = 8 << 20
_JOURNAL = (0, 16, 1)  # first sector, sectors, ring id


class OtherLock(ValueError):
    """The flash is not that of the record's lock; the text says so."""


@dataclass(frozen=True)
class Finding:
    """Something about a lock: `good` or not, what it is, and what to do about it ("" for nothing)."""

    good: bool
    what: str
    do: str = ""


def names(record):
    """The Names of a lock's log."""
    issuers = {number: label for number, label, *_ in record.settings["issuers"]}
    return Names({grant["id"]: grant["label"] for grant in record.grants}, issuers)


def check(record, sectors):
    """Verify the log in the Sectors of a dump against the record's key and the head that it knows; returns the Sound.

    Raises OtherLock, DumpError (no log) and BadLog (not as the lock wrote it).
    """
    text, whole, _ = export(sectors)
    if whole.journal_id != record.issuer.journal_id:
        raise OtherLock(f"this is not the flash of {record.label}: take that lock's record, or its dump")
    return verify(text, record.issuer.audit_key, known_head(record))


def known_head(record):
    """The Head of the log as last verified, None for none."""
    return None if record.head in (None, NO_HEAD) else read_head(record.head)


def learn(record, dump, sound, now):
    """Have the record know the head of a log that was checked, and which codes the lock has used, as the lock would
    read its journal in the bytes of a dump. Returns why that cannot be believed, a word of firmware/store; else "".
    """
    record.head = str(sound.head)
    issuer, state = record.issuer, State(record.table)
    ring = Ring(FlashImage(dump), *_JOURNAL, Sealed(issuer.mac), state.snapshot)
    try:
        ring.mount(issuer.journal_id, lambda body, mac: state.apply(body))
    except (StorageError, StateError) as error:
        return str(error)
    record.seen = [bytes(body).hex() for body in state.snapshot()]
    record.seen_at = now
    return ""


def take_log(record, path, now):
    """(Events, Sound, as `learn`) of the dump or the exported log at `path`, which the record knows from then on.

    Raises as `check`, LineError for what is neither, OSError.
    """
    content = read(path, _LIMIT)
    if len(content) == partition.SIZE:
        sectors = partition.sectors(content)
        sound = check(record, sectors)
        return events(sectors), sound, learn(record, content, sound, now)
    text = content.decode(errors="replace")
    first, *lines = text.splitlines() or [""]
    if read_whole(first).journal_id not in (record.issuer.journal_id, record.lock_id):  # the gateway's has the lock's
        raise OtherLock(f"{path} is not the log of {record.label}: take that lock's record, or its log")
    sound = verify(text, record.issuer.audit_key, known_head(record))
    record.head = str(sound.head)
    return [read_event(line) for line in lines], sound, ""


def events(sectors):
    """The Events of a dump, oldest first."""
    return [Event(record.body, record.mac, sector.sequence) for sector in in_order(sectors, LOG) for record in
            sector.bodies]  # fmt: skip


def said(record, event):
    """(local time, what happened, grant, what else) of an Event."""
    _, what, grant, more = event_words(event, names(record))
    return place.moment(record.zone, event.t) if event.t else "", what, grant, more


def findings(record, dump, now):
    """Yield the Findings of the bytes of a dump at unix second `now`: journal, clock, then as `of_log`.

    Raises as `check`.
    """
    sectors = partition.sectors(dump)
    wrong = learn(record, dump, check(record, sectors), now)
    if wrong:
        do = "the lock stays closed: Faults in docs/field-guide.md; a dump cut short? read the flash again"
        yield Finding(False, f"its memory of used codes cannot be believed: {wrong}", do)
    happened = events(sectors)
    yield from _clock(record, happened, now)
    yield from of_log(record, happened, now)


def of_log(record, happened, now):
    """Yield the Findings of a lock's Events: zone, batteries, faults, then the newest refusals."""
    rule = record.settings["zone"]
    yield Finding(True, f"time zone {rule}: at the lock it is {place.moment(record.zone, now)}")
    yield from _battery(record, happened)
    yield from _faults(happened)
    refused = [each for each in happened if each.kind == ENTRY and each.decision not in (0, OPENED, ACCEPTED)]
    if not refused:
        yield Finding(True, "nothing was refused")
    for event in refused[-_REFUSALS:][::-1]:
        decision = word(DECISIONS, event.decision)
        what, do = REFUSALS.get(decision, ("", ""))
        at, _, grant, _ = said(record, event)
        who = f", {grant}" if grant else ""
        issuer = word_of(names(record).issuers, event.issuer)
        by = f" of issuer {issuer}" if issuer else ""
        digits = f", {event.length} digits" if event.length else ""
        yield Finding(False, f"{at or 'time unknown'}: {decision}{digits}{who}{by}: {what}", do)


def word_of(labels, number):
    """The label of a number, the number where it has none, "" for 0."""
    return labels.get(number, str(number)) if number else ""


def _clock(record, happened, now):
    newest = next((event for event in reversed(happened) if event.quality), None)
    if newest and newest.quality in (STALE, LOST):
        do = "look again after a minute; if it stays, set the clock" if newest.quality == STALE else "new coin cell, "
        yield Finding(False, f"clock {QUALITIES[newest.quality]}", do + ("" if newest.quality == STALE else "set it"))
    t, doubt_ms = record.state().sync
    if not t:
        yield Finding(False, "the clock was never set", "set it: over the cable, or by the gateway")
        return
    wrong = doubt_ms / 1000 + 1 + max(0, now - t) * _PPM / 1e6
    yield Finding(True, f"clock set {place.moment(record.zone, t)}: by now it may be wrong by {wrong:.0f} s")
    yield from doubted(record, wrong, now)


def doubted(record, wrong, now):
    """Yield which codes a clock that is `wrong` by so many seconds at `now` spoils, today or within a month."""
    table = record.table
    for i in range(len(table)):
        if table.kind(i) == INTERVAL:
            left = (table.max_u(i) - wrong) / _PPM * 1e6
            label, most = table.label(i), table.max_u(i)
            if left < 0:
                yield Finding(False, f"codes of {label} want it within {most} s: refused, `clock`", "set the clock")
            elif left < 30 * _DAY:
                due = f"set the clock before {place.moment(record.zone, int(now + left))}"
                yield Finding(True, f"codes of {label} want it within {most} s", due)


def _battery(record, happened):
    newest = next((event for event in reversed(happened) if event.mv), None)
    if newest is None:
        yield Finding(True, "batteries: not measured yet")
        return
    volts = f"batteries {newest.mv / 1000:.2f} V on {place.moment(record.zone, newest.t) if newest.t else 'some day'}"
    if newest.mv < record.settings["battery_min_mv"]:
        yield Finding(False, f"{volts}: the motor is not driven", "change them now")
    elif newest.mv < record.settings["battery_low_mv"]:
        yield Finding(False, f"{volts}: low", "change them")
    else:
        yield Finding(True, volts)


def _faults(happened):
    newest = [event for event in happened if event.kind in (FAULT, JAM, ENTRY)][-1:]
    for event in newest:
        if event.kind == FAULT:
            yield Finding(False, f"closed by a fault: {word(FAULTS, event.detail)}", "Faults in docs/field-guide.md")
        elif event.kind == JAM:
            yield Finding(False, "the bolt jams: the door may be closed and not locked", "The bolt, same page")
