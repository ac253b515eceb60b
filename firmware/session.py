"""A session: what every wake serves, whether or not somebody is at the keypad, until it goes to sleep.

Follows the door and tells what it did by itself. Whoever types is a `Visitor`: with the judge of entries that is half
of the lock's code, and a wake by the timer, which mostly sees no key, does not load it before there is one.
"""

from micropython import const

from firmware import door as doors
from firmware.answers import DOOR
from firmware.core.words import JAMMED, OPENED
from firmware.drivers.keypad import PRESS_MS
from firmware.store import StorageError
from firmware.store import audit as log

_IDLE_MS = const(10_000)  # without a key, then to sleep


class Session:
    """Everything a wake works with; `assembly.build` builds it. `calling`: a calling.Calling.

    visitor: whose keys are taken, a visitor.Visitor; None: nobody was there in this wake. attempts: his judge
    (attempt.Attempts), None while there is no visitor, or the lock has a fault. menu: a menu.Menu that is open; of a
    judge that is still `attempts`. last: ms of the last key, answer or movement. unseen: ms until which nobody has
    looked at the keypad for longer than a key may be pressed, -1: there were no such ms.

    `remote` is whoever else wants to know what `Door` reports (`follow`), while the radio is on. In a
    check-in, `looked` is the ms of the last look at the keypad, `quiet` those until which nothing is due if nothing
    stirs; `discreet`: it is of duress, and shows in nothing here. `looked` is 0 before there is a turn.
    """

    def __init__(self, keypad, door, signals, calling):
        self.keypad = keypad
        self.door = door
        self.signals = signals
        self.calling = calling
        self.wake = calling.wake
        self.visitor = self.attempts = self.menu = self.remote = None
        self.looked = self.quiet = self.discreet = 0
        self.unseen = -1
        self.last = -_IDLE_MS

    @property
    def busy(self):
        """Whether the bolt moves, or is about to: nothing else may be begun, and nothing may take long."""
        return self.door.bolt.moving or bool(self.attempts and self.attempts.pending)

    @property
    def typing(self):
        """Whether an entry was begun and is not ended."""
        return bool(self.visitor) and self.visitor.typing

    def blind(self, now):
        """Nobody has looked at the keypad until `now` for longer than a key may be pressed (`Entry.blind`)."""
        if not self.discreet:
            self.unseen = now
            if self.visitor:
                self.visitor.blind(now)

    def greet(self, now):
        """Somebody is there: say that the keypad listens."""
        self.last = now
        self.signals.play("ready", now)

    def listen(self):
        """Somebody is there: load what takes his keys and judges his entries, looking at the keypad in between.

        What there was no memory for is tried again, and no key is lost: they wait in the keypad.
        """
        from firmware.visitor import Visitor

        self._look()
        visitor = Visitor(self)
        visitor.take_up()
        if self.attempts:
            self.attempts.lay_out()
        self.visitor = visitor  # first: it is his entry of which this look may tell that a key is missing
        self._look()

    def _look(self):
        now = self.wake.board.now()
        self.keypad.poll(now)
        if self.looked:
            if now - self.looked > PRESS_MS:
                self.blind(now)
            self.looked = now

    def tick(self, now):
        """Follow the door; take keys, and judge the entry whose turn has come."""
        happened = self.door.tick(now)
        if happened:
            self._follow(happened, now)
        if self.keypad.waiting and not self.visitor:
            self.looked = now
            self.listen()
        if self.visitor:
            self.visitor.tick(now)

    def work(self):
        """Compute one candidate ahead while somebody types; False when there is nothing to do."""
        return bool(self.visitor) and self.visitor.work()

    def pause(self, now):
        """Ms until something is to be done without a key; 0 when the session is over."""
        due = self.door.due(now)
        wait = self.visitor.due(now) if self.visitor else 0
        if wait:
            return min(wait, due or wait)
        idle = self.last + _IDLE_MS - now
        if self.attempts:
            idle = max(idle, self.attempts.waiting(now))
        return min(idle, due or idle) if idle > 0 else due

    def close(self):
        """Nobody is there: log what was gathered and make room in flash, while nothing moves."""
        wake = self.wake
        wake.logbook.close()
        if not wake.fault:
            try:
                wake.journal.tidy()
            except StorageError:  # a flash that fails at it will refuse the next attempt
                pass
        wake.logbook.tidy()

    def _follow(self, happened, now):
        """Steps 7 and 8 for an entry that opens; else what the door did by itself."""
        self.last = now
        memory = self.wake.memory
        told, memory.told = memory.told, 0
        if happened in (doors.OPENED, doors.JAMMED):
            if self.attempts and self.attempts.pending:
                self.visitor.opened(OPENED if happened == doors.OPENED else JAMMED, now)
                return
        elif happened == doors.RELEASED:
            memory.hold(0, 0, 0)
            self.wake.logbook.event(log.HELD, log.OVER)
        else:
            self._tell(happened, told, now)
        for other in (self.menu, self.remote):
            if other:
                other.follow(happened, now)

    def _tell(self, happened, told, now):
        """What the door did by itself, once and not at every wake: `told` is what was last said of it."""
        if happened != doors.RELOCKED:
            self.wake.memory.told = happened
        if happened != told:
            signal, kind = DOOR[happened]
            if happened != doors.RELOCKED or not self.signals.playing:  # that is heard anyway; an answer goes first
                self.signals.play(signal, now)
            self.wake.logbook.event(kind)
