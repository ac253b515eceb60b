"""The pictures of `make bench`: a curve of ours beside one of each thing that it is compared with."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tools.bench import tables
from tools.bench.entries import CountedFlash, Door
from tools.bench.measures import AFTER, APPENDED, LIBRARY, RENAMED, decided, mounted
from tools.bench.models import with_umqtt
from tools.bench.stores import Appended, Renamed, Rings
from tools.bench.wake import watched
from tools.energy import runs
from tools.energy.model import Days

_OURS, _OTHERS = "#1d4e89", ("#c1440e", "#7a7a7a")
_SIZE = (7, 4.5)
_CODES = (4, 8, 16, 32, 64)
_ENTRIES = (1, 3, 10, 30, 100, 300, 1000)
_TELL = ((0, 0), (1, 0), (2, 1), (3, 1), (5, 2))
"""Openings and refusals before a check-in."""
_HOURS = (1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 6, 24)
_HOUR_TICKS = {1 / 12: "5 min", 1 / 4: "15 min", 1: "1 h", 6: "6 h", 24: "24 h"}
_MODULES = 24
"""The biggest of them, before the rest in one bar."""


def draw(folder):
    """Write bench-*.png into the folder, a Path; some minutes."""
    for name, picture in PICTURES.items():
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasAgg(figure)
        picture(figure.subplots())
        figure.savefig(folder / f"bench-{name}.png", dpi=120)


def _curves(axes, x, ours, others, along, up, title):
    """`others`: (what it is, values) each."""
    for colour, (label, values) in zip(_OTHERS, others, strict=False):
        axes.plot(x, values, "o-", color=colour, label=label)
    axes.plot(x, ours, "o-", color=_OURS, linewidth=2, label="this lock")
    axes.set_xlabel(along)
    axes.set_ylabel(up)
    axes.set_title(title, fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend()


def _decision(axes):
    seen = [decided(codes) for codes in _CODES]
    times = {way: [each[way][2] for each in seen] for way in ("prepared", "after", "library")}
    others = ((AFTER, times["after"]), (LIBRARY, times["library"]))
    title = "From # to the decision on this machine's MicroPython VM, but for the stretch"
    _curves(axes, _CODES, times["prepared"], others, "candidates", "µs", title)
    axes.set_yscale("log")


def _erases(axes):
    ours, *others = (_erased(store) for store in (Rings, Appended, Renamed))
    others = zip((APPENDED, RENAMED), others, strict=True)
    _curves(axes, _ENTRIES, ours, others, "accepted entries, 64 grants", "sector erases", "Erases of the flash")
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(0)


def _erased(store):
    """Sector erases after each of _ENTRIES."""
    packed = tables.sixty_four()
    flash = CountedFlash(packed)
    door, counts, done = Door(store(flash, packed), packed), [], 0
    before = flash.erased
    for entries in _ENTRIES:
        door.enter(entries - done)
        done = entries
        counts.append(flash.erased - before)
    return counts


def _mount(axes):
    ours, other = ([mounted(store, entries)[0] / 1024 for entries in _ENTRIES] for store in (Rings, Appended))
    records = [4 * entries for entries in _ENTRIES]
    title = "What a wake reads before it knows its state, 64 grants"
    _curves(axes, records, ours, ((APPENDED, other),), "records written", "KiB read", title)
    axes.axhline(12, color=_OURS, linestyle=":")
    axes.annotate("goal: 12", (records[0], 12), (0, 4), textcoords="offset points", color=_OURS)
    axes.set_xscale("log")
    axes.set_yscale("log")


def _turnarounds(axes):
    ours = [runs.check_in(runs.CheckIn(openings=some, refusals=few)) for some, few in _TELL]
    others = [runs.by_umqtt(each.events, 0).turnarounds for each in ours]
    title = "Turnarounds of a check-in after TCP and TLS"
    told = [each.events for each in ours]
    _curves(axes, told, [each.turnarounds for each in ours], (("umqtt.simple by itself", others),), "events told",
            "turnarounds", title)  # fmt: skip
    axes.set_ylim(0)


def _heap(axes):
    seen = watched()
    modules = sorted((module.heap, module.name) for module in seen.keypad.by_module())
    linked = sum(module.heap for module in seen.keypad.imports)
    rest, shown = modules[:-_MODULES], modules[-_MODULES:]
    bars = [(f"{len(rest)} other modules", sum(size for size, _ in rest))]
    bars += [(name.removeprefix("firmware."), size) for size, name in shown]
    _bars(axes, bars, _OTHERS[1], f"code, each module by itself: {sum(size for size, _ in modules) / 1024:.0f}")
    ours = [(f"linked: {module.name}", module.heap) for module in seen.keypad.imports]
    ours.append(("held when idle", seen.idle - linked))
    _bars(axes, ours, _OURS, f"code as linked, and what is held: {seen.idle / 1024:.0f}")
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xlabel("KiB")
    axes.set_title("Heap of a keypad wake, 64-bit VM, 64 grants", fontsize=10)
    axes.legend()
    axes.grid(axis="x", alpha=0.3)


def _bars(axes, bars, colour, label):
    names, sizes = zip(*bars, strict=True)
    axes.barh(names, [size / 1024 for size in sizes], color=colour, label=label)


def _life(axes):
    habits = [Days(check_ins=24 / hours) for hours in _HOURS]
    ours, other = ([days.months() for days in each] for each in (habits, map(with_umqtt, habits)))
    title = "Modelled life on four AA, ten openings a day"
    _curves(axes, _HOURS, ours, (("check-ins by umqtt.simple by itself", other),), "check-in interval", "months", title)
    axes.set_xscale("log")
    axes.set_xticks(list(_HOUR_TICKS), list(_HOUR_TICKS.values()))
    axes.minorticks_off()
    axes.set_ylim(0)


PICTURES = {
    "decision": _decision,
    "erases": _erases,
    "mount": _mount,
    "turnarounds": _turnarounds,
    "heap": _heap,
    "life": _life,
}
"""Name of the file -> what draws into its axes."""
