"""A lock that a fault keeps closed, a blocked bolt, cells that the motor pulls down: the journal counts no boots."""

import pytest

from firmware.door import LONGEST_S
from host_sim.lock import Lock
from tests.host.test_brownouts import (
    BLOCKED_MOHM,
    BOTH,
    CONFIG,
    DAY,
    HOUR,
    JOURNAL,
    RELOCK_S,
    SPARE_S,
    drawn,
    freed,
    kinds,
    stalls,
)
from tests.host.test_faults import break_file


def journal_blank(lock):
    lock.world.flash.load(bytes(JOURNAL).replace(b"\0", b"\xff") + lock.flash[JOURNAL:])


def nvs_erased(lock):
    lock.world.nvs.erase_all()


def nothing(lock):
    """What is broken is its firmware."""


def closed(lock, fault):
    """The bolt is drawn and will not go back; the lock has lost its power, and what it needs to open for anybody."""
    lock.cut_power()
    draw(lock)
    fault(lock)
    lock.jam()
    lock.world.battery.resistance_mohm = BLOCKED_MOHM
    lock.restore_power()


def draw(lock):
    """Turn the knob inside."""
    lock.world.bolt.drive(True, False, True)
    lock.wait(1)
    lock.world.bolt.drive(False, False, False)
    assert lock.bolt == "unlocked"


@BOTH
@pytest.mark.parametrize("fault", [journal_blank, nvs_erased])
def test_the_bolt_is_tried_soon_then_ever_more_seldom_up_to_an_hour(runtime, fault):
    with Lock(runtime, CONFIG) as lock:
        lock.wait(30)
        closed(lock, fault)
        lock.wait(60)
        assert 4 <= stalls(lock) <= 6, "the first tries come soon"
        lock.wait(4 * HOUR)
        before, operations, writes = lock.boots, lock.flash_ops, lock.world.nvs.ops
        lock.wait(DAY)
        assert 22 <= (lock.boots - before) / 2 <= 25, "each hour the wake that tries, and the boot that it ends in"
        assert (lock.flash_ops, lock.world.nvs.ops) == (operations, writes)
        freed(lock)
        assert lock.run_until(lambda: lock.bolt == "locked", LONGEST_S + 60)


@BOTH
def test_once_the_bolt_was_locked_it_is_thrown_soon_the_next_time(runtime):
    with Lock(runtime, CONFIG) as lock:
        lock.wait(30)
        closed(lock, journal_blank)
        lock.wait(4 * HOUR)
        freed(lock)
        assert lock.run_until(lambda: lock.bolt == "locked" and not lock.awake, LONGEST_S + 60)
        lock.cut_power()
        draw(lock)
        lock.restore_power()
        assert lock.run_until(lambda: lock.bolt == "locked", RELOCK_S + SPARE_S)


@BOTH
def test_its_log_does_not_fill(runtime):
    with Lock(runtime, CONFIG) as lock:
        drawn(lock)
        closed(lock, journal_blank)
        before = len(kinds(lock))
        lock.wait(DAY)
        told = kinds(lock)[before:]
        assert told.count("jam") == 1 and len(told) <= 5, told


def test_where_nvs_takes_no_number_the_bolt_is_tried_every_few_minutes(root):
    break_file(root, "firmware/board.py", "        return esp32.NVS(namespace)", "        raise OSError(-0x1101)")
    with Lock(config=CONFIG, root=root) as lock:
        closed(lock, nothing)
        lock.wait(HOUR)
        before = stalls(lock)
        lock.wait(HOUR)
        assert 10 <= stalls(lock) - before <= 25
        freed(lock)
        assert lock.run_until(lambda: lock.bolt == "locked", 300)


def test_a_boot_that_fails_before_the_journal_counts_it_is_counted_as_well(root):
    break_file(root, "firmware/store/journal.py", "    def mount(self):", "    def mount(self):\n        [][0]\n")
    with Lock(config=CONFIG, root=root) as lock:
        closed(lock, nothing)
        lock.wait(4 * HOUR)
        before = stalls(lock)
        lock.wait(DAY)
        assert 22 <= stalls(lock) - before <= 25
