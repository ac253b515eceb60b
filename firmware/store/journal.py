"""The state journal: attempts, burns, buckets and counters on flash, and the picture of them in RAM, always the same.

A record is programmed and read back first and applied to the `State` then; the lock decides only by the `State`. A
rotation carries the whole snapshot forward, so nothing that must be kept can be pushed out by what comes after it. An
attempt, a burn, a revocation and a command's counter are also named by the anchor in NVS before `write` returns, so no
other state that there ever was is taken for this one. The ring's mark is the name of the newest of them: a new sector
begins with it.

States: closed, or mounted with its anchor true, or mounted and behind: a cut came before the anchor, which is made true
before the next change.
"""

from firmware.core.records import ATTEMPT, BURN, COUNTERS, REVOKED, StateError, check_body
from firmware.store import DAMAGED, REVERTED, StorageError
from firmware.store.anchor import Anchor, name_after
from firmware.store.chain import Sealed
from firmware.store.ring import Ring

_RING_ID = 1
# What must not be taken back, or a code opens again, a guess is free, or a command is done twice.
_FINAL = (ATTEMPT, BURN, REVOKED, COUNTERS)


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
        self._behind = False
        self._place = 0  # of the record replayed last
        self._before = 0  # name of the newest record before that place

    def format(self):
        """Erase everything and begin the journal with what `state` holds; for a journal id that was never used."""
        self._ring.mark = 0
        self._ring.format(self._journal_id)
        self._set_anchor()

    def mount(self):
        """Replay into the state. Raises StorageError (blank, reverted, forged, ...): the lock stays closed."""
        self._behind, self._place = False, -1
        self._ring.mount(self._journal_id, self._replay)
        try:
            anchor = self._anchor.read()
            self._behind = anchor != self._ring.mark
            if self._behind and anchor != self._before:
                raise StorageError(REVERTED)
        except StorageError:
            self._ring.close()
            raise

    def _replay(self, body, mac):
        try:
            self._state.apply(body)
        except StateError:
            raise StorageError(DAMAGED)
        ring, place = self._ring, self._ring.place
        if place != self._place:  # else a cut kept the one before in this place from being acknowledged
            self._place, self._before = place, ring.mark
        named = place and body[0] in _FINAL
        ring.mark = name_after(self._before, mac) if named else self._before

    def _set_anchor(self):
        """Make the anchor true; where that fails the journal is closed."""
        try:
            self._anchor.write(self._ring.mark)
        except StorageError:
            self._ring.close()
            raise
        self._behind = False

    @property
    def repaired(self):
        """How many flipped bits the mount has put right; `tidy` writes what they were in anew."""
        return self._ring.repaired

    def write(self, body):
        """Have a body of the state's builders on flash, read back, then in the state.

        Raises StorageError: the body may be on flash or not, and every later write is refused until a new journal is
        mounted. So it is after whatever else keeps it out of the state, which is raised as it is.
        """
        check_body(body)
        if self._behind:
            self._set_anchor()
        mac = self._ring.append(body)
        try:
            self._state.apply(body)
        except Exception:  # of memory, say: nothing may be judged by a state that lacks what is on flash
            self._ring.close()
            raise
        if body[0] in _FINAL:
            self._ring.mark = name_after(self._ring.mark, mac)
            self._set_anchor()

    def tidy(self):
        """Erase ahead if there is need, up to 400 ms a sector: while idle, never while the motor runs."""
        if self._behind:
            self._set_anchor()
        self._ring.tidy()
