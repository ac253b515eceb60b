"""Commands by radio that move the bolt, or let an entry that waits move it.

Nothing here moves the bolt while it moves already, or between a burn and its outcome: it lets the lock go on until that
is over.
"""

from firmware import door as doors
from firmware.core.words import ACCEPTED, APPROVAL, BATTERY, DECISIONS, JAMMED, OPENED, STORAGE
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.store import audit as log


class Moving:
    """lock: the Remote whose commands these are. It is there for all of a check-in once it is asked for."""

    def __init__(self, lock):
        self._lock = lock
        self._opening = -1  # issuer for whom the bolt moves
        self._settled = None  # nonce of the entry that was approved or refused

    def unlock(self, number):
        self._lock.rest()
        if self._lock.wake.fault:
            raise Refused(messages.STORAGE)
        if not self._lock.session.door.unlock(self._lock.ms()):
            raise Refused(messages.REFUSED, b"battery")
        self._opening = number
        self._lock.session.remote = self
        self._arrive()

    def _arrive(self):
        """The bolt is being drawn: see whether it gets there."""
        self._lock.rest()
        if self._lock.session.door.bolt.jammed:
            raise Refused(messages.REFUSED, b"jammed")
        self._lock.opened = True

    def follow(self, happened, now):
        """A report of `Door`, after an `unlock`."""
        if self._opening < 0 or happened not in (doors.OPENED, doors.JAMMED):
            return
        decision = OPENED if happened == doors.OPENED else JAMMED
        self._lock.session.signals.play("opened" if decision == OPENED else "jammed", now)
        self._lock.wake.logbook.entry(decision, issuer=self._opening, detail=log.BY_RADIO)
        self._opening = -1
        if decision == OPENED:
            self._lock.wake.in_order()  # as the outcome of an entry does: what comes is no boot in a row with those

    def approve(self, nonce, number):
        attempts = self._waiting(nonce)
        decision = attempts.approve(nonce, self._lock.ms())
        if decision == APPROVAL:
            raise Refused(messages.STALE)
        self._settled = nonce
        self._lock.session.visitor.conclude(decision, self._lock.ms())
        if decision == STORAGE:
            raise Refused(messages.STORAGE)
        if decision == OPENED and not attempts.pending:  # the battery has dropped since the policy looked at it
            decision = BATTERY
        if decision not in (OPENED, ACCEPTED):
            raise Refused(messages.REFUSED, DECISIONS[decision].encode())
        if decision == OPENED:
            self._arrive()

    def refuse(self, nonce, number):
        if not self._waiting(nonce).refuse(nonce, self._lock.ms()):
            raise Refused(messages.STALE)
        self._settled = nonce
        self._lock.session.signals.play("owner", self._lock.ms())

    def _waiting(self, nonce):
        self._lock.rest()
        if nonce == self._settled:
            raise Refused(messages.BEFORE)
        if self._lock.wake.fault:
            raise Refused(messages.STORAGE)
        attempts = self._lock.session.attempts
        if not attempts:  # nobody has typed anything in this wake
            raise Refused(messages.STALE)
        return attempts
