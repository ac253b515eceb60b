"""The bolt: a motor on an H-bridge between two end switches.

    AT REST --start--> MOVING --end switch--> BRAKING --50 ms--> AT REST
                         | time limit
                         v              second time: AT REST, `jammed`
                       PAUSING --300 ms--> MOVING (once more)

Invariants: never driven below the battery limit, never longer than the limit at a stretch, and every way out of MOVING
takes the current off the motor first.
"""

from micropython import const

BETWEEN = const(0)
LOCKED = const(1)
UNLOCKED = const(2)
FAULT = const(3)  # both end switches closed: a wire is broken or bridged

_LIMIT_MS = const(1500)
_PAUSE_MS = const(300)
_BRAKE_MS = const(50)

_REST = const(0)  # of `moving`
_MOVING = const(1)
_BRAKING = const(2)
_PAUSING = const(3)


class Bolt:
    """`in1`, `in2`, `enable`: outputs to the bridge; `locked`, `unlocked`: end switches, low when reached.

    `min_mv`: below this battery voltage (mV) the motor is never driven: it would stall in the middle and take the
    chip's supply down with it.
    """

    def __init__(self, in1, in2, enable, locked, unlocked, min_mv):
        self._in1 = in1
        self._in2 = in2
        self._enable = enable
        self._locked = locked
        self._unlocked = unlocked
        self._min_mv = min_mv
        self.moving = _REST  # else the motor is not at rest, from `start` on
        self._until = 0
        self._tries = 0
        self.target = LOCKED
        self.jammed = False
        self.off()

    @property
    def position(self):
        """LOCKED, UNLOCKED, BETWEEN or FAULT, from the end switches."""
        return (not self._locked.value()) | (not self._unlocked.value()) << 1

    @property
    def arrived(self):
        """True when the bolt has reached the end that it is driven to: `tick` has to stop the motor."""
        if self.moving != _MOVING or (self._unlocked if self.target == UNLOCKED else self._locked).value():
            return False
        return self.position == self.target

    def due(self, now):
        """Ms until what moves, brakes or pauses has had its time, 1 at least."""
        return max(1, self._until - now)

    def start(self, target, battery_mv, now):
        """Drive towards `target` (LOCKED or UNLOCKED); False, and nothing moves, when the battery is too low."""
        if battery_mv < self._min_mv:
            return False
        self.target = target
        self.jammed = False
        self._tries = 0
        self._drive(now)
        return True

    def tick(self, now):
        """Follow the motor at `now` (ms)."""
        if self.moving == _MOVING:
            if self.arrived:
                self._brake(now)
            elif now >= self._until:
                self._give_up(now)
        elif self.moving == _BRAKING and now >= self._until:
            self.off()
        elif self.moving == _PAUSING and now >= self._until:
            self._drive(now)

    def off(self):
        """No current, whatever was going on."""
        self._enable.value(0)
        self._in1.value(0)
        self._in2.value(0)
        self.moving = _REST

    def _drive(self, now):
        if self.position == self.target:
            self._brake(now)
            return
        self._tries += 1
        self._in1.value(self.target == UNLOCKED)
        self._in2.value(self.target == LOCKED)
        self._enable.value(1)
        self.moving = _MOVING
        self._until = now + _LIMIT_MS

    def _brake(self, now):
        self._in1.value(1)
        self._in2.value(1)
        self._enable.value(1)
        self.moving = _BRAKING
        self._until = now + _BRAKE_MS

    def _give_up(self, now):
        self.off()
        if self._tries == 1:
            self.moving = _PAUSING
            self._until = now + _PAUSE_MS
        else:
            self.jammed = True
