"""What goes into the audit log: openings one by one, refusals of a kind gathered within a session.

The first refusal of a kind that cost an attempt is logged at once; the rest of its kind, and whatever costs an entry
nothing, is counted and logged when the session ends, so that free entries of a kind cost one record a session. What was
counted goes before any other event. So an event that says how many attempts there were accounts for all of them, and a
power cut cannot hide one: the next wake sees how many the journal has counted since. A log that cannot be written keeps
nobody out: what an opening rests on is the journal.
"""

from array import array

from firmware import store
from firmware.core.words import ACCEPTED, BUDGET, DECISIONS, JAMMED, OPENED
from firmware.store import StorageError
from firmware.store.audit import (
    AJAR,
    BATTERY,
    CRASH,
    ENTRY,
    FAULT,
    FIRST_PART,
    FORCED,
    JAM,
    LOST,
    REPAIRED,
    REPLACED,
    UNDER_DURESS,
    UNLOGGED,
)
from firmware.store.sectors import NO_MAC

UNPROVISIONED = "unprovisioned"  # the vault holds nothing
VAULT = "vault"  # the vault cannot be read, or is damaged
OUTDATED = "outdated"  # the vault holds an older set than the lock has worked with: what was revoked may be back
SETTINGS = "settings"  # a setting is missing, unknown or out of range

# what keeps the lock closed; FAULT records hold the place in this tuple
FAULTS = (
    None,
    UNPROVISIONED,
    VAULT,
    SETTINGS,
    store.MISSING,
    store.SIZE,
    store.BLANK,
    store.FOREIGN,
    store.DAMAGED,
    store.READ,
    store.PROGRAM,
    store.ERASE,
    store.FULL,
    store.CLOSED,
    store.FORGED,
    OUTDATED,
    store.REVERTED,
)


NEWS, URGENT = 1, 2
"""What is in `Logbook.news`: something that the other end should know soon, or at once."""

_TELLING = (AJAR, BATTERY, CRASH, FAULT, FORCED, JAM, LOST, REPLACED, UNLOGGED)


def worth(kind, decision, detail):
    """How much the other end should know of an event."""
    if kind == ENTRY:
        return URGENT if detail & UNDER_DURESS else NEWS if decision in (BUDGET, JAMMED) else 0
    return NEWS if kind in _TELLING else 0


class Logbook:
    """What a wake has to say. Every event holds the number of attempts counted so far.

    news: of what was logged since somebody has set it to 0, what the other end should know: NEWS, URGENT, added up.
    `audit`: a mounted log, or None when there is none to write to; `facts()`: (t, battery mV, clock quality, attempts).
    """

    def __init__(self, audit, facts):
        self._audit = audit
        self._facts = facts
        self._counts = array("H", bytes(2 * len(DECISIONS)))
        self.news = 0
        self._told = 0  # bit d: decision d has a record of its own in this session

    @property
    def head(self):
        """(sequence, MAC) of the newest event, sequence 0 if none is known: for whoever keeps it elsewhere."""
        return self._audit.head if self._audit else (0, NO_MAC)

    @property
    def last(self):
        """The newest event that is known, or None."""
        return self._audit.last() if self._audit else None

    def entry(self, decision, attempt=0, length=0, grant_id=0, issuer=0, detail=0):
        """An entry ended in `decision`; `attempt`: its number, 0: it cost none; `detail`: see `store.audit`."""
        once = decision in (OPENED, JAMMED, ACCEPTED) or detail & FIRST_PART  # nobody has many of these
        if once or attempt and not self._told >> decision & 1:
            self._told |= 1 << decision
            self._tell(ENTRY, decision, detail, 1, length, grant_id, issuer)
        elif self._counts[decision] < 0xFFFF:
            self._counts[decision] += 1

    def event(self, kind, detail=0, grant_id=0, issuer=0, count=1):
        """Something that is no entry: a kind of `store.audit` with its detail, so many times."""
        self._tell(kind, 0, detail, count, 0, grant_id, issuer)

    def newest(self, sectors):
        """The events of so many newest sectors of the log, gathered ones included, oldest first.

        Raises StorageError. Nothing may be logged meanwhile.
        """
        self.close()
        return self._audit.events(sectors) if self._audit else ()

    def lost(self, word):
        """The log was begun anew for the reason `word` of FAULTS."""
        self._tell(LOST, 0, FAULTS.index(word), 1, 0, 0, 0)

    def account(self, attempts):
        """Of all attempts up to number `attempts` there is an event, or there shall be one that counts the others."""
        missing = attempts - self._audit.attempts if self._audit else 0
        if missing > 0:
            self._tell(UNLOGGED, 0, 0, min(missing, 0xFFFF), 0, 0, 0)

    def fault(self, word, setting=0):
        """The lock stays closed for the reason `word` of FAULTS; `setting`: which of `settings.SETTINGS`, from 1.

        A fault that is the newest event already is not told again, or a stranger's keys would fill the log with it.
        """
        self.once(FAULT, FAULTS.index(word), setting)

    def repaired(self, journal):
        """Flipped bits were put right: `journal` of them there, or those in the log; told as a fault is."""
        for ring, count in enumerate((journal, self._audit.repaired if self._audit else 0), 1):
            if count:
                self.once(REPAIRED, ring, count)

    def once(self, kind, detail, count=1):
        """Log this event, unless it is the newest one already."""
        last = self.last
        if last is None or (last.kind, last.detail, last.count) != (kind, detail, count):
            self._tell(kind, 0, detail, count, 0, 0, 0)

    def close(self):
        """Log what has been gathered."""
        for decision, count in enumerate(self._counts):
            if count:
                self._counts[decision] = 0
                self._write(ENTRY, decision, 0, count, 0, 0, 0)

    def tidy(self):
        """Make room for the next session while nothing moves."""
        if self._audit:
            try:
                self._audit.tidy()
            except StorageError:
                self._audit = None

    def _tell(self, *event):
        self.close()
        self._write(*event)

    def _write(self, kind, decision, detail, count, length, grant_id, issuer):
        if self._audit is None:
            return
        t, mv, quality, attempts = self._facts()
        self.news |= worth(kind, decision, detail)
        try:
            self._audit.append(
                kind,
                decision=decision,
                t=t,
                grant=grant_id,
                issuer=issuer,
                length=length,
                count=count,
                attempt=max(attempts, self._audit.attempts),
                mv=mv,
                quality=quality,
                detail=detail,
            )
        except StorageError:
            self._audit = None
