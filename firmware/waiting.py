"""An entry that waits for its second part while the set changes: it waits on, or who typed it is told that it does not.

Loaded only where somebody has typed in this wake.
"""

from firmware.core.grants import Grants
from firmware.core.words import REMOTE, REVOKED


def waiting(judge, wake):
    """Of a first part that waits at the `judge`: what it is, the grants behind it, and the place in these of the one
    that it waits for, or the number that stands for an approval; None: none waits."""
    if not judge.waiting(wake.board.now()):
        return None
    grants, first = wake.config.grants, judge.first
    places = [hit[0] for hit in first[0]]
    second = grants.second(places[0])
    if second not in (0, REMOTE):
        places.append(grants.index(second))
    return first, Grants(b"".join([grants.record(i) for i in places]))


def carry(first, before, wake, session):
    """Have the `first` part that waited by the grants `before` wait on, or say that it does not."""
    grants = wake.config.grants
    hits, length, nonce, until = first
    kept = [_same(before, i, grants) for i in range(len(before))]
    if min(kept) >= 0:  # and whatever else its digits are of, which burns with it
        hits = [(place,) + hit[1:] for place, hit in zip(kept, hits)]
        session.attempts.first = hits, length, nonce, until
        return
    session.signals.play("owner", wake.board.now())
    wake.logbook.entry(REVOKED, nonce[1], length, before.id(0), before.issuer(0))


def _same(before, i, grants):
    """Place in `grants` of the grant that has place `i` in `before`, where it is as it was and not revoked; else -1."""
    j = grants.index(before.id(i))
    return j if j >= 0 and not grants.revoked(j) and grants.record(j) == before.record(i) else -1
