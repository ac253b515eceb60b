"""Policy: what the lock decides about an entry once it knows which codes the digits are."""

from firmware.core.verify import classify
from firmware.core.words import (
    APPROVAL,
    BATTERY,
    CLOCK,
    EARLY,
    INTERVAL,
    LATE,
    LOST,
    NUMBER,
    OPENED,
    REVOKED,
    SCHEDULE,
    UNLOCK,
    USED,
    WRONG,
)


def decide(grants, state, hits, t, quality, battery_ok, length):
    """(decision, grant's place or -1, burns) for the hits of an entry of `length` digits at unix second `t`.

    `quality`: TRUSTED, STALE or LOST of the clock; `battery_ok`: whether the motor may be driven. If any hit may open,
    it does, and every code that matched is in `burns` as (grant id, serial, value), since the same digits must not open
    a second time; value is the step, the counter, or how often a number will then have been used. A refusal with a
    place other than -1 says that a code the lock knows was typed: no guess, so its token comes back.
    """
    verdicts = [_verdict(grants, state, hit, t, quality, battery_ok) for hit in hits]
    if OPENED in verdicts:
        burns = [_burn(grants, state, hit) for hit, verdict in zip(hits, verdicts) if verdict not in (WRONG, USED)]
        return OPENED, hits[verdicts.index(OPENED)][0], burns
    for hit, verdict in zip(hits, verdicts):
        if verdict != WRONG:
            return verdict, hit[0], []
    if quality == LOST and _has_interval(grants, length):
        return CLOCK, -1, []
    return WRONG, -1, []


def _verdict(grants, state, hit, t, quality, battery_ok):
    i = hit[0]
    verdict = classify(grants, state, hit, t)
    since, until = grants.valid_from(i), grants.valid_until(i)
    if verdict in (WRONG, USED):
        return verdict
    if grants.revoked(i):
        return REVOKED
    if quality == LOST and (grants.kind(i) == INTERVAL or since or until):
        return CLOCK
    if until and t >= until:
        return LATE
    if verdict == OPENED and t < since:
        return EARLY
    if verdict != OPENED:
        return verdict
    if grants.schedule(i):
        return SCHEDULE
    if grants.second(i) or not grants.permissions(i) & UNLOCK:
        return APPROVAL
    if not battery_ok:
        return BATTERY
    return verdict


def _burn(grants, state, hit):
    i, serial, value = hit
    if grants.kind(i) == NUMBER:
        value = state.number_uses(i) + 1
    return grants.id(i), serial, value


def _has_interval(grants, length):
    for i in range(len(grants)):
        if grants.kind(i) == INTERVAL and grants.length(i) == length:
            return True
    return False
