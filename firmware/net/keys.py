"""Root keys of those who may send commands: which are in use, which are spent.

A table is packed, 34 bytes to a key: issuer's number u8 (from 1), epoch u8 (from 1), root key 32. Invariants:

- an issuer has at most two keys in use: one, and the next, until the first message under the next;
- an issuer's epoch never comes back, for its counters would begin anew: a revoked one leaves its number and epoch,
  with zeros for a key.

Nothing changes a table in its place: what changes it returns another, which counts once it is kept (`load`).
"""

from micropython import const

from firmware.core.seal import ROOT_SIZE
from firmware.net.messages import BEFORE, FULL, MALFORMED, UNKNOWN, Refused

MAX_KEYS = const(48)
KEY_SIZE = const(34)

_SPENT = bytes(ROOT_SIZE)


class KeysError(ValueError):
    """The table is not one that this lock can have written."""


class Keys:
    """The table in use."""

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
        self._rows = rows

    def root(self, number, epoch):
        """The key of this issuer and epoch, or None if none is in use."""
        root = self._rows.get((number, epoch))
        return None if root == _SPENT else root

    def in_use(self):
        """(number, epoch) of every key in use, in order."""
        return sorted(pair for pair in self._rows if self._rows[pair] != _SPENT)

    def known(self, number):
        """Whether the issuer has a key, or had one."""
        return any(n == number for n, _ in self._rows)

    def renewed(self, number, epoch):
        """Whether an earlier key of the issuer than the one of this epoch is in use."""
        return any(n == number and e < epoch for n, e in self.in_use())

    def retired(self, number, epoch):
        """The table without the issuer's keys of earlier epochs."""
        return self._without(number, lambda e: e < epoch)

    def rotated(self, number, epoch, root):
        """The table with the issuer's next key, beside the one it uses.

        Raises Refused: unknown, if it has none; done before, if it is there; malformed, if the epoch is not the next.
        """
        epochs = [e for n, e in self.in_use() if n == number]
        if not epochs:
            raise Refused(UNKNOWN)
        self._check_new(number, epoch, root, epochs[-1] + 1)
        return self._without(number, lambda e: e != epochs[0], (number, epoch, root))

    def put(self, number, epoch, root):
        """The table with this key as the issuer's only one.

        Raises Refused: malformed, unless it is there or its epoch is higher than each that the issuer had.
        """
        if self._rows.get((number, epoch)) != root:
            self._check_new(number, epoch, root, epoch)
        return self._without(number, _every, (number, epoch, root))

    def revoked(self, number):
        """The table with none of the issuer's keys in use."""
        epochs = [e for n, e in self._rows if n == number]
        if not epochs:
            return self._pack(self._rows)
        return self._without(number, _every, (number, max(epochs), _SPENT))

    def _check_new(self, number, epoch, root, due):
        """Raise Refused unless this key can be added: `due` is the epoch it must have."""
        if self._rows.get((number, epoch)) == root:
            raise Refused(BEFORE)
        if epoch != due or any(n == number and e >= epoch for n, e in self._rows):
            raise Refused(MALFORMED, b"epoch")

    def _without(self, number, goes, *added):
        """The table without the issuer's keys whose epoch `goes`, and with the rows `added`. Raises Refused: full."""
        rows = {pair: root for pair, root in self._rows.items() if pair[0] != number or not goes(pair[1])}
        for n, e, root in added:
            rows[n, e] = root
        if len(rows) > MAX_KEYS:
            raise Refused(FULL)
        return self._pack(rows)

    def _pack(self, rows):
        return b"".join(bytes(pair) + rows[pair] for pair in sorted(rows))


def _every(epoch):
    return True
