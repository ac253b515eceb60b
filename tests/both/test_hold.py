"""A bolt that is held open: what ends it, and what the door does meanwhile and afterwards."""

from test_door import AJAR_MS, RELOCK_MS, Doorway

from firmware.door import AJAR, OPENED, RELEASED, RELOCKED
from firmware.drivers.bolt import LOCKED, UNLOCKED


def held(seconds):
    d = Doorway()
    d.door.unlock(0)
    d.run(1000)
    assert d.what() == [OPENED]
    d.door.hold(d.now, seconds)
    d.told = []
    return d


def test_it_stays_open_until_the_time_is_over_and_locks_as_usual():
    d = held(300)
    assert d.door.due(d.now) == 0 and d.door.held(d.now) == 300_000
    d.run(299_990)
    assert d.what() == [] and d.bolt.position == UNLOCKED and d.door.held(d.now) == 10
    d.run(20_000)
    assert d.what() == [RELEASED, RELOCKED]
    assert d.told[0][0] == 301_000 and d.told[1][0] == 301_000 + RELOCK_MS + 600
    assert d.bolt.position == LOCKED and d.door.held(d.now) == 0


def test_the_door_may_open_and_close_and_stand_open_meanwhile():
    d = held(300)
    for level in (1, 0, 1, 0):
        d.reed.level = level
        d.run(70_000)
    assert d.what() == [] and d.bolt.position == UNLOCKED
    d.reed.level = 1
    d.run(20_000 + AJAR_MS + 10)
    assert d.what() == [RELEASED, AJAR]
    d.reed.level = 0
    d.run(10_000)
    assert d.what() == [RELEASED, AJAR, RELOCKED]


def test_let_go_it_locks_at_once_if_the_door_is_closed():
    d = held(300)
    d.run(50_000)
    d.reed.level = 1
    d.run(1000)
    assert not d.door.let_go(d.now) and d.door.held(d.now)
    d.reed.level = 0
    d.run(1000)
    assert d.door.let_go(d.now) and not d.door.held(d.now)
    began = d.now
    d.run(20_000)
    assert d.what() == [RELOCKED] and d.told[0][0] == began + 600


def test_another_code_meanwhile_does_not_end_it():
    d = held(60)
    d.door.unlock(d.now)
    d.run(50_000)
    assert d.what() == [OPENED] and d.bolt.position == UNLOCKED
    d.run(20_000)
    assert d.what() == [OPENED, RELEASED, RELOCKED]


def test_a_bolt_that_was_thrown_by_hand_meanwhile_stays_thrown():
    d = held(60)
    d.bolt.position = LOCKED
    d.run(120_000)
    assert d.what() == [RELEASED] and d.bolt.position == LOCKED
