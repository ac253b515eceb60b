"""Charge is counted by part and state, exactly."""

import pytest

from host_sim.world.battery import Battery
from host_sim.world.charge import Meter
from host_sim.world.figures import MICROAMPS
from host_sim.world.timeline import Timeline


@pytest.fixture
def timeline():
    return Timeline()


@pytest.fixture
def meter(timeline):
    return Meter(timeline)


def test_each_state_draws_its_current_for_its_time(timeline, meter):
    meter.enter("chip", "awake")
    timeline.advance_to(2_000_000)
    meter.enter("chip", "asleep")
    timeline.advance_to(12_000_000)
    assert meter.seconds("chip", "awake") == 2
    assert meter.mc("chip", "awake") == 2 * MICROAMPS["chip", "awake"] / 1000
    assert meter.mc("chip") == meter.mc() == meter.mc("chip", "awake") + meter.mc("chip", "asleep")


def test_what_was_spent_otherwise_is_taken_from_the_state_it_was_counted_for(timeline, meter):
    meter.enter("radio", "listening")
    timeline.advance_to(1_000_000)
    meter.air(1_000)
    assert meter.seconds("radio", "sending") == 0.0014
    assert meter.seconds("radio", "listening") == 0.9986
    meter.air(3_000)
    assert meter.seconds("radio", "sending") == pytest.approx(0.0014 + 0.0042)


def test_a_motor_draws_what_its_battery_gives(timeline, meter):
    battery = Battery()
    battery.on_load = lambda ma: meter.enter("motor", "driven" if ma else "resting", ma * 1000)
    battery.load_ma = 250
    timeline.advance_to(600_000)
    battery.load_ma = 0
    timeline.advance_to(5_000_000)
    assert meter.mc("motor") == 150


def test_a_part_that_was_never_heard_of_has_taken_nothing(meter):
    assert meter.mc("motor") == meter.seconds("chip", "awake") == 0
