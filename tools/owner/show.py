"""What an owner's record holds, as tables for a terminal; never a key, and digits only where they were asked for."""

from functools import partial

from rich.text import Text

from firmware.core.words import KINDS
from tools.console import table
from tools.owner import place
from tools.owner.finding import said
from tools.owner.issue import NOT_YET, OPEN, digits_of, powers_of, status
from tools.sentence import plain

_table = partial(table, numbers=("number", "serials", "open"))


def codes(record, now, digits=False):
    """The codes given out here, with their digits if asked for."""
    columns = ("number", "grant", "for", "opens, local time", "state", *(["code"] if digits else []))
    made, state = _table(f"Codes of {record.label}", *columns), record.state()
    for code in record.codes:
        grant = record.table.label(record.table.index(code.grant))
        row = [str(code.number), grant, Text(code.whom), _opens(record, code), status(record, state, code, now)]
        made.add_row(*row, *([digits_of(record, code)] if digits else []))
    return made


def _opens(record, code):
    if code.until:
        return place.span(record.zone, code.since, code.until)
    return f"from {place.moment(record.zone, code.since)}" if code.since else "whenever"


def grants(record, now):
    """The lock's grants, and what of them this computer may give out."""
    made = _table(f"Grants of {record.label}", "grant", "kind", "typed", "from here", "may also", "until", "open")
    table, state = record.table, record.state()
    live = [code for code in record.codes if status(record, state, code, now) in (OPEN, NOT_YET)]
    for i in range(len(table)):
        grant_id, until = table.id(i), table.valid_until(i)
        row = (table.label(i), KINDS[table.kind(i)], f"{table.length(i)} digits", _mine(record, i), powers_of(table, i))
        ends = "revoked" if table.revoked(i) else place.moment(record.zone, until) if until else ""
        made.add_row(*row, ends, str(sum(code.grant == grant_id for code in live)))
    return made


def _mine(record, i):
    grant_id, table = record.table.id(i), record.table
    if grant_id in record.apps:
        return "by an app"
    share = record.share.get(grant_id, [])
    if not share:
        return "elsewhere"
    return f"{len(share)} of {table.serials(i)} serials" if table.serials(i) > 1 else "yes"


def events(record, happened):
    """Events of the lock's log, in its local time."""
    made = _table(f"Log of {record.label}, oldest first", "number", "local time", "what", "grant", "more")
    for event in happened:
        made.add_row(str(event.sequence), *said(record, event))
    return made


def findings(found):
    """Findings, and what to do about each; those that are not good come first."""
    made = _table("Doctor", "", "what", "do")
    for each in sorted(found, key=lambda each: each.good):
        what, do = Text(plain(each.what)), Text(plain(each.do))  # may have words of a lock
        made.add_row("ok" if each.good else "!", what, do, style="" if each.good else "red")
    return made
