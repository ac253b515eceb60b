"""What can be wrong with a lock, and what to do: the same words whether flash, gateway or cable tells.

The texts by themselves are in advice.py.
"""

from dataclasses import dataclass

from firmware.core.words import ACCEPTED, DECISIONS, INTERVAL, LOST, NEVER, OPENED, QUALITIES, STALE, TRUSTED
from firmware.logbook import FAULTS
from firmware.store.audit import ENTRY, FAULT, JAM, RADIO
from tools.log.words import Names, event_words, word
from tools.owner import advice, place

PPM = 8.5
"""By so much a DS3231 drifts at worst (`firmware.clock.drift`)."""
SET = "set it: `make provision` again, over the cable, or by the gateway"
MEND = {STALE: f"look again after a minute; if it stays, {SET}", LOST: f"a new coin cell, then {SET}"}
"""quality -> what to do."""

_DAY = 86400
_APART_S = 60
_REFUSALS = 5


@dataclass(frozen=True)
class Finding:
    """Something about a lock: `good` or not, what it is, and what to do about it ("" for nothing).

    of_lock: it is about the lock itself; a code that it refused is not.
    """

    good: bool
    what: str
    do: str = ""
    of_lock: bool = True


def names(record):
    """The Names of a lock's log."""
    issuers = {number: label for number, label, *_ in record.settings["issuers"]}
    return Names({grant["id"]: grant["label"] for grant in record.grants}, issuers)


def said(record, event):
    """(local time, what happened, grant, what else) of an Event."""
    _, what, grant, more = event_words(event, names(record))
    return place.moment(record.zone, event.t) if event.t else "", what, grant, more


def of_log(record, happened, now):
    """Yield the Findings of a lock's Events: zone, batteries, then as `past`."""
    yield zone(record, record.settings["zone"], now)
    newest = next((event for event in reversed(happened) if event.mv), None)
    if newest is None:
        yield Finding(True, "batteries: not measured yet")
    else:
        yield battery(record, newest.mv, f" on {place.moment(record.zone, newest.t) if newest.t else 'some day'}")
    newest = _newest(happened)
    if newest and newest.kind == FAULT:
        yield fault(word(FAULTS, newest.detail))
    yield from past(record, happened, now)


def past(record, happened, now):
    """Yield what Events tell of bolt and radio, and the newest refusals."""
    newest = _newest(happened)
    if newest and newest.kind == JAM:
        yield Finding(False, "the bolt jams: the door may be closed and not locked", advice.JAM)
    yield from _radio(record, happened, now)
    refused = [each for each in happened if each.kind == ENTRY and each.decision not in (0, OPENED, ACCEPTED)]
    if not refused:
        yield Finding(True, "nothing was refused")
    for event in refused[-_REFUSALS:][::-1]:
        decision = word(DECISIONS, event.decision)
        what, do = advice.REFUSALS.get(decision, ("", ""))
        at, _, grant, _ = said(record, event)
        who = f", {grant}" if grant else ""
        issuer = word_of(names(record).issuers, event.issuer)
        by = f" of issuer {issuer}" if issuer else ""
        digits = f", {event.length} digits" if event.length else ""
        yield Finding(False, f"{at or 'time unknown'}: {decision}{digits}{who}{by}: {what}", do, of_lock=False)


def zone(record, rule, now):
    """In which time zone the lock reckons; `rule`: as it tells itself."""
    if rule != record.settings["zone"]:
        return Finding(False, f"time zone {rule}, but {record.settings['zone']} in the record", advice.OTHER_SET)
    return Finding(True, f"time zone {rule}: at the lock it is {place.moment(record.zone, now)}")


def word_of(labels, number):
    """The label of a number, the number where it has none, "" for 0."""
    return labels.get(number, str(number)) if number else ""


def doubted(record, wrong, now):
    """Yield which codes a clock that is `wrong` by so many seconds at `now` spoils, today or within a month."""
    table = record.table
    for i in range(len(table)):
        if table.kind(i) == INTERVAL:
            left = (table.max_u(i) - wrong) / PPM * 1e6
            label, most = table.label(i), table.max_u(i)
            if left < 0:
                yield Finding(False, f"codes of {label} want it within {most} s: refused, `clock`", "set the clock")
            elif left < 30 * _DAY:
                due = f"set the clock before {place.moment(record.zone, int(now + left))}"
                yield Finding(True, f"codes of {label} want it within {most} s", due)


def clock(record, quality, wrong, off, whose, now, do, apart=_APART_S):
    """Yield how the lock's clock stands, and which codes that spoils.

    quality: of core/words.py. wrong: seconds that it may be wrong by, as it says itself. off: seconds by which it is
    ahead of the clock of `whose`. do: what to do if that is not good. apart: how far `off` may be whatever it says.
    """
    most = "nobody knows how much" if wrong >= NEVER else f"up to {wrong} s"
    told = f"clock {QUALITIES[quality]}, wrong by {most}, {_apart(off)} {whose}"
    if quality != TRUSTED or abs(off) > max(apart, wrong):
        yield Finding(False, told, do)
    else:
        yield Finding(True, told)
        yield from doubted(record, wrong, now)


def _apart(seconds):
    """How far a clock is from another, in words that go before whose that is."""
    for size, unit in ((_DAY, "days"), (3600, "hours"), (60, "minutes")):
        if abs(seconds) >= 2 * size:
            return f"{abs(seconds) / size:.1f} {unit} {'ahead of' if seconds > 0 else 'behind'}"
    return f"{seconds:+.0f} s from" if abs(seconds) >= 1 else "less than a second from"


def battery(record, mv, when=""):
    """How the batteries stand at `mv` millivolts; when: of the measurement, in words."""
    volts = f"batteries {mv / 1000:.2f} V{when}"
    if mv < record.settings["battery_min_mv"]:
        return Finding(False, f"{volts}: the motor is not driven", "change them now")
    if mv < record.settings["battery_low_mv"]:
        return Finding(False, f"{volts}: low", "change them")
    return Finding(True, volts)


def fault(name, more=""):
    """What keeps the lock closed, by its word of firmware/logbook.py."""
    what, do = advice.FAULTS.get(name, ("", "see Faults in docs/field-guide.md"))
    return Finding(False, f"closed by a fault: {name}{more}: {what}", do)


def _newest(happened):
    """The newest Event that tells whether the lock works, or None."""
    return next((event for event in reversed(happened) if event.kind in (FAULT, JAM, ENTRY)), None)


def _radio(record, happened, now):
    newest = next((event for event in reversed(happened) if event.kind == RADIO), None)
    if newest and (not newest.t or now - newest.t < 2 * _DAY):
        at, _, _, why = said(record, newest)
        do = advice.RADIO.get(newest.detail, "")
        yield Finding(False, f"{at or 'time unknown'}: check-in: {why.rpartition(', ')[2]}", do)
