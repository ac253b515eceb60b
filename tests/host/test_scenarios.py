"""Every session of tests/scenarios, on both runtimes, and what the command line makes of right and wrong ones."""

import json
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from host_sim import runtime as runtimes
from host_sim.cli import app
from host_sim.runtime.vm import VmRuntime
from host_sim.session.parser import load
from host_sim.session.player import play

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.txt"))
RADIO_DAY = Path(__file__).parents[1] / "scenarios" / "radio_day.txt"
DEMO_DAY = Path(__file__).parents[1] / "scenarios" / "demo_day.txt"
RUNTIMES = ("cpython", "micropython")
SHORT = "clock 2026-03-02 08:00\ngrant couriers event\nissue couriers as first\nwake\ntype <first>#\n"


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path, runtime):
    for step in play(load(path), runtime):
        assert step.ok, step.problem


@pytest.mark.parametrize(("path", "heap"), [(DEMO_DAY, "96wK"), (RADIO_DAY, "104wK")], ids=["deliveries", "by radio"])
def test_a_day_passes_in_little_heap(path, heap, monkeypatch):
    """In 96 KiB of 32-bit words, as the chip has them, or a twelfth more with the radio; what stands for the chip's own
    modules, which are in its ROM, is in them too."""
    monkeypatch.setitem(runtimes.RUNTIMES, "micropython", partial(VmRuntime, heap=heap))
    for step in play(load(path), "micropython"):
        assert step.ok, step.problem


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Runs `play` over texts written to files one.txt, two.txt in the present folder."""
    monkeypatch.chdir(tmp_path)

    def run(*texts, options=()):
        names = ["one.txt", "two.txt"][: len(texts)]
        for name, text in zip(names, texts, strict=True):
            Path(name).write_text(text, encoding="utf-8")
        return CliRunner().invoke(app, ["play", *names, *options])

    return run


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_sessions_are_told_and_summed_up(command, runtime):
    played = command(SHORT + "expect answer opened\n", SHORT, options=["--runtime", runtime])
    assert played.exit_code == 0
    assert "OPENED" in played.stdout and "burnt couriers" in played.stdout
    assert played.stdout.endswith(f"2 sessions, 7 steps on {runtime}: all as expected\n")


def test_the_first_wrong_expectation_ends_it_with_file_and_line(command):
    played = command(SHORT + "expect answer used\nwait 1s\n", SHORT)
    assert played.exit_code == 1
    assert played.stderr == "one.txt:6: expected answer used, but the lock answered opened\n"
    assert "two.txt" not in played.stdout


def test_nothing_is_played_where_one_file_is_no_session(command):
    played = command(SHORT, "clock tomorrow\ntipe 1\n")
    assert played.exit_code == 2
    assert played.stdout == ""
    assert [line.split(": ")[0] for line in played.stderr.splitlines()] == ["two.txt:1", "two.txt:2"]


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_played(command, tmp_path):
    (tmp_path / "taken").write_text("")
    played = command(SHORT, options=["--dump", str(tmp_path / "taken" / "dump")])
    assert (played.exit_code, played.stdout) == (2, "")
    assert played.stderr == f"{tmp_path / 'taken' / 'dump'}: Not a directory\n"


def test_the_live_lock_without_a_terminal_says_what_it_wants():
    started = CliRunner().invoke(app, ["live"])
    assert (started.exit_code, started.stdout) == (2, "")
    assert started.stderr == "the live lock is a screen with a keyboard: start it in a terminal, without a pipe\n"


def test_json_is_one_object_for_each_step(command):
    played = command(SHORT + "expect answer opened\nexpect bolt locked within 1s\n", options=["--json"])
    steps = [json.loads(line) for line in played.stdout.splitlines()]
    assert played.exit_code == 1
    assert [(step["line"], step["ok"]) for step in steps] == [(3, True), (4, True), (5, True), (6, True), (7, False)]
    assert {"time": "2026-03-02T08:00:00.000Z", "kind": "power", "text": "on"} in steps[0]["seen"]
    assert "opened" in [seen["text"] for seen in steps[3]["seen"] if seen["kind"] == "answer"]
    assert steps[-1]["problem"] == "one.txt:7: expected bolt locked within 1s, but it is unlocked"


@pytest.mark.parametrize(
    ("wrong", "instead"),
    [
        ("expect no answer", "the lock answered opened"),
        ("expect answer wrong within 1s", "the lock answered opened"),
        ("expect door open within 1s", "it is closed"),
        ("expect openings 2", "the bolt has opened 1 times"),
        ("expect log used for couriers", "the log says boot, opened for couriers"),
        ("expect log opened times 2", "the log says boot, opened for couriers"),
        ("expect no log opened for couriers", "the log says boot, opened for couriers"),
        ("expect fault settings", "the log has no fault"),
        ("expect asleep", "the lock is awake"),
        ("expect dark within 1s", "the lock is awake"),
        ("wait until 07:00", "it is already 2026-03-02 08:00:0"),
        ("type <first with digit 9 wrong>", "<first> has only 8 digits"),
    ],
)
def test_a_wrong_step_says_what_was_there(command, wrong, instead):
    played = command(SHORT + "expect answer opened\n" + wrong + "\n")
    assert played.exit_code == 1
    assert played.stderr.startswith(f"one.txt:7: expected {wrong.removeprefix('expect ')}, but ")
    assert instead in played.stderr


def test_a_door_behind_a_locked_bolt_does_not_open(command):
    played = command("clock 2026-03-02 08:00\ngrant couriers event\nopen door\n")
    assert played.stderr == "one.txt:3: expected open door, but the bolt is locked\n"


def test_a_lock_without_power_does_not_wake(command):
    played = command("clock 2026-03-02 08:00\ngrant couriers event\ncut power\nwake\n")
    assert played.exit_code == 1
    assert played.stderr.startswith("one.txt:4: expected wake, but the lock did not get ready")


def test_the_demo_shows_its_day_and_what_it_came_to():
    shown = CliRunner().invoke(app, ["demo"])
    assert shown.exit_code == 0
    assert "the MicroPython VM 1." in shown.stdout
    assert "JAMMED" in shown.stdout
    assert "INSECURE" in shown.stdout and "connected WITHOUT TLS" in shown.stdout
    assert "all as expected" in shown.stdout
