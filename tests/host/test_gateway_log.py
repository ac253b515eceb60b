"""The gateway keeps the logs of its locks, and tells when one is not what it was: gaps, forks, roll-backs."""

import copy

import pytest

from firmware.store.audit import ENTRY, Event
from firmware.store.chain import KEY_SIZE, UNKEYED, event_mac
from tests.host.gateways import ID, LOG_KEY, End, key_file, opened, scripted
from tools.gateway.export import export
from tools.log.lines import Head
from tools.log.verify import verify


@pytest.fixture
def end(tmp_path):
    with End(key_file(tmp_path)) as end:
        yield end


def numbers(end):
    return [row["number"] for row in end.store.events(ID)]


def test_a_log_over_several_sectors_arrives_whole_and_once(end):
    lock = scripted(300)
    end.check_in(lock)
    assert (lock.acknowledged, numbers(end)) == (60, list(range(1, 301)))
    for _ in range(30):
        opened(lock)
    end.check_in(lock)
    end.check_in(lock)
    assert numbers(end) == list(range(1, 331))
    assert end.alarms() == []
    text, whole = export(end.store, ID)
    assert str(whole.head) == f"330:{lock.head[1].hex()}"
    assert verify(text, LOG_KEY, Head(300, lock.log[299][1])).events == 330


def test_the_reply_waits_for_the_events_that_come_with_the_hello(end):
    lock = scripted(25)
    hello, first, second = lock.hello()
    for message in (hello, first):
        end.hear(message)
        assert end.said() == []
    end.hear(second)
    assert len(end.said()) == 1
    assert end.store.lock(ID)["have"] == 25


def test_it_does_not_wait_for_events_that_are_lost(end):
    lock = scripted(25)
    end.hear(lock.hello()[0])
    assert end.said() == []
    end.wait(0.21)
    (reply,) = end.said()
    lock.take(reply)
    assert lock.acknowledged == 0


def test_events_that_were_lost_on_the_way_are_asked_for_in_the_same_check_in(end):
    lock = scripted(60)
    hello, first, _, third = lock.hello()
    for message in (hello, first, third):
        end.hear(message)
    end.wait(0.4)
    end.go_on(lock)
    assert numbers(end) == list(range(1, 61))
    for _ in range(3):
        opened(lock)
        end.check_in(lock)
    assert numbers(end) == list(range(1, 64))
    assert end.alarms() == []


def test_a_gap_that_stays_is_an_alarm_and_stops_nothing(end):
    lock = scripted(200)
    lock.lost = 150  # forgotten before the gateway was there
    end.check_in(lock)
    assert (numbers(end), end.alarms()) == ([], [])
    end.check_in(lock)
    assert numbers(end) == list(range(151, 201))
    assert end.alarms() == ["removed"]
    assert ("alarm", "removed: events 1 to 150 are missing: the lock does not have them any more") in end.lines
    lock.lost = 0
    number = end.send("send-log", "1")
    end.check_in(lock)
    assert end.state(number) == "done"
    assert numbers(end) == list(range(1, 201))
    assert {row["verdict"] for row in end.store.events(ID)} == {""}


def test_a_log_that_is_shorter_than_before_is_an_alarm(end):
    lock = scripted(40)
    image = copy.deepcopy(lock)
    for _ in range(10):
        opened(lock)
    end.check_in(lock)
    image.boots = 2
    end.check_in(image)
    assert end.alarms() == ["rolled back", "rolled back"]
    assert "its log ends at event 40, but 50 were held" in end.store.one("SELECT text FROM alarm WHERE number = 2")[0]
    image.acknowledged = 40
    opened(image, detail=2)
    end.check_in(image)
    assert image.acknowledged == 41
    assert numbers(end) == list(range(1, 42))
    evidence = end.store.all("SELECT number FROM event WHERE lock = ? AND branch = 0", ID)
    assert len(evidence) == 50
    assert verify(export(end.store, ID)[0], LOG_KEY).events == 41


def test_a_log_that_went_on_differently_is_an_alarm(end):
    lock = scripted(40)
    image = copy.deepcopy(lock)
    for _ in range(10):
        opened(lock)
        opened(image, detail=2)
    end.check_in(lock)
    image.boots, image.attempts, image.acknowledged = 2, lock.attempts, 0
    opened(image)
    end.check_in(image)
    assert end.alarms() == ["forked"]
    assert [row["mac"] for row in end.store.events(ID)] == [mac for _, mac, _ in image.log]


def test_another_head_under_the_same_number_is_an_alarm(end):
    lock = scripted(40)
    image = copy.deepcopy(lock)
    opened(lock)
    opened(image, detail=2)
    end.check_in(lock)
    image.boots = 2
    end.check_in(image)
    assert end.alarms() == ["forked"]
    opened(image)
    end.check_in(image)
    assert [row["mac"] for row in end.store.events(ID)] == [mac for _, mac, _ in image.log]
    assert end.alarms() == ["forked"]


def changed(lock, place, key=None):
    """An event says something else; its MAC is wrong, or made with `key`, and so those after it."""
    before = lock.log[place - 1][1]
    for at in range(place, len(lock.log)):
        body, mac, sector = lock.log[at]
        body = body[:1] + b"\2" + body[2:] if at == place else body
        mac = event_mac(key, before, body) if key else mac
        lock.log[at] = body, mac, sector
        before = mac
        if key is None:
            return


@pytest.mark.parametrize(("key", "words"), [(None, ["changed"]), (UNKEYED, ["without key"] * 5)])
def test_an_event_that_is_not_sound_is_kept_with_what_is_wrong(end, key, words):
    lock = scripted(15)
    changed(lock, 10, key)
    end.check_in(lock)
    assert end.alarms() == words
    assert [row["verdict"] for row in end.store.events(ID)][9:] == ["", *words, *[""] * (5 - len(words))]
    assert lock.acknowledged == 15


def test_events_in_invented_sectors_are_an_alarm(end):
    lock = scripted(10)
    lock.log = [(body, mac, sector + 5) for body, mac, sector in lock.log]
    end.check_in(lock)
    assert set(end.alarms()) == {"misplaced", "changed"}


def test_another_lock_s_log_key_shows(tmp_path):
    path = key_file(tmp_path)
    path.write_text(path.read_text().replace(LOG_KEY.hex(), bytes(KEY_SIZE - 1).hex() + "01"))
    with End(path) as end:
        end.check_in(scripted(3))
        assert end.alarms() == ["changed"] * 3


def test_what_only_goes_up_must_not_go_down(end):
    lock = scripted(5)
    lock.generation = 7
    end.check_in(lock)
    lock.generation, lock.attempts = 6, 4
    end.check_in(lock)
    assert end.alarms() == ["rolled back", "rolled back"]


def test_an_event_reads_as_the_log_has_it(end):
    lock = scripted(1)
    end.check_in(lock)
    assert Event(*lock.log[0]).kind == ENTRY
    assert ("event", "1: opened, grant 2, attempt 1, 8 digits, 5900 mV, clock trusted, at 2026-09-21 14:13:21 UTC") in (
        end.lines
    )
