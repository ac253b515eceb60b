"""How likely a stranger who never leaves the keypad opens the door within a year.

Per typed length: K codes whose answer differs from `wrong` and that can open now or later, p that one guess is a given
one of them, N guesses that the budget allows in a year; over the lock P = 1 - exp(-sum of N * K * p). An entry is at
risk with every code of its length, so codes add up; a code that a second one must follow counts as if it opened alone.
A revoked grant's codes answer `revoked` and never open again: they count for nothing. Floats, and not loaded by a wake.
"""

import math

from micropython import const

from firmware.core.bounds import OWNER_S
from firmware.core.budget import Budget
from firmware.core.words import NUMBER

YEAR_S = const(31_556_952)  # 365.2425 days


def likeliest(digits):
    """p of the likeliest code of `digits` 6 to 10, cut from 31 bits (RFC 4226 5.3): 1.4 times 1e-9 at nine digits."""
    return -(-(1 << 31) // 10**digits) / (1 << 31)


def guess(grants, length, more=0):
    """(K, sum of K * p): how many codes one guess of a typed length can be, and its chance to be any of them at most.

    A number was chosen elsewhere and counts with the digits of it that its owner declares to be unpredictable. `more`:
    as if every code had so many digits more.
    """
    codes, hit = 0, 0.0
    for i in range(len(grants)):
        if grants.length(i) == length and not grants.revoked(i):
            codes += grants.candidates(i)
            if grants.kind(i) == NUMBER:
                hit += 10.0 ** -(grants.unpredictable(i) + more)
            else:
                hit += grants.candidates(i) * likeliest(grants.digits(i) + more)
    return codes, hit


def entries(length, buckets):
    """N: most entries of a typed length that are compared in any year; `buckets` as for `risk`.

    What has no bucket is the owner's: one entry in 15 s.
    """
    for typed, burst, refill in buckets:
        if typed == length:
            return burst - -YEAR_S // refill
    return YEAR_S // OWNER_S


def risk(grants, buckets):
    """(rows, total): a row (typed length, K, N, P) for each length that has codes, shortest first, and P of the lock.

    grants: a checked table. buckets: (typed length, burst in entries, refill in seconds per entry) each. P: chance per
    year that an entry of this length opens. Raises BudgetError if buckets do not fit the grants.
    """
    Budget(buckets, grants)
    rows = []
    hits = 0.0
    for length in sorted({grants.length(i) for i in range(len(grants))}):
        codes, hit = guess(grants, length)
        count = entries(length, buckets)
        hits += count * hit
        rows.append((length, codes, count, -math.expm1(-count * hit)))
    return rows, -math.expm1(-hits)


def exceeds(total, one_in):
    """Whether a chance per year is above the bound of 1 in `one_in`."""
    return total * one_in > 1
