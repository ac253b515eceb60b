"""A ring of sectors of records on raw NOR flash; the state journal and the audit log are both one.

Owns mount, append and rotation; docs/flash-format.md argues for each choice. Invariants, for a cut of the power at any
operation, with any tear:

- a slot is programmed once, and only where all 32 bytes are 0xFF; what a cut tore is skipped for ever;
- an append that returned is found by every later mount; the one in flight is found or not;
- the newest sector with a header counts, and its header was programmed after everything carried forward into it;
- a sector that was rotated away from never counts as the newest again: if its successor is lost, mount raises.

States: closed (new, or after any failure), open (mounted). An open ring is prepared (the next sector is blank and a
record says so) or not, and announced (a rotation was begun, the next sector may hold anything) or not.
"""

from micropython import const

from firmware.store import BLANK, CLOSED, DAMAGED, ERASE, FOREIGN, FULL, StorageError
from firmware.store.sectors import ANNOUNCED, BODY_SIZE, ROTATED, Sectors

_CONTROL = const(0xF0)  # body types from here up belong to the ring
_PREPARED_NOTE = const(0xF1)
_ANNOUNCED_NOTE = const(0xF2)
_ROTATED_NOTE = const(0xF3)
_TRIES = const(3)  # sectors tried when the next one does not erase
_LAST_SEQUENCE = 0xFFFFFFFF


def _carry_nothing():
    return ()


class Ring:
    """Sectors `first` to `first + count - 1` of a block device, used in a circle.

    dev: `readblocks(n, buf, off)`, `writeblocks(n, buf, off)` that never erases, `ioctl` 4, 5 and 6; None if there is
    no partition. count: 2 to 255. ring_id: 0 to 255. carry: returns the bodies that each new sector begins with. Every
    method raises `StorageError` and nothing else, whatever the flash holds or does.

    journal_id: 8 bytes, known after mount or format. mark: a number of the owner (u32) for the header of the next
    sector; mount sets it from the newest header.
    """

    def __init__(self, dev, first, count, ring_id, carry=_carry_nothing):
        self._sectors = Sectors(dev, first, count, ring_id)
        self._carry = carry
        self.journal_id = bytes(8)
        self.mark = 0
        self._open = False
        self._sector = -1  # the newest one
        self._sequence = 0
        self._slot = 0  # next one to program
        self._ordinal = 0  # records in the newest sector, torn ones not counted
        self._prepared = -1  # sector that is blank and recorded as such
        self._announced = False
        self._unmarked = -1  # sector that was rotated away from without saying so

    @property
    def slots(self):
        """Records that a sector has room for, header and notes included; known once a mount was tried."""
        return self._sectors.slots

    # Mount: programs nothing.

    def mount(self, journal_id, visit):
        """Find the newest sector and give each body in it to `visit`, as a memoryview valid during the call.

        journal_id: 8 bytes, or None to take the one that is there. Raises BLANK, FOREIGN or DAMAGED for what cannot be
        trusted, MISSING, SIZE or READ for the device.
        """
        self._open = False
        self._sectors.measure()
        carried = self._find(journal_id)
        self._replay(carried, visit)
        self._open = True

    def _find(self, journal_id):
        """Choose the newest sector; returns how many records were carried forward into it."""
        sectors = self._sectors
        newest = None
        before = -1
        self._sector, self._sequence = -1, 0
        foreign = written = False
        for sector in range(sectors.count):
            header = sectors.header(sector)
            if header is None:
                written = written or not sectors.blank
            elif journal_id is not None and header[1] != journal_id:
                foreign = True
            elif newest is None or header[0] > self._sequence:
                before = self._sector if header[0] == self._sequence + 1 else -1
                newest, self._sector, self._sequence = header, sector, header[0]
            elif header[0] == self._sequence - 1:
                before = sector
        if newest is None:
            raise StorageError(FOREIGN if foreign else DAMAGED if written else BLANK)
        _, self.journal_id, carried, self.mark = newest
        self._unmarked = -1
        if before >= 0:
            sectors.read(before, sectors.slots - 1)
            self._unmarked = before if sectors.blank else -1
        return carried

    def _replay(self, carried, visit):
        sectors = self._sectors
        sectors.aim(self._sequence, self.journal_id)
        self._prepared, self._announced = -1, False
        self._ordinal = torn = last = 0
        for slot in sectors.walk(self._sector):
            if slot == 0 or sectors.blank:
                continue
            if slot == sectors.slots - 1:
                raise StorageError(DAMAGED)
            if slot == sectors.slots - 2:
                self._announced, self._prepared = True, -1
                continue
            last = slot
            if self._recognise(torn):
                self._take(visit)
            else:
                torn += 1
        if self._ordinal < carried:
            raise StorageError(DAMAGED)
        self._slot = last + 1

    def _recognise(self, torn):
        """Whether the record read is whole. Raises DAMAGED if one before it, now unreadable, was acknowledged.

        A torn record is not counted, so the next one has its ordinal. One that read as torn once and as whole now is
        followed by a record of the same ordinal; both are taken.
        """
        ordinal = self._ordinal
        for k in range(ordinal, ordinal + torn + 1):
            if self._sectors.valid(k):
                if k > ordinal:
                    raise StorageError(DAMAGED)
                self._ordinal += 1
                return True
        return ordinal > 0 and self._sectors.valid(ordinal - 1)

    def _take(self, visit):
        body = self._sectors.body
        if body[0] < _CONTROL:
            visit(body)
        elif body[0] == _PREPARED_NOTE and body[1] < self._sectors.count and body[1] != self._sector:
            self._prepared = body[1]

    def history(self, journal_id):
        """Yield every readable body of a journal (None: of any), oldest first, each valid until the next one.

        Needs no mount, changes nothing, passes over what is damaged. Nothing may be appended meanwhile.
        """
        sectors = self._sectors
        sectors.measure()
        headers = [(sectors.header(sector), sector) for sector in range(sectors.count)]
        for header, sector in sorted([pair for pair in headers if pair[0]]):
            if journal_id is not None and header[1] != journal_id:
                continue
            sectors.aim(header[0], header[1])
            ordinal = 0
            for slot in sectors.walk(sector):
                if not 0 < slot < sectors.slots - 2 or sectors.blank:
                    continue
                for k in range(ordinal, slot):
                    if sectors.valid(k):
                        ordinal = k + 1
                        if sectors.body[0] < _CONTROL:
                            yield sectors.body
                        break

    # Changes. Each closes the ring until it has succeeded.

    def _begin(self):
        if not self._open:
            raise StorageError(CLOSED)
        self._open = False
        if self._unmarked >= 0:
            self._sectors.aim(self._sequence - 1, self.journal_id)
            self._mark_rotated(self._unmarked)
        self._sectors.aim(self._sequence, self.journal_id)

    def append(self, body):
        """Program a body of 24 bytes, type 1 to 239, and read it back; rotates before if the sector is full."""
        if len(body) != BODY_SIZE or not 0 < body[0] < _CONTROL:
            raise ValueError("not a body")
        self._begin()
        # One slot more than the notes of a rotation is kept until the note that the next sector is prepared.
        if self._announced or self._slot > self._sectors.slots - (4 if self._prepared < 0 else 3):
            self._rotate()
        self._sectors.body[:] = body
        self._sectors.program(self._sector, self._slot, self._ordinal)
        self._slot += 1
        self._ordinal += 1
        self._open = True

    def tidy(self):
        """Erase the next sector ahead, unless a record says that it is blank. Up to 400 ms; never with the motor on."""
        self._begin()
        if self._announced or self._slot > self._sectors.slots - 3:
            self._rotate()
        if self._prepared < 0:
            sector = self._clean()
            self._sectors.program_note(self._sector, self._slot, self._ordinal, _PREPARED_NOTE, sector)
            self._slot += 1
            self._ordinal += 1
            self._prepared = sector
        self._open = True

    def format(self, journal_id):
        """Erase everything and begin again for a journal. Raises ERASE if less than two sectors can be used."""
        self._open = False
        self._sectors.measure()
        usable = [sector for sector in range(self._sectors.count) if self._sectors.erase(sector)]
        if len(usable) < 2:
            raise StorageError(ERASE)
        self.journal_id = journal_id
        self._start(usable[0], 1)
        self._open = True

    def restart(self, journal_id):
        """Begin a new sector after whatever a failed mount found, keeping the others: for a ring that may lose some."""
        self._open = False
        self._sectors.measure()
        self.journal_id = journal_id
        self._start(self._clean(), self._sequence + 1)
        self._open = True

    def _clean(self):
        sector = self._sectors.clean(self._sector, _TRIES)
        if sector == self._unmarked:
            self._unmarked = -1
        return sector

    def _rotate(self):
        """Go on in the next sector. Until the last step but one the old sector still counts."""
        sectors, old = self._sectors, self._sector
        if self._prepared < 0 or not sectors.is_blank(self._prepared):
            self._prepared = self._clean()
        if not self._announced:
            sectors.program_note(old, sectors.slots - 2, ANNOUNCED, _ANNOUNCED_NOTE, self._prepared)
        self._start(self._prepared, self._sequence + 1)
        sectors.aim(self._sequence - 1, self.journal_id)
        self._mark_rotated(old)
        sectors.aim(self._sequence, self.journal_id)

    def _start(self, sector, sequence):
        """Carry forward into a blank sector and make it count by its header."""
        if sequence > _LAST_SEQUENCE:
            raise StorageError(FULL)
        sectors = self._sectors
        sectors.aim(sequence, self.journal_id)
        slot = 1
        for body in self._carry():
            if slot > sectors.slots - 5:
                raise StorageError(FULL)
            sectors.body[:] = body
            sectors.program(sector, slot, slot - 1)
            slot += 1
        sectors.program_header(sector, slot - 1, sequence, self.journal_id, self.mark)
        self._sector, self._sequence = sector, sequence
        self._slot, self._ordinal = slot, slot - 1
        self._prepared, self._announced = -1, False

    def _mark_rotated(self, sector):
        """Say in a sector, aimed at, that its successor counts. A worn cell there must not stop what goes on here."""
        self._unmarked = -1
        try:
            self._sectors.program_note(sector, self._sectors.slots - 1, ROTATED, _ROTATED_NOTE)
        except StorageError:
            pass
