"""One entry's way from `#` to its answer, in the order that is never changed:

    1 check digit   2 budget   3 attempt in flash   4 compare   5 policy   6 burn in flash   7 bolt   8 outcome in flash

A flash error at 3 or 6 refuses. What a power cut leaves is at most one opening for a code and at least as many attempts
counted as were made.

    JUDGED --right, but of two parts--> WAITING --second part, approval--> JUDGED
                                           | 60 s, a refusal by radio, another entry that opens, a reset
                                           v
                                        forgotten: nothing was burnt

The first part's attempt and outcome are in flash before it waits, and its token is gone until both parts open.
"""

from micropython import const

from firmware.core.policy import Policy
from firmware.core.records import StateError
from firmware.core.verify import Verifier, mistyped
from firmware.core.words import (
    APPROVAL,
    BUDGET,
    DURESS,
    LOST,
    MISTYPED,
    OPENED,
    REMOTE,
    STORAGE,
    WRONG,
)
from firmware.store import StorageError
from firmware.store.audit import FIRST_PART, LIST_FULL, UNDER_DURESS

WAIT_MS = const(60_000)  # for a second part


def judge(wake):
    """The Attempts of an assembly.Wake that has no fault."""
    config, state = wake.config, wake.state
    verifier = Verifier(config.grants, state, config.lock, config.salt)
    return Attempts(config, state, wake.journal, verifier, wake.clock, wake.battery, wake.logbook)


class Attempts:
    """Judges entries. `pending` is True from a burn to its outcome: the bolt has to move in between.

    number: of the attempt last judged, 0 when it cost none. known: its digits were a code of some grant and its token
    came back. waits: it is the first part of two. permissions: of its grant, once it is burnt, else 0. approver: of the
    second part that came with it, details as of the attempt; else (). first: (hits, typed length, nonce, ms at
    which it is forgotten) of a first part that waits, or None.
    """

    def __init__(self, config, state, journal, verifier, clock, battery, logbook):
        self._config = config
        self._state = state
        self._journal = journal
        self._verifier = verifier
        self._policy = Policy(config.grants, state, config.schedules)
        self._budget = config.budget
        self._clock = clock
        self._battery = battery
        self._logbook = logbook
        self.first = None
        self.pending = False
        self._began = None  # unix second at which somebody began to type, until the candidates are those for it
        self._begin(0)

    def _begin(self, length):
        self.number = self.permissions = self._level = self._detail = 0
        self.known = self.waits = False
        self.approver = ()
        self._length = length
        self._grant = -1

    def lay_out(self):
        """Somebody is there: make room for the candidates."""
        self._verifier.lay_out()

    def begin(self):
        """Somebody began to type: the candidates are to be those for now."""
        self._began = self._clock.read()[0]

    def work(self):
        """Place the candidates or compute one, no more between two looks at the keypad; False when none is left."""
        if self._began is None:
            return self._verifier.work()
        self._verifier.begin(self._began)
        self._began = None
        return True

    def is_owners(self, length):
        """Whether an entry of this length is delayed instead of counted against a budget."""
        return self._config.grants.owner_length(length)

    @property
    def details(self):
        """(number, typed length, grant id, issuer, detail) of the attempt last judged, 0 for no grant; () if it cost
        none."""
        return self._details(self._grant, self._detail) if self.number else ()

    def judge(self, digits, length, now):
        """Decide over `length` digits (ASCII) in `digits` at `now` (ms): steps 1 to 6.

        OPENED means: move the bolt, then `finish`. ACCEPTED: all is done. APPROVAL with `waits`: a first part.
        """
        return self._judge(digits, length, now, False)

    def revoke(self, digits, length, now):
        """Have the code that is typed open no more: judged and counted like any entry, then revoked in step 6.

        ACCEPTED means: it was. STORAGE also means that the list of revoked codes is full.
        """
        return self._judge(digits, length, now, True)

    def finish(self, decision):
        """Step 8: `decision` is how the entry ended. Raises StorageError."""
        self.pending = False
        body = self._state.outcome(decision, self._length, self._level, self.grant_id, self._logbook.head)
        self._journal.write(body)

    def waiting(self, now):
        """Ms for which a first part still waits; 0: none does."""
        if self.first and now >= self.first[3]:
            self.first = None
        return self.first[3] - now if self.first else 0

    def nonce(self, now):
        """(boots, attempt) of the first part that waits for an approval by radio, or None."""
        if self.waiting(now) and self._config.grants.second(self.first[0][0][0]) == REMOTE:
            return self.first[2]
        return None

    def approve(self, nonce, now):
        """The first part that waits under `nonce` is approved by radio: steps 5 and 6, once; answers as `judge`.

        APPROVAL: nothing waits under it, or not any more. Not while the bolt moves.
        """
        if self.pending or nonce is None or nonce != self.nonce(now):
            return APPROVAL
        hits, length, nonce, _ = self.first
        self.first = None
        self._begin(length)
        self.number, self._grant = nonce[1], hits[0][0]
        self._look(*self._clock.read())
        decision, spent = self._policy.complete(hits)
        self._level = self._budget.refund(length, self._state)
        try:
            return self._spend(decision, spent) if spent else decision
        except StorageError:
            return STORAGE

    def refuse(self, nonce, now):
        """The first part that waits under `nonce` is refused by radio and forgotten; False: none does."""
        if nonce is None or nonce != self.nonce(now):
            return False
        self.first = None
        return True

    def hold(self):
        """(unix second, seconds from now) until which the code last judged may hold the bolt open; (0, 0): not at all.

        A lock that does not know the time holds nothing open: it would not know when to lock.
        """
        t, quality = self._clock.read()
        if quality == LOST:
            return 0, 0
        until = self._policy.ends(self._grant, t, t + self._config.hold_s)
        return until, until - t

    @property
    def grant_id(self):
        """Number of the grant whose code was last judged, 0 for none."""
        return self._config.grants.id(self._grant) if self._grant >= 0 else 0

    def _details(self, i, detail):
        grants = self._config.grants
        if i < 0:
            return self.number, self._length, 0, 0, detail
        if grants.permissions(i) & DURESS:
            detail |= UNDER_DURESS
        return self.number, self._length, grants.id(i), grants.issuer(i), detail

    def _judge(self, digits, length, now, revoking):
        grants = self._config.grants
        self._begin(length)
        if not grants.has_length(length):
            return WRONG
        if mistyped(grants, digits, length):
            return MISTYPED
        t, quality = self._clock.read()
        if not self._budget.allows(length, self._state, self._clock.credit):
            return BUDGET
        try:
            self._count(length)
            hits = self._verifier.match(digits, length, t)
            self._look(t, quality)
            return self._revoke(hits) if revoking else self._decide(hits, now)
        except StorageError:
            return STORAGE

    def _look(self, t, quality):
        battery_ok = self._battery.millivolts() >= self._config.battery_min_mv
        self._policy.at(t, quality, self._clock.uncertainty, battery_ok)

    def _count(self, length):
        """Step 3: the attempt, with the level that its bucket has after the draw."""
        if self._config.grants.owner_length(length):
            self._clock.owner_entered()
        clock, credit = self._clock, self._clock.credit
        self._level, stamp = self._budget.take(length, self._state, credit)
        stamp = max(stamp, credit)
        self._journal.write(self._state.attempt(length, self._level, stamp, clock.reference, clock.floor))
        self.number = self._state.attempts

    def _decide(self, hits, now):
        """Steps 5 and 6."""
        first = self.first[0] if self.waiting(now) else ()
        decision, self._grant, spent = self._policy.decide(hits, self._length, first)
        self.waits = decision == APPROVAL and bool(spent)
        self._detail = FIRST_PART if self.waits else 0
        self.known = self._grant >= 0 and not self.waits
        if self.known:
            self._level = self._budget.refund(self._length, self._state)
        if spent and not self.waits:
            return self._spend(decision, spent)
        self.finish(decision)
        if self.waits:
            nonce = self._state.boots, self.number  # a check-in that counts a boot does not change it
            self.first = (spent, self._length, nonce, now + WAIT_MS)
        return decision

    def _spend(self, decision, spent):
        """Step 6: burn all that matched, both parts in one record; `spent` as of `Policy.decide`."""
        first, both = self.first, self._config.grants.second(self._grant)
        length = self._length
        if both or decision == OPENED:  # a courier may call while his code waits
            self.first = None
        if first and both:
            length = first[1]
            self.approver = self._details(spent[1][0], 0)
            self._detail = self.approver[-1]  # duress of either part is duress
            if length == self._length:
                self._level = self._budget.refund(length, self._state, 2)
        burns = self._policy.burns(spent)
        # Three codes with the same digits are all but impossible; they too are all burnt before the bolt moves.
        for at in range(0, len(burns), 2):
            self._journal.write(self._state.burn(self._length, self._level, burns[at : at + 2]))
        if length != self._length:  # the first part's token comes back in the outcome
            self._length, self._level = length, self._budget.refund(length, self._state)
        self.permissions = self._config.grants.permissions(self._grant)
        if decision == OPENED:
            self.pending = True
        else:
            self.finish(decision)
        return decision

    def _revoke(self, hits):
        """Steps 5 and 6 for a code that shall open no more."""
        decision, self._grant, codes = self._policy.revocable(hits, self._length)
        self.known = self._grant >= 0
        if self.known:
            self._level = self._budget.refund(self._length, self._state)
        if codes:
            try:
                body = self._state.revoke(codes)
            except StateError:
                decision, self._detail = STORAGE, LIST_FULL
            else:
                self._journal.write(body)
        self.finish(decision)
        return decision
