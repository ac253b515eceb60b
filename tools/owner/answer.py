"""How a lock would answer digits at a moment, and why: by the lock's own verifier and policy, on the owner's record.

What was typed is compared as the lock would; then with codes of other times and counters, with codes that were given
out, and with those that one slip of a hand away. Nothing here prints digits or keys.
"""

from dataclasses import dataclass, field

from firmware.core.policy import Policy
from firmware.core.verify import Verifier, code_hmac, mistyped, otp_code
from firmware.core.words import DECISIONS, EVENT, INTERVAL, MISTYPED, NUMBER, TRUSTED, WRONG
from tools.owner import place
from tools.owner.advice import REFUSALS
from tools.owner.issue import OPEN, WITHDRAWN, digits_of, when, window_of

_CHANCE = 500
"""Of so many entries that are no code at all, one is taken for a code of another time."""
_LOOK_BACK = 64
_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


@dataclass
class Answer:
    """decision: word of the lock, clock right, batteries full. grant: label, "" for none. why: sentences, the first
    says what the lock would answer, further ones what else is known."""

    decision: str
    grant: str = ""
    why: list = field(default_factory=list)


def answer(record, digits, t, others=()):
    """The Answer of the lock of `record` to `digits` (a text of digits) at unix second `t`.

    others: Records of the owner's other locks, which may know the code.
    """
    table, typed, n = record.table, digits.encode(), len(digits)
    if not table.has_length(n):
        lengths = sorted({table.length(i) for i in range(len(table))})
        told = Answer(DECISIONS[WRONG], why=[f"codes of this lock have {_or(lengths)} digits, these are {n}"])
        return _more(told, record, digits, t, others)
    if mistyped(table, typed, n):
        told = Answer(DECISIONS[MISTYPED], why=[REFUSALS["mistyped"][0]])
        return _more(told, record, digits, t, others)
    hits, (decision, i) = _decided(record, typed, t)
    word = DECISIONS[decision]
    if i < 0:
        return _more(Answer(word, why=[REFUSALS[word][0]]), record, digits, t, others)
    told = Answer(word, table.label(i))
    for hit in hits:
        if hit[0] == i:
            told.why += [_said(record, hit, t), *_given(record, hit)]
    if word in REFUSALS:
        told.why.append(f"{REFUSALS[word][0]}: {REFUSALS[word][1]}")
    return told


def _decided(record, typed, t):
    """(hits, (decision, grant's place or -1))."""
    table, state = record.table, record.state()
    verifier = Verifier(table, state, record.lock_id, record.issuer.salt)
    verifier.begin(t)
    hits = verifier.match(typed, len(typed), t)
    schedules = record.schedules if any(table.schedule(i) for i in range(len(table))) else None
    policy = Policy(table, state, schedules)
    policy.at(t, TRUSTED, 0, True)
    return hits, policy.decide(hits, len(typed))[:2]


def _more(told, record, digits, t, others):
    """What may explain digits that no code of the moment has."""
    found = _elsewhen(record, digits, t)
    told.why += [line for hit in found for line in (_said(record, hit, t), *_given(record, hit))]
    if not found:
        told.why += _slips(record, digits, t)
    for other in others:
        if other.lock_id == record.lock_id or not other.table.has_length(len(digits)):
            continue
        hits, (_, i) = _decided(other, digits.encode(), t)
        hits = [hit for hit in hits if hit[0] == i] or _elsewhen(other, digits, t)
        told.why += [f"it is a code of another lock, {other.label}: {_said(other, hit, t)}" for hit in hits]
    if len(told.why) == 1:
        told.why.append("no code that is known here is near it: ask for the code again, digit by digit")
    return told


def _elsewhen(record, digits, t):
    """Hits of other steps and counters than those that the lock compares at `t`."""
    table, state, found = record.table, record.state(), []
    for i in range(len(table)):
        if table.length(i) != len(digits) or table.kind(i) == NUMBER or mistyped(table, digits.encode(), len(digits)):
            continue
        value = int(digits[: table.digits(i)])
        most = max(_LOOK_BACK, 10 ** table.digits(i) // _CHANCE // max(1, table.serials(i)))
        middle = table.step_at(i, t) if table.kind(i) == INTERVAL else state.event_base(i) + table.window(i) // 2
        reach = min(most, 1000) // 2
        for serial in range(table.serials(i)):
            hmac = code_hmac(table, i, serial, record.lock_id)
            for at in range(max(0, middle - reach), middle + reach):
                if hmac.code(at, table.digits(i)) == value:
                    found.append((i, serial, at))
    return found[:1]


def _said(record, hit, t):
    """What a hit is, in words."""
    table, zone = record.table, record.zone
    i, serial, value = hit
    label = table.label(i)
    if table.kind(i) == NUMBER:
        return f"it is the number of {label}"
    if table.kind(i) == EVENT:
        base = record.state().event_base(i)
        if value < base:
            return f"it is a code of {label} that later ones have passed: over"
        if value >= base + table.window(i):
            return f"it is a code of {label} too far ahead of those used: the gateway's `set-base` moves the lock on"
        return f"it is a code of {label}, which open in any order, each once"
    since, until = window_of(table, i, value)
    if until <= t:
        return f"it is a code of {label} that opened {place.span(zone, since, until)}: over"
    tense = "opens" if since <= t else "will open"
    opens = when(record, i, since, until)
    return f"it is a code of {label} that {tense} {opens or 'never: its schedule is closed then'}"


def _given(record, hit):
    i, serial, value = hit
    for code in record.codes:
        if (code.grant, code.serial, code.value) == (record.table.id(i), serial, value):
            whom = f" to {code.whom}" if code.whom else ""
            yield f"given out here{whom} as number {code.number} on {place.moment(record.zone, code.issued)}"
            if code.state == WITHDRAWN:
                yield "taken back since: a lock that has been told answers revoked"


def _slips(record, digits, t):
    """How codes that could be meant differ from what was typed: those that open at `t`, and those given out."""
    table, lines = record.table, []
    for code in record.codes:
        slip = slip_of(digits, digits_of(record, code))
        if slip and code.state == OPEN:
            whom = f" to {code.whom}" if code.whom else ""
            lines.append(
                f"{slip}, against code {code.number} of {table.label(table.index(code.grant))} given out{whom}"
            )
    if lines:
        return lines
    for i, other in _near(record, t):
        slip = slip_of(digits, other)
        if slip:
            lines.append(f"{slip}, against a code of {table.label(i)} that opens then")
    return lines[:3]


def _near(record, t):
    """(grant's place, digits) of the codes that the lock compares at `t`."""
    table, state = record.table, record.state()
    for i in range(len(table)):
        if table.kind(i) == INTERVAL:
            now = table.step_at(i, t)
            for serial in range(table.serials(i)):
                for step in range(now - table.grace_after(i), now + table.grace_before(i) + 1):
                    yield i, otp_code(table, i, serial, step, record.lock_id)
        elif table.kind(i) == EVENT:
            for counter in range(state.event_base(i), state.event_base(i) + table.window(i)):
                yield i, otp_code(table, i, 0, counter, record.lock_id)
        else:
            yield i, next(grant["number"] for grant in record.grants if grant["id"] == table.id(i))


def slip_of(typed, meant):
    """The one slip of a hand that makes `typed` of `meant`, in words; "" if there is none, or nothing to mend."""
    if typed == meant:
        return ""
    at = next((k for k in range(min(len(typed), len(meant))) if typed[k] != meant[k]), min(len(typed), len(meant)))
    if len(typed) == len(meant):
        if typed[at + 1 :] == meant[at + 1 :]:
            return f"the {_th(at)} digit is another one"
        if typed[at : at + 2] == meant[at : at + 2][::-1] and typed[at + 2 :] == meant[at + 2 :]:
            return f"the {_th(at)} and {_th(at + 1)} digits are swapped"
    if len(typed) + 1 == len(meant) and typed[at:] == meant[at + 1 :]:
        return f"the {_th(at)} digit is missing"
    if len(typed) == len(meant) + 1 and typed[at + 1 :] == meant[at:]:
        return f"the {_th(at)} digit is one too many"
    return ""


def _th(at):
    return _ORDINALS.get(at + 1, f"{at + 1}th")


def _or(values):
    *head, last = map(str, values)
    return f"{', '.join(head)} or {last}" if head else last
