"""The door and its bolt: what moves when, whatever happened before.

What the lock does rests on the end switches and the reed contact, never on memory, so that a power cut at any instant
leaves a door that locks itself again:

    not locked, door closed for `relock_ms`  ->  throw the bolt
    door opens while the bolt is thrown      ->  take it back, wait for the door
    the bolt will not go                     ->  say so, try again after RETRY_MS
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

RETRY_MS = const(300_000)


class Door:
    """`reed`: input, low while the door is closed; `relock_ms` and `ajar_ms` from the settings."""

    def __init__(self, bolt, reed, battery, relock_ms, ajar_ms):
        self.bolt = bolt
        self._reed = reed
        self._battery = battery
        self._relock_ms = relock_ms
        self._ajar_ms = ajar_ms
        self._since = 0  # when the present wait began
        self._waited = False  # this opening has been reported as ajar, or the retry is pending
        self._closed = True

    @property
    def closed(self):
        return not self._reed.value()

    @property
    def locked(self):
        return self.bolt.position == LOCKED

    @property
    def waiting(self):
        """True while something is still to happen that needs the chip awake."""
        return self.bolt.moving or not (self.locked or self._waited)

    def unlock(self, battery_mv, now):
        """Draw the bolt; False when the battery is too low to move it."""
        self._since = now
        self._waited = False
        return self.bolt.start(UNLOCKED, battery_mv, now)

    def tick(self, now):
        """Follow bolt and door at `now` (ms); return what happened, or None."""
        if self.bolt.moving:
            self._reverse_if_opened(now)
            self.bolt.tick(now)
            return None if self.bolt.moving else self._arrived(now)
        if self.locked:
            self._waited = False
            self._since = now
            return None
        return self._relock(now)

    def _reverse_if_opened(self, now):
        if self.bolt.target == LOCKED and not self.closed:
            self.bolt.off()
            self.unlock(self._battery.millivolts(), now)

    def _arrived(self, now):
        self._since = now
        if self.bolt.target == UNLOCKED:
            return JAMMED if self.bolt.jammed else OPENED
        self._waited = self.bolt.jammed
        return STUCK if self.bolt.jammed else RELOCKED

    def _relock(self, now):
        closed = self.closed
        if closed != self._closed:
            self._closed = closed
            self._since = now
            self._waited = False
        limit = RETRY_MS if closed and self._waited else self._relock_ms if closed else self._ajar_ms
        if now - self._since < limit or (self._waited and not closed):
            return None
        self._since = now
        if not closed:
            self._waited = True
            return AJAR
        if not self.bolt.start(LOCKED, self._battery.millivolts(), now):
            self._waited = True
            return WEAK
        return None
