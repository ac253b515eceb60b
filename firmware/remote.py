"""What commands by radio do to this lock: `actions` of net/commands.py, where each method is explained.

Whatever the flash does not take is Refused(STORAGE). What changes the set is in changes.py. Nothing here moves the bolt
while it moves already, or between a burn and its outcome: it lets the lock go on until that is over.
"""

from micropython import const

from firmware import door as doors
from firmware.changes import Changes
from firmware.core.records import StateError
from firmware.core.words import (
    ACCEPTED,
    APPROVAL,
    BATTERY,
    DECISIONS,
    EVENT,
    INTERVAL,
    JAMMED,
    OPENED,
    OWNER,
    STORAGE,
    TRUSTED,
)
from firmware.drivers.ds3231 import ClockError
from firmware.drivers.numerals import FRAME
from firmware.limits import UNDONE
from firmware.logbook import URGENT
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.store import StorageError
from firmware.store import audit as log
from firmware.sync import SyncError, synchronise

_ENOUGH_S = const(4)  # by how much a sync must be better than what the clock knows already
_EVENTS_A_SECTOR = const(100)  # at least, in one that is full
_SECTORS = const(48)
_SETTLING = (messages.APPROVE_ENTRY, messages.REFUSE_ENTRY)
_LASTING = (messages.PUT_GRANT, messages.REVOKE_GRANT, messages.ROTATE)  # what an issuer may have written to NVS


class Remote(Changes):
    """The lock, towards commands. wake, session: of this wake. radio: a net.settings.Radio. vault: the radio's.

    turn(): serves the door and whoever is there, and lets some ms pass. limits: a limits.Limits.

    asked: ms at which the hello was said. opened: whether a command has moved the bolt. first: number of the event from
    which on the log was asked for, 0: it was not.
    """

    def __init__(self, wake, session, radio, vault, turn, limits):
        super().__init__(wake, session, radio, vault, turn)
        self._limits = limits
        self.asked = 0
        self.opened = False
        self.first = 0
        self._identified = []  # issuers who own nothing and have had their pattern
        self._opening = -1  # issuer for whom the bolt moves
        self._ordered = []  # (issuer who owns nothing, nonce of the entry) that he has had an order about
        self._settled = None  # nonce of the entry that was approved or refused
        if not wake.fault:
            try:
                self.catch_up()  # where a cut came between vault and journal
            except Refused:  # then before the next change of the set, or there is none
                pass

    # Moving

    def unlock(self, number):
        self.rest()
        if self._wake.fault:
            raise Refused(messages.STORAGE)
        if not self._session.door.unlock(self._now()):
            raise Refused(messages.REFUSED, b"battery")
        self._opening = number
        self._session.remote = self
        self._arrive()

    def _arrive(self):
        """The bolt is being drawn: see whether it gets there."""
        self.rest()
        if self._session.door.bolt.jammed:
            raise Refused(messages.REFUSED, b"jammed")
        self.opened = True

    def follow(self, happened, now):
        """A report of `Door`, after an `unlock`."""
        if self._opening < 0 or happened not in (doors.OPENED, doors.JAMMED):
            return
        decision = OPENED if happened == doors.OPENED else JAMMED
        self._session.signals.play("opened" if decision == OPENED else "jammed", now)
        self._wake.logbook.entry(decision, issuer=self._opening, detail=log.BY_RADIO)
        self._opening = -1

    def approve(self, nonce, number):
        attempts = self._waiting(nonce)
        decision = attempts.approve(nonce, self._now())
        if decision == APPROVAL:
            raise Refused(messages.STALE)
        self._settled = nonce
        self._session.conclude(decision, self._now())
        if decision == STORAGE:
            raise Refused(messages.STORAGE)
        if decision == OPENED and not attempts.pending:  # the battery has dropped since the policy looked at it
            decision = BATTERY
        if decision not in (OPENED, ACCEPTED):
            raise Refused(messages.REFUSED, DECISIONS[decision].encode())
        if decision == OPENED:
            self._arrive()

    def refuse(self, nonce, number):
        if not self._waiting(nonce).refuse(nonce, self._now()):
            raise Refused(messages.STALE)
        self._settled = nonce
        self._session.signals.play("owner", self._now())

    def _waiting(self, nonce):
        self.rest()
        if nonce == self._settled:
            raise Refused(messages.BEFORE)
        attempts = self._session.attempts
        if not attempts:
            raise Refused(messages.STORAGE)
        return attempts

    # Telling

    def identify(self):
        self._session.signals.begin(FRAME * 3, self._now())

    def send_log(self, first):
        self.first = max(1, first)

    def told(self, number, kind, word):
        if word == messages.DONE:
            self._wake.logbook.event(log.COMMAND, kind, self.about, number)
        elif word != messages.BEFORE:
            self._limits.add(UNDONE, 1 << word, 1, number)
        self.about = 0

    def allows(self, number, kind):
        if kind == messages.IDENTIFY and self._wake.memory.news & URGENT:
            return False  # nobody at the door shall notice that there is a check-in
        if self.permissions(number) & OWNER:
            return True
        entry = self.entry() if kind in _SETTLING else None
        if entry and (number, entry) not in self._ordered:
            self._ordered.append((number, entry))
            return True
        if kind == messages.IDENTIFY:
            if number in self._identified:
                return False
            self._identified.append(number)
        return self._limits.grants(number, kind in _LASTING)

    def hello(self):
        """(clock, head of the log, generation, attempts, power, entry that waits), as `pack_hello` wants them."""
        wake, door = self._wake, self._session.door
        t, quality = wake.clock.read()
        power = door.bolt.position | door.closed << 2 | door.bolt.jammed << 3
        clock = t, quality, wake.clock.uncertainty
        power = wake.battery.millivolts(), power
        return clock, wake.logbook.head, wake.vault.generation, wake.state.attempts, power, self.entry() or (0, 0)

    def entry(self):
        """Nonce of the entry that waits for an approval, or None."""
        attempts = self._session.attempts
        return attempts.nonce(self._now()) if attempts else None

    def events(self, after, most):
        """Up to `most` messages of events after number `after`: (first, sector, MAC before, 28 bytes each)."""
        found, before = [], bytes(4)
        head = self._wake.logbook.head[0]
        if after >= head:
            return found
        due = 0
        for event in self._behind(after, (head - after) // _EVENTS_A_SECTOR + 2):
            if event.sequence > after:
                full = found and len(found[-1][3]) == messages.MAX_EVENTS * messages.EVENT_SIZE
                if not found or full or event.sequence != due or event.sector != found[-1][1]:
                    if len(found) == most:
                        break
                    found.append((event.sequence, event.sector, before, bytearray()))
                found[-1][3].extend(event.body + event.mac)
                due = event.sequence + 1
            before = event.mac
        return found

    def _behind(self, after, sectors):
        """Events of so many newest sectors, or of more, until number `after` is among them: a ring may leave a sector
        before it is full."""
        newest = self._wake.logbook.newest
        while sectors < _SECTORS:
            for event in newest(sectors):
                if event.sequence <= max(after, 1):
                    return newest(sectors)
                break
            sectors *= 2
        return newest(_SECTORS)

    # Time

    def time(self, t, ms, uncertainty):
        try:
            self._set(t, ms, uncertainty, False)
        except Refused as refused:
            self._limits.add(UNDONE, 1 << refused.word, 1, self._radio.gateway)

    def set_time(self, t, ms, uncertainty):
        self._set(t, ms, uncertainty, True)

    def now(self):
        t, _ = self._wake.clock.read()
        return t, self._wake.clock.uncertainty

    def _set(self, t, ms, uncertainty, reset):
        """Set the clock to what was sealed somewhere between hello and now, unless it knows the time as well."""
        wake = self._wake
        trip = self._now() - self.asked
        ms += trip // 2
        seconds = t + (ms + 500) // 1000
        doubt = uncertainty + (trip + 1) // 2 + abs((seconds - t) * 1000 - ms)
        known, quality = wake.clock.read()
        least = wake.clock.uncertainty
        near = abs(known - seconds) <= least + doubt // 1000 + 1
        if not reset and quality == TRUSTED and near and least <= doubt // 1000 + _ENOUGH_S:
            return
        if not wake.journal:
            raise Refused(messages.STORAGE)
        try:
            synchronise(wake.board, wake.memory, wake.journal, wake.state, seconds, doubt, reset)
        except SyncError as error:
            raise Refused(messages.REFUSED, str(error).encode())
        except ClockError:
            raise Refused(messages.STORAGE, b"clock")
        except StorageError as error:
            self._failed(error)

    # Codes

    def revoke_code(self, grant_id, serial, value):
        grants, i = self._place(grant_id)
        state, kind = self._wake.state, grants.kind(i)
        if serial >= grants.serials(i) or kind not in (INTERVAL, EVENT) and value:
            raise Refused(messages.UNKNOWN)
        if state.revoked(i, serial, value) or kind == EVENT and state.event_used(i, value):
            raise Refused(messages.BEFORE)
        try:
            body = state.revoke([(grant_id, serial, value)])
        except StateError:
            raise Refused(messages.FULL)
        self._write(body)

    def set_base(self, grant_id, counter):
        grants, i = self._place(grant_id)
        if grants.kind(i) != EVENT:
            raise Refused(messages.UNKNOWN)
        if counter <= self._wake.state.event_base(i):
            raise Refused(messages.BEFORE)
        self._write(self._wake.state.raised(i, counter))

    def _place(self, grant_id):
        grants = self._wake.config.grants
        i = grants.index(grant_id)
        if i < 0:
            raise Refused(messages.UNKNOWN)
        self.about = grant_id
        return grants, i

    def issuer_of(self, grant_id):
        grants = self._wake.config.grants
        i = grants.index(grant_id)
        return None if i < 0 else grants.issuer(i)

    def revoked(self, grant_id):
        grants = self._wake.config.grants
        i = grants.index(grant_id)
        return i >= 0 and grants.revoked(i)
