"""Sectors of sealed 32-byte records on raw NOR flash: reading, programming once, erasing. Order in time is ring.py's.

A record is a body of 24 bytes, a MAC of 4 (chain.py) and a CRC-32 of these 28, little-endian. The CRC is seeded with
ring, sector sequence, journal id and the record's ordinal in its sector, so that a record left over from another ring,
journal or time never passes, and a missing one shows by the ordinal of the next. A single flipped bit is found by it
and undone.

Every error of the device becomes a `StorageError`: it may raise, return a number, or do nothing and say nothing.
"""

import struct
from binascii import crc32

from micropython import const

from firmware.store import ERASE, MISSING, PROGRAM, READ, SIZE, StorageError

SLOT_SIZE = const(32)
BODY_SIZE = const(24)
SEED_SIZE = const(15)
HEADER = const(0xFFFF)  # ordinals of records that have a slot of their own
ANNOUNCED = const(0xFFFE)
NO_MAC = bytes(4)

_HEADER_FORMAT = "<4sBBHI8sI"  # magic, version, ring, records carried forward, sequence, journal id, mark
_SEED_FORMAT = "<BI8sH"  # ring, sequence, journal id, ordinal
_MAGIC = b"DBLG"
_VERSION = const(1)
_PREFIX_SIZE = const(6)  # magic, version, ring
_CRC_POLYNOMIAL = 0xEDB88320  # of CRC-32, bits in reverse
_CRC_TOP = 0x80000000
_ORDINAL_AT = const(13)
_CRC_AT = const(28)
_WHOLE = const(0x2144DF1C)  # what the CRC comes to over whatever ends in its own CRC
_CHUNK = const(128)
_BLANK_CHUNK = b"\xff" * _CHUNK
_BLANK_SLOT = b"\xff" * SLOT_SIZE
_WIPED_SLOT = bytes(SLOT_SIZE)


class Sectors:
    """Sectors `first` to `first + count - 1` of a block device, here numbered from 0.

    `record` holds the one record being read or made. `aim` says which sector's records are sealed and checked. seal:
    makes and checks MACs, as in chain.py; None for a reader who does neither. `seed`: of that sector, with the ordinal
    that was looked for last. repaired: a bit of `record` had flipped.
    """

    def __init__(self, dev, first, count, ring_id, seal=None):
        self._dev = dev
        self._first = first
        self._ring_id = ring_id
        self.seal = seal
        self.count = count
        self.slots = 0  # in a sector; known after `measure`
        self.record = bytearray(SLOT_SIZE)
        self.repaired = False
        self.body = memoryview(self.record)[:BODY_SIZE]
        self.mac = memoryview(self.record)[BODY_SIZE:_CRC_AT]
        self._sealed = memoryview(self.record)[:_CRC_AT]
        self._back = bytearray(SLOT_SIZE)
        self._chunk = bytearray(_CHUNK)
        self._places = tuple([memoryview(self._chunk)[k : k + SLOT_SIZE] for k in range(0, _CHUNK, SLOT_SIZE)])
        self.seed = bytearray(SEED_SIZE)
        self._prefix = int.from_bytes(struct.pack("<4sBB", _MAGIC, _VERSION, ring_id), "big")

    def measure(self):
        """Ask the device for its geometry. Raises MISSING or SIZE."""
        if self._dev is None:
            raise StorageError(MISSING)
        try:
            size, blocks = self._dev.ioctl(5, 0), self._dev.ioctl(4, 0)
        except OSError:
            raise StorageError(READ)
        if not size or size < 0 or size % _CHUNK or not blocks or blocks < self._first + self.count:
            raise StorageError(SIZE)
        self.slots = size // SLOT_SIZE

    def aim(self, sequence, journal_id):
        """From now on records belong to the sector of this sequence number."""
        struct.pack_into(_SEED_FORMAT, self.seed, 0, self._ring_id, sequence, journal_id, 0)

    def _crc(self, ordinal):
        struct.pack_into("<H", self.seed, _ORDINAL_AT, ordinal)
        return crc32(self._sealed, crc32(self.seed))

    def valid(self, ordinal):
        """Whether `record` is intact and is the one with this ordinal in the sector aimed at."""
        seed = self.seed
        seed[_ORDINAL_AT] = ordinal & 0xFF
        seed[_ORDINAL_AT + 1] = ordinal >> 8
        return crc32(self.record, crc32(seed)) == _WHOLE

    def repair(self, ordinal):
        """Undo the one flipped bit that keeps `record` from being genuine with this ordinal; whether there was one."""
        bit = _flipped(struct.unpack_from("<I", self.record, _CRC_AT)[0] ^ self._crc(ordinal))
        if bit < 0:
            return False
        self._flip(bit)
        self.repaired = self.genuine
        if not self.repaired:
            self._flip(bit)
        return self.repaired

    def _flip(self, bit):
        self.record[bit >> 3] ^= 1 << (bit & 7)

    @property
    def genuine(self):
        """Whether the MAC of `record`, found valid, is right."""
        return self.seal.accepts(self.seed, self.body, self.mac)

    @property
    def marked(self):
        """Whether `record` was read from a slot that is marked by its being programmed; one bit may have flipped."""
        cleared = [0xFF ^ octet for octet in self.record if octet != 0xFF]
        return len(cleared) > 1 or len(cleared) == 1 and cleared[0] & cleared[0] - 1 != 0

    @property
    def blank(self):
        """Whether `record` was read from a slot that may be programmed."""
        return self.record == _BLANK_SLOT

    def read(self, sector, slot):
        """Read one slot into `record`."""
        self.repaired = False
        self._read(sector, slot * SLOT_SIZE, self.record)

    def _read(self, sector, at, buf):
        try:
            failed = self._dev.readblocks(self._first + sector, buf, at)
        except OSError:
            failed = True
        if failed:
            raise StorageError(READ)

    def walk(self, sector):
        """Yield the number of each slot that is not blank in turn, with its contents in `record`."""
        for first in range(0, self.slots, _CHUNK // SLOT_SIZE):
            self._read(sector, first * SLOT_SIZE, self._chunk)
            if self._chunk == _BLANK_CHUNK:
                continue
            for k in range(_CHUNK // SLOT_SIZE):
                self.record[:] = self._places[k]
                self.repaired = False
                if self.record != _BLANK_SLOT:
                    yield first + k

    def program(self, sector, slot, ordinal):
        """Seal `record`, program it into a blank slot and read it back. Raises PROGRAM or READ."""
        struct.pack_into("<H", self.seed, _ORDINAL_AT, ordinal)
        self.mac[:] = self.seal.mac(self.seed, self.body)
        struct.pack_into("<I", self.record, _CRC_AT, self._crc(ordinal))
        self._program(sector, slot, self.record)

    def wipe(self, sector, slot):
        """Program a slot to zeros, whatever it holds, and read it back. Raises PROGRAM or READ."""
        self._program(sector, slot, _WIPED_SLOT)

    def _program(self, sector, slot, data):
        try:
            self._dev.writeblocks(self._first + sector, data, slot * SLOT_SIZE)
        except OSError:
            raise StorageError(PROGRAM)
        self._read(sector, slot * SLOT_SIZE, self._back)
        if self._back != data:
            raise StorageError(PROGRAM)

    def program_note(self, sector, slot, ordinal, kind, arg):
        """Program a record that is nothing but a type and an argument (u8 each)."""
        for k in range(BODY_SIZE):
            self.record[k] = 0
        self.record[0] = kind
        self.record[1] = arg
        self.program(sector, slot, ordinal)

    def program_header(self, sector, carried, sequence, journal_id, mark):
        """Program slot 0, which makes the sector count; `aim` must say the same sequence and journal."""
        struct.pack_into(
            _HEADER_FORMAT, self.record, 0, _MAGIC, _VERSION, self._ring_id, carried, sequence, journal_id, mark
        )
        self.program(sector, 0, HEADER)

    def header(self, sector):
        """(sequence, journal id, records carried forward, mark) of a sector and aim at it, or None without a header."""
        self.repaired = False
        self._read(sector, 0, self.record)
        if self.record == _BLANK_SLOT:
            return None
        header = self._header()
        if header:
            return header
        wrong = int.from_bytes(self.record[:_PREFIX_SIZE], "big") ^ self._prefix
        if wrong & wrong - 1:
            return None
        # Sequence and journal id are part of the seed too: which bit has flipped is found by trying.
        for bit in range(8 * SLOT_SIZE):
            self._flip(bit)
            header = self._header()
            if header:
                self.repaired = True
                return header
            self._flip(bit)
        return None

    def _header(self):
        magic, version, ring, carried, sequence, journal_id, mark = struct.unpack_from(_HEADER_FORMAT, self.record, 0)
        self.aim(sequence, journal_id)
        if magic == _MAGIC and version == _VERSION and ring == self._ring_id and self.valid(HEADER):
            return sequence, journal_id, carried, mark
        return None

    def erase(self, sector):
        """Whether the sector is blank after erasing it."""
        try:
            return not self._dev.ioctl(6, self._first + sector) and self.is_blank(sector)
        except OSError:
            return False

    def is_blank(self, sector):
        """Whether all of a sector may be programmed."""
        for at in range(0, self.slots * SLOT_SIZE, _CHUNK):
            self._read(sector, at, self._chunk)
            if self._chunk != _BLANK_CHUNK:
                return False
        return True

    def clean(self, sector, tries):
        """Erase the first that will of the `tries` sectors after `sector`, and return its number. Raises ERASE.

        sector: is never erased itself; -1: none is kept.
        """
        for k in range(1, min(tries, self.count - (sector >= 0)) + 1):
            candidate = (sector + k) % self.count
            if self.erase(candidate):
                return candidate
        raise StorageError(ERASE)


def _flipped(difference):
    """Which bit of a record, counted from its first byte's lowest, alone makes its CRC differ like this; -1: none.

    The highest bit of the CRC itself comes last in the record. For each bit before it, what makes the difference is
    taken through the division once more.
    """
    expected = _CRC_TOP
    for bit in range(8 * SLOT_SIZE - 1, -1, -1):
        if expected == difference:
            return bit
        expected = expected >> 1 ^ (_CRC_POLYNOMIAL if expected & 1 else 0)
    return -1
