"""A ring of sectors of records on raw NOR flash; the state journal and the audit log are both one.

Owns append and rotation, replay.py the mount; docs/flash-format.md argues for each choice. Invariants, for a cut of the
power at any operation, with any tear:

- a slot is programmed once, and only where all 32 bytes are 0xFF; what a cut tore is skipped for ever. Only when a
  sector is left two slots are programmed to zeros, which needs no blank one: that of its key, and its last;
- an append that returned is found by every later mount; the one in flight is found or not;
- the newest sector with a header counts, and its header was programmed after everything carried forward into it;
- a sector that was rotated away from never counts as the newest again: if its successor is lost, mount raises.

States: closed (new, or after any failure), open (mounted). An open ring is prepared (the next sector is blank and a
record says so) or not, and announced (a rotation was begun, the next sector may hold anything) or not.
"""

from micropython import const

from firmware.store import CLOSED, ERASE, FULL, StorageError
from firmware.store.replay import CONTROL, PREPARED_NOTE, Replay
from firmware.store.sectors import ANNOUNCED, BODY_SIZE

_ANNOUNCED_NOTE = const(0xF2)
_KEY_SLOT = const(1)
_MOST_SECTORS = const(255)
_TRIES = const(3)  # sectors tried when the next one does not erase
LAST_SEQUENCE = 0xFFFFFFFF  # of a sector: a ring that has come to it is full


def _carry_nothing():
    return ()


class Ring(Replay):
    """Sectors `first` to `first + count - 1` of a block device, used in a circle.

    dev: `readblocks(n, buf, off)`, `writeblocks(n, buf, off)` that never erases, `ioctl` 4, 5 and 6; None if there is
    no partition. count: 2 to 255. ring_id: 0 to 255. seal: makes and checks MACs, as in chain.py. carry: returns the
    bodies that each new sector begins with. secret: the first of these is wiped when the sector is left. Every method
    raises `StorageError` and nothing else, whatever the flash holds or does.

    journal_id: 8 bytes, known after mount or format. mark: a number of the owner (u32) for the header of the next
    sector; mount sets it from the newest header, and `link` to that header's MAC.
    repaired: flipped bits put right in what the last mount read.
    """

    def __init__(self, dev, first, count, ring_id, seal, carry=_carry_nothing, secret=False):
        super().__init__(dev, first, count, ring_id, seal)
        self._carry = carry
        self._secret = secret

    # Each change closes the ring until it has succeeded.

    def _begin(self):
        if not self._open:
            raise StorageError(CLOSED)
        self._open = False
        if self._unmarked >= 0:
            self._leave(self._unmarked)
        self._sectors.aim(self._sequence, self.journal_id)

    def close(self):
        """Refuse every change until the next mount: the owner cannot go on with what it found."""
        self._open = False

    def append(self, body):
        """Program a body of 24 bytes, type 1 to 239, and read it back; rotates before if the sector is full.

        Returns its MAC.
        """
        if len(body) != BODY_SIZE or not 0 < body[0] < CONTROL:
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
        return bytes(self._sectors.mac)

    def tidy(self):
        """Erase the next sector ahead, unless a record says that it is blank. Up to 400 ms; never with the motor on.

        Moves to a new sector if bits had to be put right in this one.
        """
        self._begin()
        if self.repaired or self._announced or self._slot > self._sectors.slots - 3:
            self._rotate()
        if self._prepared < 0:
            sector = self._clean()
            self._sectors.program_note(self._sector, self._slot, self._ordinal, PREPARED_NOTE, sector)
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
        new = self._clean(self._sectors.count)
        left = [sector for sector in (self._unmarked, self._sector) if sector >= 0]
        if self._secret:
            self._forget_keys()
        self._start(new, self._highest() + 1)
        for sector in left:
            self._leave(sector)
        self._open = True

    def _forget_keys(self):
        """Destroy the key of every sector but the newest found: a damaged one may never have been left."""
        sectors = self._sectors
        for sector in range(sectors.count):
            try:
                sectors.read(sector, _KEY_SLOT)
                if sector != self._sector and not sectors.blank:
                    sectors.wipe(sector, _KEY_SLOT)
            except StorageError:  # what can be forgotten is
                pass

    def _highest(self):
        """The highest sequence of any header. One so near the end that numbers run out goes, whoever wrote it."""
        highest = 0
        for sector in range(self._sectors.count):
            header = self._sectors.header(sector)
            if header and header[0] > LAST_SEQUENCE - _MOST_SECTORS:
                self._sectors.wipe(sector, 0)
            elif header:
                highest = max(highest, header[0])
        return highest

    def _clean(self, tries=_TRIES):
        sector = self._sectors.clean(self._sector, tries)
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
        self._leave(old)

    def _start(self, sector, sequence):
        """Carry forward into a blank sector and make it count by its header."""
        if sequence > LAST_SEQUENCE:
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
        self.repaired = 0

    def _leave(self, sector):
        """Destroy the key of a sector, then say in it that its successor counts, so that the second vouches for both.

        A worn cell there must not stop what goes on elsewhere; the next mount finds it unmarked and tries again.
        """
        self._unmarked = -1
        for slot in (_KEY_SLOT, self._sectors.slots - 1) if self._secret else (self._sectors.slots - 1,):
            try:
                self._sectors.wipe(sector, slot)
            except StorageError:
                return
