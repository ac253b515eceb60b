"""A stranger who never leaves the keypad: junk at the best rate that the lock allows, at the level of its store.

Every wake is put together by the firmware's own `Wake`, from a vault and a partition as provisioned; in place of the
session stands what a session would do at that rate:

    16 s   an entry of the owner's length, which has no bucket and is only delayed (rules 2)
           an entry of the couriers' length: compared while their bucket has a token, refused afterwards
           one without the right check digit, and one of a length that no grant has: both free
           10 s of silence, so that every refusal gets an event of its own, and a wake

No robot is faster: 15 s and the second that a clock in whole seconds may be off lie between two entries of the owner's.
"""

import random
from types import SimpleNamespace

from firmware.assembly import Wake
from firmware.attempt import judge
from firmware.core.checkdigit import check_digit
from firmware.core.words import BUDGET, DECISIONS, MISTYPED, OPENED, WRONG
from firmware.drivers.ds3231_service import set_time
from firmware.memory import Memory
from firmware.sync import synchronise
from host_sim.cable import open_journal
from host_sim.devices import FlashDevice, Namespace
from host_sim.provision import LockConfig, provision
from host_sim.world.flash import NorFlash
from host_sim.world.nvs import Nvs
from host_sim.world.nvs_system import system_entries

PERIOD_S = 16
RINGS = {"journal": slice(0, 16), "log": slice(16, 64)}
"""Sectors of each ring."""
NVS = "NVS"
ENDURANCE = 100_000
"""Erases that a sector of the flash is made for."""
YEAR_S = 31_556_952

_WEEK = 604_800
_START = 1_772_452_800
_DIGITS = 8  # and the check digit
_REFILL_S = 8 * 3600
_OWNER = {"label": "owner", "kind": "number", "number": "918273645546", "uses": 0, "permissions": 65}
_COURIER = {"digits": _DIGITS, "check": True}
GRANTS = [
    {"label": "weekly", "kind": "interval", "step": _WEEK, "serials": 8, "grace_after": 8, **_COURIER},
    {"label": "courier", "kind": "event", "window": 32, **_COURIER},
    _OWNER,
]
FULL_TABLE = GRANTS + [
    {"label": f"other {n}", "kind": "event", "window": 2, **_COURIER} for n in range(64 - len(GRANTS))
]
"""As many grants as a lock takes."""


class Bus:
    """The I2C bus with a DS3231 that shows the board's time, whatever it is set to."""

    def __init__(self, board):
        self._board = board
        self._registers = bytearray(19)

    def readfrom_mem_into(self, _address, register, buffer):
        if register == 0:
            set_time(SimpleNamespace(writeto_mem=self._set, readfrom_mem_into=lambda *_: None), self._board.t)
        buffer[:] = self._registers[register : register + len(buffer)]

    def writeto_mem(self, _address, _register, _data):
        pass

    def _set(self, _address, register, data):
        self._registers[register : register + len(data)] = data


class Board:
    """What `Wake` asks of a board. t: unix seconds; on: seconds of power."""

    def __init__(self, flash, nvs):
        self.t = _START
        self.on = 0
        self.memory = b""
        self.asleep = False
        self.i2c = Bus(self)
        self.adc = SimpleNamespace(read_uv=lambda: 2_000_000)
        self._flash, self._nvs = FlashDevice(flash), nvs

    def now(self):
        return 0

    def rtc_seconds(self):
        return self.on

    def recall(self):
        return self.memory

    def remember(self, data):
        self.memory = data

    def slept(self):
        return self.asleep

    def reset_cause(self):
        return 1

    def partition(self, _label):
        return self._flash

    def nvs(self, namespace):
        return Namespace(self._nvs, namespace)

    def lose_power(self):
        self.on, self.memory, self.asleep = 0, b"", False


class Flood:
    """The lock and what happened to it.

    entries: typed so far; compared: those that cost an attempt; boots: after a loss of power.
    """

    def __init__(self, grants, seed=0):
        self.flash, self.nvs = NorFlash(), Nvs()
        self.nvs.load(system_entries())
        world = SimpleNamespace(flash=self.flash, nvs=self.nvs)
        self.issuer = provision(world, LockConfig(grants, synchronised=False), seed)
        self.board = Board(self.flash, self.nvs)
        journal, state = open_journal(world, self.issuer)
        journal.mount()
        synchronise(self.board, Memory(self.board), journal, state, self.board.t, 500)
        self.entries = self.compared = self.boots = 0
        self._random = random.Random(seed)
        self._wake()

    @property
    def state(self):
        return self._lock.state

    def codes(self):
        """Code of each serial of this week, and of the first 16 counters."""
        now = self.board.t
        weekly = [self.issuer.code("weekly", now, serial=serial) for serial in range(8)]
        return weekly + [self.issuer.code("courier", now, counter=counter) for counter in range(16)]

    def type(self, code):
        """Type an entry; returns the decision. What opens is carried through to its outcome."""
        attempts = self._attempts
        decision = attempts.judge(code.encode(), len(code), self.board.now())
        self._lock.logbook.entry(decision, *attempts.details)
        if decision == OPENED:
            attempts.finish(OPENED)
        self.entries += 1
        self.compared += bool(attempts.number)
        return decision

    def sleep(self, seconds):
        """End the session, and wake again so many seconds later."""
        self._lock.logbook.close()
        self._lock.journal.tidy()
        self._lock.logbook.tidy()
        self.board.asleep = True
        self.pass_time(seconds)
        self._wake()

    def lose_power(self):
        """Without warning, in the middle of a session."""
        self.board.lose_power()
        self.boots += 1
        self.pass_time(PERIOD_S)
        self._wake()

    def attack(self):
        """One period of the flood."""
        assert self.type(self._digits(12)) == WRONG
        junk = self._digits(_DIGITS)
        good = check_digit(junk.encode(), _DIGITS)
        assert self.type(f"{junk}{good}") in (WRONG, BUDGET)
        assert self.type(f"{junk}{(good + 1) % 10}") == MISTYPED
        assert self.type(self._digits(4)) == WRONG
        if self._random.random() < 1 / 500:
            self.lose_power()
        else:
            self.sleep(PERIOD_S)

    def erases(self):
        """Erases so far of an average sector, by ring, since they are used in turn; of NVS those of its worst page."""
        each = self.flash.erases
        rings = {ring: sum(each[sectors]) / len(each[sectors]) for ring, sectors in RINGS.items()}
        return {**rings, NVS: max(self.nvs.erases)}

    def patiently(self, code):
        """The decision over a code once the budget allows to type it."""
        decision = self.type(code)
        if decision == BUDGET:
            self.sleep(_REFILL_S)
            decision = self.type(code)
        self.sleep(PERIOD_S)
        return DECISIONS[decision]

    def _digits(self, n):
        return "".join(self._random.choices("0123456789", k=n))

    def pass_time(self, seconds):
        """For the board, which stays awake or without power."""
        self.board.t += seconds
        self.board.on += seconds

    def _wake(self):
        self._lock = Wake(self.board)
        self._lock.load(SimpleNamespace(poll=lambda now: None))
        self._lock.open_log()
        self._lock.tell()
        assert self._lock.fault is None
        self._attempts = judge(self._lock)


class Report:
    """What a flood of `entries` did to a lock of these `grants`, which begin as GRANTS do.

    refused, opened: what the codes used before it and the others are answered after it; again: all of them, once more.
    """

    def __init__(self, entries, grants=GRANTS):
        flood = Flood(grants)
        codes = flood.codes()
        self.used, self.unused = codes[::2], codes[1::2]
        assert [flood.patiently(code) for code in self.used] == ["opened"] * len(self.used)
        began, before, typed = flood.board.t, flood.erases(), flood.entries
        while flood.entries < typed + entries:
            flood.attack()
        self.entries, self.compared, self.boots = flood.entries - typed, flood.compared, flood.boots
        self.counted = flood.state.attempts
        self.seconds = flood.board.t - began
        after = flood.erases()
        self.erases_a_year = {ring: (after[ring] - before[ring]) * YEAR_S / self.seconds for ring in after}
        self.refused = [flood.patiently(code) for code in self.used]
        self.opened = [flood.patiently(code) for code in self.unused]
        self.again = [flood.patiently(code) for code in codes]

    @property
    def years(self):
        """By ring, until its sectors are worn out."""
        return {ring: ENDURANCE / erases for ring, erases in self.erases_a_year.items()}

    def check(self):
        """Raise AssertionError unless every used code is refused, every other one opened, and attempts are exact."""
        assert self.opened == ["opened"] * len(self.unused)
        assert self.refused == ["used"] * len(self.used)
        assert "opened" not in self.again
        assert self.counted == self.compared
