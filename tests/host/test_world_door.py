"""Door, bolt and battery: travel, end switches, obstacles, current and what it does to the supply."""

import pytest

from host_sim.world.battery import BROWNOUT_MV, Battery
from host_sim.world.door import Bolt, Door
from host_sim.world.figures import RUN_MA, STALL_MA
from host_sim.world.timeline import FAR, Timeline

UNLOCK, LOCK, BRAKE, COAST = (1, 0, 1), (0, 1, 1), (1, 1, 1), (1, 0, 0)


class Bench:
    """A bolt on a battery, locked, with a log of its end switches."""

    def __init__(self, open_mv=6_000):
        self.timeline = Timeline()
        self.battery = Battery(open_mv)
        self.bolt = Bolt(self.timeline, self.battery)
        self.seen = []
        self.bolt.on_change = lambda: self.seen.append((self.timeline.now_us // 1_000, self.bolt.state))

    def drive(self, levels, ms):
        self.bolt.drive(*levels)
        self.timeline.advance_to(self.timeline.now_us + ms * 1_000)


def test_the_bolt_travels_from_switch_to_switch_in_its_time():
    bench = Bench()
    bench.drive(UNLOCK, 1_000)
    assert bench.seen == [(12, "between"), (588, "unlocked")]
    assert (bench.bolt.position, bench.bolt.openings) == (0.0, 1)
    bench.drive(LOCK, 1_000)
    assert bench.bolt.state == "locked"
    assert bench.bolt.openings == 1


def test_without_drive_the_bolt_stays_where_it_is():
    bench = Bench()
    for stop in (BRAKE, COAST, (0, 0, 1)):
        bench.drive(UNLOCK, 100)
        place = bench.bolt.position
        bench.drive(stop, 1_000)
        assert bench.bolt.position == place
        assert bench.battery.load_ma == 0
    assert bench.bolt.between
    assert bench.timeline.next_us == FAR


def test_looking_at_the_bolt_does_not_move_it():
    watched, alone = Bench(), Bench()
    for bench in (watched, alone):
        bench.bolt.drive(*UNLOCK)
    for us in range(0, 700_000, 777):
        watched.timeline.advance_to(us)
        assert 0 <= watched.bolt.position <= 1
    alone.timeline.advance_to(700_000)
    assert watched.seen == alone.seen


def test_turning_round_on_the_way_is_no_second_opening():
    bench = Bench()
    bench.drive(UNLOCK, 300)
    bench.drive(LOCK, 100)
    bench.drive(UNLOCK, 100)
    bench.drive(LOCK, 1_000)
    assert bench.bolt.locked
    assert bench.bolt.openings == 1


def test_a_weak_battery_makes_it_slower_and_an_empty_one_stalls_it():
    weak = Bench(open_mv=4_400)
    weak.drive(UNLOCK, 2_000)
    assert 800 <= weak.seen[-1][0] <= 850
    empty = Bench(open_mv=2_000)
    empty.drive(UNLOCK, 500)
    assert empty.bolt.position == 1.0
    assert empty.bolt.stall_ms == 500


def test_driven_into_its_end_the_motor_stalls():
    bench = Bench()
    bench.drive(LOCK, 250)
    assert bench.bolt.stall_ms == 250
    assert bench.battery.load_ma == STALL_MA
    bench.drive(BRAKE, 250)
    assert bench.bolt.stall_ms == 250


@pytest.mark.parametrize("at", [0.0, 0.5, 0.97])
def test_the_bolt_does_not_pass_an_obstacle_but_comes_back_from_it(at):
    bench = Bench()
    bench.bolt.jam(at)
    bench.drive(UNLOCK, 1_600)
    assert bench.bolt.position == at
    assert bench.bolt.stall_ms > 900
    bench.drive(LOCK, 1_000)
    assert bench.bolt.locked
    bench.bolt.free()
    bench.drive(UNLOCK, 1_000)
    assert bench.bolt.unlocked


def test_a_seized_bolt_moves_neither_way_and_goes_on_when_freed_under_drive():
    bench = Bench()
    bench.drive(UNLOCK, 300)
    bench.bolt.jam()
    place = bench.bolt.position
    bench.drive(LOCK, 200)
    bench.drive(UNLOCK, 200)
    assert bench.bolt.position == place
    assert bench.bolt.stall_ms == 400
    bench.bolt.free()
    bench.timeline.advance_to(bench.timeline.now_us + 1_000_000)
    assert bench.bolt.unlocked


def test_the_current_sags_the_voltage():
    bench = Bench()
    bench.drive(UNLOCK, 100)
    assert bench.battery.load_ma == RUN_MA
    assert bench.battery.mv == 5_800
    bench.drive(UNLOCK, 1_000)
    assert bench.battery.mv == 6_000 - STALL_MA * 800 // 1_000


def test_a_supply_that_collapses_under_the_motor_is_told_once_and_may_take_the_current_off():
    bench = Bench(open_mv=3_500)
    told = []

    def collapse():
        told.append(bench.timeline.now_us)
        bench.bolt.drive(0, 0, 0)

    bench.battery.on_brownout = collapse
    bench.bolt.jam()
    bench.drive(UNLOCK, 100)
    assert told == [0]
    assert bench.battery.mv == 3_500
    assert not bench.bolt.driven
    bench.battery.open_mv = BROWNOUT_MV - 1
    bench.battery.open_mv = BROWNOUT_MV - 2
    assert len(told) == 2


def test_the_adc_sees_a_third_with_a_little_noise_that_the_seed_decides():
    readings = [Battery(6_000, seed=1).adc_uv() for _ in range(2)]
    assert readings[0] == readings[1]
    battery = Battery(5_000)
    many = {battery.adc_uv() for _ in range(200)}
    assert len(many) > 3
    assert all(abs(uv * 3 - 5_000_000) < 12_000 and uv % 1_000 == 0 for uv in many)


def test_measurements_told_ahead_are_those_that_follow():
    one, other = Battery(6_000, seed=3), Battery(6_000, seed=3)
    wanted = [other.adc_uv() for _ in range(12)]
    assert one.next_uv(4) == one.next_uv(4) == wanted[:4]
    one.measured(3)
    assert [one.adc_uv() for _ in range(5)] == wanted[3:8]
    assert one.next_uv(4) == wanted[8:]
    one.load_ma = other.load_ma = 2_000
    assert one.next_uv(1) != wanted[8:9]


def test_the_reed_is_low_with_the_door_closed():
    door, seen = Door(), []
    door.on_change = lambda: seen.append(door.reed)
    assert door.reed == 0
    door.open()
    door.open()
    door.close()
    assert seen == [1, 0]
