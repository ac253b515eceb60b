"""The bench counts what it says it counts, and the counts of flash reach their goals; times are only printed."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.padding import Padding
from typer.testing import CliRunner

from firmware.core.records import HEAD
from tests import openings
from tests.host.stock import stock_image
from tools import cli
from tools.bench import design, measures, models, plots, report, simulator, tables
from tools.bench.entries import CountedFlash, Door, cost
from tools.bench.figures import AT_LEAST, AT_MOST, TIMES_LESS, Figure
from tools.bench.stores import Appended, Renamed, Rings
from tools.bench.wake import FROZEN, watched
from tools.energy import runs

FIELDS = {"row", "group", "figure", "unit", "ours", "other", "against", "ratio", "goal", "met"}


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
    left, _, _, library, *_ = measures.decision()
    assert (left.ours, left.met) == (0, True)
    assert left.other >= 64
    assert library.other == left.other


@pytest.fixture(scope="module")
def every_figure():
    """All of the design, in small; the cuts are another test's."""
    figures = [*measures.entry_costs(5), *measures.mount_costs(counts=(5,), full=1500)[0], *measures.decision()]
    figures += [*models.stretch(), *models.life(), *measures.check_in(), *measures.wakes()]
    figures += simulator.simulator(sessions=1, days=1)
    figures.append(Figure("cuts", "openings", "at most", 1, goal=(AT_MOST, 1), row="openings"))
    return figures


def test_every_number_of_the_design_is_measured(every_figure):
    assert design.unmeasured(every_figure) == []
    others = [figure for figure in every_figure if figure.row != "erases"]
    assert design.unmeasured(others) == [design.ROWS["erases"]]
    rows = [figure.row for figure in design.of_design(every_figure)]
    assert rows == list(design.ROWS)
    assert all(figure.goal for figure in every_figure if figure.row)


def test_no_goal_is_missed_without_its_reason_in_the_document(every_figure):
    page = design.PAGE.read_text(encoding="utf-8")
    timed = ("decision", "cpython", "vm", "year")
    counted = [figure for figure in every_figure if figure.row not in timed]
    assert design.unexplained(counted, page) == []
    met = [design.ROWS[figure.row] for figure in counted if figure.met]
    assert [name for name in met if f"### {name}\n" in page] == [], "reached by now: take the heading out"


def test_a_goal_that_is_missed_wants_a_heading():
    figure = Figure("g", "idle", "KiB", 113, goal=(AT_MOST, 112), row="idle")
    assert design.unexplained([figure], "text\n### Heap of a keypad wake, idle\ntext") == []
    assert design.unexplained([figure], "text\nHeap of a keypad wake, idle\n") == ["Heap of a keypad wake, idle"]
    assert design.unexplained([replace(figure, ours=112)], "") == []


def test_the_document_has_a_line_for_every_number():
    page = design.PAGE.read_text(encoding="utf-8")
    assert [name for name in design.ROWS.values() if f"\n| {name}, " not in page] == []


def test_the_stretch_is_the_same_for_all():
    time, differ = models.stretch()
    assert (time.ours, time.met, differ.ours) == (130, True, 0)


def test_what_is_not_read_from_files_is_frozen_in_the_stock_image():
    assert all(f"{name.replace('.', '/')}.py".encode() in stock_image() for name in FROZEN)
    loaded = {module.name: module.file for module in watched().check_in.imports}
    assert [name for name, size in loaded.items() if not size] == list(FROZEN)


def test_openings_are_what_the_cuts_say(monkeypatch):
    said = {"cuts": 1234, "most": 1, "other": 2}
    monkeypatch.setattr(models.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=json.dumps(said)))
    (figure,) = models.openings()
    assert (figure.ours, figure.other, figure.met) == (1, 2, True)
    assert "1,234" in figure.group


def test_a_lock_that_burns_late_opens_twice():
    assert openings.late() == 2


def test_check_ins_by_umqtt_cost_months():
    for figure in models.life():
        assert figure.met
        assert figure.ours > figure.other > 0


def test_the_pictures_are_drawn(monkeypatch):
    monkeypatch.setattr(plots, "_ENTRIES", (1, 3))
    monkeypatch.setattr(plots, "_CODES", (4, 8))
    monkeypatch.setattr(plots, "_TELL", ((0, 0), (1, 0)))
    for picture in plots.PICTURES.values():
        axes = plots.Figure().subplots()
        picture(axes)
        assert axes.get_title()
        assert axes.lines or axes.patches


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
    each = {"firmware.board", "firmware.app", "firmware.assembly"}
    assert names == each | {
        f"firmware.{name}" for name in ("visitor", "attempt", "drivers_signals", "drivers_signals_")
    }
    assert more & names == each
    assert {"firmware.radio", "firmware.net_checkin", "umqtt.simple"} <= more
    assert seen.keypad.loaded < seen.check_in.loaded
    loaded = sum(module.heap for module in seen.keypad.imports)
    assert loaded < seen.idle < seen.keypad.peak(seen.typed_us) < seen.check_in.peak()
    assert seen.check_in.peak() < 136 * 1024
    figures = {(figure.group.split(":")[0], figure.name): figure for figure in measures.wakes()}
    for name in ("by a key", "for a check-in"):
        code, heap, _ = (figures[f"What a wake {name} loads", what] for what in (".mpy", "heap", "time"))
        assert code.ratio > 2
        assert 0.5 < heap.ratio < 3
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
    design_rows, *parts = report.lines(figures)
    shown = [part.renderable for part in parts if isinstance(part, Padding)]
    assert (design_rows.row_count, sum(rows.row_count for rows in shown)) == (1, 1 + 11)


def test_a_goal_is_met_or_missed():
    assert Figure("g", "f", "bytes", 3, goal=(AT_MOST, 3)).met is True
    assert Figure("g", "f", "bytes", 4, goal=(AT_MOST, 3)).met is False
    assert Figure("g", "f", "bytes", 4, 8, "x", (TIMES_LESS, 2)).met is True
    assert Figure("g", "f", "bytes", 4, 8, "x", (TIMES_LESS, 2.1)).met is False
    assert Figure("g", "f", "bytes", 0, 8, "x", (TIMES_LESS, 2)).met is True
    assert Figure("g", "f", "bytes", 4).met is None
    assert Figure("g", "f", "months", 4, goal=(AT_LEAST, 4)).met is True
    assert Figure("g", "f", "months", 3, goal=(AT_LEAST, 4)).met is False
    assert Figure("g", "f", "months", 6, 4, "x", (AT_LEAST, 4)).ratio == 1.5


def test_the_command_prints_what_it_writes(tmp_path, monkeypatch):
    figures = [Figure("group", "reading", "bytes", 12345, goal=(AT_MOST, 1)), Figure("group", "time", "µs", 2, 9, "x")]
    figures.append(Figure("group", "idle", "KiB", 54321, goal=(AT_MOST, 1), row="idle"))
    monkeypatch.setattr(measures, "all_figures", lambda: figures)
    monkeypatch.setattr(plots, "PICTURES", {"life": lambda axes: axes.plot((1, 2), (3, 4))})
    monkeypatch.setattr(cli, "BENCH_FILE", tmp_path / "bench.json")
    monkeypatch.setattr(design, "PAGE", tmp_path / "page.md")
    design.PAGE.write_text("<!-- begin: make bench -->\nold\n<!-- end: make bench -->\n")
    done = CliRunner().invoke(cli.app, ["bench", "--page"])
    assert done.exit_code == 1
    assert "12,345" in done.output
    assert "missed, and page.md does not say why: Heap of a keypad wake, idle" in done.output
    assert "not measured: Heap at the peak of an entry" in done.output
    assert json.loads((tmp_path / "bench.json").read_text())["figures"][1]["ratio"] == 4.5
    assert (tmp_path / "bench-life.png").read_bytes().startswith(b"\x89PNG")
    text = design.PAGE.read_text()
    assert "| Heap of a keypad wake, idle, KiB | 54,321 |" in text
    assert "old" not in text


def test_a_part_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "BENCH_FILE", tmp_path / "bench.json")
    done = CliRunner().invoke(cli.app, ["bench", "--only", "stretch"])
    assert (done.exit_code, list(tmp_path.iterdir())) == (0, [])
    assert "130.0" in done.output
    assert CliRunner().invoke(cli.app, ["bench", "--only", "nothing"]).exit_code == 2
