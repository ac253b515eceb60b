"""Who is at the keypad: what a person types, what the lock answers. Loaded with the first key of a wake.

          key            '#'            judged            the bolt
    READY ---> TYPING ---------> WAITING ---------> ANSWERED ---------> READY
      ^          | '*', 10 s       | '*'
      '----------'<----------------'

Owns the entry being typed, the one that waits for its turn, and which answer is given. It never waits for the bolt by
itself: `Door` reports what happened to it.
"""

from micropython import const

from firmware.answers import ANSWERS
from firmware.core.bounds import OWNER_S
from firmware.core.entry import DOUBTFUL, ENTERED, NOTHING, OVERLONG, Entry
from firmware.core.words import (
    ACCEPTED,
    BATTERY,
    CALL,
    HOLD_OPEN,
    MISTYPED,
    OPENED,
    OWNER,
    SERVICE,
    STORAGE,
    WRONG,
)
from firmware.store import StorageError
from firmware.store import audit as log

_MENU_MS = const(30_000)  # without a key, then the menu closes
_WATCH_MS = const(250)  # how often the door is looked at while the menu is open
_SPACING_MS = const(3_000)  # before the next entry, after one that cost nothing
_CALL = const(0x30)  # `0` alone calls the other end, without a code


class Visitor:
    """`session`: the session.Session that takes keys here; its judge, its menu and the ms of the last key are set here.

    While the lock has a fault there is no judge: every entry is then answered `storage` and costs nothing.
    """

    def __init__(self, session):
        self._session = session
        self._wake = session.wake
        self._menu_until = 0  # ms at which it closes by itself
        self._passed = False  # the door was open since it is there: when it closes, whoever opened the menu is inside
        self._entry = Entry()
        self._turn = -1  # ms at which the entry that has ended is judged; -1: none has
        self._not_before = 0  # no entry is judged earlier
        self._stray = False  # digits were typed while an entry waited: what follows them is no entry of its own
        if session.unseen >= 0:
            self._entry.blind(session.unseen)

    def take_up(self):
        """Have the session's judge be one of the set, the journal and the clock that the wake has now; none, and none
        is loaded, while it has a fault: that might be that nothing can load him."""
        self._session.attempts = None
        if not self._wake.fault:
            from firmware.attempt import judge

            self._session.attempts = judge(self._wake)

    @property
    def typing(self):
        """Whether an entry was begun and is not ended."""
        return self._turn < 0 and self._entry.length > 0

    def blind(self, now):
        """As `Session.blind`."""
        if self._entry.blind(now):
            self._session.signals.play("busy", now)

    def tick(self, now):
        """Take keys, judge the entry whose turn has come."""
        session = self._session
        if session.menu:
            closed = session.door.closed
            if now >= self._menu_until or closed and self._passed:
                session.menu = None
            self._passed = not closed
        key = session.keypad.read()
        while key:
            self._take(key, now)
            key = session.keypad.read()
        if self._turn < 0:
            self._entry.tick(now)
        elif now >= self._turn and not session.door.bolt.moving:
            self._turn = -1
            self._judge(now)

    def work(self):
        """As `Session.work`."""
        attempts = self._session.attempts
        return bool(attempts and self._entry.length and attempts.work())

    def due(self, now):
        """Ms until the entry that has ended is judged, or the door is looked at for the menu; 0: neither."""
        if self._turn >= 0:
            return max(1, self._turn - now)
        return _WATCH_MS if self._session.menu else 0

    def _take(self, key, now):
        session = self._session
        session.last = now
        self._menu_until = now + _MENU_MS
        if key == "*":
            session.menu = None
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
        elif what == NOTHING and session.door.held(now):
            self._let_go(now)
        elif what == DOUBTFUL:
            session.signals.play("busy", now)
        else:
            session.signals.play("busy" if self._entry.doubtful else "key", now)
            if self._entry.length == 1 and session.attempts:
                session.attempts.begin()

    def _let_go(self, now):
        """`#` alone while the bolt is held open: lock now, if the door is closed."""
        if self._session.door.let_go(now):
            self._wake.memory.hold(0, 0, 0)
            self._wake.logbook.event(log.HELD, log.LET_GO)
        else:
            self._session.signals.play("ajar", now)

    def _queue(self, now):
        """`#`: the entry is judged now, or when its turn comes."""
        menu, attempts = self._session.menu, self._session.attempts
        function = menu and menu.takes(self._entry.length) and not menu.asks_code
        self._turn = now if function else max(now, self._not_before)
        if attempts and attempts.is_owners(self._entry.length):
            self._turn = max(self._turn, now + self._wake.clock.owner_wait(OWNER_S))
        if self._turn > now:
            self._session.signals.play("busy", now)

    def _judge(self, now):
        session, entry = self._session, self._entry
        attempts = session.attempts
        menu, session.menu = session.menu, None  # a code closes it: it might be a stranger's guess
        if menu and menu.takes(entry.length):
            if menu.asks_code:
                self._not_before = now + _SPACING_MS
            if menu.enter(entry.digits, entry.length, now):
                session.menu = menu
            entry.clear()
            return
        called = session.calling.summon() if entry.length == 1 and entry.digits[0] == _CALL else None
        if called:
            entry.clear()
            session.last = now
            session.signals.play(called, now)
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
        attempts = self._session.attempts
        if decision != OPENED:
            self.answer(decision, now, attempts.details)
            if decision == ACCEPTED:
                self._fulfil(now)
        elif not self._session.door.unlock(now):  # the battery has dropped since the policy looked at it
            self.answer(BATTERY, now, attempts.details)
            self._finish(BATTERY)

    def answer(self, decision, now, details=()):
        """Tell the person and the log; `details` of the attempt, if the entry cost one."""
        session, attempts = self._session, self._session.attempts
        session.last = now
        waits = details and attempts.waits
        session.signals.play("accepted" if waits else ANSWERS[decision], now)
        if details and attempts.approver:
            self._wake.logbook.entry(ACCEPTED, *attempts.approver)
        self._wake.logbook.entry(decision, *details)

    def _finish(self, decision):
        """Step 8, when the log has it: a power cut in between is then told twice, as `cut` too, and not kept silent.

        What has happened to the bolt has happened, so a flash error here can only be told.
        """
        try:
            self._session.attempts.finish(decision)
        except StorageError as error:
            self._wake.logbook.fault(error.reason)

    def _fulfil(self, now):
        """What else the code that was burnt may do, once its outcome is in flash."""
        session, wake = self._session, self._wake
        attempts = session.attempts
        may = attempts.permissions
        if may & CALL:
            wake.memory.call = 1
            wake.memory.keep()
            wake.logbook.event(log.CALL, 0, *attempts.details[2:4])
        if may & (SERVICE | OWNER):
            from firmware.menu import Menu

            session.menu = Menu(wake, session, attempts)
            self._menu_until = now + _MENU_MS
            self._passed = False

    def _hold(self, now):
        """Keep the bolt open for as long as the code may."""
        attempts, wake = self._session.attempts, self._wake
        until, seconds = attempts.hold()
        if until > wake.memory.held_until:
            self._session.door.hold(now, seconds)
            wake.memory.hold(until, seconds, attempts.grant_id)
            wake.logbook.event(log.HELD, log.BEGUN, *attempts.details[2:4])

    def opened(self, decision, now):
        """The bolt is open for the entry that was judged last, or jammed: step 8, and what else its code may do."""
        attempts = self._session.attempts
        self.answer(decision, now, attempts.details)
        self._finish(decision)
        if decision == OPENED and attempts.permissions & HOLD_OPEN:
            self._hold(now)
        self._fulfil(now)
        if self._session.door.weak:
            self._wake.logbook.event(log.BATTERY)
