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
from firmware.drivers.ds3231 import DS3231
from firmware.store import CLOSED, StorageError


def leave(wake, session):
    """Let go of the judge and of the set that he judges by, and of the menu, whose journal does not know what follows.

    Returns what `renew` wants: what waits, and the bytearray that was the table. Not while the bolt moves, and nothing
    may be judged or logged until `renew`.
    """
    waits = None
    if session.attempts:
        from firmware.waiting import waiting

        waits = waiting(session.attempts, wake)
    session.attempts = session.menu = wake.journal = None
    wake.fault = (CLOSED, 0)
    table = _emptied(wake.config)
    wake.state.__init__(Grants(b""))  # in place: who still points at it keeps no burns alive
    wake.clock = Clock(DS3231(wake.board.i2c), wake.board, wake.memory, wake.state)
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
    if session.visitor:
        session.visitor.take_up()
    session.signals.mute = wake.config.mute
    if session.attempts:
        session.attempts.begin()
        if waits:
            from firmware.waiting import carry

            carry(*waits, wake, session)
    wake.keep_hold(session.door)


def _emptied(config):
    """The table of the grants, by which nothing is judged any more."""
    table, config.table = config.table, None
    config.grants, config.budget, config.schedules = Grants(b""), None, None
    return table
