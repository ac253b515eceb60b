"""The vault: settings and grants in NVS, in two banks, replaced as a whole or not at all.

A bank is a few blobs, 32 grants to each, and a head that says what they hold. `replace` fills the bank that does not
count, reads it back, writes its head last, and then erases the other bank: with two sets of 64 grants NVS would be
nearly full for ever, and the other set may hold revoked keys. The head with the highest generation counts. Blobs that
do not match it are damage, never a reason to go back to the other bank.

The settings name the id of the state journal, so a vault with settings says that a journal was formatted: a blank one
is then recognised as wrong.
"""

import struct
from hashlib import sha256

from micropython import const

from firmware.store import BLANK, DAMAGED, FULL, PROGRAM, StorageError

BLOB_SIZE = const(2560)  # 32 grants: smaller blobs take NVS more entries than it has for two sets
MAX_SETTINGS = const(1280)
MAX_GRANTS = const(5120)

_HEAD = "<4sIHH32s"  # magic, generation, size of settings, size of grants, SHA-256 over all before it and both
_MAGIC = b"DBV1"
_HEAD_SIZE = const(44)
_HASH_AT = const(12)
_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND


class VaultError(StorageError):
    """There is no set that can be trusted, or a new one could not be stored; `reason` as in `StorageError`."""


class Vault:
    """Settings (JSON, at most 1280 bytes) and grants (80 bytes each, at most 64) in an open NVS namespace.

    nvs: `get_blob(key, buf)` -> length, `set_blob(key, buf)`, `erase_key(key)`, `commit()`, which raise OSError, also
    for a missing key.
    """

    def __init__(self, nvs, banks="ab"):
        """banks: the letter of each of the two, which a lock's other vault does not have."""
        self._nvs = nvs
        self._banks = banks
        self._head = bytearray(_HEAD_SIZE)
        self.generation = 0
        self.mark = 0  # 32 bits of the SHA-256 of the set that was loaded

    def load(self):
        """(settings, grants) as bytearrays. Raises VaultError: blank if there never was a set, damaged otherwise.

        `generation` then says which set it is, counted from 1; after `replace` as well.
        """
        self.generation, bank = self._newest()
        if not self.generation:
            raise VaultError(BLANK)
        contents = self._contents(bank)
        if contents is None:
            raise VaultError(DAMAGED)
        self.mark = struct.unpack_from("<I", self._head, _HASH_AT)[0]
        other = self._banks[1 - self._banks.index(bank)]
        if self._read_head(other):  # a cut kept `replace` from erasing it: one read error later it would count again
            self._forget(other)
        return contents

    def replace(self, settings, grants):
        """Store a new set; a power cut leaves the old or the new one. Raises VaultError: the old one still counts.

        After an error at one of the last steps it may be the new one: the next `load` tells.
        """
        if len(settings) > MAX_SETTINGS or len(grants) > MAX_GRANTS:
            raise VaultError(FULL)
        generation, current = self._newest()
        bank = self._banks[1 - self._banks.index(current)]
        head = bytearray(_HEAD_SIZE)
        struct.pack_into("<4sIHH", head, 0, _MAGIC, generation + 1, len(settings), len(grants))
        head[_HASH_AT:] = _digest(head, settings, grants)
        try:
            self._forget(bank)
            self._fill(bank, head, settings, grants)
            self._nvs.set_blob(bank, head)
            self._nvs.commit()
        except OSError:
            raise VaultError(PROGRAM)
        if self._newest() != (generation + 1, bank):
            raise VaultError(PROGRAM)
        self.generation = generation + 1
        self._forget(current)

    def _fill(self, bank, head, settings, grants):
        """Write all blobs of a bank but its head and read them back."""
        for kind, data in (("s", memoryview(settings)), ("g", memoryview(grants))):
            for at in range(0, len(data), BLOB_SIZE):
                self._nvs.set_blob(_name(bank, kind, at), data[at : at + BLOB_SIZE])
        self._nvs.commit()
        self._head[:] = head
        if self._contents(bank) is None:
            raise VaultError(PROGRAM)

    def _forget(self, bank):
        """Erase a bank, its head first."""
        names = [bank]
        names += [_name(bank, "s", at) for at in range(0, MAX_SETTINGS, BLOB_SIZE)]
        names += [_name(bank, "g", at) for at in range(0, MAX_GRANTS, BLOB_SIZE)]
        for name in names:
            try:
                self._nvs.erase_key(name)
            except OSError:  # it was not there, or it stays and is written over the next time
                pass
        try:
            self._nvs.commit()
        except OSError:
            raise VaultError(PROGRAM)

    def _newest(self):
        """(generation, bank) of the head that counts, which is then in `_head`; generation 0 without one."""
        best, chosen = 0, self._banks[1]
        for bank in self._banks:
            generation = self._read_head(bank)
            if generation > best:
                best, chosen = generation, bank
        if best:
            self._read_head(chosen)
        return best, chosen

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

    def _contents(self, bank):
        """(settings, grants) of a bank, or None if they are not what `_head` says."""
        _, _, settings_size, grants_size, digest = struct.unpack(_HEAD, self._head)
        if settings_size > MAX_SETTINGS or grants_size > MAX_GRANTS:
            return None
        settings = self._gather(bank, "s", settings_size)
        grants = self._gather(bank, "g", grants_size)
        if settings is None or grants is None or _digest(self._head, settings, grants) != digest:
            return None
        return settings, grants

    def _gather(self, bank, kind, size):
        data = bytearray(size)
        view = memoryview(data)
        for at in range(0, size, BLOB_SIZE):
            part = view[at : at + BLOB_SIZE]
            try:
                if self._nvs.get_blob(_name(bank, kind, at), part) != len(part):
                    return None
            except OSError:
                return None
        return data


def _name(bank, kind, at):
    return f"{bank}.{kind}{at // BLOB_SIZE}"


def _digest(head, settings, grants):
    digest = sha256(head[:_HASH_AT])
    digest.update(settings)
    digest.update(grants)
    return digest.digest()
