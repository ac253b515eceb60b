"""Codes given out from an owner's record, far from the lock: which one, when it opens, and what its courier is told.

interval: the step that covers the hours asked for, of a serial whose code for that step was not given out here. event:
the next counter, skipping one whose digits are those of another open code. What is open and not known to be used stays
within a quarter of the window, so that each of these codes still opens whichever comes first (rules 5).
"""

from dataclasses import dataclass

from firmware.core.verify import otp_code
from firmware.core.words import CALL, DURESS, EVENT, HOLD_OPEN, INTERVAL, NUMBER, OWNER, REMOTE, SERVICE, UNLOCK
from tools.owner import place
from tools.owner.record import OPEN, WITHDRAWN, Code

USED, OVER, NOT_YET = "used", "over", "not yet"
"""Further states of a Code, beside OPEN and WITHDRAWN, as far as this computer knows."""

_LOOK = 1000
_MINUTE = 60
_WEEK = 7 * 86400


class IssueError(ValueError):
    """No code was given out and nothing has changed; the text says why, and what to do."""


@dataclass(frozen=True)
class Issued:
    """A code that was just given out: its digits, and the Code that the record keeps of it."""

    digits: str
    code: Code


def issue(record, label, now, span=None, whom=""):
    """Give out one code of the grant `label` at unix second `now`; returns the Issued, which `record.codes` has too.

    span: (since, until) in unix s for which an interval's code must open; None: it must open now. Raises IssueError,
    and RecordError for no such grant. Keep the record before anybody is told the code.
    """
    table, i = record.table, record.place(label)
    _check_grant(record, i, now)
    if span and table.kind(i) != INTERVAL:
        raise IssueError(
            f"codes of {table.label(i)} have no hours of their own: leave --when out"
            + _instead(record, ", or take one of a grant whose codes do: {}")
        )
    serial, value, since, until = _WAYS[table.kind(i)](record, i, now, span)
    number = 1 + max((code.number for code in record.codes), default=0)
    code = Code(number, table.id(i), serial, value, whom, now, since, until)
    digits = digits_of(record, code)
    record.codes.append(code)
    if table.kind(i) == EVENT:
        record.next[table.id(i)] = value + 1
    return Issued(digits, code)


def digits_of(record, code):
    """The digits of a Code, as they are typed."""
    i = record.table.index(code.grant)
    if record.table.kind(i) == NUMBER:
        return next(grant["number"] for grant in record.grants if grant["id"] == code.grant)
    return otp_code(record.table, i, code.serial, code.value, record.lock_id)


def status(record, state, code, now):
    """OPEN, NOT_YET, USED, OVER or WITHDRAWN: how a Code stands at unix second `now` by this computer's `state`."""
    i = record.table.index(code.grant)
    if _used(record.table, state, i, code):
        return USED
    if code.state == WITHDRAWN:
        return WITHDRAWN
    if code.until and code.until <= now:
        return OVER
    if record.table.kind(i) == EVENT and code.value < state.event_base(i):
        return OVER
    return NOT_YET if now < code.since else OPEN


def _used(table, state, i, code):
    if table.kind(i) == NUMBER:
        return 0 < table.uses(i) <= state.number_uses(i)
    if table.kind(i) == EVENT:
        return code.value > state.event_base(i) - 16 and state.event_used(i, code.value)
    behind = state.interval_top(i, code.serial) - code.value
    return 0 <= behind <= 32 and state.interval_used(i, code.serial, code.value)


def window_of(table, i, value):
    """(since, until) in unix s in which an interval's code of step `value` opens, by validity as well."""
    first = table.offset(i) + (value - table.grace_before(i)) * table.step(i)
    last = table.offset(i) + (value + table.grace_after(i) + 1) * table.step(i)
    return max(first, table.valid_from(i)), min(last, table.valid_until(i) or last)


def hours(record, i, since, until):
    """The spans within [since, until) at which the grant's schedule is open; the whole where there is none."""
    return list(_spans(record, record.table.schedule(i), since, until))


def _spans(record, number, since, until):
    if not number:
        yield since, until
        return
    while since < until:
        if record.schedules.allows(number, since):
            end = record.schedules.closes(number, since, until)
            yield since, end
            since = end
        since += _MINUTE - since % _MINUTE


def when(record, i, since, until):
    """At which times from `since` to `until` (0: for ever) codes of a grant open, in words; "" for always."""
    zone, number = record.zone, record.table.schedule(i)
    if until and (not number or until - since <= _WEEK):
        return " and ".join(place.span(zone, *span) for span in hours(record, i, since, until))
    weekly = place.weekly(record.settings["schedules"][number - 1]) if number else ""
    return " ".join(part for part in (weekly, place.span(zone, since, until) if until else "") if part)


def notes(record, issued):
    """What its courier or guest is told, ready for the notes of a delivery."""
    table, code = record.table, issued.code
    i = table.index(code.grant)
    powers = table.permissions(i)
    lines = [f"Door code: {issued.digits}, then #."]
    opens = when(record, i, max(code.since, code.issued), code.until)
    if opens:
        lines.append(f"It opens {opens}.")
    if table.uses(i) == 1:
        lines.append("It works once." if powers & UNLOCK else "It works once, and opens the menu, not the door.")
    second = table.second(i)
    if second:
        who = (
            "the owner approves" if second == REMOTE else f"a second code ({table.label(table.index(second))}) follows"
        )
        lines.append(f"The door opens when {who} within a minute.")
    lines.append("Press any key, wait for the beep, type the digits and #.")
    return " ".join(lines)


def powers_of(table, i):
    """What the codes of a grant may do beyond opening, in words; "" for nothing."""
    told = {HOLD_OPEN: "hold open", SERVICE: "service menu", DURESS: "duress", CALL: "call", OWNER: "owner's menu"}
    return ", ".join(text for bit, text in told.items() if table.permissions(i) & bit)


def check_on_lock(record):
    """Raise IssueError for a record of which it is not known whether its lock has it."""
    if record.pending:
        raise IssueError(
            f"{record.label} is not provisioned to the end: run the same `make provision` again, then this"
        )


def _check_grant(record, i, now):
    table = record.table
    label, until = table.label(i), table.valid_until(i)
    check_on_lock(record)
    if table.revoked(i):
        raise IssueError(f"{label} is revoked: nothing of it opens")
    if until and until <= now:
        raise IssueError(f"{label} ended on {place.moment(record.zone, until)}: nothing of it opens any more")
    if not record.share.get(table.id(i)):
        if table.id(i) in record.apps:
            raise IssueError(f"the codes of {label} are made by an authenticator app: ask whoever has it")
        raise IssueError(
            f"codes of {label} are another computer's to give out"
            + _instead(record, "; this one's: {}")
            + "; `dropbolt join` there gives some to this one"
        )


def _instead(record, text):
    table = record.table
    mine = [table.label(i) for i in range(len(table)) if table.kind(i) == INTERVAL and record.share.get(table.id(i))]
    return text.format(", ".join(mine)) if mine else ""


def _open_codes(record, now):
    """The codes given out here that may still open, with their digits."""
    state = record.state()
    return {
        digits_of(record, code): code
        for code in record.codes
        if status(record, state, code, now) in (OPEN, NOT_YET, WITHDRAWN)
    }


def _interval(record, i, now, span):
    table = record.table
    since, until = span or (now, now + 1)
    step = _step_for(record, i, since, until)
    opens, shuts = window_of(table, i, step)
    asked = span or (now, shuts)
    if not any(_spans(record, table.schedule(i), max(asked[0], opens), min(asked[1], shuts))):
        raise IssueError(f"{table.label(i)} is closed then by its schedule: {place.span(record.zone, *asked)}")
    given = {(code.serial, code.value) for code in record.codes if code.grant == table.id(i)}
    taken = _open_codes(record, now)
    for serial in record.share[table.id(i)]:
        if (serial, step) in given:
            continue
        if otp_code(table, i, serial, step, record.lock_id) not in taken:
            return serial, step, opens, shuts
    raise IssueError(
        f"all {len(record.share[table.id(i)])} codes that this computer has of {table.label(i)} for "
        f"{place.span(record.zone, opens, shuts)} are given out: `dropbolt list` shows to whom; choose other hours"
    )


def _step_for(record, i, since, until):
    """The step whose code opens from `since` to `until`; its own begins at `since` if it can."""
    table, zone = record.table, record.zone
    first, last = table.valid_from(i), table.valid_until(i)
    if since < first or last and until > last:
        ends = f"from {place.moment(zone, first)} " if first else ""
        ends += f"until {place.moment(zone, last)}" if last else "on"
        raise IssueError(f"{table.label(i)} is valid {ends}: ask with --when for hours within it")
    lowest = table.step_at(i, until - 1) - table.grace_after(i)
    highest = table.step_at(i, since) + table.grace_before(i)
    if lowest > highest:
        opens, shuts = window_of(table, i, table.step_at(i, since))
        raise IssueError(
            f"no code of {table.label(i)} opens for so long: one opens {place.span(zone, opens, shuts)}; ask for "
            "hours within that, give --when again for a second code, or take a grant of longer steps"
        )
    return min(max(table.step_at(i, since), lowest), highest)


def _event(record, i, now, _):
    """The next counter: see the module. Whatever of the open codes comes first, the others still open after it.

    The base goes to c - 3W/4 + 1 when c is accepted, so no open counter may be more than 3W/4 - 1 behind another, and
    none is beyond the window of the base that this computer knows.
    """
    table, grant_id, window = record.table, record.table.id(i), record.table.window(i)
    state = record.state()
    taken = _open_codes(record, now)
    mine = [code for code in record.codes if code.grant == grant_id and status(record, state, code, now) in _LIVE]
    counter = max(record.next[grant_id], state.event_base(i))
    for _ in range(_LOOK):
        used = state.event_used(i, counter) or state.revoked(i, 0, counter)
        if not used and otp_code(table, i, 0, counter, record.lock_id) not in taken:
            break
        counter += 1
    lowest = min((code.value for code in mine), default=counter)
    beyond = counter >= state.event_base(i) + window or counter - lowest > max(0, 3 * window // 4 - 1)
    if len(mine) >= max(1, window // 4) or beyond:
        raise IssueError(
            f"{table.label(i)}: {len(mine)} codes are given out and not known to be used, as many as a window of "
            f"{window} has room for: show this computer which were (`dropbolt log {record.label} DUMP`), or take one "
            f"back (`dropbolt revoke {record.label} NUMBER`)"
        )
    return 0, counter, table.valid_from(i), table.valid_until(i)


_LIVE = (OPEN, NOT_YET)


def _number(record, i, now, _):
    table, state = record.table, record.state()
    for code in record.codes:
        once = table.uses(i) and code.grant == table.id(i)
        if once and status(record, state, code, now) in (USED, WITHDRAWN):
            raise IssueError(f"the number of {table.label(i)} is used up or taken back: it opens no more")
        if once and table.uses(i) == 1:
            raise IssueError(
                f"the number of {table.label(i)} opens once, and was given out as number {code.number}: "
                f"`dropbolt list {record.label} --digits` shows it"
            )
    return 0, 0, table.valid_from(i), table.valid_until(i)


_WAYS = {INTERVAL: _interval, EVENT: _event, NUMBER: _number}
