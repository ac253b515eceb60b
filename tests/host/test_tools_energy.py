"""The energy model: its runs are the lock's, its sums agree with a calculation by hand, and more use is less life."""

import math
import re
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from host_sim.world import figures
from host_sim.world.figures import COMPUTING_US, MICROAMPS, QUIESCENT_MICROAMPS, RUN_MA
from tests.host.vm import ROOT
from tools import cli
from tools.energy import report, runs
from tools.energy.battery import HOURS_A_YEAR, Cells
from tools.energy.model import CALL, Days
from tools.energy.peers import PEERS
from tools.energy.runs import CERTIFICATE, CheckIn

DAY_S = 86_400


def test_asleep_the_chip_and_the_board_draw_current_and_nothing_else():
    assert runs.asleep() == pytest.approx(MICROAMPS["chip", "asleep"] + sum(QUIESCENT_MICROAMPS.values()))


def test_an_opening_is_boot_typing_light_sound_and_two_ways_of_the_bolt():
    run = runs.opening()
    assert run.mc("motor") == pytest.approx(run.seconds("motor", "driven") * RUN_MA)
    assert 1.1 < run.seconds("motor", "driven") < 1.3
    awake = run.seconds("chip", "awake")
    assert awake > 0.42 + COMPUTING_US["opening"] / 1e6 + run.seconds("motor", "driven")
    by_hand = awake * MICROAMPS["chip", "awake"] + run.seconds("chip", "dozing") * MICROAMPS["chip", "dozing"]
    assert run.mc("chip") == pytest.approx(by_hand / 1000)
    assert run.mc() == pytest.approx(sum(run.mc(part) for part in ("chip", "motor", "reed", "led", "buzzer")))
    assert run.radio_on == 0


def test_a_check_in_is_joining_talking_and_computing():
    run = runs.check_in()
    assert run.seconds("radio", "joining") == pytest.approx(0.484, abs=0.001)
    computing = COMPUTING_US["check-in"] / 1e6
    assert run.seconds("chip", "awake") == pytest.approx(0.42 + run.radio_on, abs=0.05)
    # TCP, two for TLS, three of MQTT, of 0.1 s each; TLS computes
    talking = 6 * 0.1 + computing + figures.TLS_PSK_US / 1e6
    assert run.seconds("radio", "listening", "sending") == pytest.approx(talking, abs=0.06)
    assert run.turnarounds == 3


def test_what_a_better_check_in_saves_is_what_was_left_out():
    ours = runs.check_in().mc()
    beside_ua = MICROAMPS["chip", "awake"] + MICROAMPS["reed", "closed"]
    joining_ma = (beside_ua + MICROAMPS["radio", "joining"]) / 1e6
    busy_ma = (beside_ua + MICROAMPS["radio", "listening"]) / 1e6
    for how, us, ma in (
        (CheckIn(asks=True), figures.DHCP_US, joining_ma),
        (CheckIn(bssid=False), figures.SEARCH_US - figures.SEARCH_BSSID_US, joining_ma),
        (CheckIn(tls=CERTIFICATE), figures.TLS_CERTIFICATE_US - figures.TLS_PSK_US, busy_ma),
        (CheckIn(listen_s=20), 20_000_000, busy_ma),
    ):
        assert runs.check_in(how).mc() - ours == pytest.approx(us * ma / 1000, abs=3)
    assert runs.check_in(CheckIn(silent=True)).radio_on == pytest.approx(20, abs=1)


def test_ten_events_and_two_commands_take_no_more_turnarounds_than_none():
    busy = runs.check_in(CheckIn(openings=5, commands=2))
    assert (busy.events, busy.turnarounds) == (12, 3)  # five openings and locks, two commands
    assert busy.bytes > runs.check_in().bytes + 10 * 28 + 2 * 80
    plain = runs.by_umqtt(10, 2)
    assert plain.turnarounds == 15  # CONNECT, SUBSCRIBE, 13 messages
    assert plain.mc() > 1.5 * busy.mc()


def test_a_day_is_the_sum_of_what_happens_in_it():
    days = Days(openings=7, check_ins=3, calls=2, refusals=5, extra_ua=10, silent=1, asks=1)
    by_hand = (runs.asleep() + 10) * DAY_S / 1000
    by_hand += 7 * runs.opening().mc() + 2 * runs.check_in(CALL).mc() + 5 * runs.refused().mc()
    for how in (CheckIn(), CheckIn(silent=True), CheckIn(asks=True)):
        by_hand += runs.check_in(how).mc()
    assert sum(mc for _, mc, _ in days.charges()) == pytest.approx(by_hand)
    assert days.mean_ma() == pytest.approx(by_hand / DAY_S)


def test_the_load_is_what_flows_where_the_charge_goes():
    nothing = Days(openings=0, check_ins=0, refusals=0)
    assert nothing.load_ma() == pytest.approx(runs.asleep() / 1000)
    awake = MICROAMPS["chip", "awake"] / 1000
    opened = Days(openings=1e9, check_ins=0, refusals=0)
    parts = {"motor": RUN_MA + awake, "chip": awake}
    run = runs.opening()
    about = sum(run.mc(part) * ma for part, ma in parts.items()) / run.mc()
    assert opened.load_ma() == pytest.approx(about, rel=0.02)
    joined = Days(openings=0, check_ins=1e9, refusals=0).load_ma()
    assert awake + MICROAMPS["radio", "listening"] / 1000 > joined - 20 > awake


def test_months_by_hand():
    days, cells = Days(), Cells()
    lost = figures.SELF_DISCHARGE_PERCENT / 100
    left, years, step = cells.capacity_mah(days.load_ma()), 0, 0.001
    while left > 0:
        left -= (days.mean_ma() * HOURS_A_YEAR + left * lost) * step
        years += step
    assert days.months() == pytest.approx(12 * years, rel=0.01)


def test_a_cell_gives_what_was_measured_and_less_to_more_cold_and_cut_off():
    for ma, mah in figures.CELL_MAH:
        assert Cells(cutoff_mv=3600).capacity_mah(ma) == pytest.approx(mah)
    assert Cells(cutoff_mv=3600, celsius=0).capacity_mah(25) == pytest.approx(0.65 * 2900)
    # 11 % of the time is left at 1.1 V; the charge of that end is a little more, since the current grows
    assert 0.85 < Cells(cutoff_mv=4400).usable() < 0.89
    assert Cells(cutoff_mv=6400).usable() == 0


@given(ma=st.floats(0.01, 600), more=st.floats(1, 400), cold=st.floats(-30, 30), mv=st.integers(3600, 6000))
def test_no_load_cold_or_cut_off_is_for_nothing(ma, more, cold, mv):
    for rested in (False, True):
        base = Cells(celsius=cold, cutoff_mv=mv, rested=rested)
        for load, cells in (
            (ma + more, base),
            (ma, Cells(celsius=cold - 5, cutoff_mv=mv, rested=rested)),
            (ma, Cells(celsius=cold, cutoff_mv=mv + 100, rested=rested)),
        ):
            assert cells.capacity_mah(load) <= base.capacity_mah(ma)
    assert Cells(cold, mv).capacity_mah(ma) < Cells(cold, mv, rested=True).capacity_mah(ma) or ma < 50


@given(openings=st.floats(0, 50), check_ins=st.floats(0, 300), calls=st.floats(0, 10), more=st.floats(0.01, 20))
def test_whatever_happens_more_often_costs_months(openings, check_ins, calls, more):
    days = {"openings": openings, "check_ins": check_ins, "calls": calls}
    base = Days(**days).months()
    assert 0 < base < math.inf
    for name, times in days.items():
        assert Days(**{**days, name: times + more}).months() < base
    assert Days(**days, refusals=1 + more).months() < base
    assert Days(**days, extra_ua=more).months() < base
    assert Days(**days, shares={"chip": 0.5}).months() > base


def test_the_tables_say_what_the_runs_gave():
    console = Console(width=140, record=True, file=StringIO())
    console.print(*report.lines(), sep="\n")
    text = console.export_text()
    rows = dict(report.months())
    for name, row in rows.items():
        assert re.search(rf"{re.escape(name)} +" + " +".join(f"{each:.1f}" for each in row), text)
        assert row == sorted(row, reverse=True)
    assert rows["1 h"][report.OPENINGS.index(10)] == Days(openings=10, check_ins=24).months()
    for needed in (*(f"{run.mc():,.0f}" for run in (runs.opening(), runs.check_in())), *(peer.name for peer in PEERS)):
        assert needed in text


def test_the_goals_are_reached():
    assert [days.months() >= least for _, least, days in report.GOALS] == [True, True]
    assert [least for _, least, _ in report.GOALS] == [12, 24]


def test_the_page_has_the_tables_figures():
    """Within a tenth: what changes an opening by some milliseconds need not change the page."""
    page = (ROOT / "docs" / "energy.md").read_text(encoding="utf-8")
    rows = {name: cells.split("|") for name, cells in re.findall(r"^\| ([^|]+) \| (.+) \|$", page, re.MULTILINE)}
    for name, run in report.costs():
        assert float(rows[name][0].replace(",", "")) == pytest.approx(run.mc(), rel=0.1), name
    for name, months in report.months():
        assert [float(cell) for cell in rows[name]] == pytest.approx(months, rel=0.1), name
    for name, months in report.choices():
        assert float(rows[name][0]) == pytest.approx(months, rel=0.1), name
    for peer in PEERS:
        assert peer.source in page
    for address in re.findall(r"https?://[^\s)]+", (ROOT / "host_sim/world/figures.py").read_text(encoding="utf-8")):
        assert address in page


def test_the_command_prints_and_draws(tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "PLOT_FILE", tmp_path / "new" / "energy.png")
    done = CliRunner().invoke(cli.app, ["energy"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "Months on four AA" in done.output
    assert (tmp_path / "new" / "energy.png").read_bytes().startswith(b"\x89PNG")
