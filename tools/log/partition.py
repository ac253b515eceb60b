"""A dump of the partition `locklog`, slot by slot: what can be read of it, whatever else it holds.

Nothing here is trusted and nothing is changed; docs/flash-format.md says what the bytes mean.
"""

from dataclasses import dataclass, field

from firmware.store.chain import KEY
from firmware.store.sectors import ANNOUNCED, SLOT_SIZE, Sectors
from host_sim.devices import FlashImage

JOURNAL = "journal"
LOG = "log"
SIZE = 64 * 4096

BLANK = "blank"  # every byte 0xFF
HEADED = "in use"  # with a header
NOISE = "noise"  # not blank, not begun by a lock, or begun and not finished

_RINGS = ((JOURNAL, 0, 16, 1), (LOG, 16, 48, 2))  # name, first sector, sectors, ring id
_NOTES = {0xF1: "prepared", 0xF2: "announced", KEY: "key"}
_WIPED = bytes(SLOT_SIZE)


class DumpError(ValueError):
    """The file is no dump of the partition; the text says why."""


@dataclass(frozen=True)
class Record:
    """A whole record: where it lies, and its body of 24 bytes. `note`: what the ring itself says by it, or None."""

    sector: int
    slot: int
    body: bytes
    note: str | None


@dataclass
class Sector:
    """One sector: its `state`, and what its header says where it has one. `torn`: slots that hold no whole record."""

    ring: str
    number: int
    state: str
    sequence: int = 0
    journal_id: bytes = b""
    carried: int = 0
    torn: int = 0
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
    """The bytes of a dump. Raises DumpError for a file that cannot be read or has another size."""
    try:
        dump = path.read_bytes()
    except OSError as error:
        raise DumpError(f"{path}: {error.strerror or error}") from error
    if len(dump) != SIZE:
        raise DumpError(f"{path}: {len(dump):,} bytes, but a dump of the partition locklog has {SIZE:,}")
    return dump


def sectors(dump):
    """Every Sector of a dump, by number."""
    found = []
    for ring, first, count, ring_id in _RINGS:
        reader = Sectors(FlashImage(dump), first, count, ring_id)
        reader.measure()
        found += [_sector(reader, ring, first, number) for number in range(count)]
    return found


def _sector(reader, ring, first, number):
    header = reader.header(number)
    if header is None:
        return Sector(ring, first + number, BLANK if reader.is_blank(number) else NOISE)
    sequence, journal_id, carried, _ = header
    sector = Sector(ring, first + number, HEADED, sequence, bytes(journal_id), carried)
    ordinal = 0
    for slot in reader.walk(number):
        if slot == 0 or reader.blank:
            continue
        if reader.record == _WIPED:
            note = "left" if slot == reader.slots - 1 else "key destroyed"
            sector.records.append(Record(sector.number, slot, bytes(reader.body), note))
            ordinal += slot == 1
            continue
        found = _ordinal(reader, slot, ordinal)
        if found is None:
            sector.torn += 1
            continue
        ordinal = max(ordinal, found + 1)
        sector.records.append(Record(sector.number, slot, bytes(reader.body), _NOTES.get(reader.body[0])))
    return sector


def _ordinal(reader, slot, ordinal):
    """The ordinal of the record just read, `ordinal` or a later one; -1 for a note in its own slot, None if torn."""
    if slot == reader.slots - 2:
        return -1 if reader.valid(ANNOUNCED) else None
    return next((k for k in range(ordinal, slot) if reader.valid(k)), None)
