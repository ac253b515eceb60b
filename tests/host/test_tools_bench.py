"""The bench counts what it says it counts, and the counts of flash reach their goals; times are only printed."""

import json
import re

import pytest
from rich.padding import Padding
from typer.testing import CliRunner

from firmware.core.records import HEAD
from tools import cli
from tools.bench import measures, report, tables
from tools.bench.entries import CountedFlash, Door, cost
from tools.bench.figures import AT_MOST, TIMES_LESS, Figure
from tools.bench.stores import Appended, Renamed, Rings
from tools.bench.wake import watched
from tools.energy import runs

FIELDS = {"group", "figure", "unit", "ours", "other", "against", "ratio", "goal", "met"}


@pytest.mark.parametrize("against", [Appended, Renamed])
def test_rings_erase_forty_times_less_than_littlefs(against):
    packed = tables.sixty_four()
    ours, other = cost(Rings, packed, 250), cost(against, packed, 250)
    assert 0 < 40 * ours.erases_each <= other.erases_each
    assert ours.bytes_each < other.bytes_each


def test_every_way_keeps_the_same_state():
    packed = tables.sixty_four()
    pictures = []
    for make_store in (Rings, Appended, Renamed):
        store = make_store(CountedFlash(packed), packed)
        Door(store, packed).enter(80)
        pictures.append([bytes(body) for body in store.state.snapshot() if body[0] != HEAD])
    assert pictures[0] == pictures[1] == pictures[2]


@pytest.mark.parametrize("make_store", [Rings, Appended])
def test_a_mount_finds_what_was_kept(make_store):
    packed = tables.sixty_four()
    store = make_store(CountedFlash(packed), packed)
    Door(store, packed).enter(100)
    kept = [bytes(body) for body in store.state.snapshot()]
    store.mount()
    assert [bytes(body) for body in store.state.snapshot()] == kept


def test_mounts_and_memory():
    figures, image = measures.mount_costs(counts=(20,), full=1500)
    assert [figure.met for figure in figures if figure.goal] == [True]
    assert len(image) == 256 * 1024 + 4  # and the anchor
    assert all(0 < figure.ours < 16 * 1024 for figure in measures.memory(image))


def test_no_hmac_is_left_after_hash():
    left = measures.decision()[0]
    assert (left.ours, left.met) == (0, True)
    assert left.other >= 64


def test_a_check_in_takes_few_turnarounds():
    turnarounds, *others = measures.check_in()
    assert (turnarounds.ours, turnarounds.met) == (3, True)
    assert turnarounds.other >= 5 * turnarounds.ours
    assert [figure.ours < figure.other for figure in others] == [True] * 3


def test_a_check_in_is_that_of_the_design():
    assert runs.check_in(runs.TEN_UP_TWO_DOWN).events == 10
    assert runs.TEN_UP_TWO_DOWN.commands == 2


def test_what_a_wake_loads_and_takes():
    seen = watched()
    names, more = ({module.name for module in wake.imports} for wake in (seen.keypad, seen.check_in))
    assert names == {"firmware.board", "firmware.app", "firmware.assembly"}
    assert names | {"firmware.radio", "firmware.net_checkin", "umqtt.simple"} <= more
    assert seen.keypad.loaded < seen.check_in.loaded
    loaded = sum(module.heap for module in seen.keypad.imports)
    assert loaded < seen.idle < seen.keypad.peak(seen.typed_us) < seen.check_in.peak()
    figures = {(figure.group.split(":")[0], figure.name): figure for figure in measures.wakes()}
    for name in ("by a key", "for a check-in"):
        code, heap, _ = (figures[f"What a wake {name} loads", what] for what in (".mpy", "heap", "time"))
        assert code.ratio > 2
        assert 0.5 < heap.ratio < 2
    assert len([figure for figure in figures.values() if figure.goal]) == 5


def test_what_each_module_takes_is_printed():
    done = CliRunner().invoke(cli.app, ["wake"])
    assert done.exit_code == 0
    assert re.search(r"firmware\.assembly +[\d,]+ +[\d,]+ +[\d,]+", done.output)
    assert "in all" in done.output


def test_the_json_has_every_figure(tmp_path):
    figures = measures.entry_costs(5)
    report.write(figures, tmp_path / "new" / "bench.json")
    written = json.loads((tmp_path / "new" / "bench.json").read_text())["figures"]
    assert len(written) == len(figures) == 12
    assert all(set(figure) == FIELDS for figure in written)
    shown = [part.renderable for part in report.lines(figures) if isinstance(part, Padding)]
    assert sum(rows.row_count for rows in shown) == 1 + 12


def test_a_goal_is_met_or_missed():
    assert Figure("g", "f", "bytes", 3, goal=(AT_MOST, 3)).met is True
    assert Figure("g", "f", "bytes", 4, goal=(AT_MOST, 3)).met is False
    assert Figure("g", "f", "bytes", 4, 8, "x", (TIMES_LESS, 2)).met is True
    assert Figure("g", "f", "bytes", 4, 8, "x", (TIMES_LESS, 2.1)).met is False
    assert Figure("g", "f", "bytes", 0, 8, "x", (TIMES_LESS, 2)).met is True
    assert Figure("g", "f", "bytes", 4).met is None


def test_the_command_prints_what_it_writes(tmp_path, monkeypatch):
    figures = [Figure("group", "reading", "bytes", 12345, goal=(AT_MOST, 1)), Figure("group", "time", "µs", 2, 9, "x")]
    monkeypatch.setattr(measures, "all_figures", lambda: figures)
    monkeypatch.setattr(cli, "BENCH_FILE", tmp_path / "bench.json")
    done = CliRunner().invoke(cli.app, ["bench"])
    assert done.exit_code == 0
    assert "12,345" in done.output
    assert json.loads((tmp_path / "bench.json").read_text())["figures"][1]["ratio"] == 4.5
