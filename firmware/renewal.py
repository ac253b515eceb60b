"""From one set to the next in the midst of a wake: another judge at the same door.

    JUDGING --leave--> BETWEEN --renew--> JUDGING by the set that the vault holds now, the next or the one before

Between the two the lock is as with a fault: it opens for nobody, and has room for the set that is made. What lasts at
the door goes on where the new set has the grant behind it as it was: an entry that waits for its second part, a bolt
that is held open. Where it has not, the entry is forgotten, with an answer at the keypad and an event, and the bolt is
no longer held. Loaded only where a command by radio changes the set.
"""

import gc

from firmware.clock import Clock
from firmware.core.grants import Grants
from firmware.core.words import REMOTE, REVOKED
from firmware.drivers.ds3231 import DS3231
from firmware.store import CLOSED, StorageError


def leave(wake, session):
    """Let go of the judge and of the set that he judges by, and of the menu, whose journal does not know what follows.

    Returns what `renew` wants: what waits, and the bytearray that was the table. Not while the bolt moves, and nothing
    may be judged or logged until `renew`.
    """
    waits = _waiting(session.attempts, wake)
    session.attempts = session.menu = wake.journal = None
    wake.fault = (CLOSED, 0)
    table = _emptied(wake.config)
    wake.state.__init__(Grants(b""))  # in place: who still points at it keeps no burns alive
    wake.clock = session.clock = Clock(DS3231(wake.board.i2c), wake.board, wake.memory, wake.state)
    gc.collect()
    return waits, table


def renew(wake, session, waits, table):
    """Go on with the set that is in the vault now. Where it cannot be used, `wake.fault` is set: nobody is let in."""
    gc.collect()
    wake.fault = None
    try:
        wake.load(session.keypad, table)
    except Exception:  # of memory, say
        wake.fault = (CLOSED, 0)
        raise
    if not wake.fault and wake.generation > wake.state.generation:
        try:
            wake.count(wake.state.boots)
        except StorageError as error:
            wake.fault = (error.reason, 0)
    if wake.fault:
        wake.logbook.fault(*wake.fault)
    session.clock, session.attempts = wake.clock, wake.attempts()
    session.signals.mute = wake.config.mute
    if session.attempts:
        session.attempts.begin()
        if waits:
            _carry(*waits, wake, session)
    wake.keep_hold(session.door)


def _emptied(config):
    """The table of the grants, by which nothing is judged any more."""
    table, config.table = config.table, None
    config.grants, config.budget, config.schedules = Grants(b""), None, None
    return table


def _waiting(judge, wake):
    """Of a first part that waits at the `judge`: what it is, the grants behind it, and the place in these of the one
    that it waits for, or the number that stands for an approval; None: none waits."""
    if not judge or not judge.waiting(wake.board.now()):
        return None
    grants, first = wake.config.grants, judge.first
    places = [hit[0] for hit in first[0]]
    second = grants.second(places[0])
    if second not in (0, REMOTE):
        places.append(grants.index(second))
    return first, Grants(b"".join([grants.record(i) for i in places]))


def _carry(first, before, wake, session):
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
