"""Simulated time: order of events, and what an event may do to it."""

import pytest

from host_sim.world.timeline import FAR, Timeline


def test_events_run_in_order_of_instant_then_of_entry():
    timeline, seen = Timeline(), []
    for us, name in ((20, "c"), (10, "a"), (10, "b")):
        timeline.at(us, lambda name=name: seen.append((timeline.now_us, name)))
    timeline.advance_to(30)
    assert seen == [(10, "a"), (10, "b"), (20, "c")]
    assert timeline.now_us == 30


def test_an_event_beyond_the_horizon_waits():
    timeline, seen = Timeline(), []
    timeline.at(11, lambda: seen.append(1))
    timeline.advance_to(10)
    assert not seen
    assert timeline.next_us == 11
    timeline.advance_to(11)
    assert seen == [1]
    assert timeline.next_us == FAR


def test_cancelled_events_neither_run_nor_show():
    timeline, seen = Timeline(), []
    first, second = timeline.at(5, lambda: seen.append(1)), timeline.at(6, lambda: seen.append(2))
    timeline.cancel(first)
    assert timeline.next_us == 6
    timeline.advance_to(6)
    timeline.cancel(second)
    timeline.cancel(None)
    assert seen == [2]


def test_an_event_may_enter_events_that_are_due_in_the_same_advance():
    timeline, seen = Timeline(), []
    timeline.at(5, lambda: timeline.at(7, lambda: seen.append(timeline.now_us)))
    timeline.advance_to(10)
    assert seen == [7]


def test_an_event_entered_for_the_past_runs_now():
    timeline, seen = Timeline(), []
    timeline.advance_to(10)
    timeline.at(3, lambda: seen.append(timeline.now_us))
    timeline.advance_to(10)
    assert seen == [10]


def test_time_that_an_event_takes_is_not_taken_back():
    timeline, seen = Timeline(), []
    timeline.at(5, lambda: timeline.advance_to(50))
    timeline.at(8, lambda: seen.append(timeline.now_us))
    timeline.advance_to(10)
    assert seen == [8]
    assert timeline.now_us == 50


def test_after_an_event_raised_the_others_still_wait():
    timeline, seen = Timeline(), []
    timeline.at(5, lambda: 1 / 0)
    timeline.at(6, lambda: seen.append(timeline.now_us))
    with pytest.raises(ZeroDivisionError):
        timeline.advance_to(10)
    assert timeline.now_us == 5
    timeline.advance_to(10)
    assert seen == [6]


def test_time_never_goes_back():
    timeline = Timeline()
    timeline.advance_to(10)
    with pytest.raises(ValueError, match="back"):
        timeline.advance_to(9)
