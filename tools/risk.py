"""The chance that a stranger opens the door within a year, as a table, and what to change if it is too high.

K  codes of a typed length that could open        p  chance that one guess is a given one of them
N  guesses that the budget allows in a year       P  chance that one of N guesses is one of K codes
"""

import math

from firmware.core.risk import YEAR_S, entries, exceeds, guess, risk
from firmware.core.words import NUMBER
from tools.console import table

_HOUR_S = 3600
_DAY_S = 86400
_MOST_REFILL_S = 30 * _DAY_S


def report(grants, buckets, one_in):
    """(table, lines, exceeded) for a checked table of grants and their buckets, beside a bound of 1 in `one_in`."""
    rows, total = risk(grants, buckets)
    figures = ("typed digits", "K codes", "p of a guess", "N guesses", "P a year")
    made = table("Risk of a year", *figures, "", numbers=figures)
    for length, codes, count, chance in rows:
        p = guess(grants, length)[1] / codes if codes else 0
        made.add_row(str(length), str(codes), f"{p:.2e}", f"{count:,}", f"{chance:.2e}", _pace(length, buckets))
    made.add_section()
    made.add_row("whole", "", "", "", f"{total:.2e}", f"1 in {int(1 / total):,}" if total else "nothing can open")
    exceeded = exceeds(total, one_in)
    lines = [f"The bound of 1 in {one_in:,} is {'exceeded' if exceeded else 'held'}."]
    return made, lines + (advice(grants, buckets, one_in) if exceeded else []), exceeded


def advice(grants, buckets, one_in):
    """What to change so that the risk comes below the bound: a line for each typed length that must give way.

    What the lengths with little risk leave of the bound, the others share alike. Any one of the changes of a line is
    enough for its length.
    """
    bound = -math.log1p(-1 / one_in)
    lengths = [row[0] for row in risk(grants, buckets)[0]]
    hits = {length: entries(length, buckets) * guess(grants, length)[1] for length in lengths}
    most = sorted(lengths, key=hits.get, reverse=True)
    for count in range(1, len(most) + 1):
        level = (bound - sum(map(hits.get, most[count:]))) / count
        if all(hits[length] <= level for length in most[count:]):
            break
    lines = []
    for length in most[:count]:
        changes = _changes(grants, length, buckets, level / hits[length])
        told = "any of " + "; ".join(changes) if changes else "nothing but fewer grants or another risk_one_in"
        lines.append(f"Typed length {length}: {told}.")
    return lines


def _changes(grants, length, buckets, share):
    """What brings the hits of a year at one length down to `share` of what they are."""
    codes, hit = guess(grants, length)
    count = entries(length, buckets)
    changes = []
    if int(codes * share):
        changes.append(f"K {int(codes * share)} (smaller windows, fewer serials, less grace, early 0)")
    for _, burst, _ in [bucket for bucket in buckets if bucket[0] == length]:
        left = int(count * share)
        burst = min(burst, left // 2)
        refill = -(-YEAR_S // max(1, left - burst) // _HOUR_S) * _HOUR_S + _HOUR_S
        if burst and refill <= _MOST_REFILL_S:
            changes.append(f"burst {burst} and refill {_duration(refill)}")
    for more in (1, 2, 3):
        if _fits(grants, length, more) and guess(grants, length, more)[1] <= hit * share:
            changes.append(f"{more} more {'digit' if more == 1 else 'digits'} that nobody can predict, same bucket")
            break
    return changes


def _fits(grants, length, more):
    """Whether every grant of a typed length can have so many digits more."""
    places = [i for i in range(len(grants)) if grants.length(i) == length]
    return all(grants.digits(i) + more <= (12 if grants.kind(i) == NUMBER else 9) for i in places)


def _pace(length, buckets):
    for typed, burst, refill in buckets:
        if typed == length:
            return f"{burst} at once, one for each {_duration(refill)}"
    return "the owner's: one for each 15 s"


def _duration(seconds):
    for name, unit in (("d", _DAY_S), ("h", _HOUR_S), ("min", 60)):
        if seconds % unit == 0:
            return f"{seconds // unit}{name}"
    return f"{seconds}s"
