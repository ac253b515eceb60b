"""A supply that does not hold, a chip that does not stay up: how often the lock tries, what it says, how it ends."""

import pytest

from firmware.door import LONGEST_S, patience_s
from firmware.logbook import FAULTS
from firmware.net import messages
from firmware.store import BLANK
from host_sim.lock import Lock, LockConfig
from host_sim.runtime import RUNTIMES
from tests.host.radio_lock import CARRIER, radio_lock
from tools.protocol.messages import Hello

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
HOUR, DAY = 3600, 86_400
RELOCK_S, SPARE_S = 5, 2
JOURNAL = 16 * 4096
"""Bytes of the partition before the log."""
BLOCKED_MOHM = 3600
"""Inner resistance of cells that give 6 V at rest and that a stalled motor pulls below what the chip needs."""
CONFIG = LockConfig(grants=[{"label": "couriers", "kind": "event", "digits": 8, "check": True}])


def drawn(lock):
    """Somebody has come in."""
    lock.wait(30)
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    assert lock.run_until(lambda: lock.bolt == "unlocked", 5)


def blocked(lock):
    """Somebody has come in; the bolt will not go back, and the cells do not bear the motor that tries."""
    drawn(lock)
    lock.jam()
    lock.world.battery.resistance_mohm = BLOCKED_MOHM


def freed(lock):
    """The door is pulled into place: the motor runs, which these cells bear."""
    lock.jam(False)


def lose_power(lock):
    lock.cut_power()
    lock.restore_power()


def left_open(lock, losses, seconds):
    """Somebody has come in and left the door open; so many losses of power follow, each after so many seconds."""
    drawn(lock)
    lock.door("open")
    for _ in range(losses):
        lock.wait(seconds)
        lose_power(lock)


def stalls(lock):
    """How often the motor has ended a boot."""
    return [happening.text for happening in lock.trace].count("brown-out")


def kinds(lock):
    return [event["kind"] for event in lock.log()]


@BOTH
def test_a_blocked_bolt_on_weak_cells_is_tried_soon_then_ever_more_seldom_up_to_an_hour(runtime):
    with Lock(runtime, CONFIG) as lock:
        blocked(lock)
        before = lock.boots
        lock.wait(60)
        assert 4 <= lock.boots - before <= 6, "the first tries come soon"
        lock.wait(4 * HOUR)
        before, operations = lock.boots, lock.flash_ops
        lock.wait(DAY)
        assert 22 <= (lock.boots - before) / 2 <= 25, "each hour the wake that tries, and the boot that it ends in"
        assert lock.flash_ops - operations <= 30


@BOTH
def test_the_log_tells_of_a_bolt_that_ends_in_boots_once_and_of_each_boot_that_doubles_their_number(runtime):
    with Lock(runtime, CONFIG) as lock:
        blocked(lock)
        before = len(kinds(lock))
        lock.wait(DAY)
        told = lock.log()[before:]
        assert [event["kind"] for event in told].count("jam") == 1
        boots = [event["count"] for event in told if event["kind"] == "boot"]
        assert boots == [1, 1, 2, 4, 8, 16]
        assert {event["kind"] for event in told} == {"entry", "jam", "boot"}


def test_a_blocked_bolt_is_not_told_again_because_somebody_tries_codes():
    with Lock(config=CONFIG) as lock:
        blocked(lock)
        before = len(kinds(lock))
        for _ in range(12):
            lock.wait(HOUR)
            lock.wake()
            lock.type(lock.issue("couriers", counter=900) + "#")
        told = kinds(lock)[before:]
        assert told.count("jam") == 1 and told.count("entry") >= 5


@BOTH
def test_a_bolt_that_is_free_again_is_thrown_within_the_hour_and_all_is_as_before(runtime):
    with Lock(runtime, CONFIG) as lock:
        blocked(lock)
        lock.wait(8 * HOUR)
        freed(lock)
        assert lock.run_until(lambda: lock.bolt == "locked", LONGEST_S + 60)
        lock.wait(30)
        assert sum(event["count"] for event in lock.log() if event["kind"] == "boot") >= 15, "none is untold"
        drawn(lock)
        lock.wait(1)
        lose_power(lock)
        assert lock.run_until(lambda: lock.bolt == "locked", RELOCK_S + SPARE_S)


@BOTH
def test_a_right_code_meanwhile_opens_and_the_bolt_is_thrown_without_delay(runtime):
    with Lock(runtime, CONFIG) as lock:
        blocked(lock)
        lock.wait(8 * HOUR)
        freed(lock)
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        lock.wait(2)
        assert lock.answer == "opened" and lock.bolt == "unlocked"
        assert lock.run_until(lambda: lock.bolt == "locked", RELOCK_S + SPARE_S)


@BOTH
def test_an_opening_by_radio_meanwhile_counts_the_boots_anew_as_one_at_the_keypad_does(runtime):
    with radio_lock(runtime) as (lock, peer):
        blocked(lock)
        lock.wait(4 * HOUR)
        freed(lock)
        lock.wake()
        lock.type(lock.issue("caller") + "#")
        assert lock.run_until(lambda: peer.issuers.of(Hello, CARRIER), 20)
        nonce = peer.issuers.of(Hello, CARRIER)[-1].nonce
        expiry = int(lock.now) + 60
        peer.publish(peer.issuers.seal(CARRIER, messages.UNLOCK_NOW, nonce.boots, nonce.number, expiry))
        assert lock.run_until(lambda: lock.answer == "opened", 5)
        lock.jam()
        before = stalls(lock)
        lock.wait(60)
        assert 4 <= stalls(lock) - before <= 6, "the first tries come soon"


@BOTH
def test_who_presses_keys_meanwhile_does_not_have_the_motor_stall(runtime):
    with Lock(runtime, CONFIG) as lock:
        blocked(lock)
        lock.wait(8 * HOUR)
        lock.run_until(lambda: lock.awake, HOUR)
        lock.wait(60)
        before = stalls(lock)
        for _ in range(10):
            lock.wake()
            lock.type("1234#")
            lock.wait(200)
        assert stalls(lock) == before >= 10
        assert lock.bolt == "unlocked"


@BOTH
def test_a_few_losses_of_power_do_not_keep_the_bolt_open(runtime):
    with Lock(runtime, CONFIG) as lock:
        drawn(lock)
        for _ in range(4):
            lock.wait(3)
            lose_power(lock)
        assert lock.run_until(lambda: lock.bolt == "locked", 20 + SPARE_S)
        lock.wait(30)
        drawn(lock)
        lock.wait(3)
        lose_power(lock)
        assert lock.run_until(lambda: lock.bolt == "locked", RELOCK_S + SPARE_S), "it counts anew"


@BOTH
def test_a_door_that_stands_open_over_many_losses_of_power_is_locked_soon_after_it_is_closed(runtime):
    with Lock(runtime, CONFIG) as lock:
        left_open(lock, 8, 600)
        lock.wait(HOUR)
        lock.door("closed")
        assert lock.run_until(lambda: lock.bolt == "locked", RELOCK_S + SPARE_S)


def test_single_losses_of_power_are_told_one_by_one():
    with Lock(config=CONFIG) as lock:
        lock.wait(30)
        before = kinds(lock).count("boot")
        for _ in range(5):
            lose_power(lock)
            lock.wait(60)
        assert kinds(lock).count("boot") == before + 5
        assert {event["count"] for event in lock.log()} == {1}


@BOTH
def test_a_chip_that_starts_over_and_over_leaves_a_few_events(runtime):
    with Lock(runtime, CONFIG) as lock:
        lock.wait(30)
        before = kinds(lock).count("boot")
        for _ in range(40):
            lose_power(lock)
            lock.wait(2)
        assert kinds(lock).count("boot") - before == 5


def test_a_chip_that_starts_more_often_than_is_counted_leaves_no_more_events():
    with Lock(config=CONFIG) as lock:
        lock.wait(30)
        for _ in range(254):
            lose_power(lock)
            lock.wait(1)
        before = kinds(lock)
        for _ in range(10):
            lose_power(lock)
            lock.wait(1)
        assert kinds(lock) == before


@BOTH
def test_a_bolt_that_is_to_wait_although_no_boot_before_has_said_so_is_told(runtime):
    with Lock(runtime, CONFIG) as lock:
        left_open(lock, 9, 3)
        lock.wait(3)
        before = len(lock.answers)
        lock.door("closed")
        lock.wait(30)
        assert lock.bolt == "unlocked"
        assert [word for _, word in lock.answers[before:]] == ["jammed"]
        assert kinds(lock)[-1] == "jam"


@BOTH
def test_a_lock_that_stays_closed_tells_its_fault_once_however_often_it_starts(runtime):
    with Lock(runtime, CONFIG) as lock:
        lock.wait(30)
        lock.world.flash.load(bytes(JOURNAL).replace(b"\0", b"\xff") + lock.flash[JOURNAL:])
        lose_power(lock)
        lock.wait(30)
        told = kinds(lock)
        assert told[-1] == "fault" and lock.log()[-1]["detail"] == FAULTS.index(BLANK)
        for _ in range(5):
            lose_power(lock)
            lock.wait(20)
        assert kinds(lock) == told


def test_an_app_that_fails_at_each_wake_is_told_once(root):
    path = root / "firmware/session.py"
    text = path.read_text()
    assert "    def greet(self, now):" in text
    path.write_text(text.replace("    def tick(self, now):", "    def tick(self, now):\n        [][0]", 1))
    with Lock(config=CONFIG, root=root) as lock:
        lock.wait(DAY)
        for _ in range(20):
            lock.press("5")
            lock.wait(30)
        assert kinds(lock).count("crash") == 1


def test_patience_doubles_from_ten_seconds_and_ends_at_an_hour():
    spans = [patience_s(restarts) for restarts in range(256)]
    assert spans[:6] == [0, 0, 0, 10, 20, 40]
    assert spans == sorted(spans) and max(spans) == LONGEST_S == spans[12]
