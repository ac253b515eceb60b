"""Both runtimes boot a chip as MicroPython does on the ESP32, and leave nothing behind."""

import os
import signal
from pathlib import Path
from types import ModuleType

import pytest

from host_sim.chip import protocol
from host_sim.lock import Lock, LockConfig
from host_sim.runtime import RUNTIMES, cpython, vm_process
from host_sim.runtime.run import FirmwareError
from host_sim.world.flash import NorViolation
from tests.host.boards import board, reported, run

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

SLEEP_A_SECOND = "machine.deepsleep(1000)\n"


@BOTH
def test_boot_and_main_share_their_names_after_420_ms(tmp_path, runtime):
    main = "import time\nreport([__name__, time.ticks_ms()])\nmachine.deepsleep()"
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        assert reported(world) == ["__main__", 420]
        assert world.chip.state == "asleep"


@BOTH
def test_every_boot_starts_with_fresh_modules(tmp_path, runtime):
    counter = "count = [0]\ndef up():\n    count[0] += 1\n    return count[0]\n"
    main = (
        "from firmware import counter\nfrom firmware.counter import up\nreport([up(), counter.up()])\n" + SLEEP_A_SECOND
    )
    with board(tmp_path, runtime, main, {"counter.py": counter}) as world:
        run(world, 10)
        assert world.chip.boots > 5
        assert reported(world) == [1, 2]


@pytest.mark.parametrize("guard", ["BaseException", "KeyboardInterrupt"])
def test_a_ctrl_c_at_this_computer_is_none_of_the_chips(tmp_path, guard):
    """Whatever the firmware catches; the chip's own at its serial port is another one."""
    main = f"""
import os, signal
try:
    raise KeyboardInterrupt
except KeyboardInterrupt:
    pass
try:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in "1":
        pass
except {guard}:
    pass
report("it went on")
"""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored
    try:
        with board(tmp_path, "cpython", main) as world:
            with pytest.raises(KeyboardInterrupt):
                run(world, 1)
            assert world.rtc.memory == b""
    finally:
        signal.signal(signal.SIGINT, before)


@BOTH
def test_a_library_keeps_its_assertions(tmp_path, runtime):
    library = tmp_path / "library"
    library.mkdir()
    (library / "picky.py").write_text("def check(value):\n    assert value.pop()\n")
    main = """
from picky import check
left = [0, 1]
check(left)
try:
    check(left)
except AssertionError:
    report(left)
machine.deepsleep()
"""
    with board(tmp_path, runtime, main, library=library) as world:
        run(world, 1)
        assert reported(world) == []


PUT_RIGHT = """
names, total = {}, 0
class Tally:
    seen = []
    most = 0
def last(value, before=[]):
    before.append(value)
    return before
def change():
    global total
    total += 1
    names[total] = total
    Tally.seen.append(1)
    Tally.most += 1
    Tally.more = getattr(Tally, "more", 0) + 1
    return [total, len(names), Tally.seen, Tally.most, Tally.more, last(1)]
"""
EXECUTED_ANEW = """
class Tally:
    def __init__(self):
        self.seen = []
tally = Tally()
nested = [[]]
def counter():
    count = [0]
    def up():
        count[0] += 1
        return count[0]
    return up
up = counter()
def change():
    tally.seen.append(1)
    nested[0].append(1)
    return [tally.seen, nested, up()]
"""


@BOTH
def test_nothing_that_a_boot_changes_in_a_module_is_there_at_the_next(tmp_path, runtime):
    files = {"one.py": PUT_RIGHT, "other.py": EXECUTED_ANEW, "user.py": "from firmware.other import change\n"}
    main = "from firmware import one, user\nreport(one.change() + user.change())\n" + SLEEP_A_SECOND
    with board(tmp_path, runtime, main, files) as world:
        for boots in (1, 2, 3):
            run(world, 1.45)
            assert world.chip.boots == boots
            assert reported(world) == [1, 1, [1], 1, 1, [1], [1], [[1]], 1]


def test_a_wake_like_the_one_before_executes_no_module_again(monkeypatch):
    executed = []
    with Lock(config=LockConfig(grants=[{"label": "guests", "kind": "event"}])) as lock:
        monkeypatch.setattr(cpython, "ModuleType", lambda name: executed.append(name) or ModuleType(name))
        for _ in range(2):
            before = len(executed)
            lock.wake()
            assert lock.run_until(lambda: not lock.awake, 30)
    assert before == len(executed)


@BOTH
def test_two_chips_do_not_know_each_other(tmp_path, runtime):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    main = "import time\nwhile True:\n    time.sleep_ms(7)\n    report(time.ticks_ms())"
    with board(folders[0], runtime, main) as one, board(folders[1], runtime, main) as two:
        run(one, 1)
        run(two, 5)
        run(one, 1)
        assert reported(one) < 2000
        assert 4900 < reported(two) < 5000


@BOTH
def test_a_loop_that_waits_for_a_time_ends(tmp_path, runtime):
    main = """
import time
end = time.ticks_ms() + 300
while time.ticks_ms() < end:
    pass
report(time.ticks_ms())
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        assert reported(world) == 720


@BOTH
@pytest.mark.parametrize(
    ("main", "said"),
    [("x = 1", "main.py returned"), ("raise ValueError('bad day')", "bad day"), ("import firmware.missing", "missing")],
)
def test_firmware_that_lets_go_of_the_chip_is_found_at_the_prompt(tmp_path, runtime, main, said):
    with board(tmp_path, runtime, main) as world:
        run(world, 5)
        assert world.chip.state == "prompt"
        assert said in world.chip.console
        assert world.chip.boots == 1


def test_a_traceback_calls_a_file_by_the_name_that_the_vm_has_of_its_import(tmp_path):
    main = "from firmware.bad import fail\nfail()"
    with board(tmp_path, "micropython", main, {"bad.py": "def fail():\n    raise ValueError\n"}) as world:
        run(world, 5)
        assert 'File "firmware.bad"' in world.chip.console


@BOTH
def test_system_exit_resets_softly(tmp_path, runtime):
    main = """
if machine.reset_cause() == machine.SOFT_RESET:
    report("again")
    machine.deepsleep()
raise SystemExit
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        assert reported(world) == "again"
        assert world.chip.boots == 2


@BOTH
def test_a_boot_that_is_cut_gets_no_further_than_the_bus(tmp_path, runtime):
    main = """
import esp32
import time
device = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="locklog")[0]
try:
    time.sleep(10)
finally:
    device.writeblocks(0, b"never", 0)
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 5)
        world.cut_power()
        run(world, 20)
        assert world.flash.ops == 0
        assert not world.chip.powered


@BOTH
def test_a_fault_of_the_flash_reaches_the_harness_and_no_handler_of_the_firmware(tmp_path, runtime):
    main = """
import esp32
device = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="locklog")[0]
device.writeblocks(0, b"\\0", 0)
try:
    device.writeblocks(0, b"\\1", 0)
except BaseException:
    pass
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world, pytest.raises(NorViolation):
        run(world, 5)


@BOTH
def test_a_cut_in_the_midst_of_a_write_is_survived_by_no_handler(tmp_path, runtime):
    main = """
import esp32
device = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="locklog")[0]
try:
    device.writeblocks(0, b"\\0", 0)
except BaseException:
    pass
report("alive")
device.writeblocks(0, b"never", 4096)
"""
    with board(tmp_path, runtime, main) as world:
        world.flash.cut_at(1)
        run(world, 5)
        assert (world.flash.ops, world.chip.powered, world.rtc.memory) == (1, False, b"")


def test_a_vm_that_ends_is_reported_with_its_last_words(tmp_path):
    main = "import sys\nprint('last words')\nwhile True:\n    import os\n    os.system('kill -9 $PPID')\n"
    with board(tmp_path, "micropython", main) as world, pytest.raises(FirmwareError, match="last words"):
        run(world, 5)


def test_source_that_micropython_cannot_compile_is_named(tmp_path):
    with pytest.raises(ValueError, match="bad.py"), board(tmp_path, "micropython", "", {"bad.py": "def f(:\n"}):
        pass


def _children(state):
    """Ids of the processes below this one, at any depth, without those in `state` (a letter of proc(5))."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if words[0] != state:
            parents[int(stat.parent.name)] = int(words[1])
    below = {os.getpid()}
    while found := {child for child, parent in parents.items() if parent in below} - below:
        below |= found
    return below


def _held():
    """What this process holds of the system: its processes and its open files."""
    for _ in range(1000):  # the helper buries a child within milliseconds
        if _children(None) == _children("Z"):
            break
    return _children(None), len(os.listdir("/proc/self/fd"))


@BOTH
def test_a_thousand_boots_leave_no_process_and_no_file(tmp_path, runtime):
    with board(tmp_path, runtime, "machine.deepsleep(100)") as world:
        run(world, 1)
    before = _held()
    with board(tmp_path, runtime, "machine.deepsleep(100)") as world:
        run(world, 520)
        assert world.chip.boots >= 1000
        assert world.chip.reset_cause == protocol.DEEP_SLEEP_RESET
    assert _held() == before


def test_a_ctrl_c_leaves_the_helper_to_whoever_waits_for_it(tmp_path):
    """A terminal sends it to the whole group of processes; the helper's end is that of its socket."""
    with board(tmp_path, "micropython", SLEEP_A_SECOND) as world:
        run(world, 2)
        assert os.getpgid(vm_process._running._process.pid) != os.getpgid(0)
