from pins import Pin

from firmware.drivers.bolt import BETWEEN, FAULT, LOCKED, UNLOCKED, Bolt

MIN_MV = 4400


class Mechanism:
    """A bolt between two end switches, moved by the bridge; 600 ms from end to end."""

    def __init__(self):
        self.in1, self.in2, self.enable = Pin(1), Pin(1), Pin(1)
        self.locked, self.unlocked = Pin(0), Pin(1)
        self.at = 0  # ms of travel from locked
        self.stuck = False
        self.driven = 0  # ms with current on the motor
        self.bolt = Bolt(self.in1, self.in2, self.enable, self.locked, self.unlocked, MIN_MV)
        self.now = 0

    def run(self, ms):
        for _ in range(0, ms, 5):
            self.bolt.tick(self.now)
            push = (self.in1.level - self.in2.level) * self.enable.level
            self.driven += 5 * abs(push)
            if not self.stuck:
                self.at = min(600, max(0, self.at + 5 * push))
            self.locked.level, self.unlocked.level = int(self.at > 0), int(self.at < 600)
            self.now += 5

    def idle(self):
        return not self.enable.level and not self.in1.level and not self.in2.level


def test_making_a_bolt_takes_every_level_off_the_motor():
    assert Mechanism().idle()


def test_it_stops_at_the_end_switch_and_brakes():
    m = Mechanism()
    assert m.bolt.position == LOCKED
    assert m.bolt.start(UNLOCKED, 6000, m.now)
    m.run(300)
    assert m.bolt.position == BETWEEN and m.bolt.moving
    m.run(305)
    assert m.bolt.position == UNLOCKED and m.bolt.moving
    assert m.in1.level == m.in2.level == m.enable.level == 1
    m.run(100)
    assert not m.bolt.moving and m.idle() and not m.bolt.jammed


def test_it_is_due_when_its_time_is_up_and_has_arrived_at_the_end_it_is_driven_to():
    m = Mechanism()
    assert not m.bolt.arrived
    m.bolt.start(UNLOCKED, 6000, m.now)
    assert m.bolt.due(m.now) == 1500 and not m.bolt.arrived
    m.run(500)
    assert m.bolt.due(m.now) == 1000 and not m.bolt.arrived
    m.at = 600
    m.unlocked.level = 0
    assert m.bolt.arrived
    m.bolt.tick(m.now)
    assert not m.bolt.arrived and m.bolt.due(m.now) == 50  # it brakes


def test_there_and_back():
    m = Mechanism()
    m.bolt.start(UNLOCKED, 6000, m.now)
    m.run(1000)
    m.bolt.start(LOCKED, 6000, m.now)
    m.run(1000)
    assert m.bolt.position == LOCKED and m.idle()


def test_never_driven_when_the_battery_is_too_low():
    m = Mechanism()
    assert not m.bolt.start(UNLOCKED, MIN_MV - 1, m.now)
    m.run(500)
    assert m.driven == 0 and not m.bolt.moving
    assert m.bolt.start(UNLOCKED, MIN_MV, m.now)


def test_a_jam_ends_after_one_retry_within_the_time_limit():
    m = Mechanism()
    m.stuck = True
    m.bolt.start(UNLOCKED, 6000, m.now)
    m.run(1600)
    assert m.idle() and m.bolt.moving and not m.bolt.jammed  # between the tries
    m.run(10000)
    assert m.bolt.jammed and not m.bolt.moving and m.idle()
    assert 2900 <= m.driven <= 3020


def test_a_bolt_freed_before_the_retry_opens():
    m = Mechanism()
    m.stuck = True
    m.bolt.start(UNLOCKED, 6000, m.now)
    m.run(1600)
    m.stuck = False
    m.run(2000)
    assert m.bolt.position == UNLOCKED and not m.bolt.jammed


def test_already_there_is_reported_without_driving():
    m = Mechanism()
    m.bolt.start(LOCKED, 6000, m.now)
    m.run(100)
    assert not m.bolt.moving and m.driven == 0


def test_both_switches_closed_is_a_fault_and_never_an_arrival():
    m = Mechanism()
    m.locked.level = m.unlocked.level = 0
    assert m.bolt.position == FAULT
