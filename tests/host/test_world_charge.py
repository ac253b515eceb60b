"""Charge is counted by part and state, exactly."""

import pytest

from host_sim.lock import Lock, LockConfig
from host_sim.world.battery import Battery
from host_sim.world.charge import Meter
from host_sim.world.figures import MICROAMPS, QUIESCENT_MICROAMPS, RUN_MA
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


def test_light_sound_board_and_motor_of_an_opening_are_counted():
    with Lock(config=LockConfig(grants=[{"label": "lobby", "kind": "event", "digits": 8}])) as lock:
        lock.wait(60)
        lock.wake()
        lock.type(lock.issue("lobby") + "#")
        lock.wait(60)
        lock.cut_power()
        lock.wait(60)
        meter, edges = lock.world.meter, lock.world.signals.edges
        lit = sounding = 0
        for (began, led, hz), (ended, _, _) in zip(edges, edges[1:], strict=False):
            lit += (ended - began) * led
            sounding += (ended - began) * bool(hz)
        assert sounding > 500_000
        assert meter.seconds("led", "lit") == lit / 1_000_000
        assert meter.seconds("buzzer", "sounding") == sounding / 1_000_000
        assert meter.mc("led") == pytest.approx(lit * MICROAMPS["led", "lit"] / 1e9)
        fed = meter.seconds("board", "fed")
        states = ("awake", "dozing", "asleep")
        assert fed == pytest.approx(sum(meter.seconds("chip", state) for state in states))
        assert meter.mc("board") == pytest.approx(fed * sum(QUIESCENT_MICROAMPS.values()) / 1e3)
        assert meter.mc("motor") == pytest.approx(meter.seconds("motor", "driven") * RUN_MA)
        assert meter.seconds("motor", "driven") == pytest.approx(1.2, abs=0.1)


def test_asleep_with_the_door_closed_nothing_flows_through_the_reed_contact():
    with Lock(config=LockConfig(grants=[{"label": "lobby", "kind": "event", "digits": 8}])) as lock:
        meter = lock.world.meter
        lock.wait(60)
        awake = meter.seconds("reed", "closed")
        assert 0 < awake < 30
        lock.wait(3600)
        assert meter.seconds("reed", "closed") == awake
        lock.wake()
        lock.type(lock.issue("lobby") + "#")
        assert lock.run_until(lambda: lock.bolt == "unlocked")
        lock.door("open")
        lock.wait(120)
        before = meter.seconds("reed", "closed")
        assert not lock.awake
        lock.wait(60)
        assert meter.seconds("reed", "closed") == before
        lock.door("closed")
        assert lock.run_until(lambda: lock.bolt == "locked")
