"""Going on with a new set in the midst of a wake: another judge at the same door.

What lasts at the door goes on where the new set has the grant behind it as it was: an entry that waits for its second
part, a bolt that is held open. Where it has not, the entry is forgotten, with an answer at the keypad and an event, and
the bolt is no longer held. Loaded only where a command by radio changes the set.
"""

from firmware.core.words import REMOTE, REVOKED
from firmware.store import StorageError


def renew(wake, session):
    """Go on with the set that is in the vault now, and without the menu, whose journal does not know what this writes.

    Not while the bolt moves. Where the new set cannot be used, `wake.fault` is set: nobody is let in.
    """
    judge, grants = session.attempts, wake.config.grants if wake.journal else None
    wake.fault = None
    wake.load(session.keypad)
    if not wake.fault:
        try:
            wake.count(wake.state.boots)
        except StorageError as error:
            wake.fault = (error.reason, 0)
    if wake.fault:
        wake.logbook.fault(*wake.fault)
    session.clock, session.attempts, session.menu = wake.clock, wake.attempts(), None
    session.signals.mute = wake.config.mute
    if session.attempts:
        session.attempts.begin()
        if judge:
            _carry(judge, grants, wake, session)
    wake.keep_hold(session.door)


def _carry(judge, before, wake, session):
    """Have the first part that waits at the `judge` of the set with the grants `before` wait on, or say that it does
    not."""
    now = wake.board.now()
    if not judge.waiting(now):
        return
    grants = wake.config.grants
    hits, length, number, until = judge.first
    place = hits[0][0]
    second = before.second(place)
    whole = second in (0, REMOTE) or _same(before, before.index(second), grants) >= 0
    kept = [(_same(before, i, grants), serial, value) for i, serial, value in hits]
    if whole and kept[0][0] >= 0:
        session.attempts.first = [hit for hit in kept if hit[0] >= 0], length, number, until
        return
    session.signals.play("owner", now)
    wake.logbook.entry(REVOKED, number, length, before.id(place), before.issuer(place))


def _same(before, i, grants):
    """Place in `grants` of the grant that has place `i` in `before`, where it is as it was and not revoked; else -1."""
    j = grants.index(before.id(i))
    return j if j >= 0 and not grants.revoked(j) and grants.record(j) == before.record(i) else -1
