"""Draws build/energy.png: months against the check-in interval, and other locks beside it."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tools.energy.battery import Cells
from tools.energy.model import Days
from tools.energy.peers import PEERS
from tools.energy.report import CALLS_ONLY, GOALS, OPENINGS

_HOURS = (1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 3, 6, 12, 24)
_TICKS = {1 / 12: "5 min", 1 / 4: "15 min", 1: "1 h", 6: "6 h", 24: "24 h", 96: "calls\nonly"}
_NEVER = 96  # where the radio that is on calls only stands
_COLOURS = ("#7a7a7a", "#2a9d8f", "#1d4e89", "#c1440e")
_MOST = 60
_SIZE = (12, 6)


def draw(file):
    """Write the picture to the path `file`."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    ours, others = figure.subplots(1, 2, width_ratios=(3, 2))
    _draw_ours(ours)
    _draw_others(others)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _draw_ours(axes):
    for count, colour in zip(OPENINGS, _COLOURS, strict=True):
        low = [Days(openings=count, check_ins=24 / hours).months() for hours in _HOURS]
        high = [Days(openings=count, check_ins=24 / hours).months(Cells(rested=True)) for hours in _HOURS]
        axes.plot(_HOURS, low, color=colour, label=f"{count} openings a day")
        axes.fill_between(_HOURS, low, high, color=colour, alpha=0.15, linewidth=0)
        alone = Days(openings=count, **CALLS_ONLY).months()
        axes.plot(_NEVER, alone, "o", color=colour, clip_on=True)
    for (_, least, _), hours in zip(GOALS, (1, _NEVER), strict=True):
        axes.plot(hours, least, marker="_", markersize=22, markeredgewidth=2, color=_COLOURS[2])
        text = f"goal at ten: {least}"
        axes.annotate(text, (hours, least), (0, 5), textcoords="offset points", ha="center", color=_COLOURS[2])
    axes.set_xscale("log")
    axes.set_xticks(list(_TICKS), list(_TICKS.values()))
    axes.minorticks_off()
    axes.set_xlim(_HOURS[0], 220)
    axes.set_ylim(0, _MOST)
    axes.set_xlabel("check-in interval")
    axes.set_ylabel("months on four AA, 21 °C")
    axes.set_title("This lock, modelled: from cells drawn without a rest to cells that recover", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")


def _draw_others(axes):
    mine = [(text, (days.months(), days.months(Cells(rested=True)))) for text, _, days in GOALS]
    rows = [(f"this lock: {text}", span, _COLOURS[2]) for text, span in mine]
    rows += [(f"{peer.name}, radio: {peer.radio}", peer.months, _COLOURS[0]) for peer in PEERS]
    for place, (text, (least, most), colour) in enumerate(reversed(rows)):
        axes.barh(place, max(most - least, 0.4), left=least, height=0.35, color=colour)
        axes.text(0.5, place + 0.28, text, fontsize=8, va="bottom")
    axes.set_yticks([])
    axes.set_ylim(-0.5, len(rows))
    axes.set_xlim(0, 40)
    axes.set_xlabel("months; of other locks, as published")
    axes.set_title("Beside other locks", fontsize=10)
    axes.grid(axis="x", alpha=0.3)
