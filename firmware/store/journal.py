"""The state journal: attempts, burns, buckets and counters on flash, and the picture of them in RAM, always the same.

A record is programmed and read back first and applied to the `State` then; the lock decides only by the `State`. A
rotation carries the whole snapshot forward, so nothing that must be kept can be pushed out by what comes after it. An
attempt, a burn and a revocation also raise the anchor in NVS before `write` returns, so no earlier state is ever taken
for this one.
"""

from firmware.core.records import ATTEMPT, BURN, REVOKED, StateError, check_body
from firmware.store import DAMAGED, StorageError
from firmware.store.anchor import Anchor
from firmware.store.chain import Sealed
from firmware.store.ring import Ring

_RING_ID = 1
_FINAL = (ATTEMPT, BURN, REVOKED)  # what must not be taken back, or a code opens again or a guess is free


class Journal:
    """The journal of one lock on sectors `first` to `first + count - 1` of a block device.

    state: a new `State` of the lock's grants, which `mount` fills. journal_id: the 8 bytes that the settings in the
    vault name; so a journal that is blank, or another's, is told from one that was lawfully begun. mac: the 16 bytes
    of the vault's key that seals every record. nvs: the open namespace that holds the anchor (anchor.py).
    """

    def __init__(self, dev, state, journal_id, mac, nvs, first=0, count=16):
        self._state = state
        self._journal_id = journal_id
        self._anchor = Anchor(nvs, journal_id)
        self._ring = Ring(dev, first, count, _RING_ID, Sealed(mac), state.snapshot)

    def format(self):
        """Erase everything and begin the journal with what `state` holds; for a journal id that was never used."""
        self._ring.format(self._journal_id)
        self._anchored(self._anchor.write)

    def mount(self):
        """Replay into the state. Raises StorageError (blank, reverted, forged, ...): the lock stays closed."""
        self._ring.mount(self._journal_id, self._replay)
        self._anchored(self._anchor.check)

    def _anchored(self, step):
        """Take a step of the anchor with the ring's progress; where that fails the journal is closed."""
        try:
            step(self._ring.progress)
        except StorageError:
            self._ring.close()
            raise

    def _replay(self, body, _):
        try:
            self._state.apply(body)
        except StateError:
            raise StorageError(DAMAGED)

    @property
    def repaired(self):
        """How many flipped bits the mount has put right; `tidy` writes what they were in anew."""
        return self._ring.repaired

    def write(self, body):
        """Have a body of the state's builders on flash, read back, then in the state.

        Raises StorageError: the body may be on flash or not, and every later write is refused until a new journal is
        mounted.
        """
        check_body(body)
        self._ring.append(body)
        self._state.apply(body)
        if body[0] in _FINAL:
            self._anchored(self._anchor.write)

    def tidy(self):
        """Erase ahead if there is need, up to 400 ms a sector: while idle, never while the motor runs."""
        self._ring.tidy()
