"""Policy: what the lock decides about an entry once it knows which codes the digits are.

One code is refused for the most final of the reasons that hold. Of several codes with the same digits one that may open
decides; if none may, the reason that helps an honest person most. Validity and schedules are compared with the clock's
best estimate itself: its uncertainty is seconds, and who typed a right code at the edge is no stranger. What the
uncertainty can spoil is which step of an interval it is, so there it has a bound.

A code that needs a second part waits for it, and both are judged at the instant of the second: what ended meanwhile
does not open. Digits that are the first part's own are never its second part.
"""

from micropython import const

from firmware.core.verify import classify
from firmware.core.words import (
    ACCEPTED,
    APPROVAL,
    BATTERY,
    CALL,
    CLOCK,
    EARLY,
    INTERVAL,
    LATE,
    LOST,
    NUMBER,
    OPENED,
    OWNER,
    REVOKED,
    SCHEDULE,
    SERVICE,
    UNLOCK,
    USED,
    WRONG,
)

_WAITS = const(0)  # right in every respect, and its second part is missing

# which verdict counts where one entry has several
_RANK = (OPENED, ACCEPTED, _WAITS, BATTERY, APPROVAL, SCHEDULE, EARLY, CLOCK, LATE, USED, REVOKED, WRONG)


class Policy:
    """`grants` and `state` as everywhere; `schedules` has `allows(number, t)`, or is None if no grant has one.

    A hit is (grant's place, serial, step or counter), as `Verifier.match` finds it.
    """

    def __init__(self, grants, state, schedules):
        self._grants = grants
        self._state = state
        self._schedules = schedules
        self._t = self._quality = self._uncertainty = 0
        self._battery_ok = False

    def at(self, t, quality, uncertainty, battery_ok):
        """The circumstances of what is decided from now on.

        t: unix second. quality: TRUSTED, STALE or LOST of the clock; uncertainty: how many seconds `t` may be wrong.
        battery_ok: whether the motor may be driven.
        """
        self._t, self._quality, self._uncertainty, self._battery_ok = t, quality, uncertainty, battery_ok

    def decide(self, hits, length, first=()):
        """(decision, grant's place or -1, hits to burn) for the hits of an entry of `length` digits.

        first: the hits of an entry whose second part this one may be. A place other than -1 says that a code the lock
        knows was typed: no guess. OPENED and ACCEPTED burn every code that matched, since the same digits must not
        open a second time; the code that decided comes first, then the second part. APPROVAL with hits to burn waits
        for its second part and burns nothing until then.
        """
        verdicts = [self._verdict(hit) for hit in hits]
        others = [hit for hit, verdict in zip(hits, verdicts) if verdict not in (WRONG, USED)]
        second = self._second(first, hits, verdicts)
        if second:
            decision, spent = self.complete(first)
            if spent:
                others.remove(second)
                spent[1:1] = [second]
                spent += others
            return decision, first[0][0], spent
        best = min(verdicts, key=_RANK.index) if verdicts else WRONG
        if best == WRONG:
            return (CLOCK if self._doubtful(length) else WRONG), -1, []
        hit = hits[verdicts.index(best)]
        if best not in (OPENED, ACCEPTED, _WAITS):
            return best, hit[0], []
        others.remove(hit)
        return best or APPROVAL, hit[0], [hit] + others

    def complete(self, first):
        """(decision, hits to burn) for the hits of a first part whose second part is here."""
        verdict = self._verdict(first[0])
        if verdict != _WAITS:
            return verdict, []
        spent = [hit for hit in first if self._verdict(hit) not in (WRONG, USED)]
        return (OPENED if self._grants.permissions(first[0][0]) & UNLOCK else ACCEPTED), spent

    def revocable(self, hits, length):
        """(decision, grant's place or -1, codes) for an entry of which the owner says that it shall open no more.

        ACCEPTED with the codes to revoke, (grant id, serial, step or counter; 0 for a number) each; otherwise none.
        The owner's own codes are not revoked at the door, or nobody could open it any more: APPROVAL.
        """
        grants = self._grants
        live = [hit for hit in hits if self._verdict(hit) not in (WRONG, USED, LATE, REVOKED)]
        codes = [(grants.id(i), serial, value) for i, serial, value in live if not grants.permissions(i) & OWNER]
        if codes:
            return ACCEPTED, grants.index(codes[0][0]), codes
        if live:
            return APPROVAL, live[0][0], []
        return self.decide(hits, length)

    def burns(self, hits):
        """What a burn record says of `hits`: (grant id, serial, value) each, value being the step, the counter, or how
        often a number will then have been used."""
        return [self._burn(*hit) for hit in hits]

    def ends(self, i, t, latest):
        """Unix second, `latest` at most, at which the codes of grant `i`, which open at unix second `t`, cease to."""
        until, schedule = self._grants.valid_until(i), self._grants.schedule(i)
        latest = min(latest, until or latest)
        return self._schedules.closes(schedule, t, latest) if schedule else latest

    def _burn(self, i, serial, value):
        if self._grants.kind(i) == NUMBER:
            value = self._state.number_uses(i) + 1
        return self._grants.id(i), serial, value

    def _second(self, first, hits, verdicts):
        """The hit that is the second part of `first`, or None."""
        wanted = self._grants.second(first[0][0]) if first else 0
        found = None
        for hit, verdict in zip(hits, verdicts):
            if hit in first:
                return None
            if self._grants.id(hit[0]) == wanted and verdict in (OPENED, ACCEPTED, APPROVAL):
                found = hit
        return found

    def _verdict(self, hit):
        grants, t, i = self._grants, self._t, hit[0]
        verdict = classify(grants, self._state, hit, t)
        if verdict == WRONG:
            return WRONG
        if self._state.revoked(*hit):
            return REVOKED
        if verdict == USED:
            return USED
        if grants.revoked(i):
            return REVOKED
        since, until, schedule = grants.valid_from(i), grants.valid_until(i), grants.schedule(i)
        if self._unsure(i) or self._quality == LOST and (since or until or schedule):
            return CLOCK
        if until and t >= until:
            return LATE
        if verdict == OPENED and t < since:
            return EARLY
        if verdict != OPENED:
            return verdict
        if schedule and not self._schedules.allows(schedule, t):
            return SCHEDULE
        return self._right(i)

    def _right(self, i):
        """The verdict on a code of grant `i` with which nothing is wrong."""
        permissions = self._grants.permissions(i)
        if permissions & UNLOCK and not self._battery_ok:
            return BATTERY
        if self._grants.second(i):
            return _WAITS
        if permissions & UNLOCK:
            return OPENED
        return ACCEPTED if permissions & (SERVICE | CALL) else APPROVAL

    def _unsure(self, i):
        return self._grants.kind(i) == INTERVAL and self._uncertainty > self._grants.max_u(i)

    def _doubtful(self, length):
        """Whether digits that match nothing may still be the code of an interval: it is not sure which step it is."""
        for i in range(len(self._grants)):
            if self._grants.length(i) == length and self._unsure(i):
                return True
        return False
