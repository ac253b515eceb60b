"""A dump of the partition `locklog`, slot by slot: what can be read of it, whatever else it holds.

Nothing here is trusted and nothing is changed; docs/flash-format.md says what the bytes mean.
"""

from dataclasses import dataclass, field
from itertools import chain

from firmware.store.chain import KEY, Chained
from firmware.store.sectors import Sectors
from host_sim.devices import FlashImage
from tools.log.files import TooLong, read

JOURNAL = "journal"
LOG = "log"
SIZE = 64 * 4096

BLANK = "blank"  # every byte 0xFF
HEADED = "in use"  # with a header
NOISE = "noise"  # not blank, not begun by a lock, or begun and not finished

_RINGS = ((JOURNAL, 0, 16, 1), (LOG, 16, 48, 2))  # name, first sector, sectors, ring id
_NOTES = {KEY: "key", 0xF1: "prepared"}


class DumpError(ValueError):
    """The file is no dump of the partition; the text says why."""


@dataclass(frozen=True)
class Record:
    """A whole record: where it lies, its body of 24 bytes and its MAC of 4.

    note: what the ring itself says by it, or None.
    """

    sector: int
    slot: int
    body: bytes
    mac: bytes
    note: str | None


@dataclass
class Sector:
    """One sector: its `state`, and what its header says where it has one.

    carried: records carried forward into it. link: MAC of the event before its first one. torn: slots that hold no
    whole record. flipped: records in which a bit had flipped and was put right.
    """

    ring: str
    number: int
    state: str
    sequence: int = 0
    journal_id: bytes = b""
    carried: int = 0
    link: bytes = b""
    torn: int = 0
    flipped: int = 0
    records: list = field(default_factory=list)

    @property
    def bodies(self):
        """The records that are no notes."""
        return [record for record in self.records if record.note is None]

    @property
    def notes(self):
        """The words of the ring's notes."""
        return [record.note for record in self.records if record.note]


def load(path):
    """The bytes of a dump. Raises OSError for a file that cannot be read, DumpError for one of another size."""
    try:
        dump = read(path, SIZE)
    except TooLong as error:
        raise DumpError(f"{error}, but a dump of the partition locklog has just as many") from error
    if len(dump) != SIZE:
        raise DumpError(f"{path}: {len(dump):,} bytes, but a dump of the partition locklog has {SIZE:,}")
    return dump


def sectors(dump):
    """Every Sector of a dump, by number."""
    found = []
    for ring, first, count, ring_id in _RINGS:
        reader = Sectors(FlashImage(dump), first, count, ring_id, Chained())
        reader.measure()
        found += [_sector(reader, ring, first, number) for number in range(count)]
    return found


def in_order(found, ring):
    """The sectors of a ring that have a header, oldest first."""
    headed = [sector for sector in found if sector.ring == ring and sector.state == HEADED]
    return sorted(headed, key=lambda sector: sector.sequence)


def _sector(reader, ring, first, number):
    header = reader.header(number)
    if header is None:
        return Sector(ring, first + number, BLANK if reader.is_blank(number) else NOISE)
    sequence, journal_id, carried, _ = header
    sector = Sector(ring, first + number, HEADED, sequence, bytes(journal_id), carried, bytes(reader.mac))
    ordinal = 0
    for slot in reader.walk(number):
        if slot == 0 or slot >= reader.slots - 2 and not reader.marked:
            continue
        note = _mark(reader, ring, slot)
        if note is None:
            found = _ordinal(reader, ordinal, slot)
            if found is None:
                sector.torn += 1
                continue
            sector.flipped += reader.repaired
            ordinal, note = found + 1, _NOTES.get(reader.body[0])
        sector.records.append(Record(sector.number, slot, bytes(reader.body), bytes(reader.mac), note))
    return sector


def _ordinal(reader, ordinal, slot):
    """The ordinal of the record just read, this one or a later one; None if it is torn.

    A flipped bit is put right. The record before it may be a key that was destroyed.
    """
    whole = (k for k in range(ordinal, slot) if reader.valid(k))
    repaired = (k for k in (ordinal, ordinal + 1) if reader.repair(k))
    return next(chain(whole, repaired), None)


def _mark(reader, ring, slot):
    """What a slot says by its being programmed, whatever it holds; None for a slot of records."""
    if slot == reader.slots - 2:
        return "announced"
    if slot == reader.slots - 1:
        return "left"
    return "key destroyed" if ring == LOG and slot == 1 and not any(reader.record) else None
