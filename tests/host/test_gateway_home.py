"""What Home Assistant is told: nothing unless its owner asks, never of duress, and it commands nothing unasked."""

import json

import pytest

from firmware.core.words import OPENED
from firmware.net.messages import BY_EVENT
from firmware.store.audit import ENTRY, JAM, RADIO, UNDER_DURESS
from tests.host.gateways import ID, End, key_file, opened, scripted
from tools.gateway.home import Home

STATE = f"dropbolt/{ID}/state"
CONFIG = f"homeassistant/device/dropbolt-{ID}/config"
PRESS = f"dropbolt/{ID}/press"


def told(end):
    """What was said to Home Assistant: (topic, payload, retained) each."""
    return [(topic, payload, kept) for topic, payload, _, kept in end.published if not topic.endswith("/down")]


def announced(end):
    with end.store.batch():
        return [(topic, payload) for topic, payload, _, _ in Home().announce(end.gateway.keys, end.store)]


def test_nothing_by_default(tmp_path):
    with End(key_file(tmp_path)) as end:
        end.check_in(scripted(3))
        assert (told(end), announced(end)) == ([], [])
        assert end.gateway.topics() == ["dropbolt/+/up/1"]


def test_state_battery_and_last_event_after_a_check_in(tmp_path):
    with End(key_file(tmp_path, home="state")) as end:
        lock = scripted(3)
        lock.door = 1 | 8
        end.check_in(lock)
        ((topic, payload, retained),) = told(end)
        assert (topic, retained) == (STATE, True)
        assert json.loads(payload) == {
            "bolt": "jammed",
            "door": "ON",
            "battery": 5.9,
            "seen": "2026-11-22T10:00:00+00:00",
            "event": "opened",
        }


def test_a_check_in_without_bye_is_told_as_well(tmp_path):
    with End(key_file(tmp_path, home="state")) as end:
        end.begin(scripted(1))
        end.said()
        assert told(end) == []
        end.wait(91)
        end.said()
        assert [topic for topic, _, _ in told(end)] == [STATE]


@pytest.mark.parametrize("over", ["bye", "the next hello", "time"])
def test_duress_is_never_announced(tmp_path, over):
    with End(key_file(tmp_path, home="state")) as end:
        lock = scripted(1)
        end.check_in(lock)
        before = told(end)
        lock.record(ENTRY, OPENED, grant=2, detail=UNDER_DURESS)
        end.begin(lock)
        end.go_on(lock)
        if over == "bye":
            end.hear(lock.bye())
        elif over == "time":
            end.wait(91)
        end.said()
        assert told(end) == before
        assert any(word == "duress" for word, _ in end.lines)
        end.check_in(lock)
        honest = scripted(1)
        opened(honest)
        said = [json.loads(payload) for _, payload, _ in told(end)[len(before) :]]
        assert [each["event"] for each in said] == ["opened"]
        assert b"duress" not in b"".join(payload for _, payload, _ in told(end))


@pytest.mark.parametrize("over", ["the next hello", "time"])
def test_a_check_in_that_breaks_before_its_events_is_not_announced(tmp_path, over):
    with End(key_file(tmp_path, home="state")) as end:
        lock = scripted(1)
        end.check_in(lock)
        before = told(end)
        lock.record(ENTRY, OPENED, grant=2, detail=UNDER_DURESS)
        end.hear(lock.hello(BY_EVENT)[0])
        end.said()
        if over == "time":
            end.wait(91)
            end.said()
        assert told(end) == before
        end.check_in(lock, BY_EVENT)
        assert told(end) == before
        end.check_in(lock)
        assert len(told(end)) == len(before) + 1


def test_duress_that_was_told_in_a_check_in_that_broke_is_not_announced_by_the_next(tmp_path):
    with End(key_file(tmp_path, home="state")) as end:
        lock = scripted(1)
        end.check_in(lock)
        before = told(end)
        lock.record(ENTRY, OPENED, grant=2, detail=UNDER_DURESS)
        end.begin(lock, BY_EVENT)
        end.wait(60)
        lock.record(RADIO, detail=9)
        end.check_in(lock, BY_EVENT)
        assert told(end) == before


def test_what_else_a_lock_comes_to_tell_is_announced(tmp_path):
    with End(key_file(tmp_path, home="state")) as end:
        lock = scripted(1)
        end.check_in(lock)
        before = told(end)
        lock.record(JAM)
        end.check_in(lock, BY_EVENT)
        ((_, payload, _),) = told(end)[len(before) :]
        assert json.loads(payload)["event"] == "jam"


def test_the_announcement_has_no_command_topic_unless_asked_for(tmp_path):
    with End(key_file(tmp_path, home="state")) as end:
        ((topic, payload),) = announced(end)
        assert topic == CONFIG
        said = json.loads(payload)
        assert sorted(said["components"]) == ["battery", "bolt", "door", "event", "seen"]
        assert "command_topic" not in payload.decode()
        assert said["state_topic"] == STATE
        assert PRESS not in end.gateway.topics()
        end.hear(b"UNLOCK", topic=PRESS)
        assert end.store.open_commands(ID) == []


def test_unlock_can_be_asked_for_and_waits_for_a_check_in(tmp_path):
    with End(key_file(tmp_path, home="unlock")) as end:
        ((_, payload),) = announced(end)
        assert json.loads(payload)["components"]["unlock"]["command_topic"] == PRESS
        assert PRESS in end.gateway.topics()
        lock = scripted()
        for message, retained in ((b"UNLOCK", True), (b"unlock", False), (b"", False)):
            end.hear(message, topic=PRESS, retained=retained)
        end.check_in(lock)
        assert lock.done == []
        end.hear(b"UNLOCK", topic=PRESS)
        end.check_in(lock)
        assert lock.done == [("unlock",)]
        end.hear(b"UNLOCK", topic=PRESS)
        end.wait(301)
        end.check_in(lock)
        assert lock.done == [("unlock",)]


def test_what_was_announced_is_taken_back_when_it_is_switched_off(tmp_path):
    with End(key_file(tmp_path, home="state")) as end:
        announced(end)
        key_file(tmp_path)
        end.crash()
        assert announced(end) == [(CONFIG, b""), (STATE, b"")]
        assert announced(end) == []
