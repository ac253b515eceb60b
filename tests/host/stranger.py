"""A lock at the level of its entries, fast enough for a year of them.

The lock is put together from the firmware's own parts: clock, budget, verification, policy, state and `Attempts`. Its
journal is the state itself, which a loss of power rebuilds from its own snapshot. In place of the session stands what a
session would let a person do: an entry takes 3 s to type, waits 3 s after one that cost nothing, and one of the owner's
length waits as long as the clock says. Between entries the lock sleeps, and wakes with what its RTC memory holds.
"""

import random
from collections import Counter
from contextlib import contextmanager
from hashlib import sha256
from types import SimpleNamespace

from wrist import NOON, Board, Bus

from firmware.attempt import Attempts
from firmware.clock import Clock
from firmware.core import verify
from firmware.core.budget import Budget
from firmware.core.checkdigit import check_digit
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import EVENT, INTERVAL, MISTYPED, NUMBER, OPENED, OWNER, UNKNOWN, UNLOCK
from firmware.drivers.ds3231 import DS3231
from firmware.memory import Memory
from firmware.sync import synchronise

HOUR = 3600
DAY = 24 * HOUR
BUCKETS = ((6, 5, 48 * HOUR), (9, 10, 8 * HOUR))
"""The defaults of the rules."""

OWNERS_CODE = "918273645546"
APP, GUESTS, COURIERS, OWNERS = range(4)
LENGTHS = (6, 9, 12)
GUEST_CODES = 8  # a day
WINDOW = 16

_KEY = b"12345678901234567890"
LOCK, SALT = b"\x11" * 8, b"\x22" * 16
_HEAD = (7, b"head")
_TYPING_S = 3
_SPACING_S = 3
_OWNER_S = 15
_FIRST, _LAST = 946_684_800, 4_102_444_799  # what a DS3231 can show


def stretch(salt, digits):
    """In place of the stretch, whose thousand rounds decide nothing and would take most of a simulated year."""
    return sha256(salt + digits).digest()[:16]


def grants():
    """An authenticator app, guests' codes of a day, couriers' codes and the owner's: six, nine and twelve digits."""
    return Grants(
        pack_grant(id=1, kind=INTERVAL, key=_KEY, digits=6, early=0)
        + pack_grant(
            id=2,
            kind=INTERVAL,
            key=_KEY,
            digits=8,
            check=True,
            step=DAY,
            serials=GUEST_CODES,
            grace_before=0,
            grace_after=0,
            early=1,
        )
        + pack_grant(id=3, kind=EVENT, key=_KEY, digits=8, check=True, window=WINDOW)
        + pack_grant(
            id=4,
            kind=NUMBER,
            key=stretch(SALT, OWNERS_CODE.encode()),
            digits=12,
            uses=0,
            permissions=UNLOCK | OWNER,
        )
    )


class Cut(Exception):
    """The power went while a record was written."""


class Chip(Board, Bus):
    """Board and bus at once. wild: readings of the clock that come out as something else."""

    def __init__(self):
        Board.__init__(self)
        Bus.__init__(self)
        self.i2c = self
        self.wild = []

    def readfrom_mem_into(self, address, register, buf):
        if self.wild:
            held, self.t = self.t, self.wild.pop()
            super().readfrom_mem_into(address, register, buf)
            self.t = held
        else:
            super().readfrom_mem_into(address, register, buf)


class Counted(verify.Verifier):
    """Counts in `guesses`, by typed length, the entries that it has compared and that were no code."""

    def __init__(self, guesses, *parts):
        super().__init__(*parts)
        self._guesses = guesses

    def match(self, digits, n, t):
        hits = super().match(digits, n, t)
        self._guesses[n] += not hits
        return hits


@contextmanager
def quick_stretch():
    """Have numbers stretched by `stretch`; every Lock lives within."""
    held, verify.number_key = verify.number_key, stretch
    try:
        yield
    finally:
        verify.number_key = held


class Lock:
    """truth: unix seconds. guesses: entries that were compared and no code, by typed length. random: of its world.

    cut_in: the record, from 1 for the next one, at which the power goes, before or after it is on flash; 0: none.
    """

    def __init__(self, seed=0, buckets=BUCKETS):
        self.random = random.Random(seed)
        self.grants, self.buckets = grants(), buckets
        self.truth = NOON
        self.guesses = Counter()
        self.cut_in = 0
        self.chip = Chip()
        self.state = State(self.grants)
        self._spacing = 0
        self._wake()
        self.sync()

    def write(self, body):
        """As the journal does."""
        goes, self.cut_in = self.cut_in == 1, max(0, self.cut_in - 1)
        if not goes or self.random.random() < 0.5:
            self.state.apply(body)
        if goes:
            raise Cut

    def tidy(self):
        """As the journal does."""

    def pass_time(self, seconds):
        """For everybody and every clock."""
        self.truth += seconds
        self.chip.t = min(self.chip.t + seconds, _LAST)
        self.chip.rtc += seconds

    def sleep(self, seconds):
        """Sleep for so long and wake."""
        self.pass_time(seconds)
        self._wake()

    def lose_power(self, seconds=60):
        """For so long; the clock has its coin cell. What a boot then does to the journal is done."""
        self.pass_time(seconds)
        self.chip.rtc, self.chip.memory = 0, b""
        kept = [bytes(body) for body in self.state.snapshot()]
        self.state = State(self.grants)
        for body in kept:
            self.state.apply(body)
        self._wake()
        if self.state.pending:
            _, length, level, grant_id = self.state.pending
            self.write(self.state.outcome(UNKNOWN, length, level, grant_id, _HEAD))
        self.clock.read()
        boots = self.state.boots + 1
        self.write(self.state.clock(self.clock.credit, self.clock.reference, self.clock.floor, boots))

    def sync(self):
        """Set the clock to the truth, as the owner or the gateway would."""
        synchronise(self.chip, self._memory, self, self.state, self.truth, 500, reset_floor=True)
        self._wake()

    def jump(self, seconds):
        """The DS3231 shows another time from here on."""
        self.chip.t = min(max(self.chip.t + seconds, _FIRST), _LAST)

    def type(self, code):
        """Type an entry as soon as a person could; its decision, UNKNOWN if the power went."""
        self.pass_time(max(_TYPING_S, self._spacing))
        attempts, self._spacing = self.attempts, 0
        try:
            attempts.begin()
            if attempts.is_owners(len(code)):
                self.pass_time(max(0, -(-self.clock.owner_wait(_OWNER_S) // 1000)))
            decision = attempts.judge(code.encode(), len(code), self.truth * 1000)
            if decision == MISTYPED or attempts.known:
                self._spacing = _SPACING_S
            if decision == OPENED:
                attempts.finish(OPENED)
        except Cut:
            self.lose_power()
            return UNKNOWN
        finally:
            self.cut_in = 0
        return decision

    def code(self, i, value, serial=0):
        """The code of grant `i` for a step or counter."""
        return verify.otp_code(self.grants, i, serial, value, LOCK)

    def step(self, i):
        """The true step of interval grant `i`."""
        return self.grants.step_at(i, self.truth)

    def junk(self, length):
        """Digits that are most likely no code; with their check digit where codes have one."""
        digits = "".join(self.random.choices("0123456789", k=length - self.grants.checked_length(length)))
        return digits + (str(check_digit(digits.encode(), len(digits))) if len(digits) < length else "")

    def slip(self, code):
        """The code with one digit wrong."""
        place = self.random.randrange(len(code))
        return code[:place] + str((int(code[place]) + self.random.randint(1, 9)) % 10) + code[place + 1 :]

    def _wake(self):
        self._memory = Memory(self.chip)
        self.clock = Clock(DS3231(self.chip), self.chip, self._memory, self.state)
        config = SimpleNamespace(
            grants=self.grants, budget=Budget(self.buckets, self.grants), battery_min_mv=0, schedules=None, hold_s=60
        )
        verifier = Counted(self.guesses, self.grants, self.state, LOCK, SALT)
        battery = SimpleNamespace(millivolts=lambda: 6000)
        logbook = SimpleNamespace(head=_HEAD)
        self.attempts = Attempts(config, self.state, self, verifier, self.clock, battery, logbook)
