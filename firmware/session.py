"""A session: from the first key to going to sleep. What a person types, what the lock answers.

Owns the entry being typed, the one that waits for its turn, and which answer is given. It never waits for the bolt by
itself: `Door` reports what happened to it.
"""

from micropython import const

from firmware import door as doors
from firmware.core.bounds import OWNER_S
from firmware.core.entry import ENTERED, OVERLONG, Entry
from firmware.core.words import (
    ACCEPTED,
    APPROVAL,
    BATTERY,
    BUDGET,
    CLOCK,
    EARLY,
    JAMMED,
    LATE,
    MISTYPED,
    OPENED,
    REVOKED,
    SCHEDULE,
    STORAGE,
    USED,
    WRONG,
)
from firmware.store import StorageError
from firmware.store import audit as log

_IDLE_MS = const(10_000)  # without a key, then to sleep
_SPACING_MS = const(3_000)  # before the next entry, after one that cost nothing
_RETRY_MS = const(300_000)
_DAY_MS = const(86_400_000)
_MOST_RETRIES = const(9)  # twice nine times 5 minutes is more than a day

# what the keypad tells of each decision: a pattern of drivers/signals.py
ANSWERS = {
    OPENED: "opened",
    ACCEPTED: "accepted",
    WRONG: "wrong",
    MISTYPED: "mistyped",
    USED: "used",
    EARLY: "early",
    LATE: "late",
    SCHEDULE: "later",
    BUDGET: "later",
    REVOKED: "owner",
    CLOCK: "owner",
    APPROVAL: "owner",
    STORAGE: "owner",
    BATTERY: "battery",
    JAMMED: "jammed",
}

# what the keypad and the log tell of the door by itself
_DOOR = {
    doors.RELOCKED: ("locked", log.RELOCKED),
    doors.STUCK: ("jammed", log.JAM),
    doors.AJAR: ("ajar", log.AJAR),
    doors.WEAK: ("battery", log.BATTERY),
}


class Session:
    """Everything a wake works with; `assembly.build` builds it.

    `attempts` is None while the lock has a fault: every entry is then answered `storage` and costs nothing.
    """

    def __init__(self, keypad, door, signals, memory, clock, attempts, logbook):
        self.keypad = keypad
        self.door = door
        self.signals = signals
        self._memory = memory
        self._clock = clock
        self._attempts = attempts
        self._logbook = logbook
        self._entry = Entry()
        self._last = -_IDLE_MS  # ms of the last key or answer
        self._turn = -1  # ms at which the entry that has ended is judged; -1: none has
        self._not_before = 0  # no entry is judged earlier
        self._stray = False  # digits were typed while an entry waited: what follows them is no entry of its own

    def greet(self, now):
        """Somebody is there: say that the keypad listens."""
        self._last = now
        self.signals.play("ready", now)

    def tick(self, now):
        """Take keys, follow the door, judge the entry whose turn has come."""
        self._follow(self.door.tick(now), now)
        key = self.keypad.read()
        while key:
            self._take(key, now)
            key = self.keypad.read()
        if self._turn < 0:
            self._entry.tick(now)
        elif now >= self._turn and not self.door.bolt.moving:
            self._turn = -1
            self._judge(now)

    def work(self):
        """Compute one candidate ahead while somebody types; False when there is nothing to do."""
        return bool(self._attempts and self._entry.length and self._attempts.work())

    def pause(self, now):
        """Ms until something is to be done without a key; 0 when the session is over."""
        if self._turn >= 0:
            return max(1, self._turn - now)
        idle = self._last + _IDLE_MS - now
        due = self.door.due(now)
        if idle <= 0 and not due:
            return 0
        return max(1, min(idle if idle > 0 else due, due or idle))

    def close(self):
        """Nobody is there: log what was gathered and make room in flash, while nothing moves."""
        self._logbook.close()
        if self._attempts:
            self._attempts.tidy()
        self._logbook.tidy()

    def crashed(self):
        """Something went wrong that should not have been possible: say so in the log, if that still works."""
        try:
            self._logbook.event(log.CRASH)
        except Exception:
            pass

    def retry_ms(self, locked):
        """When to try again to lock: after 5 minutes, then twice that, up to a day, since a stalled motor eats the
        batteries; 0: never, the bolt is `locked`."""
        delay = 0 if locked else min(_RETRY_MS << self._memory.retries, _DAY_MS)
        self._memory.retries = 0 if locked else min(self._memory.retries + 1, _MOST_RETRIES)
        self._memory.keep()
        return delay

    def _take(self, key, now):
        self._last = now
        if self._turn >= 0:  # an entry waits for its turn: only `*` means anything
            self._stray = key not in "*#"
            if key == "*":
                self._turn = -1
                self._entry.clear()
            return
        if self._stray:
            self._stray = key not in "*#"
            if key == "#":
                self._answer(WRONG, now)
            return
        what = self._entry.feed(key, now)
        if what == ENTERED:
            self._hold(now)
        elif what == OVERLONG:
            self._answer(WRONG, now)
        else:
            self.signals.play("key", now)
            if self._entry.length == 1 and self._attempts:
                self._attempts.begin()

    def _hold(self, now):
        """`#`: the entry is judged now, or when its turn comes."""
        self._turn = max(now, self._not_before)
        if self._attempts and self._attempts.is_owners(self._entry.length):
            self._turn = max(self._turn, now + self._clock.owner_wait(OWNER_S))
        if self._turn > now:
            self.signals.play("busy", now)

    def _judge(self, now):
        if not self._attempts:
            self._answer(STORAGE, now)
            return
        decision = self._attempts.judge(self._entry.digits, self._entry.length)
        self._entry.clear()
        if decision == MISTYPED or self._attempts.known:
            self._not_before = now + _SPACING_MS
        if decision != OPENED:
            self._answer(decision, now, self._attempts.details)
        elif not self.door.unlock(now):  # the battery has dropped since the policy looked at it
            self._answer(BATTERY, now, self._attempts.details)
            self._finish(BATTERY)

    def _answer(self, decision, now, details=()):
        """Tell the person and the log; `details` of the attempt, if the entry cost one."""
        self._last = now
        self.signals.play(ANSWERS[decision], now)
        self._logbook.entry(decision, *details)

    def _finish(self, decision):
        """Step 8, when the log has it: a power cut in between is then told twice, as `cut` too, and not kept silent.

        What has happened to the bolt has happened, so a flash error here can only be told.
        """
        try:
            self._attempts.finish(decision)
        except StorageError as error:
            self._logbook.fault(error.reason)

    def _follow(self, happened, now):
        """Steps 7 and 8 for an entry that opens; else what the door did by itself."""
        if happened is None:
            return
        self._last = now
        told, self._memory.told = self._memory.told, 0
        if happened in (doors.OPENED, doors.JAMMED):
            if self._attempts and self._attempts.pending:
                decision = OPENED if happened == doors.OPENED else JAMMED
                self._answer(decision, now, self._attempts.details)
                self._finish(decision)
                if self.door.weak:
                    self._logbook.event(log.BATTERY)
            return
        if happened != doors.RELOCKED:
            self._memory.told = happened
        if happened != told:  # once, not at every wake
            signal, kind = _DOOR[happened]
            if happened != doors.RELOCKED or not self.signals.playing:  # that is heard anyway; an answer goes first
                self.signals.play(signal, now)
            self._logbook.event(kind)
