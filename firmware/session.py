"""A session: from the first key to going to sleep. What a person types, what the lock answers.

Owns the entry being typed, the one that waits for its turn, and which answer is given. It never waits for the bolt by
itself: `Door` reports what happened to it.
"""

from micropython import const

from firmware import door as doors
from firmware.answers import ANSWERS, DOOR
from firmware.core.bounds import OWNER_S
from firmware.core.entry import DOUBTFUL, ENTERED, NOTHING, OVERLONG, Entry
from firmware.core.words import (
    ACCEPTED,
    BATTERY,
    CALL,
    HOLD_OPEN,
    JAMMED,
    MISTYPED,
    OPENED,
    OWNER,
    SERVICE,
    STORAGE,
    WRONG,
)
from firmware.store import StorageError
from firmware.store import audit as log

_IDLE_MS = const(10_000)  # without a key, then to sleep
_MENU_MS = const(30_000)  # without a key, then the menu closes
_WATCH_MS = const(250)  # how often the door is looked at while the menu is open
_SPACING_MS = const(3_000)  # before the next entry, after one that cost nothing
_CALL = const(0x30)  # `0` alone calls the other end, without a code


class Session:
    """Everything a wake works with; `assembly.build` builds it.

    `attempts` is None while the lock has a fault: every entry is then answered `storage` and costs nothing. `open_menu`
    makes the menu.Menu for this session after an accepted code that may use it: it takes the entries that are too
    short for a code. `call()` asks for the other end and returns an answer, or None where there is no radio. `remote`
    is whoever else wants to know what `Door` reports (`follow`), while the radio is on. In a
    check-in, `looked` is the ms of the last look at the keypad, `quiet` those until which nothing is due if nothing
    stirs; `discreet`: it is of duress, and shows in nothing here.
    """

    def __init__(self, keypad, door, signals, memory, clock, attempts, logbook, open_menu, call):
        self.keypad = keypad
        self.door = door
        self.signals = signals
        self._memory = memory
        self.clock = clock
        self.attempts = attempts
        self._logbook = logbook
        self._open_menu = open_menu
        self._call = call
        self.remote = None
        self.looked = self.quiet = self.discreet = 0
        self.menu = None  # of a judge that is still `attempts`
        self._menu_until = 0  # ms at which it closes by itself
        self._passed = False  # the door was open since it is there: when it closes, whoever opened the menu is inside
        self._entry = Entry()
        self._last = -_IDLE_MS  # ms of the last key or answer
        self._turn = -1  # ms at which the entry that has ended is judged; -1: none has
        self._not_before = 0  # no entry is judged earlier
        self._stray = False  # digits were typed while an entry waited: what follows them is no entry of its own

    @property
    def busy(self):
        """Whether the bolt moves, or is about to: nothing else may be begun, and nothing may take long."""
        return self.door.bolt.moving or bool(self.attempts and self.attempts.pending)

    @property
    def typing(self):
        """Whether an entry was begun and is not ended."""
        return self._turn < 0 and self._entry.length > 0

    def blind(self, now):
        """Nobody has looked at the keypad until `now` for longer than a key may be pressed (`Entry.blind`)."""
        if not self.discreet and self._entry.blind(now):
            self.signals.play("busy", now)

    def greet(self, now):
        """Somebody is there: say that the keypad listens."""
        self._last = now
        self.signals.play("ready", now)

    def tick(self, now):
        """Take keys, follow the door, judge the entry whose turn has come."""
        happened = self.door.tick(now)
        if happened:
            self._follow(happened, now)
        if self.menu:
            closed = self.door.closed
            if now >= self._menu_until or closed and self._passed:
                self.menu = None
            self._passed = not closed
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
        return bool(self.attempts and self._entry.length and self.attempts.work())

    def pause(self, now):
        """Ms until something is to be done without a key; 0 when the session is over."""
        due = self.door.due(now)
        if self._turn >= 0:
            wait = max(1, self._turn - now)
            return min(wait, due or wait)
        if self.menu:
            return min(due or _WATCH_MS, _WATCH_MS)
        idle = self._last + _IDLE_MS - now
        if self.attempts:
            idle = max(idle, self.attempts.waiting(now))
        return min(idle, due or idle) if idle > 0 else due

    def close(self):
        """Nobody is there: log what was gathered and make room in flash, while nothing moves."""
        self._logbook.close()
        if self.attempts:
            self.attempts.tidy()
        self._logbook.tidy()

    def _take(self, key, now):
        self._last = now
        self._menu_until = now + _MENU_MS
        if key == "*":
            self.menu = None
        if self._turn >= 0:  # an entry waits for its turn: only `*` means anything
            self._stray = key not in "*#"
            if key == "*":
                self._turn = -1
                self._entry.clear()
            return
        if self._stray:
            self._stray = key not in "*#"
            if key == "#":
                self.answer(WRONG, now)
            return
        what = self._entry.feed(key, now)
        if what == ENTERED:
            self._queue(now)
        elif what == OVERLONG:
            self.answer(WRONG, now)
        elif what == NOTHING and self.door.held(now):
            self._let_go(now)
        elif what == DOUBTFUL:
            self.signals.play("busy", now)
        else:
            self.signals.play("busy" if self._entry.doubtful else "key", now)
            if self._entry.length == 1 and self.attempts:
                self.attempts.begin()

    def _let_go(self, now):
        """`#` alone while the bolt is held open: lock now, if the door is closed."""
        if self.door.let_go(now):
            self._memory.hold(0, 0, 0)
            self._logbook.event(log.HELD, log.LET_GO)
        else:
            self.signals.play("ajar", now)

    def _queue(self, now):
        """`#`: the entry is judged now, or when its turn comes."""
        menu = self.menu
        function = menu and menu.takes(self._entry.length) and not menu.asks_code
        self._turn = now if function else max(now, self._not_before)
        if self.attempts and self.attempts.is_owners(self._entry.length):
            self._turn = max(self._turn, now + self.clock.owner_wait(OWNER_S))
        if self._turn > now:
            self.signals.play("busy", now)

    def _judge(self, now):
        entry, attempts = self._entry, self.attempts
        menu, self.menu = self.menu, None  # a code closes it: it might be a stranger's guess
        if menu and menu.takes(entry.length):
            if menu.asks_code:
                self._not_before = now + _SPACING_MS
            if menu.enter(entry.digits, entry.length, now):
                self.menu = menu
            entry.clear()
            return
        called = self._call() if entry.length == 1 and entry.digits[0] == _CALL else None
        if called:
            entry.clear()
            self._last = now
            self.signals.play(called, now)
            return
        if not attempts:
            self.answer(STORAGE, now)
            return
        decision = attempts.judge(entry.digits, entry.length, now)
        entry.clear()
        if decision == MISTYPED or attempts.known:
            self._not_before = now + _SPACING_MS
        self.conclude(decision, now)

    def conclude(self, decision, now):
        """Answer what `Attempts` has decided, and move the bolt if it opens: step 7. Not while the bolt moves."""
        attempts = self.attempts
        if decision != OPENED:
            self.answer(decision, now, attempts.details)
            if decision == ACCEPTED:
                self._fulfil(now)
        elif not self.door.unlock(now):  # the battery has dropped since the policy looked at it
            self.answer(BATTERY, now, attempts.details)
            self._finish(BATTERY)

    def answer(self, decision, now, details=()):
        """Tell the person and the log; `details` of the attempt, if the entry cost one."""
        self._last = now
        waits = details and self.attempts.waits
        self.signals.play("accepted" if waits else ANSWERS[decision], now)
        if details and self.attempts.approver:
            self._logbook.entry(ACCEPTED, *self.attempts.approver)
        self._logbook.entry(decision, *details)

    def _finish(self, decision):
        """Step 8, when the log has it: a power cut in between is then told twice, as `cut` too, and not kept silent.

        What has happened to the bolt has happened, so a flash error here can only be told.
        """
        try:
            self.attempts.finish(decision)
        except StorageError as error:
            self._logbook.fault(error.reason)

    def _fulfil(self, now):
        """What else the code that was burnt may do, once its outcome is in flash."""
        attempts = self.attempts
        may = attempts.permissions
        if may & CALL:
            self._memory.call = 1
            self._memory.keep()
            self._logbook.event(log.CALL, 0, *attempts.details[2:4])
        if may & (SERVICE | OWNER):
            self.menu = self._open_menu(self, attempts)
            self._menu_until = now + _MENU_MS
            self._passed = False

    def _hold(self, now):
        """Keep the bolt open for as long as the code may."""
        until, seconds = self.attempts.hold()
        if until > self._memory.held_until:
            self.door.hold(now, seconds)
            self._memory.hold(until, seconds, self.attempts.grant_id)
            self._logbook.event(log.HELD, log.BEGUN, *self.attempts.details[2:4])

    def _follow(self, happened, now):
        """Steps 7 and 8 for an entry that opens; else what the door did by itself."""
        self._last = now
        told, self._memory.told = self._memory.told, 0
        if happened in (doors.OPENED, doors.JAMMED):
            if self.attempts and self.attempts.pending:
                self._opened(OPENED if happened == doors.OPENED else JAMMED, now)
                return
        elif happened == doors.RELEASED:
            self._memory.hold(0, 0, 0)
            self._logbook.event(log.HELD, log.OVER)
        else:
            self._tell(happened, told, now)
        for other in (self.menu, self.remote):
            if other:
                other.follow(happened, now)

    def _opened(self, decision, now):
        attempts = self.attempts
        self.answer(decision, now, attempts.details)
        self._finish(decision)
        if decision == OPENED and attempts.permissions & HOLD_OPEN:
            self._hold(now)
        self._fulfil(now)
        if self.door.weak:
            self._logbook.event(log.BATTERY)

    def _tell(self, happened, told, now):
        """What the door did by itself, once and not at every wake: `told` is what was last said of it."""
        if happened != doors.RELOCKED:
            self._memory.told = happened
        if happened != told:
            signal, kind = DOOR[happened]
            if happened != doors.RELOCKED or not self.signals.playing:  # that is heard anyway; an answer goes first
                self.signals.play(signal, now)
            self._logbook.event(kind)
