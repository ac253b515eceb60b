"""The gateway's queue: each command done once, whatever is lost on the way, and whenever the gateway dies."""

import itertools

import pytest

from firmware.net import messages as lock_messages
from firmware.net.messages import BY_CALL, BY_ENTRY, Refused
from tests.host.gateways import ID, End, key_file, scripted
from tools.gateway.keyfile import finish_rotation, load, stage_rotation
from tools.gateway.orders import OrderError

BEGIN_S = 1_795_341_600
NEXT_ROOT = b"n" * 32


@pytest.fixture
def end(tmp_path):
    with End(key_file(tmp_path)) as end:
        yield end


def test_a_hello_is_answered_with_the_time(end):
    lock = scripted(2)
    end.wait(0.5)
    end.begin(lock)
    end.go_on(lock)
    assert lock.t == (BEGIN_S, 500, 40)
    assert (lock.over, lock._commands.listen) == (True, 0)


@pytest.mark.parametrize("reason", [BY_CALL, BY_ENTRY])
def test_who_waits_at_the_door_is_listened_for(end, reason):
    lock = scripted(2)
    end.begin(lock, reason)
    end.go_on(lock)
    assert lock._commands.listen == 45


def test_commands_are_done_in_their_order_and_once(end):
    lock = scripted()
    orders = [end.send("mute", "on"), end.send("revoke", "7"), end.send("identify")]
    for _ in range(3):
        end.check_in(lock)
    assert lock.done == [("mute", True), ("revoke grant", 7), ("identify",)]
    assert [end.state(number) for number in orders] == ["done"] * 3
    assert lock.last(1, 1) == 3


def test_a_command_goes_out_at_once_while_the_lock_listens(end):
    lock = scripted()
    end.begin(lock, BY_CALL)
    end.go_on(lock)
    end.wait(20)
    number = end.send("unlock")
    end.go_on(lock)
    assert lock.done == [("unlock",)]
    assert end.state(number) == "done"


def test_what_another_process_queues_goes_out_while_the_lock_listens(end):
    lock = scripted()
    end.begin(lock, BY_CALL)
    end.go_on(lock)
    from tools.gateway.store import Store

    other = Store(load(end.path).store)
    with other.batch():
        other.queue(ID, lock_messages.IDENTIFY, b"", "identify")
    other.close()
    end.go_on(lock)
    assert lock.done == [("identify",)]


def test_nothing_goes_out_after_the_end_of_a_check_in(end):
    lock = scripted()
    end.check_in(lock)
    end.send("identify")
    assert end.said() == []


@pytest.mark.parametrize("lost", ["command", "result"])
def test_a_change_is_sent_again_until_its_result_is_there(end, lost):
    lock = scripted()
    number = end.send("mute", "on")
    end.begin(lock)
    down = end.said()
    assert len(down) == 2
    for message in down[: 1 if lost == "command" else 2]:
        lock.take(message)
    assert end.state(number) == "sent"
    end.wait(100)
    end.check_in(lock)
    assert end.state(number) == "done"
    assert set(lock.done) == {("mute", True)}
    assert lock.last(1, 1) == 2


def test_an_unlock_whose_result_is_lost_opens_no_second_time(end):
    lock = scripted()
    number = end.send("unlock")
    end.begin(lock)
    for message in end.said():
        lock.take(message)
    end.wait(100)
    end.check_in(lock)
    assert lock.done == [("unlock",)]
    assert end.state(number) == "unanswered"


def test_an_unlock_that_never_arrived_is_sent_again_while_it_is_wanted(end):
    lock = scripted()
    number = end.send("unlock", within=300)
    end.begin(lock)
    lock.take(end.said()[0])
    end.wait(100)
    end.check_in(lock)
    assert (lock.done, end.state(number)) == ([("unlock",)], "done")


def test_an_unlock_that_nobody_waits_for_any_more_is_not_sent(end):
    lock = scripted()
    number = end.send("unlock", within=60)
    end.wait(61)
    end.check_in(lock)
    assert (lock.done, end.state(number)) == ([], "expired")


def test_an_old_copy_that_arrives_late_does_not_end_the_command(end):
    lock = scripted()
    number = end.send("unlock")
    end.begin(lock)
    reply, old = end.said()
    lock.take(reply)
    end.wait(100)
    end.begin(lock)
    reply, new = end.said()
    for message in (reply, old):
        for up in lock.take(message):
            end.hear(up)
    assert end.state(number) == "sent"
    for up in lock.take(new):
        end.hear(up)
    assert (lock.done, end.state(number)) == ([("unlock",)], "done")


def test_the_counter_goes_on_from_what_the_lock_tells(end):
    lock = scripted()
    lock.count(1, 1, 500)  # by a gateway whose store is lost
    end.send("identify")
    end.check_in(lock)
    assert (lock.done, lock.last(1, 1)) == ([("identify",)], 501)


@pytest.mark.parametrize(
    ("word", "state", "times"), [(lock_messages.FULL, "failed", 1), (lock_messages.RETRY, "waiting", 3)]
)
def test_a_refusal_ends_a_command_and_retry_does_not(end, monkeypatch, word, state, times):
    lock = scripted()
    tried = []

    def refuse(on, mark):
        tried.append(on)
        raise Refused(word, b"because")

    monkeypatch.setattr(lock, "mute", refuse)
    number = end.send("mute", "on")
    end.check_in(lock)
    assert (end.state(number), len(tried)) == (state, times)
    assert end.store.command(number).detail == "because"
    monkeypatch.undo()
    end.check_in(lock)
    assert (lock.done == [("mute", True)]) == (state == "waiting")


def test_an_approval_names_the_entry_that_waited_when_it_was_given(end):
    lock = scripted()
    end.check_in(lock)
    with pytest.raises(OrderError, match="no entry waits"):
        end.send("approve")
    lock.waiting = (1, 7)
    end.begin(lock, BY_ENTRY)
    end.go_on(lock)
    number = end.send("approve")
    end.go_on(lock)
    assert (lock.done, end.state(number)) == ([("approve", (1, 7))], "done")
    end.hear(lock.bye())
    other = end.send("approve")
    lock.waiting = (1, 8)
    end.check_in(lock, BY_ENTRY)
    assert (len(lock.done), end.state(other)) == (1, "failed")


@pytest.mark.parametrize("death", range(12))
@pytest.mark.parametrize("when", ["before it is on disk", "before it is answered"])
def test_a_gateway_that_dies_loses_nothing_and_does_nothing_twice(end, death, when):
    lock = scripted(5)
    numbers = [end.send("unlock"), end.send("revoke", "3"), end.send("identify"), end.send("mute", "on")]
    heard = itertools.count()

    def hear(message):
        if next(heard) != death:
            end.hear(message)
            return True
        if when == "before it is answered":
            end.hear(message)
            end.gateway.outbox.clear()
        end.crash()
        return when == "before it is answered"

    for _ in range(3):
        for message in lock.hello():
            hear(message)
        end.wait(0.4)
        while down := end.said():
            for message in down:
                for up in lock.take(message):
                    hear(up)
        hear(lock.bye())
        end.wait(100)
    assert lock.done.count(("unlock",)) == 1
    assert set(lock.done) == {("unlock",), ("revoke grant", 3), ("identify",), ("mute", True)}
    assert end.state(numbers[0]) in ("done", "unanswered")
    assert [end.state(number) for number in numbers[1:]] == ["done"] * 3
    assert [row["number"] for row in end.store.events(ID)] == [1, 2, 3, 4, 5]


def test_replays_are_told_and_answered_by_nothing(end):
    lock = scripted(1)
    first = lock.hello()
    for message in first:
        end.hear(message)
    end.go_on(lock)
    bye = lock.bye()
    end.hear(bye)
    for message in [*first, bye]:
        end.hear(message, retained=True)
        assert end.said() == []
    second = lock.hello()[0]
    third = lock.hello()[0]
    end.hear(third)
    end.said()
    for message in (second, first[0], second):
        end.hear(message)
        assert end.said() == []
    counts = {row["text"]: row["count"] for row in end.store.all("SELECT * FROM alarm WHERE word = 'replayed'")}
    assert counts == {
        "a hello that was heard before: ignored": 2,
        "a hello that was held back: ignored": 2,
        "a message of an earlier check-in, or for the second time: ignored": 2,
    }


def test_a_lock_with_fewer_boots_is_not_answered_until_its_owner_trusts_it(end):
    lock = scripted(1)
    lock.boots = 9
    end.check_in(lock)
    lock.boots = 4
    end.begin(lock)
    assert end.said() == []
    assert end.alarms() == ["rolled back"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda m: m[:-1] + bytes([m[-1] ^ 1]), "forged"),
        (lambda m: m[:3] + b"\x09" + m[4:], "foreign"),
        (lambda m: m[:40], "forged"),
        (lambda m: m[:31], None),
        (lambda m: b"", None),
        (lambda m: m[:8] + b"\xff" * 8 + m[16:], None),
    ],
    ids=["changed", "epoch", "cut", "too short", "empty", "another lock"],
)
def test_what_is_no_message_of_the_lock_changes_nothing(end, change, word):
    end.hear(change(scripted().hello()[0]))
    assert end.said() == []
    assert end.alarms() == ([word] if word else [])
    assert end.store.one("SELECT count(*) FROM check_in")[0] == 0


def test_a_message_on_another_topic_is_none(end):
    end.hear(scripted().hello()[0], topic=f"dropbolt/{ID}/up/2")
    end.hear(scripted().hello()[0], topic="dropbolt/240ac4d00b010001/up/1")
    assert end.said() == []


def test_no_lock_is_given_a_time_that_went_back(end):
    lock = scripted()
    end.check_in(lock)
    end.move_to("2026-11-22 09:00:00")
    end.begin(lock)
    assert (end.said(), end.alarms()) == ([], ["clock"])
    end.send("identify")
    assert end.said() == []
    end.move_to("2026-11-22 10:30:00")
    end.check_in(lock)
    assert lock.t == (BEGIN_S + 1800, 400, 40)


@pytest.mark.parametrize("lost", ["nothing", "result"])
def test_a_rotation_ends_with_the_new_key_alone(end, lost):
    lock = scripted()
    stage_rotation(end.path, ID, NEXT_ROOT)
    end.crash()
    number = end.send("rotate")
    end.begin(lock)
    for message in end.said():
        for up in lock.take(message):
            if lost == "nothing":
                end.hear(up)
    end.wait(100)
    end.send("identify")
    end.check_in(lock)
    assert (end.state(number), lock.done) == ("done", [("identify",)])
    end.check_in(lock)
    assert end.gateway.rotated == [ID]
    finish_rotation(end.path, ID)
    keys = load(end.path).locks[ID]
    assert (keys.epoch, keys.roots) == (2, {2: NEXT_ROOT})
    assert "[[lock]] # behind the house" in end.path.read_text()
    end.crash()
    end.send("mute", "on")
    end.check_in(lock)
    assert lock.done[-1] == ("mute", True)


def test_keys_in_commands_are_wiped_when_they_have_ended(end, tmp_path):
    file = tmp_path / "key"
    file.write_text("ab" * 32)
    number = end.send("put-issuer", "9", "unlock,call", "10", "guests", "1", str(file))
    assert bytes.fromhex("ab" * 32) in end.store.command(number).text
    with end.store.batch():
        end.store.end(number, "cancelled")
    assert end.store.command(number).text is None
    assert end.store.command(number).shown == "put-issuer 9"


def test_a_lock_that_takes_no_commands_leaves_the_gateway_to_the_others(end):
    """With a fault a lock says the highest counter that there is: nothing can go out above it."""
    lock = scripted()
    number = end.send("mute", "on")
    lock.last = lambda *_: 0xFFFFFFFF
    end.check_in(lock)
    assert lock.done == []
    assert end.state(number) == "waiting"
    del lock.last
    end.check_in(lock)
    assert end.state(number) == "done"
