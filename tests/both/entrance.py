"""A lock's `Attempts` without its hardware, for tests: all that decides is the lock's own, the flash is a list."""

from keyring import LOCK, NOW, SALT

from firmware.attempt import Attempts
from firmware.core.bounds import check_grants
from firmware.core.budget import Budget
from firmware.core.grants import Grants
from firmware.core.records import BURN
from firmware.core.state import State
from firmware.core.verify import Verifier, otp_code
from firmware.core.words import OPENED, TRUSTED
from firmware.store import PROGRAM, StorageError

BURST, REFILL = 10, 1000


class Watched(Verifier):
    """Notes in an `entrance` what was written by the time that an entry is compared."""

    def match(self, *entry):
        self.entrance.compared = list(self.entrance.written)
        return super().match(*entry)


class Entrance:
    """A lock that holds `records`; it is its own configuration, journal, clock, battery and logbook towards `Attempts`.

    t, quality, uncertainty, mv: what clock and battery say. written: types of the records of the last entry; compared:
    of those that were written before it was compared, None: it never was. fails_at: which write from here on fails,
    0 = none.
    """

    battery_min_mv = 4400
    hold_s = 3600
    credit = reference = floor = 0
    head = (0, bytes(4))

    def __init__(self, *records, schedules=None):
        self.grants = Grants(b"".join(records))
        check_grants(self.grants)
        self.schedules = schedules
        lengths = {self.grants.length(i) for i in range(len(self.grants))}
        rules = [(length, BURST, REFILL) for length in lengths if not self.grants.owner_length(length)]
        self.budget = Budget(rules, self.grants)
        self.t, self.quality, self.uncertainty, self.mv = NOW, TRUSTED, 0, 6000
        self.now = 0
        self.written = []
        self.compared = None
        self.fails_at = 0
        self.state = State(self.grants)
        self.reset()

    def reset(self):
        """Begin anew with what is in flash."""
        bodies = [bytes(body) for body in self.state.snapshot()]
        self.state = State(self.grants)
        for body in bodies:
            self.state.apply(body)
        verifier = Watched(self.grants, self.state, LOCK, SALT)
        verifier.entrance = self
        self.attempts = Attempts(self, self.state, self, verifier, self, self, self)

    def code(self, i, value=0, serial=0):
        return otp_code(self.grants, i, serial, value, LOCK)

    def enter(self, code, revoke=False):
        """The decision on `code` typed now; the bolt of one that opens has moved and its outcome is written."""
        self.written, self.compared = [], None
        judge = self.attempts.revoke if revoke else self.attempts.judge
        return self.moved(judge(code.encode(), len(code), self.now))

    def moved(self, decision):
        if decision == OPENED:
            assert self.attempts.pending and self.written[-1] == BURN
            self.attempts.finish(OPENED)
        assert not self.attempts.pending
        return decision

    def tokens(self, code):
        """How many are gone from the bucket of a code's length."""
        level, _ = self.state.bucket(len(code)) or (BURST * REFILL, 0)
        return BURST - level // REFILL

    # What stands in for the rest of the lock.

    def read(self):
        return self.t, self.quality

    def owner_entered(self):
        pass

    def millivolts(self):
        return self.mv

    def write(self, body):
        if self.fails_at:
            self.fails_at -= 1
            if not self.fails_at:
                raise StorageError(PROGRAM)
        self.written.append(body[0])
        self.state.apply(bytes(body))
