"""From a dump to a log that can be kept, sent and verified: one line of JSON for each event, oldest first.

A sector that no longer erases, or that was half erased when the power went, keeps events older than what the lock has
given up since. Such remains are left out, as long as the events after the gap are as many as the log promises.
"""

from firmware.core.grants import Grants
from firmware.core.records import StateError
from firmware.core.state import State
from firmware.store.audit import Event
from firmware.store.sectors import NO_MAC
from tools.log.lines import KEPT, Head, Whole, event_line
from tools.log.partition import JOURNAL, LOG, DumpError, in_order


def export(sectors):
    """(text of the export, its Whole, number of events left out) for the Sectors of a dump.

    Raises DumpError for a dump without a log.
    """
    log = in_order(sectors, LOG)
    if not log:
        raise DumpError("the dump holds no log")
    journal_id = log[-1].journal_id
    log = [sector for sector in log if sector.journal_id == journal_id]
    remains, log = _after_gap(log)
    events = [Event(record.body, record.mac, sector.sequence) for sector in log for record in sector.bodies]
    boots, told = _told(sectors, journal_id)
    head = Head(events[-1].sequence, events[-1].mac) if events else Head(0, NO_MAC)
    before = next((sector.link for sector in log if sector.bodies), NO_MAC)
    first = events[0].sequence if events else 0
    whole = Whole(journal_id, boots, len(events), first, before, head, told)
    return "".join(f"{line}\n" for line in (whole.line(), *map(event_line, events))), whole, remains


def _after_gap(log):
    """(events left out, the sectors of a log after the last gap between two of them), if these hold enough events."""
    filled = [[Event(record.body, record.mac) for record in sector.bodies] for sector in log]
    first = len(log)
    due = None
    while first and (not filled[first - 1] or due in (None, filled[first - 1][-1].sequence + 1)):
        first -= 1
        due = filled[first][0].sequence if filled[first] else due
    if sum(map(len, filled[first:])) < KEPT:
        return 0, log
    return sum(map(len, filled[:first])), log[first:]


def _told(sectors, journal_id):
    """(boots, head of the log) as the newest sector of the state journal has them."""
    state = State(Grants(b""))
    newest = [sector for sector in in_order(sectors, JOURNAL) if sector.journal_id == journal_id][-1:]
    for record in newest[0].bodies if newest else ():
        try:
            state.apply(record.body)
        except StateError:  # a type of a later version, or a forged one: it tells nothing
            continue
    return state.boots, Head(*state.head)
