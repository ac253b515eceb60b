"""A dump of the partition as tables: its sectors, the records of the state journal, the events of the log."""

from functools import partial
from itertools import groupby

from firmware.store.audit import Event
from tools.console import table
from tools.log.partition import HEADED, JOURNAL, LOG, in_order
from tools.log.words import event_words, state_words

NEWEST = "newest"
_table = partial(
    table, numbers=("sector", "sequence", "carried", "records", "torn", "flipped", "slot", "number", "grant")
)


def tables(sectors, names=None):
    """Yield the tables for the Sectors of a dump, and what is not in it at all; `names`: the lock's Names, if known."""
    yield _sectors(sectors)
    yield _states(_records(sectors, JOURNAL))
    yield _events(_records(sectors, LOG), names)
    missing = [f"no {ring}" for ring in (JOURNAL, LOG) if not in_order(sectors, ring)]
    if missing:
        yield ", ".join(missing)


def _records(sectors, ring):
    """The records of a ring that are no notes, oldest first, with their sectors."""
    return [(sector, record) for sector in in_order(sectors, ring) for record in sector.bodies]


def _sectors(sectors):
    names = ("sector", "ring", "state", "sequence", "journal", "carried", "records", "torn", "flipped", "notes")
    table = _table("Sectors", *names)
    newest = {sector.ring: sector for sector in sorted(sectors, key=lambda sector: sector.sequence)}
    for (ring, state, number), group in groupby(sectors, key=_alike):
        first, *others = group
        if number is None:
            table.add_row(f"{first.number} to {others[-1].number}" if others else str(first.number), ring, state)
            continue
        words = NEWEST if newest[ring] is first else state
        counts = (first.sequence, first.journal_id.hex(), first.carried, len(first.bodies), first.torn, first.flipped)
        table.add_row(str(number), ring, words, *map(str, counts), ", ".join(first.notes))
    return table


def _alike(sector):
    """Neighbours of which there is nothing to tell share a row."""
    return sector.ring, sector.state, sector.number if sector.state == HEADED else None


def _states(records):
    table = _table("State journal, oldest first", "sector", "slot", "record", "says")
    for _, record in records:
        table.add_row(str(record.sector), str(record.slot), *state_words(record.body))
    return table


def _events(records, names):
    columns = ("sector", "slot", "number", "time, UTC", "what", "grant", "more")
    table = _table("Log, oldest first", *columns)
    for sector, record in records:
        event = Event(record.body, record.mac, sector.sequence)
        table.add_row(str(record.sector), str(record.slot), str(event.sequence), *event_words(event, names))
    return table
