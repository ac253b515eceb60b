"""The door and its bolt: what moves when, whatever happened before.

What is done rests on the end switches and the reed contact, never on memory, so that a power cut at any instant leaves
a door that locks itself again:

    not locked, door closed for the relock delay  ->  throw the bolt
    door opens while the bolt is thrown           ->  take it back, wait for the door
    the bolt will not go                          ->  say so, try again at the next wake
    door open for the ajar time                   ->  say so
    door open for a second, the bolt thrown       ->  say so
    to be thrown only later (`defer`)             ->  wait for up to a minute, or say so and leave it for that wake
    held open by a code that may                  ->  none of these until the time is over or it is let go
"""

from micropython import const

from firmware.drivers.bolt import LOCKED, UNLOCKED

# what tick() reports
OPENED = const(1)
JAMMED = const(2)  # on the way to open
RELOCKED = const(3)
STUCK = const(4)  # on the way to locked
AJAR = const(5)
WEAK = const(6)  # too little battery to lock
RELEASED = const(7)  # no longer held open: the time is over
FORCED = const(8)  # the door is open, and the bolt is thrown

_RATTLE_MS = const(1000)  # longer than a door that rattles lets go of its magnet
_LOOK_MS = const(250)  # how often the reed contact is looked at while the bolt is open
AWAIT_S = const(60)  # for longer than this nobody stays awake
LONGEST_S = const(3600)  # for which the bolt is not thrown
_SOON = const(2)  # boots in a row after which the bolt is thrown as after any opening
_FIRST_S = const(10)


def patience_s(restarts):
    """Seconds, up to an hour, before the bolt is thrown after so many boots in a row in none of which it was.

    A motor that stalls may have ended each of them, on cells that do not bear it (docs/security.md).
    """
    return min(_FIRST_S << min(restarts - _SOON - 1, 9), LONGEST_S) if restarts > _SOON else 0


class Door:
    """`reed`: input, low while the door is closed; `relock_ms`, `ajar_ms`: delays; `low_mv`: a weak battery, in mV."""

    def __init__(self, bolt, reed, battery, relock_ms, ajar_ms, low_mv):
        self.bolt = bolt
        self._reed = reed
        self._battery = battery
        self._relock_ms = relock_ms
        self._ajar_ms = ajar_ms
        self._low_mv = low_mv
        self._was_closed = self.closed
        self._since = 0  # ms at which the door last changed, or the bolt came to rest
        self._told = False  # an open door has been reported, or the bolt would not go
        self._testing = self._failed = False  # the bolt is thrown as a test; it was, and did not arrive
        self._held_until = 0  # ms; 0: not held open
        self._not_before = 0  # ms before which the bolt is not thrown; 0: it may be

    @property
    def closed(self):
        return not self._reed.value()

    @property
    def locked(self):
        return self.bolt.position == LOCKED

    @property
    def weak(self):
        """Whether the battery wants changing soon."""
        return self._battery.millivolts() < self._low_mv

    def unlock(self, now):
        """Draw the bolt; False, and nothing moves, when the battery is too low."""
        return self.bolt.start(UNLOCKED, self._battery.millivolts(), now)

    def test(self, now):
        """Throw the bolt unless it is, open door or not, then draw it; False, nothing moves: too little battery.

        `tick` reports OPENED or, if it did not reach one of its ends, JAMMED. Not while the bolt moves.
        """
        target = UNLOCKED if self.locked else LOCKED
        if not self.bolt.start(target, self._battery.millivolts(), now):
            return False
        self._testing, self._failed = target == LOCKED, False
        return True

    def hold(self, now, seconds):
        """Keep the bolt open, once it is, for so many seconds; 0: no longer, it is locked as after any opening."""
        self._held_until = now + seconds * 1000 if seconds else 0
        self._since = now

    def held(self, now):
        """Ms for which the bolt is still held open; 0: it is not."""
        return max(0, self._held_until - now)

    def defer(self, now, seconds):
        """Do not throw the bolt for so many seconds, unless it has been drawn meanwhile."""
        self._not_before = now + seconds * 1000

    def deferred(self, now):
        """Ms for which the bolt is still not thrown; 0: it may be, or is."""
        return 0 if self.locked else max(0, self._not_before - now)

    def let_go(self, now):
        """Lock now although the bolt is held open; False, and nothing changes, if the door is open."""
        if not self.closed:
            return False
        self._held_until = 0
        self._since = now - self._relock_ms
        return True

    def due(self, now):
        """Ms until the door wants another tick; 0 if it will do nothing before the next wake or the end of the hold.

        While the bolt moves, `stirred` may want it earlier.
        """
        if self.bolt.moving:
            return self.bolt.due(now)
        if self._settled(self.closed):
            return 0
        return max(1, min(_LOOK_MS, self._since + self._delay() - now))

    @property
    def stirred(self):
        """Whether a moving bolt has arrived, or the door was opened under it: to be looked at every 10 ms."""
        bolt = self.bolt
        return bolt.arrived or bolt.target == LOCKED and self._opened_under_it

    @property
    def _opened_under_it(self):
        return self.bolt.target == LOCKED and not self.closed and not self._testing

    def tick(self, now):
        """Follow bolt and door at `now` (ms); return what happened, or None."""
        if self.bolt.moving:
            if self._opened_under_it:
                self.bolt.off()
                if not self.unlock(now):
                    return self._rest(now, WEAK)
            self.bolt.tick(now)
            return None if self.bolt.moving else self._arrived(now)
        if self._held_until and now >= self._held_until:
            self._held_until = 0
            return self._rest(now, RELEASED)
        closed = self.closed
        if closed != self._was_closed:
            self._was_closed = closed
            self._since = now
            self._told = False
        if self._not_before and now >= self._not_before:  # somebody has kept the lock awake until then
            self._not_before = 0
            self._told = self._told and not self.closed
        if self._settled(closed) or now - self._since < self._delay():
            return None
        return self._overdue(now)

    def _settled(self, closed):
        return self._told or self._held_until or closed and self.bolt.position == LOCKED

    def _delay(self):
        if not self.closed:
            return _RATTLE_MS if self.locked else self._ajar_ms
        wait = self._not_before - self._since
        return wait if self._relock_ms < wait <= AWAIT_S * 1000 else self._relock_ms

    def _overdue(self, now):
        if not self.closed:
            self._told = True
            return FORCED if self.locked else AJAR
        if now < self._not_before:
            return self._rest(now, STUCK)
        if self.bolt.start(LOCKED, self._battery.millivolts(), now):
            return None
        return self._rest(now, WEAK)

    def _arrived(self, now):
        if self._testing:
            self._testing, failed = False, self.bolt.jammed
            if not self.unlock(now):
                return self._rest(now, WEAK)
            self._failed = failed
            return None
        if self.bolt.target == UNLOCKED:
            failed, self._failed = self._failed or self.bolt.jammed, False
            return self._rest(now, JAMMED if failed else OPENED)
        return self._rest(now, STUCK if self.bolt.jammed else RELOCKED)

    def _rest(self, now, happened):
        """Nothing moves any more; a bolt that would not lock is left for the next wake."""
        self._since = now
        self._told = happened in (STUCK, WEAK)
        if happened in (OPENED, RELOCKED):
            self._not_before = 0
        return happened
