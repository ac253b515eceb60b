"""Reading a ring: finding its newest sector and the records in it, deciding whether they are all there.

Programs nothing. What it finds is where `Ring` goes on.
"""

from micropython import const

from firmware.store import BLANK, DAMAGED, FOREIGN, FORGED, READ, StorageError
from firmware.store.sectors import NO_MAC, Sectors

CONTROL = const(0xF0)  # body types from here up belong to the ring
PREPARED_NOTE = const(0xF1)


class Replay:
    """The half of a `Ring` that reads; parameters and properties are explained there."""

    def __init__(self, dev, first, count, ring_id, seal):
        self._sectors = Sectors(dev, first, count, ring_id, seal)
        self.journal_id = bytes(8)
        self.mark = 0
        self.link = NO_MAC
        self.repaired = 0
        self._open = False
        self._sector = -1  # the newest one
        self._sequence = 0
        self._slot = 0  # next one to program
        self._ordinal = 0  # records in the newest sector, torn ones not counted
        self._carried = 0  # those of them that the mount found carried forward
        self._prepared = -1  # sector that is blank and recorded as such
        self._announced = False
        self._unmarked = -1  # sector that was rotated away from without saying so

    @property
    def slots(self):
        """Records that a sector has room for, header and notes included; known once a mount was tried."""
        return self._sectors.slots

    @property
    def sequence(self):
        """Of the newest sector; known after mount or format."""
        return self._sequence

    @property
    def place(self):
        """During a mount, of the record visited: 0 of one carried forward, else counted from 1; where two have the
        same, the first was never acknowledged."""
        place = self._ordinal - self._carried
        return place if place > 0 else 0

    def mount(self, journal_id, visit):
        """Find the newest sector and give each body in it, and its MAC, to `visit`: memoryviews valid during the call.

        journal_id: 8 bytes, or None to take the one that is there. Raises BLANK, FOREIGN, DAMAGED or FORGED for what
        cannot be trusted, MISSING, SIZE or READ for the device.
        """
        self._open = False
        self._sectors.measure()
        self._find(journal_id)
        self._replay(visit)
        self._open = True

    def _find(self, journal_id):
        """Choose the newest sector and take over what its header says."""
        sectors = self._sectors
        before = -1
        self._sector, self._sequence, self._unmarked = -1, 0, -1
        foreign = written = False
        for sector in range(sectors.count):
            header = sectors.header(sector)
            if header is None:
                written = written or not sectors.blank
            elif journal_id is not None and header[1] != journal_id:
                foreign = True
            elif self._sector >= 0 and header[0] == self._sequence:
                raise StorageError(DAMAGED)  # a copy: which of the two counts, nobody can say
            elif self._sector < 0 or header[0] > self._sequence:
                before = self._sector if header[0] == self._sequence + 1 else -1
                self._sector, self._sequence = sector, header[0]
            elif header[0] == self._sequence - 1:
                before = sector
        if self._sector < 0:
            raise StorageError(FOREIGN if foreign else DAMAGED if written else BLANK)
        if before >= 0:
            sectors.read(before, sectors.slots - 1)
            self._unmarked = -1 if sectors.marked else before
        self._open_newest()

    def _open_newest(self):
        header = self._sectors.header(self._sector)
        if header is None:
            raise StorageError(READ)
        if not self._sectors.genuine:
            raise StorageError(FORGED)
        _, self.journal_id, self._carried, self.mark = header
        self.link = bytes(self._sectors.mac)
        self.repaired = int(self._sectors.repaired)

    def _replay(self, visit):
        sectors = self._sectors
        body, mac, seed, accepts = sectors.body, sectors.mac, sectors.seed, sectors.seal.accepts
        sectors.aim(self._sequence, self.journal_id)
        self._prepared, self._announced = -1, False
        self._ordinal = last = 0
        notes = sectors.slots - 2  # and one after it
        for slot in sectors.walk(self._sector):
            if 0 < slot < notes:
                last = slot
                if sectors.valid(self._ordinal):  # as it is most often
                    self._ordinal += 1
                elif not self._recognise(slot):
                    continue
                if not accepts(seed, body, mac):
                    raise StorageError(FORGED)
                if sectors.repaired:
                    self.repaired += 1
                if body[0] < CONTROL:
                    visit(body, mac)
                elif body[0] == PREPARED_NOTE and body[1] < sectors.count and body[1] != self._sector:
                    self._prepared = body[1]
            elif slot == notes:
                self._announced, self._prepared = True, -1
            elif slot and sectors.marked:
                raise StorageError(DAMAGED)
        if self._ordinal < self._carried:
            raise StorageError(DAMAGED)
        self._slot = last + 1

    def _recognise(self, slot):
        """Whether the record read in `slot`, not valid as the next one, is whole. Raises DAMAGED if one before it, now
        unreadable or blank, was acknowledged.

        A torn record is not counted, so the next one has its ordinal. One that read as torn once and as whole now is
        followed by a record of the same ordinal; both are taken. A flipped bit is put right in either.
        """
        sectors, ordinal = self._sectors, self._ordinal
        for k in range(ordinal + 1, slot):
            if sectors.valid(k):
                raise StorageError(DAMAGED)
        if ordinal and sectors.valid(ordinal - 1):
            return True
        if sectors.repair(ordinal):
            self._ordinal += 1
        return sectors.repaired or ordinal > 0 and sectors.repair(ordinal - 1)

    def history(self, journal_id, newest=0):
        """Yield (body, MAC, sequence of the sector) of every readable record of a journal (None: of any), oldest first.

        newest: how many sectors to read, 0 for all. Body and MAC are memoryviews, valid until the next one. Needs no
        mount, changes nothing, passes over what is damaged, checks no MAC. Nothing may be appended meanwhile.
        """
        sectors = self._sectors
        sectors.measure()
        headers = [(sectors.header(sector), sector) for sector in range(sectors.count)]
        known = sorted([pair for pair in headers if pair[0] and journal_id in (None, pair[0][1])])
        for header, sector in known[-newest:]:
            sectors.aim(header[0], header[1])
            ordinal = 0
            for slot in sectors.walk(sector):
                if not 0 < slot < sectors.slots - 2:
                    continue
                found = ordinal if sectors.valid(ordinal) else self._look_for(ordinal, slot)
                if found >= 0:
                    ordinal = found + 1
                    if sectors.body[0] < CONTROL:
                        yield sectors.body, sectors.mac, header[0]

    def _look_for(self, ordinal, slot):
        """The ordinal of the record read, not valid as this one: a later one that it may have in its slot, or one of
        which a bit has flipped; -1: of none."""
        for k in range(ordinal + 1, slot):
            if self._sectors.valid(k):
                return k
        for k in (ordinal, ordinal + 1):  # the one before it may be a key that was wiped
            if self._sectors.repair(k):
                return k
        return -1
