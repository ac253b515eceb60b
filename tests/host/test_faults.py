"""What must not happen whatever breaks: a prompt, an open door, drained batteries, a log that blames somebody else."""

import pytest

from firmware.logbook import FAULTS, OUTDATED, SETTINGS
from firmware.store.vault import Vault
from host_sim.devices import Namespace
from host_sim.lock import Lock, LockConfig
from host_sim.runtime.image import PROJECT
from tools.linker import LinkError

HOUR = 3600
CONFIG = LockConfig(grants=[{"label": "couriers", "kind": "event", "check": True}])
FILES = sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "firmware").rglob("*.py"))
# Loaded by commands only, never by a wake.
UNUSED = {"firmware/core/packing.py"}


@pytest.fixture(params=["cpython", "micropython"])
def runtime(request):
    return request.param


def break_file(root, name, old, new):
    """Replace `old`, which must be there, in a file of the copy."""
    path = root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def open_door(lock):
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    assert lock.run_until(lambda: lock.bolt == "unlocked", 5)


@pytest.mark.parametrize("name", [name for name in FILES if name not in UNUSED])
def test_a_damaged_file_gives_no_prompt_and_drains_no_battery(root, name):
    (root / name).write_text("raise MemoryError\n")
    with Lock(config=CONFIG, root=root) as lock:
        awake = 0
        for _ in range(HOUR // 10):
            lock.wait(10)
            awake += lock.awake
        assert not lock.prompt
        assert lock.boots <= 13
        assert awake <= 15
        lock.press("5")
        lock.wait(20)
        assert lock.bolt == "locked" and not lock.world.bolt.driven


def test_the_vm_gives_no_prompt_either(root):
    (root / "firmware/board.py").write_text("raise MemoryError\n")
    with pytest.raises(LinkError, match="firmware/board.py:1: a module that does something"):
        Lock(runtime="micropython", config=CONFIG, root=root)
    with Lock(runtime="micropython", config=CONFIG, root=root, apart=True) as lock:
        lock.wait(HOUR)
        assert not lock.prompt and lock.boots <= 13


def test_a_wake_that_fails_in_the_midst_still_locks_the_door(root, runtime):
    break_file(root, "firmware/store/journal.py", "    def mount(self):", "    def mount(self):\n        [][0]\n")
    with Lock(runtime=runtime, config=CONFIG, root=root) as lock:
        lock.world.bolt.drive(True, False, True)
        lock.wait(1)
        lock.world.bolt.drive(False, False, False)
        assert lock.bolt != "locked"
        lock.wait(1)
        lock.cut_power()
        lock.restore_power()
        lock.wait(20)
        assert lock.bolt == "locked" and not lock.prompt
        lock.wake()
        lock.type("12345678#")
        lock.wait(3)
        assert lock.answer == "owner"


def test_a_lock_that_cannot_load_what_judges_entries_answers_all_the_same(root, runtime):
    load = "from firmware.attempt import judge"
    break_file(root, "firmware/visitor.py", load, "raise MemoryError; " + load)
    with Lock(runtime=runtime, config=CONFIG, root=root) as lock:
        for _ in range(2):
            lock.wait(30)
            lock.wake()
            lock.type(lock.issue("couriers") + "#")
            lock.wait(3)
            assert lock.answer == "owner" and lock.bolt == "locked"
        assert "crash" in [event["kind"] for event in lock.log()]


def test_an_exception_while_the_motor_runs_leaves_it_off_and_the_door_locks_at_the_next_wake(root, runtime):
    break_file(
        root, "firmware/door.py", "            self.bolt.tick(now)\n", "            [][0] if now > 2500 else None\n"
    )
    with Lock(runtime=runtime, config=CONFIG, root=root) as lock:
        lock.wait(30)
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        lock.wait(10)
        assert not lock.world.bolt.driven and not lock.prompt
        assert "crash" in [event["kind"] for event in lock.log()]


def test_nvs_that_cannot_be_opened_is_told_and_keeps_the_lock_closed(root, runtime):
    break_file(root, "firmware/board.py", "        return esp32.NVS(namespace)", "        raise OSError(-0x1101)")
    with Lock(runtime=runtime, config=CONFIG, root=root) as lock:
        lock.wait(30)
        assert [event["kind"] for event in lock.log()] == ["boot", "fault"]
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        lock.wait(3)
        assert lock.answer == "owner" and lock.openings == 0


def test_an_overlong_entry_is_nobodys(runtime):
    with Lock(runtime=runtime, config=CONFIG) as lock:
        lock.wait(30)
        open_door(lock)
        lock.wait(10)
        lock.type("1" * 17 + "#")
        lock.wait(30)
        wrong = [event for event in lock.log() if event["decision"] == "wrong"]
        assert [(event["grant"], event["length"]) for event in wrong] == [(None, 0)]


def test_a_door_left_open_is_told_once_not_at_every_wake(runtime):
    with Lock(runtime=runtime, config=CONFIG) as lock:
        lock.wait(30)
        open_door(lock)
        lock.door("open")
        boots = lock.boots
        lock.wait(12 * HOUR)
        assert [event["kind"] for event in lock.log()].count("ajar") == 1
        assert [name for _, name in lock.answers].count("ready") == 2
        assert lock.boots - boots <= 9
        lock.door("closed")
        lock.wait(20)
        assert lock.bolt == "locked"


def test_a_bolt_that_will_not_lock_is_tried_again_ever_more_rarely(runtime):
    with Lock(runtime=runtime, config=CONFIG) as lock:
        lock.wait(30)
        open_door(lock)
        lock.wait(1)
        lock.jam()
        boots = lock.boots
        lock.wait(12 * HOUR)
        assert [event["kind"] for event in lock.log()].count("jam") == 1
        assert 3 <= lock.boots - boots <= 9
        lock.jam(False)
        lock.wait(24 * HOUR)
        assert lock.bolt == "locked"


def test_digits_typed_while_an_entry_waits_do_not_become_an_entry_of_their_own(runtime):
    with Lock(runtime=runtime, config=CONFIG) as lock:
        lock.wait(30)
        code = lock.issue("couriers")
        slip = code[:-1] + str((int(code[-1]) + 1) % 10)
        lock.wake()
        lock.type(slip + "#")
        lock.type(slip + "#", hold_ms=50, gap_ms=50)
        lock.type("12", hold_ms=50, gap_ms=50)
        lock.wait(3)
        lock.type(code + "#")
        lock.wait(3)
        assert lock.answer == "wrong"
        lock.type(code + "#")
        lock.wait(3)
        assert lock.answer == "opened"


def test_a_clock_beyond_every_record_keeps_the_lock_working(runtime):
    with Lock(runtime=runtime, config=CONFIG) as lock:
        lock.wait(30)
        lock.set_clock(4_300_000_000)
        open_door(lock)
        lock.wait(20)
        assert lock.bolt == "locked" and not lock.prompt
        lock.cut_power()
        lock.set_clock(lock.now)
        lock.restore_power()
        lock.wait(5)
        open_door(lock)


def test_a_loop_that_no_longer_feeds_the_watchdog_is_reset(root, runtime):
    break_file(root, "firmware/app.py", "    board.watchdog.feed()", "    now > 500 or board.watchdog.feed()")
    with Lock(runtime=runtime, config=CONFIG, root=root) as lock:
        lock.world.keys.press("5")  # the loop polls, and the chip does not sleep lightly
        lock.wait(9.5)
        assert [event["detail"] for event in lock.log() if event["kind"] == "boot"] == [1, 3]  # power-on, watchdog


def test_an_older_set_put_back_into_the_vault_opens_for_nobody(runtime):
    with Lock(runtime=runtime, config=CONFIG) as lock:
        lock.wait(30)
        older = lock.world.nvs.snapshot()
        vault = Vault(Namespace(lock.world.nvs, "dropbolt"))
        vault.replace(*vault.load())
        newer = lock.world.nvs.snapshot()
        lock.cut_power()  # at a boot the journal learns of the newer set, and the anchor stays
        lock.restore_power()
        lock.wait(30)
        lock.world.nvs.load(older)
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        lock.wait(3)
        assert lock.answer == "owner" and lock.openings == 0
        fault = [event["detail"] for event in lock.log() if event["kind"] == "fault"]
        assert fault == [FAULTS.index(OUTDATED)]
        lock.wait(30)
        lock.world.nvs.load(newer)
        open_door(lock)


def test_a_log_that_cannot_be_written_keeps_nobody_out(runtime):
    with Lock(runtime=runtime, config=CONFIG) as lock:
        lock.wait(30)
        for sector in range(16, 64):
            lock.damage_sector(sector)
            lock.world.flash.fail("worn", sector)
        open_door(lock)
        lock.wait(30)
        assert lock.bolt == "locked" and not lock.prompt


def test_a_check_in_that_crashes_is_not_tried_again_at_once(root, runtime):
    break_file(root, "firmware/radio.py", "        radio = passing(Radio, *contents)", "        raise MemoryError")
    radio = {"security": "insecure", "port": 1883}
    with Lock(runtime=runtime, config=LockConfig(CONFIG.grants, radio=radio), root=root) as lock:
        lock.wait(1800)
        assert [event["kind"] for event in lock.log()] == ["boot", "radio"]
        open_door(lock)
        lock.wait(7200)
        assert [event["kind"] for event in lock.log()].count("radio") == 2  # and is not told where it is told last
        assert "crash" not in [event["kind"] for event in lock.log()]


def test_a_set_that_came_while_the_lock_slept_is_checked_to_the_last_field(runtime):
    with Lock(runtime=runtime, config=CONFIG) as lock:
        lock.wait(30)
        open_door(lock)
        lock.wait(30)
        assert not lock.awake
        vault = Vault(Namespace(lock.world.nvs, "dropbolt"))
        settings, grants = vault.load()
        vault.replace(settings, grants + grants[:80])  # one id twice
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        lock.wait(3)
        assert lock.answer == "owner" and lock.openings == 1
        fault = [event["detail"] for event in lock.log() if event["kind"] == "fault"]
        assert fault[0] & 0xFF == FAULTS.index(SETTINGS)
