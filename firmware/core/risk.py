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


def chance(grants, i):
    """Chance that one guess of its typed length is a code of the grant in place `i`: K * p, an upper bound.

    A number was chosen elsewhere and counts with the digits of it that its owner declares to be unpredictable.
    """
    if grants.kind(i) == NUMBER:
        return 10.0 ** -grants.unpredictable(i)
    return grants.candidates(i) * likeliest(grants.digits(i))


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
    sums = {}
    for i in range(len(grants)):
        codes, each = sums.get(grants.length(i), (0, 0.0))
        if not grants.revoked(i):
            codes, each = codes + grants.candidates(i), each + chance(grants, i)
        sums[grants.length(i)] = codes, each
    rows = []
    hits = 0.0
    for length in sorted(sums):
        codes, each = sums[length]
        count = entries(length, buckets)
        hits += count * each
        rows.append((length, codes, count, -math.expm1(-count * each)))
    return rows, -math.expm1(-hits)


def exceeds(total, one_in):
    """Whether a chance per year is above the bound of 1 in `one_in`."""
    return total * one_in > 1
