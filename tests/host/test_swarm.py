"""Many locks at once, as `make bench` has thousands: a restart of the broker loses nothing, does nothing twice."""

from tools.bench.swarm import swarm


def test_locks_that_come_back_at_once_lose_nothing_and_do_nothing_twice():
    figures = {figure.name: figure for figure in swarm(60)}
    assert [figures[name].ours for name in ("lost", "twice", "alarms")] == [0, 0, 0]
    assert [figure.met for figure in figures.values() if figure.goal] == [True] * 3
    assert figures["check-ins a second"].ours > 0
