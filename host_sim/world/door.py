"""The door and its bolt: a leaf with a reed contact, and a bolt that a motor moves between two end switches.

    LOCKED (1.0) <--IN2 high-- between --IN1 high--> UNLOCKED (0.0)

Both switches and the reed contact are active low. The bolt moves only while the bridge drives it and stops at once when
it does not: the gear holds it. It knows nothing of the door: thrown while the door stands open, it is just out.
"""

from host_sim.world.figures import RUN_MA, STALL_MA

TRAVEL_US = 600_000
"""From one end to the other at NOMINAL_MV under the motor's load."""
NOMINAL_MV = 5_800
"""Voltage under load (mV) at which the travel takes TRAVEL_US; it takes longer in proportion when there is less."""

_START_MV = 2_000  # with less than this under load the motor does not turn
_SWITCH = TRAVEL_US // 50  # an end switch is closed within this of its end
_LOCKED_FROM = TRAVEL_US - _SWITCH
_UNLOCKED_TO = _SWITCH


class Door:
    """The leaf, closed at first."""

    def __init__(self):
        self.is_open = False
        self.on_change = None
        """Called without arguments whenever the door was opened or closed."""

    @property
    def reed(self):
        """Level at the reed contact: 0 with the door closed, 1 with the door open or ajar."""
        return int(self.is_open)

    def open(self):
        """Open the door, or leave it ajar: the contact does not tell. Where the bolt stands is not asked."""
        self._move(True)

    def close(self):
        """Close the door."""
        self._move(False)

    def _move(self, is_open):
        if is_open != self.is_open:
            self.is_open = is_open
            if self.on_change:
                self.on_change()


class Bolt:
    """The bolt, locked at first, with its motor on `battery` (of `battery.py`).

    Positions are kept in microseconds of nominal travel from the unlocked end, so that everything is a whole number.
    """

    def __init__(self, timeline, battery):
        self.openings = 0
        """How often the bolt has left the locked end so far."""
        self.on_change = None
        """Called without arguments whenever an end switch has opened or closed."""
        self._timeline = timeline
        self._battery = battery
        self._place = TRAVEL_US
        self._since_us = timeline.now_us
        self._low, self._high = 0, TRAVEL_US
        self._direction = 0
        self._speed = 0
        self._goal = None
        self._event = None
        self._stalled_us = 0

    def drive(self, in1, in2, nsleep):
        """Set the bridge: `in1` alone unlocks, `in2` alone locks, both brake; without `nsleep` it coasts."""
        direction = bool(in2) - bool(in1) if nsleep else 0
        if direction != self._direction:
            self._rest_here()
            self._direction = direction
            self._go()

    def jam(self, at=None):
        """Put an obstacle at position `at` (0.0 to 1.0) that the bolt does not pass; None: it is seized where it is."""
        self._rest_here()
        if at is None:
            self._low = self._high = self._place
        elif self._place >= round(at * TRAVEL_US):
            self._low, self._high = round(at * TRAVEL_US), TRAVEL_US
        else:
            self._low, self._high = 0, round(at * TRAVEL_US)
        self._go()

    def free(self):
        """Take every obstacle away."""
        self._rest_here()
        self._low, self._high = 0, TRAVEL_US
        self._go()

    def turn(self, position):
        """Turn the bolt by hand to `position` (0.0 unlocked to 1.0 locked), which is no opening by the lock."""
        was = self._switches_at(self._place_now())
        self._rest_here()
        self._place = round(position * TRAVEL_US)
        self._go()
        if self._switches_at(self._place) != was and self.on_change:
            self.on_change()

    @property
    def position(self):
        """Where the bolt is: 0.0 unlocked to 1.0 locked."""
        return self._place_now() / TRAVEL_US

    @property
    def locked(self):
        """True while the locked end switch is closed (its level low)."""
        return self._place_now() >= _LOCKED_FROM

    @property
    def unlocked(self):
        """True while the unlocked end switch is closed (its level low)."""
        return self._place_now() <= _UNLOCKED_TO

    @property
    def between(self):
        """True while neither end switch is closed."""
        return not self.locked and not self.unlocked

    @property
    def state(self):
        """ "locked", "unlocked" or "between"."""
        return "locked" if self.locked else "unlocked" if self.unlocked else "between"

    @property
    def driven(self):
        """True while the bridge pushes current through the motor, whether it turns or not."""
        return self._direction != 0

    @property
    def stall_ms(self):
        """Milliseconds so far, in sum, that the motor was driven and could not turn."""
        return (self._stalled_us + self._stalling_us()) // 1_000

    def _place_now(self):
        if self._goal is None:
            return self._place
        moved = (self._timeline.now_us - self._since_us) * self._speed // 1_000_000
        return self._place + self._direction * min(moved, abs(self._goal - self._place))

    def _stalling_us(self):
        stalled = self._direction and self._goal is None
        return self._timeline.now_us - self._since_us if stalled else 0

    def _rest_here(self):
        """End the present stretch of motion or stall: note where the bolt is and how long it stalled."""
        self._stalled_us += self._stalling_us()
        self._place = self._place_now()
        self._since_us = self._timeline.now_us
        self._goal = None
        self._timeline.cancel(self._event)

    def _go(self):
        """Begin the stretch up to the next place where something changes, and draw the current that it takes."""
        loaded_mv = self._battery.under(RUN_MA)
        self._goal = self._next_goal() if loaded_mv >= _START_MV else None
        if self._goal is not None:
            self._speed = loaded_mv * 1_000_000 // NOMINAL_MV
            takes_us = -(abs(self._goal - self._place) * -1_000_000 // self._speed)
            self._event = self._timeline.at(self._since_us + takes_us, self._arrive)
        # Last, because the load may collapse the supply, which comes back here to take the current off.
        self._battery.load_ma = 0 if not self._direction else STALL_MA if self._goal is None else RUN_MA

    def _next_goal(self):
        """The next place ahead where a switch changes or the way ends; None where the motor cannot turn or is off."""
        if self._direction > 0:
            ahead = [place for place in (_UNLOCKED_TO + 1, _LOCKED_FROM, self._high) if place > self._place]
            return min(*ahead, self._high) if ahead and self._place < self._high else None
        if self._direction < 0:
            ahead = [place for place in (_LOCKED_FROM - 1, _UNLOCKED_TO, self._low) if place < self._place]
            return max(*ahead, self._low) if ahead and self._place > self._low else None
        return None

    def _arrive(self):
        goal, was = self._goal, self._switches_at(self._place)
        self._rest_here()
        self._place = goal
        switches = self._switches_at(goal)
        self.openings += was > switches and was == 1
        self._go()
        if switches != was and self.on_change:
            self.on_change()

    @staticmethod
    def _switches_at(place):
        """1 with the locked switch closed, -1 with the unlocked one, 0 between."""
        return (place >= _LOCKED_FROM) - (place <= _UNLOCKED_TO)
