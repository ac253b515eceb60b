"""Root keys of those who may send commands: which are in use, which are spent.

A table is packed, 34 bytes to a key: issuer's number u8 (from 1), epoch u8 (from 1), root key 32. Invariants:

- an issuer has at most two keys in use: one, and the next, until the first message under the next;
- an issuer's epoch never comes back, for its counters would begin anew: a revoked one leaves its number and epoch,
  with zeros for a key.

Nothing changes a table in its place: what changes it (rekeying.py) returns another, which counts once it is kept
(`load`).
"""

from micropython import const

from firmware.core.seal import ROOT_SIZE

MAX_KEYS = const(48)
KEY_SIZE = const(34)

SPENT = bytes(ROOT_SIZE)


class KeysError(ValueError):
    """The table is not one that this lock can have written."""


class Keys:
    """The table in use; rows: {(number, epoch): root key, or SPENT}."""

    def __init__(self, packed):
        """Raises KeysError."""
        self.load(packed)

    def load(self, packed):
        """Use this table from now on. Raises KeysError, and goes on with the one before."""
        rows = {}
        if len(packed) % KEY_SIZE or len(packed) > MAX_KEYS * KEY_SIZE:
            raise KeysError("size")
        for at in range(0, len(packed), KEY_SIZE):
            number, epoch = packed[at], packed[at + 1]
            if not number or not epoch or (number, epoch) in rows:
                raise KeysError("row")
            rows[number, epoch] = bytes(packed[at + 2 : at + KEY_SIZE])
        self.rows = rows

    def root(self, number, epoch):
        """The key of this issuer and epoch, or None if none is in use."""
        root = self.rows.get((number, epoch))
        return None if root == SPENT else root

    def in_use(self):
        """(number, epoch) of every key in use, in order."""
        return sorted(pair for pair in self.rows if self.rows[pair] != SPENT)

    def known(self, number):
        """Whether the issuer has a key, or had one."""
        return any(n == number for n, _ in self.rows)

    def renewed(self, number, epoch):
        """Whether an earlier key of the issuer than the one of this epoch is in use."""
        return any(n == number and e < epoch for n, e in self.in_use())
