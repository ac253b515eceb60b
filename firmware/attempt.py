"""One entry's way from `#` to its answer, in the order that is never changed:

    1 check digit   2 budget   3 attempt in flash   4 compare   5 policy   6 burn in flash   7 bolt   8 outcome in flash

A flash error at 3 or 6 refuses. What a power cut leaves is at most one opening for a code and at least as many attempts
counted as were made.
"""

from firmware.core.policy import decide
from firmware.core.verify import mistyped
from firmware.core.words import BUDGET, MISTYPED, OPENED, STORAGE, TRUSTED, WRONG
from firmware.store import StorageError


class Attempts:
    """Judges entries. `pending` is True from a burn to its outcome: the bolt has to move in between.

    number: of the attempt last judged, 0 when it cost none; known: its digits were a code of some grant.
    """

    def __init__(self, config, state, journal, verifier, clock, battery, logbook):
        self._config = config
        self._state = state
        self._journal = journal
        self._verifier = verifier
        self._budget = config.budget
        self._clock = clock
        self._battery = battery
        self._logbook = logbook
        self.pending = False
        self.number = 0
        self.known = False
        self._length = 0
        self._grant = -1
        self._level = 0

    def begin(self):
        """Somebody began to type: lay out the candidates for now."""
        self._verifier.begin(self._clock.read()[0])

    def work(self):
        """Compute one candidate; False when none is left."""
        return self._verifier.work()

    def is_owners(self, length):
        """Whether an entry of this length is delayed instead of counted against a budget."""
        return self._config.grants.owner_length(length)

    @property
    def details(self):
        """(number, typed length, grant id, issuer) of the attempt last judged, 0 for no grant; () if it cost none."""
        if not self.number:
            return ()
        issuer = self._config.grants.issuer(self._grant) if self._grant >= 0 else 0
        return self.number, self._length, self._grant_id, issuer

    def judge(self, digits, length):
        """Decide over `length` digits (ASCII) in `digits`: steps 1 to 6. OPENED means: move the bolt, then `finish`."""
        grants = self._config.grants
        self.number, self._length, self._grant, self.known = 0, length, -1, False
        if not grants.has_length(length):
            return WRONG
        if mistyped(grants, digits, length):
            return MISTYPED
        t, quality = self._clock.read()
        if not self._budget.allows(length, self._state, self._clock.credit):
            return BUDGET
        try:
            self._count(length, t if quality == TRUSTED else 0)
            return self._compare(digits, length, t, quality)
        except StorageError:
            return STORAGE

    def finish(self, decision):
        """Step 8: `decision` is how the entry ended. Raises StorageError."""
        self.pending = False
        body = self._state.outcome(decision, self._length, self._level, self._grant_id, self._logbook.head)
        self._journal.write(body)

    def tidy(self):
        """Erase ahead; a flash that fails at it will refuse the next attempt."""
        try:
            self._journal.tidy()
        except StorageError:
            pass

    @property
    def _grant_id(self):
        return self._config.grants.id(self._grant) if self._grant >= 0 else 0

    def _count(self, length, trusted):
        """Step 3: the attempt, with the level that its bucket has after the draw; `trusted`: unix seconds, 0 = none."""
        if self._config.grants.owner_length(length):
            self._clock.owner_entered()
        credit = self._clock.credit
        self._level, stamp = self._budget.take(length, self._state, credit)
        floor = max(self._state.floor, trusted)
        self._journal.write(self._state.attempt(length, self._level, max(stamp, credit), trusted, floor))
        self.number = self._state.attempts

    def _compare(self, digits, length, t, quality):
        """Steps 4 to 6."""
        hits = self._verifier.match(digits, length, t)
        battery_ok = self._battery.millivolts() >= self._config.battery_min_mv
        verdict = decide(self._config.grants, self._state, hits, t, quality, battery_ok, length)
        decision, self._grant, burns = verdict
        self.known = self._grant >= 0
        if self.known:
            self._level = self._budget.refund(length, self._state)
        if decision != OPENED:
            self.finish(decision)
            return decision
        # Three codes with the same digits are all but impossible; they too are all burnt before the bolt moves.
        for first in range(0, len(burns), 2):
            self._journal.write(self._state.burn(length, self._level, burns[first : first + 2]))
        self.pending = True
        return OPENED
