"""What the menu's functions do. Each returns the steps by which LED and buzzer answer (`Signals.begin`).

Mute and revocations are a new set in the vault, the old one or the new one after a cut at any instant; a reset lockout
and a revoked code are records of the journal, so are they. Everything that changes the lock, and whoever looked, is in
the log. Nothing here makes a set of grants worse than the one that was admitted, so none is admitted anew.
"""

import json

from micropython import const

from firmware import door as doors
from firmware.answers import ANSWERS
from firmware.core import records
from firmware.core.grants import Grants
from firmware.core.words import ACCEPTED, BATTERY, JAMMED, OPENED, UNLOCK, WRONG
from firmware.drivers.ds3231 import ClockError
from firmware.drivers.ds3231_service import temperature
from firmware.drivers.numerals import number
from firmware.drivers.signals import PATTERNS
from firmware.store import audit as log

_REFUSALS = const(3)
_SECTORS = const(2)  # of the log that are read for them: the newest 120 events, or more
_PAUSE = (1500,)
_CLASSES = (10, 60, 600, 3600)  # seconds: limits of the clock's uncertainty, each a class


class Service:
    """Parameters as of `Menu`."""

    def __init__(self, wake, session, attempts):
        self._wake = wake
        self._session = session
        self._attempts = attempts
        self._permissions = attempts.permissions
        self._grant_id, self._issuer = attempts.details[2:4]
        self._testing = False

    # Looking

    def battery(self):
        """Tenths of a volt."""
        self._log(1)
        return number((self._wake.battery.millivolts() + 50) // 100)

    def clock(self):
        """The quality of the clock, 1 trusted, 2 stale, 3 lost; how wrong it may be, as a class from 0 to 4; and, if
        the clock answers, its temperature in degrees Celsius."""
        self._log(2)
        clock = self._wake.clock
        quality = clock.read()[1]
        steps = number(quality) + _PAUSE + number(sum([clock.uncertainty > limit for limit in _CLASSES]))
        try:
            return steps + _PAUSE + number((temperature(self._wake.board.i2c) + 2) // 4)
        except ClockError:
            return steps

    def refusals(self):
        """The answers to the newest three entries that were refused, newest first; the number 0 if there is none."""
        wake = self._wake
        found = []
        for event in wake.logbook.newest(_SECTORS):
            if event.kind == log.ENTRY and event.decision not in (OPENED, ACCEPTED):
                found = [event.decision] + found[: _REFUSALS - 1]
        self._log(3)
        steps = ()
        for decision in found:
            steps += PATTERNS[ANSWERS[decision]] + _PAUSE
        return steps or number(0)

    # Moving

    def test_bolt(self, now):
        """Move the bolt to its other end and back; needs an open door or the permission to unlock."""
        door = self._session.door
        if door.closed and not self._permissions & UNLOCK:
            return PATTERNS[ANSWERS[WRONG]]
        self._log(4)
        self._testing = door.test(now)
        return PATTERNS["busy"] if self._testing else PATTERNS[ANSWERS[BATTERY]]

    def bolt_tested(self, happened):
        """The answer, if what `Door` reports is the end of the bolt test; else ()."""
        testing, self._testing = self._testing, False
        if not testing or happened not in (doors.OPENED, doors.JAMMED):
            return ()
        if happened == doors.OPENED:
            return PATTERNS[ANSWERS[ACCEPTED]]
        self._wake.logbook.event(log.JAM)
        return PATTERNS[ANSWERS[JAMMED]]

    # Changing

    def mute(self):
        """Silence the buzzer for good, or let it sound again."""
        settings, packed = self._wake.vault.load()
        fields = json.loads(settings)
        fields["mute"] = not fields["mute"]
        self._wake.vault.replace(json.dumps(fields, separators=(",", ":")).encode(), packed)
        self._wake.config.mute = self._session.signals.mute = fields["mute"]
        self._log(5)
        return self._settle()

    def call(self):
        """Ask for the radio at the end of this wake, to call the owner and to set the clock."""
        memory = self._wake.memory
        memory.call = 1
        memory.keep()
        self._wake.logbook.event(log.CALL, 0, self._grant_id, self._issuer)
        return PATTERNS[ANSWERS[ACCEPTED]]

    def refill(self):
        """End every lockout: all buckets are full."""
        wake = self._wake
        wake.clock.read()
        buckets = wake.config.budget.full(wake.clock.credit)
        for body in records.pack_items(records.BUCKETS, records.BUCKET_ITEM, buckets):
            wake.journal.write(body)
        self._log(7)
        return PATTERNS[ANSWERS[ACCEPTED]]

    def revoke_grant(self, grant_id):
        """Nothing of a grant opens any more; `wrong` for the one by which the menu was opened."""
        grants = self._wake.config.grants
        i = grants.index(grant_id)
        return self._revoke([i] if i >= 0 else (), 81, grant_id, grants.issuer(i) if i >= 0 else 0)

    def revoke_issuer(self, issuer):
        """Nothing of an issuer's opens any more, nor may it command: it is none. `wrong` for the one whose code opened
        the menu."""
        grants = self._wake.config.grants
        return self._revoke([i for i in range(len(grants)) if grants.issuer(i) == issuer], 82, 0, issuer)

    def revoke_code(self, digits, length, now):
        """The code that is typed opens no more; it is counted against its budget like any entry."""
        decision = self._attempts.revoke(digits, length, now)
        self._wake.logbook.entry(decision, *self._attempts.details)
        if decision == ACCEPTED:
            self._wake.logbook.event(log.REVOCATION, 83, *self._attempts.details[2:4])
        return PATTERNS[ANSWERS[decision]]

    def failed(self, error):
        """The flash did not take a change: the log has why."""
        self._wake.logbook.fault(error.reason)

    def _revoke(self, places, function, grant_id, issuer):
        grants = self._wake.config.grants
        settings, packed = self._wake.vault.load()
        fields = json.loads(settings)
        gone = [row for row in fields["issuers"] if row[0] == issuer] if function == 82 else ()
        if not places and not gone or self._grant_id in [grants.id(i) for i in places]:
            return PATTERNS[ANSWERS[WRONG]]
        if gone:
            fields["issuers"] = [row for row in fields["issuers"] if row not in gone]
            settings = json.dumps(fields, separators=(",", ":")).encode()
        table = Grants(packed)
        for i in places:
            table.revoke(i)
        self._wake.vault.replace(settings, packed)
        for i in places:
            grants.revoke(i)
        self._wake.logbook.event(log.REVOCATION, function, grant_id, issuer)
        return self._settle()

    def _settle(self):
        """The journal knows of the new set: an older one is never taken for it again."""
        self._wake.count(self._wake.state.boots)
        self._wake.keep_hold(self._session.door)
        return PATTERNS[ANSWERS[ACCEPTED]]

    def _log(self, function):
        self._wake.logbook.event(log.SERVICE, function, self._grant_id, self._issuer)
