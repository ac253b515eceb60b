"""What commands by radio do to this lock: `actions` of net/commands.py, where each method is explained.

Whatever the flash does not take is Refused(STORAGE). What most check-ins have no command for is in files of its own:
changes of the set (changes.py, rights.py), what moves the bolt (moving.py), codes one by one (coded.py). So is what is
told of the lock (reports.py), which need not be there while a command is done.
"""

from firmware.commanders import Commanders
from firmware.core.words import OWNER
from firmware.limits import UNDONE
from firmware.logbook import URGENT
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.store import audit as log
from firmware.unloading import passing

_SETTLING = (messages.APPROVE_ENTRY, messages.REFUSE_ENTRY)
_MOVING = (messages.UNLOCK_NOW,) + _SETTLING
_CODES = (messages.REVOKE_CODE, messages.SET_BASE)
_GRANTS = (messages.PUT_GRANT, messages.REVOKE_GRANT)
_OWN = (messages.SET_TIME, messages.SEND_LOG, messages.IDENTIFY, messages.ROTATE)
_LASTING = (messages.PUT_GRANT, messages.REVOKE_GRANT, messages.ROTATE)  # what an issuer may have written to NVS


class Remote(Commanders):
    """The lock, towards commands. wake, session: of this wake. radio: a net.settings.Radio. vault: the radio's.

    turn(): serves the door and whoever is there, and lets some ms pass. limits: a limits.Limits.

    about: the grant that a command is about, 0: none. asked: ms at which the hello was said. opened: whether a command
    has moved the bolt. first: number of the event from which on the log was asked for, 0: it was not.
    """

    def __init__(self, wake, session, radio, vault, turn, limits):
        super().__init__(wake, session, radio, vault, turn)
        self._limits = limits
        self.asked = self.first = self.about = 0
        self.opened = False
        self._identified = []  # issuers who own nothing and have had their pattern
        self._ordered = []  # (issuer who owns nothing, nonce of the entry) that he has had an order about
        self._moving = None
        if not wake.fault:
            try:
                self.catch_up()  # where a cut came between vault and journal
            except Refused:  # then before the next change of the set, or there is none
                pass

    def part(self, kind):
        """Whoever does commands of this type; loaded only now."""
        if kind in _MOVING:
            if not self._moving:
                from firmware.moving import Moving

                self._moving = Moving(self)
            return self._moving
        if kind in _CODES:
            from firmware.coded import Codes

            return Codes(self)
        if kind in _OWN:
            return self
        if kind in _GRANTS:
            from firmware.changes import Changes

            return Changes(self)
        from firmware.rights import Rights

        return Rights(self)

    # Telling

    def identify(self):
        from firmware.drivers.numerals import FRAME

        self.session.signals.begin(FRAME * 3, self.ms())

    def send_log(self, first):
        self.first = max(1, first)

    def told(self, number, kind, word):
        if word == messages.DONE:
            self.wake.logbook.event(log.COMMAND, kind, self.about, number)
        elif word != messages.BEFORE:
            self._limits.add(UNDONE, 1 << word, 1, number)
        self.about = 0

    def allows(self, number, kind):
        if kind == messages.IDENTIFY and self.wake.memory.news & URGENT:
            return False  # nobody at the door shall notice that there is a check-in
        return self.permissions(number) & OWNER or self._spares(number, kind)

    def _spares(self, number, kind):
        """As `allows`, of an issuer who owns nothing."""
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
        from firmware.reports import standing

        return standing(self)

    def entry(self):
        """Nonce of the entry that waits for an approval, or None."""
        attempts = self.session.attempts
        return attempts.nonce(self.ms()) if attempts else None

    def events(self, after, most):
        from firmware.reports import events

        return events(self.wake.logbook, after, most)

    # Time

    def time(self, t, ms, uncertainty):
        try:
            passing(self._set, t, ms, uncertainty, False)
        except Refused as refused:
            self._limits.add(UNDONE, 1 << refused.word, 1, self.radio.gateway)

    def set_time(self, t, ms, uncertainty):
        self._set(t, ms, uncertainty, True)

    def now(self):
        t, _ = self.wake.clock.read()
        return t, self.wake.clock.uncertainty

    def _set(self, *arguments):
        from firmware.timing import adjust

        adjust(self, *arguments)

    def issuer_of(self, grant_id):
        grants = self.wake.config.grants
        i = grants.index(grant_id)
        return None if i < 0 else grants.issuer(i)

    def revoked(self, grant_id):
        grants = self.wake.config.grants
        i = grants.index(grant_id)
        return i >= 0 and grants.revoked(i)
