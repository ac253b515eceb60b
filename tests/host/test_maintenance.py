"""Who gets the lock's console: who holds the maintenance key while it gets power; and whatever else happens, nobody."""

import subprocess

import pytest

from firmware.memory import Memory
from host_sim.chip import protocol
from host_sim.lock import Lock, LockConfig
from host_sim.runtime.image import PROJECT
from tests.host.cabled import firmware
from tests.host.vm import MICROPYTHON

CONFIG = LockConfig(grants=[{"label": "couriers", "kind": "event", "check": True}])
FILES = sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "firmware").rglob("*.py"))
OPERATIONS = 3
"""On flash, and none on NVS, of a boot that opens the console."""
CLOSE = "    micropython.kbd_intr(-1)\n"


@pytest.fixture(params=["cpython", "micropython"])
def runtime(request):
    return request.param


def kinds(lock):
    return [event["kind"] for event in lock.log()]


def restart(lock, held):
    """Take the batteries out and put them in, with the key held or not; returns whether there is a console."""
    lock.cut_power()
    lock.maintenance_key(held)
    lock.wait(1)
    lock.restore_power()
    lock.run_until(lambda: not lock.awake or not lock.powered, 60)
    lock.maintenance_key(False)
    return lock.console


class Bench:
    """Reads the RTC memory of a lock as its firmware does."""

    def __init__(self, rtc):
        self._rtc = rtc

    def rtc_seconds(self):
        return self._rtc.us // 1_000_000

    def recall(self):
        return self._rtc.memory


def radio_at(lock):
    """When the lock checks in next by itself, in seconds of its chip's clock; 0: never."""
    return Memory(Bench(lock.world.rtc)).radio_at


def opens(lock):
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    return lock.run_until(lambda: lock.bolt == "unlocked", 3)


@pytest.mark.parametrize("cause", [protocol.POWER_ON, protocol.WATCHDOG_RESET])
def test_the_key_counts_when_power_comes_and_when_the_watchdog_bites(runtime, cause):
    with Lock(runtime, CONFIG) as lock:
        lock.wait(2)
        lock.maintenance_key(True)
        lock.world.chip.reset(cause)
        assert lock.run_until(lambda: lock.console, 5)
        assert kinds(lock)[-1] == "maintenance"
        assert lock.world.signals.edges[-1][1] == 1 and not lock.world.bolt.driven and lock.openings == 0


@pytest.mark.parametrize("cause", [protocol.HARD_RESET, protocol.SOFT_RESET])
def test_a_reset_by_software_ends_the_console_even_with_the_key_held(runtime, cause):
    with Lock(runtime, CONFIG) as lock:
        lock.maintenance_key(True)
        assert lock.run_until(lambda: lock.console, 5)
        lock.world.chip.reset(cause)
        lock.wait(60)
        assert kinds(lock).count("maintenance") == 1 and opens(lock)


def test_a_key_that_sticks_keeps_the_lock_shut_for_an_hour_and_no_longer(runtime):
    with Lock(runtime, CONFIG) as lock:
        lock.maintenance_key(True)
        assert lock.run_until(lambda: lock.console, 5)
        lock.wait(3660)
        assert kinds(lock).count("maintenance") == 1 and opens(lock)


def test_the_key_means_nothing_to_a_wake_from_sleep(runtime):
    with Lock(runtime, CONFIG) as lock:
        lock.wait(30)
        lock.maintenance_key(True)
        assert opens(lock)
        lock.wait(120)
        assert lock.boots > 1 and "maintenance" not in kinds(lock)


@pytest.mark.parametrize("held_ms", [5, 500, 1000, 1300])
def test_a_glitch_opens_nothing_and_whoever_lets_go_too_soon_waits_for_nothing(runtime, held_ms):
    with Lock(runtime, CONFIG) as lock:
        lock.wait(30)
        lock.cut_power()
        lock.maintenance_key(True)
        lock.restore_power()
        lock.wait(held_ms / 1000)
        lock.maintenance_key(False)
        lock.wait(60)
        assert "maintenance" not in kinds(lock)
        assert opens(lock)


def test_the_console_closes_by_itself_and_the_lock_serves_again(runtime):
    with Lock(runtime, CONFIG) as lock:
        assert restart(lock, held=True)
        lock.wait(3590)
        assert lock.console
        lock.wait(60)
        assert not lock.console and opens(lock)


@pytest.mark.parametrize("config", [None, LockConfig(settings=None), LockConfig(CONFIG.grants, sectors=None)])
def test_a_lock_that_cannot_log_is_opened_all_the_same(runtime, config):
    with Lock(runtime, config) as lock:
        assert restart(lock, held=True)
        assert not restart(lock, held=False)


@pytest.mark.parametrize("name", FILES)
def test_a_lock_with_a_damaged_file_can_be_mended(root, name):
    (root / name).write_text("raise MemoryError\n")
    with Lock(config=CONFIG, root=root) as lock:
        lock.wait(60)
        assert restart(lock, held=True)
        assert not restart(lock, held=False)


@pytest.mark.parametrize("tear", ["half", "all"])
def test_a_cut_in_the_midst_of_opening_opens_nothing_and_breaks_nothing(tear):
    with Lock("cpython", CONFIG) as lock:
        lock.wait(60)
        before, cuts = lock.snapshot(), 0
        for number in range(1, OPERATIONS + 9):
            lock.go_back(before)
            lock.cut_power()
            lock.maintenance_key(True)
            lock.cut_at_flash_op(number, tear=tear)
            writes = lock.nvs_ops
            lock.restore_power()
            lock.run_until(lambda: not lock.powered or lock.console, 10)
            cuts += not lock.powered
            if lock.console:
                assert (kinds(lock)[-1], lock.nvs_ops) == ("maintenance", writes)
                break
            lock.maintenance_key(False)
            lock.restore_power()
            lock.wait(60)
            assert not lock.console and opens(lock) and lock.openings == 1
            assert restart(lock, held=True)
            assert kinds(lock)[-1] == "maintenance"
        assert cuts == OPERATIONS


def test_a_ctrl_c_from_before_the_console_is_closed_comes_out_where_it_is_caught(root, runtime):
    """What the chip has pending it raises at the loop behind `kbd_intr`."""
    for name in ("boot.py", "main.py"):
        path = root / name
        assert path.read_text().count(CLOSE) == 1
        path.write_text(path.read_text().replace(CLOSE, CLOSE + "    raise KeyboardInterrupt\n"))
    with Lock(runtime, CONFIG, root=root) as lock:
        lock.wait(30)
        assert opens(lock) and not lock.prompt and not lock.console


@pytest.mark.parametrize("name", ["boot.py", "main.py", "main.py as it is deployed"])
def test_what_is_pending_comes_out_in_that_loop_and_not_before(name):
    """MicroPython raises a Ctrl-C where it runs what was scheduled, so a scheduled function stands for it here."""
    path = PROJECT / name
    text = path.read_text() if path.exists() else firmware().main.decode()
    head, loop, rest = text.partition('    for _ in "1":')
    rest = rest.partition("except KeyboardInterrupt:")[0]
    schedule = "import micropython\nran = []\nmicropython.schedule(ran.append, 1)\n"
    code = f"{schedule}{head}    before = len(ran)\n{loop}{rest}finally:\n    print(before, len(ran))"
    done = subprocess.run([MICROPYTHON, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"0 1\n"


@pytest.mark.parametrize("radio", [None, {"keys": {(1, 1): bytes(32)}, "security": "insecure"}])
def test_a_lock_with_a_radio_tells_the_other_end_when_it_runs_again(radio):
    with Lock("cpython", LockConfig(CONFIG.grants, radio=radio)) as lock:
        lock.wait(300)
        assert radio_at(lock) == 0 if radio is None else radio_at(lock) > 1
        lock.maintenance_key(True)
        lock.world.chip.reset(protocol.WATCHDOG_RESET)
        assert lock.run_until(lambda: lock.console, 5)
        assert radio_at(lock) == (0 if radio is None else 1)
