"""The vault: settings and grants in NVS, replaced as a whole or not at all, of which only what changes is written anew.

A set is pieces, the settings and each eight grants, and a head that says what they hold. There are two heads, and two
places for each piece; the head says in which of the two each piece stands. `replace` writes the pieces that differ from
those of the set that counts to their other places, reads all back, writes the other head last, and then erases what
only the set before had: NVS has no room for two sets of 64 grants, and the set before may hold revoked keys. The head
with the highest generation counts. Pieces that do not match it are damage, never a reason to go back to the other head.

Which grants are revoked stands in the head alone, so that revoking takes no room: that never waits for garbage.

The settings name the id of the state journal, so a vault with settings says that a journal was formatted: a blank one
is then recognised as wrong.
"""

import struct
from hashlib import sha256

from micropython import const

from firmware.core.grants import FLAGS_AT, GRANT_SIZE, REVOKED
from firmware.store import BLANK, DAMAGED, FULL, PROGRAM, StorageError

MAX_SETTINGS = const(1280)
MAX_GRANTS = const(5120)
PIECE = const(640)  # 8 grants: fewer to a piece take more entries, more make a change of one larger

_PIECES = const(9)  # eight of grants, and the settings: the longer a blob, the less it minds room in small bits
_SETTINGS = const(8)
# A head: magic, generation u32, size of settings u16, size of grants u16, places u16 (bit k: piece k is in the second),
# revoked 8 bytes (bit i of them: grant i is), SHA-256 over the pieces and all of the head before it.
_MAGIC = b"DBV2"
_HEAD_SIZE = const(54)
_SIZES_AT = const(8)
_PLACES_AT = const(12)
_REVOKED_AT = const(14)
_HASH_AT = const(22)
_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND
_NO_ROOM = -0x1105  # ESP_ERR_NVS_NOT_ENOUGH_SPACE


class VaultError(StorageError):
    """There is no set that can be trusted, or a new one could not be stored; `reason` as in `StorageError`."""


class Vault:
    """Settings (JSON, at most 1280 bytes) and grants (80 bytes each, at most 64) in an open NVS namespace.

    nvs: `get_blob(key, buf)` -> length, `set_blob(key, buf)`, `erase_key(key)`, `commit()`, which raise OSError, also
    for a missing key.

    feed: called before each piece that is written or erased, each of which may have NVS erase a page; None: nobody
    minds how long they take together.
    """

    feed = None

    def __init__(self, nvs, banks="ab"):
        """banks: the letters of the two places, which a lock's other vault does not have."""
        self._nvs = nvs
        self._banks = banks
        self._head = bytearray(_HEAD_SIZE)
        self._two = False  # there are two heads
        self.generation = 0
        self.mark = 0  # 32 bits of the SHA-256 of the set that was loaded

    def load(self, whole=True, table=None):
        """(settings, grants) as bytearrays. Raises VaultError: blank if there never was a set, damaged otherwise.

        whole: False: without the grants, which are looked at all the same, and take no room. table: a bytearray that
        becomes the grants, so that there is no second one.
        `generation` then says which set it is, counted from 1; after `replace` as well.
        """
        self.generation, bank = self._newest()
        if not self.generation:
            raise VaultError(BLANK)
        settings, grants = struct.unpack_from("<HH", self._head, _SIZES_AT)
        if settings > MAX_SETTINGS or grants > MAX_GRANTS:
            raise VaultError(DAMAGED)
        table = bytearray() if table is None else table
        _resize(table, grants if whole else 0)
        contents = bytearray(settings), table
        if not self._holds(self._head, *contents):
            raise VaultError(DAMAGED)
        _revoke(contents[1], self._head)
        self.mark = struct.unpack_from("<I", self._head, _HASH_AT)[0]
        if self._two:  # a cut kept `replace` from erasing the other: it must never count again
            self._sweep(bank)
        return contents

    def replace(self, settings, grants):
        """Store a new set; a power cut leaves the old or the new one. Raises VaultError: the old one still counts.

        The reason is full if they are too large, or too much of the old set changes for what room NVS has. After
        another error at one of the last steps it may be the new one that counts: the next `load` tells.
        """
        if len(settings) > MAX_SETTINGS or len(grants) > MAX_GRANTS:
            raise VaultError(FULL)
        generation, current = self._newest()
        self._sweep(current)  # what a cut has left would take the room
        bank = self._other(current)
        head = bytearray(_HEAD_SIZE)
        struct.pack_into("<4sIHH", head, 0, _MAGIC, generation + 1, len(settings), len(grants))
        try:
            self._fill(head, settings, grants)
            self._nvs.set_blob(bank, head)
            self._nvs.commit()
        except OSError as error:
            if error.args[0] != _NO_ROOM:
                raise VaultError(PROGRAM)
            self._sweep(current)
            raise VaultError(FULL)
        if self._newest() != (generation + 1, bank):
            raise VaultError(PROGRAM)
        self.generation = generation + 1
        self._sweep(bank)

    def forget(self):
        """Erase every set, the heads first. Raises VaultError."""
        self._head[:] = bytes(_HEAD_SIZE)
        self._sweep("")

    def _fill(self, head, settings, grants):
        """Write the pieces that the set of `_head` has not, complete `head`, and read all of its pieces back."""
        digest, places = sha256(), 0
        for at in range(FLAGS_AT, len(grants), GRANT_SIZE):
            if grants[at] & REVOKED:
                head[_REVOKED_AT + at // GRANT_SIZE // 8] |= 1 << at // GRANT_SIZE % 8
        for piece, size in enumerate(_sizes(head)):
            place = _place(self._head, piece)
            if not size:
                continue
            data = _piece(settings, grants, piece)
            digest.update(data)
            if not self._reads(place, piece, data):
                place ^= 1
                self._go_on()
                self._nvs.set_blob(self._name(place, piece), data)
            places |= place << piece
        self._nvs.commit()
        struct.pack_into("<H", head, _PLACES_AT, places)
        digest.update(head[:_HASH_AT])
        head[_HASH_AT:] = digest.digest()
        if not self._holds(head):
            raise VaultError(PROGRAM)

    def _reads(self, place, piece, data):
        """Whether the set of `_head` has this very piece."""
        found = bytearray(len(data))
        try:
            length = self._nvs.get_blob(self._name(place, piece), found)
            return _sizes(self._head)[piece] == length == len(data) and found == data
        except OSError:
            return False

    def _sweep(self, bank):
        """Erase all that the set of `_head`, whose letter is `bank`, does not hold; the other head first."""
        names = [letter for letter in self._banks if letter != bank]
        for piece, size in enumerate(_sizes(self._head)):
            for place in (0, 1):
                if not size or place != _place(self._head, piece):
                    names.append(self._name(place, piece))
        for name in names:
            self._go_on()
            try:
                self._nvs.erase_key(name)
            except OSError:  # it was not there, or it stays and is erased the next time
                pass
        try:
            self._nvs.commit()
        except OSError:
            raise VaultError(PROGRAM)

    def _go_on(self):
        if self.feed:
            self.feed()

    def _newest(self):
        """(generation, bank) of the head that counts, which is then in `_head`; without one 0, and zeros in `_head`."""
        first, second = self._banks
        one = self._read_head(first)
        other = self._read_head(second)
        self._two = one > 0 and other > 0
        if not one and not other:
            self._head[:] = bytes(_HEAD_SIZE)
        if other > one or not one:
            return other, second
        if other and self._read_head(first) != one:  # the second was read over it
            raise VaultError(DAMAGED)
        return one, first

    def _other(self, bank):
        return self._banks[1 - self._banks.index(bank)]

    def _name(self, place, piece):
        return f"{self._banks[place]}.s0" if piece == _SETTINGS else f"{self._banks[place]}.g{piece}"

    def _read_head(self, bank):
        try:
            length = self._nvs.get_blob(bank, self._head)
        except OSError as error:
            if error.args[0] != _NOT_FOUND:
                raise VaultError(DAMAGED)
            return 0
        magic, generation = struct.unpack_from("<4sI", self._head)
        if length != _HEAD_SIZE or magic != _MAGIC:
            raise VaultError(DAMAGED)
        return generation

    def _holds(self, head, settings=b"", grants=b""):
        """Whether the pieces stand where `head` says and are what it says; `settings` and `grants`, if they have room,
        get them. Else each piece is read over the one before: beside a set that is in use there is little room."""
        sizes = _sizes(head)
        digest, spare = sha256(), bytearray(max(sizes))
        for piece, size in enumerate(sizes):
            into, at = grants, piece * PIECE
            if not size:
                continue
            if piece == _SETTINGS:
                into, at = settings, 0
            if not into:
                into, at = spare, 0
            part = memoryview(into)[at : at + size]
            try:
                if self._nvs.get_blob(self._name(_place(head, piece), piece), part) != size:
                    return False
            except OSError:
                return False
            digest.update(part)
        digest.update(head[:_HASH_AT])
        return digest.digest() == head[_HASH_AT:]


def _resize(table, size):
    table.extend(bytes(max(0, size - len(table))))
    table[size:] = b""


def _revoke(grants, head):
    """Have those revoked that the head says are."""
    for at in range(FLAGS_AT, len(grants), GRANT_SIZE):
        if head[_REVOKED_AT + at // GRANT_SIZE // 8] >> at // GRANT_SIZE % 8 & 1:
            grants[at] |= REVOKED


def _sizes(head):
    """Bytes of each piece in the set of this head, 0: it has none."""
    settings, grants = struct.unpack_from("<HH", head, _SIZES_AT)
    sizes = [0] * _PIECES
    sizes[_SETTINGS] = settings
    for piece in range(min(grants // PIECE, _SETTINGS)):
        sizes[piece] = PIECE
    if grants < MAX_GRANTS:
        sizes[grants // PIECE] = grants % PIECE
    return sizes


def _place(head, piece):
    """0 or 1: which of its places the piece is in."""
    return struct.unpack_from("<H", head, _PLACES_AT)[0] >> piece & 1


def _piece(settings, grants, piece):
    """The bytes of a piece, none of its grants revoked."""
    if piece == _SETTINGS:
        return settings
    data = bytearray(grants[piece * PIECE : (piece + 1) * PIECE])
    for at in range(FLAGS_AT, len(data), GRANT_SIZE):
        data[at] &= 0xFF ^ REVOKED
    return data
