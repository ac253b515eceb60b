from pins import Pin

from firmware.door import AJAR, FORCED, JAMMED, OPENED, RELOCKED, STUCK, WEAK, Door
from firmware.drivers.bolt import LOCKED, UNLOCKED

RELOCK_MS = 5000
AJAR_MS = 60000


class Bolt:
    """Reaches its target 600 ms after the start."""

    def __init__(self):
        self.position = LOCKED
        self.target = LOCKED
        self.moving = False
        self.jammed = False
        self.stuck = False
        self._until = 0

    def start(self, target, battery_mv, now):
        if battery_mv < 4400:
            return False
        self.target, self.moving, self.jammed = target, True, False
        self._until = now + 600
        return True

    @property
    def arrived(self):
        return self.moving and self.position == self.target

    def due(self, now):
        return max(1, self._until - now)

    def tick(self, now):
        if self.moving and now >= self._until:
            self.moving = False
            self.jammed = self.stuck
            if not self.stuck:
                self.position = self.target

    def off(self):
        self.moving = False
        self.position = 0


class Battery:
    mv = 6000

    def millivolts(self):
        return self.mv


class Doorway:
    def __init__(self):
        self.bolt, self.reed, self.battery = Bolt(), Pin(0), Battery()
        self.door = Door(self.bolt, self.reed, self.battery, RELOCK_MS, AJAR_MS, 4800)
        self.now = 0
        self.told = []

    def run(self, ms):
        """Tick as the app does and note what is told, with the ms at which it was."""
        end = self.now + ms
        while self.now < end:
            happened = self.door.tick(self.now)
            if happened:
                self.told.append((self.now, happened))
            self.now += 10

    def what(self):
        return [happened for _, happened in self.told]


def test_opens_and_locks_again_after_the_delay():
    d = Doorway()
    d.door.unlock(0)
    d.run(7000)
    assert d.what() == [OPENED, RELOCKED]
    assert d.told[1][0] - d.told[0][0] == RELOCK_MS + 600
    assert d.door.due(d.now) == 0


def test_waits_for_the_door_and_counts_the_delay_from_its_closing():
    d = Doorway()
    d.door.unlock(0)
    d.run(2000)
    d.reed.level = 1
    d.run(20000)
    assert d.bolt.position == UNLOCKED
    d.reed.level = 0
    closed = d.now
    d.run(7000)
    assert d.what() == [OPENED, RELOCKED]
    assert d.told[1][0] == closed + RELOCK_MS + 600


def test_a_moving_bolt_is_due_by_its_time_and_wants_a_tick_when_it_arrives_or_the_door_opens_under_it():
    d = Doorway()
    d.door.unlock(0)
    assert d.door.due(100) == 500 and not d.door.stirred
    d.reed.level = 1  # it may be pulled open while the bolt is drawn
    assert not d.door.stirred
    d.bolt.position = UNLOCKED
    assert d.door.stirred
    d.reed.level = 0
    d.run(RELOCK_MS + 700)
    assert d.bolt.moving and not d.door.stirred
    d.reed.level = 1
    assert d.door.stirred


def test_takes_the_bolt_back_when_the_door_opens_under_it():
    d = Doorway()
    d.door.unlock(0)
    d.run(600 + RELOCK_MS + 300)
    assert d.bolt.moving and d.bolt.target == LOCKED
    d.reed.level = 1
    d.run(1000)
    assert d.bolt.position == UNLOCKED
    d.reed.level = 0
    d.run(7000)
    assert d.bolt.position == LOCKED


def test_a_door_left_open_is_told_once():
    d = Doorway()
    d.door.unlock(0)
    d.run(1000)
    d.reed.level = 1
    d.run(5 * AJAR_MS)
    assert d.what() == [OPENED, AJAR]
    assert d.door.due(d.now) == 0


def test_a_bolt_found_open_after_a_power_cut_is_locked():
    d = Doorway()
    d.bolt.position = 0
    d.run(7000)
    assert d.what() == [RELOCKED]


def test_a_bolt_that_will_not_lock_is_told_and_left_for_the_next_wake():
    d = Doorway()
    d.door.unlock(0)
    d.run(1000)
    d.bolt.stuck = True
    d.run(60000)
    assert d.what() == [OPENED, STUCK]
    assert d.door.due(d.now) == 0


def test_a_bolt_that_will_not_open_is_told():
    d = Doorway()
    d.bolt.stuck = True
    d.door.unlock(0)
    d.run(1000)
    assert d.what() == [JAMMED]


def test_a_battery_too_low_to_lock_is_told_once_and_nothing_moves():
    d = Doorway()
    d.door.unlock(0)
    d.run(1000)
    d.battery.mv = 4000
    d.run(60000)
    assert d.what() == [OPENED, WEAK]
    assert d.bolt.position == UNLOCKED


def test_a_door_that_opens_under_a_bolt_with_a_weak_battery_is_not_reported_as_locked():
    d = Doorway()
    d.door.unlock(0)
    d.run(600 + RELOCK_MS + 300)
    assert d.bolt.moving and d.bolt.target == LOCKED
    d.battery.mv = 4000
    d.reed.level = 1
    d.run(1000)
    assert d.what() == [OPENED, WEAK]
    assert not d.bolt.moving and d.bolt.position != LOCKED


def test_a_battery_too_low_to_open_moves_nothing():
    d = Doorway()
    d.battery.mv = 4000
    assert not d.door.unlock(0)
    d.run(1000)
    assert d.what() == [] and d.bolt.position == LOCKED


def test_a_weak_battery_is_told_before_it_is_too_low():
    d = Doorway()
    assert not d.door.weak
    d.battery.mv = 4700
    assert d.door.weak and d.door.unlock(0)


def test_a_bolt_test_draws_a_locked_bolt_and_the_door_locks_itself_again():
    d = Doorway()
    assert d.door.test(0)
    d.run(7000)
    assert d.told == [(600, OPENED), (6200, RELOCKED)]


def test_a_bolt_test_beside_an_open_door_throws_and_draws():
    d = Doorway()
    d.bolt.position = UNLOCKED
    d.reed.level = 1
    assert d.door.test(0)
    d.run(500)
    assert d.bolt.target == LOCKED
    d.run(2000)
    assert [what for _, what in d.told] == [OPENED]
    assert d.bolt.position == UNLOCKED


def test_a_bolt_that_does_not_arrive_in_a_test_is_jammed_and_drawn():
    d = Doorway()
    d.bolt.position = UNLOCKED
    d.reed.level = 1
    d.door.test(0)
    d.bolt.stuck = True
    d.run(650)
    d.bolt.stuck = False
    d.run(1000)
    assert [what for _, what in d.told] == [JAMMED]
    assert d.bolt.position == UNLOCKED
    d.reed.level = 0
    d.run(6000)
    d.door.unlock(d.now)
    d.run(1000)
    assert [what for _, what in d.told] == [JAMMED, RELOCKED, OPENED], "the next opening has nothing to do with it"


def test_a_test_without_battery_moves_nothing_and_leaves_no_trace():
    d = Doorway()
    d.bolt.position = UNLOCKED
    d.reed.level = 1
    d.battery.mv = 4000
    assert not d.door.test(0)
    assert not d.bolt.moving
    d.battery.mv = 6000
    d.reed.level = 0
    d.run(5300)
    assert d.bolt.moving and d.bolt.target == LOCKED
    d.reed.level = 1
    d.run(50)
    assert d.bolt.target == UNLOCKED, "a door that opens still takes the bolt back"


def test_a_battery_that_gives_up_within_a_test_is_told():
    d = Doorway()
    d.bolt.position = UNLOCKED
    d.reed.level = 1
    d.door.test(0)
    d.run(100)
    d.battery.mv = 4000
    d.run(1000)
    assert [what for _, what in d.told] == [WEAK]
    assert not d.bolt.moving


def test_a_bolt_to_be_thrown_soon_is_waited_for():
    d = Doorway()
    d.bolt.position = UNLOCKED
    d.door.defer(0, 40)
    d.run(39_990)
    assert d.what() == [] and not d.bolt.moving and d.door.due(d.now)
    assert d.door.deferred(10_000) == 30_000
    d.run(1000)
    assert d.told == [(40_600, RELOCKED)]


def test_a_bolt_to_be_thrown_much_later_is_told_at_once_and_left():
    d = Doorway()
    d.bolt.position = UNLOCKED
    d.door.defer(0, 100)
    d.run(60_000)
    assert d.told == [(RELOCK_MS, STUCK)]
    assert d.door.due(d.now) == 0 and d.door.deferred(d.now) == 40_000


def test_a_bolt_to_be_thrown_later_is_thrown_then_also_if_somebody_has_kept_the_lock_awake():
    d = Doorway()
    d.bolt.position = UNLOCKED
    d.door.defer(0, 100)
    d.run(120_000)
    assert d.told == [(RELOCK_MS, STUCK), (100_600, RELOCKED)]
    d = Doorway()
    d.bolt.position, d.bolt.stuck = UNLOCKED, True
    d.door.defer(0, 100)
    d.run(600_000)
    assert d.told == [(RELOCK_MS, STUCK), (100_600, STUCK)]


def test_a_bolt_that_was_drawn_meanwhile_is_thrown_as_ever():
    d = Doorway()
    d.bolt.position = UNLOCKED
    d.door.defer(0, 3000)
    d.run(10_000)
    d.door.unlock(d.now)
    d.run(7000)
    assert d.what() == [STUCK, OPENED, RELOCKED]
    assert d.door.deferred(d.now) == 0


def test_a_locked_bolt_is_not_deferred():
    d = Doorway()
    d.door.defer(0, 3000)
    assert d.door.deferred(0) == 0
    d.run(10_000)
    assert d.what() == []


def test_a_door_that_is_open_while_the_bolt_is_thrown_is_told_once_until_it_was_closed():
    d = Doorway()
    d.run(1000)
    d.reed.level = 1
    d.run(5 * AJAR_MS)
    assert d.told == [(2000, FORCED)] and d.door.due(d.now) == 0
    d.reed.level = 0
    d.run(100)
    d.reed.level = 1
    d.run(2000)
    assert d.what() == [FORCED, FORCED]


def test_a_door_that_rattles_is_not_told():
    d = Doorway()
    for _ in range(20):
        d.reed.level ^= 1
        d.run(900)
    assert d.what() == []
