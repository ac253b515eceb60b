"""Everything that `make bench` measures, one function for each group of figures."""

from firmware.core.state import State
from tools.bench import tables
from tools.bench.entries import CountedFlash, Door, cost
from tools.bench.figures import AT_MOST, TIMES_LESS, Figure
from tools.bench.models import life, openings, stretch
from tools.bench.simulator import simulator
from tools.bench.stores import Appended, Renamed, Rings
from tools.bench.swarm import swarm
from tools.bench.vm import HMAC, run_on_vm
from tools.bench.wake import watched
from tools.energy import runs

APPENDED = "littlefs, appended"
RENAMED = "littlefs, renamed"
SOURCE = "not compiled"
AFTER, LIBRARY = "computed after #", "by micropython-lib's hmac after #"
KIB = 1024

_FEWER_ERASES = 40
_MOUNT_BYTES = 12 * 1024
_FASTER = 5
_TURNAROUNDS = 5
_KEYPAD_KIB, _CHECK_IN_KIB = 40, 52
_IDLE_KIB, _ENTRY_KIB, _PEAK_KIB = 112, 128, 152
_FULL = 6_000
"""Entries after which both rings have been round."""


def entry_costs(entries):
    """Erases and bytes of an accepted entry; `entries` are counted for each table of grants."""
    figures = []
    for words, packed in (
        ("1 grant", tables.one()),
        ("64 grants", tables.sixty_four()),
        ("64 grants, 128 serials", tables.most_state()),
    ):
        ours, appended, renamed = (cost(store, packed, entries) for store in (Rings, Appended, Renamed))
        group = f"An accepted entry, {words}"
        for against, other in ((APPENDED, appended), (RENAMED, renamed)):
            row = "erases" if (words, against) == ("64 grants", APPENDED) else None
            aim = (TIMES_LESS, _FEWER_ERASES) if row else None
            figures.append(Figure(group, "erases", "sectors", ours.erases_each, other.erases_each, against, aim, row))
            figures.append(Figure(group, "programmed", "bytes", ours.bytes_each, other.bytes_each, against))
    return figures


def mount_costs(counts=(10, 100, 1000), full=_FULL):
    """What a wake reads after so many entries with 64 grants; `full`: entries after which it must stay in bounds."""
    figures = []
    for entries in counts:
        ours, other = mounted(Rings, entries)[:2], mounted(Appended, entries)[:2]
        for name, unit, mine, theirs in zip(("read", "replayed"), ("bytes", "records"), ours, other, strict=True):
            figures.append(Figure(f"A mount after {entries} entries, 64 grants", name, unit, mine, theirs, APPENDED))
    read, replayed, image = mounted(Rings, full)
    other = mounted(Appended, counts[-1])[0]
    group = f"A mount after {full} entries, 64 grants: both rings full"
    against = f"{APPENDED}, {counts[-1]} entries"
    figures.append(Figure(group, "read", "bytes", read, other, against, (AT_MOST, _MOUNT_BYTES), "mount"))
    figures.append(Figure(group, "replayed", "records", replayed))
    return figures, image


def mounted(make_store, entries):
    """(bytes read, records replayed, flash and anchor) of the mount after so many entries."""
    packed = tables.sixty_four()
    flash = CountedFlash(packed)
    store = make_store(flash, packed)
    Door(store, packed).enter(entries)
    before = flash.bytes_read
    with _CountedReplay() as replay:
        store.mount()
    return flash.bytes_read - before, replay.count, flash.snapshot() + store.anchor.to_bytes(4, "little")


class _CountedReplay:
    """Counts the records that are applied to any State while it is entered."""

    def __enter__(self):
        self.count = 0
        self._apply = apply = State.apply

        def counted(state, body):
            self.count += 1
            apply(state, body)

        State.apply = counted
        return self

    def __exit__(self, *_):
        State.apply = self._apply


def memory(image):
    """Heap of the mounted journal and log on the MicroPython VM, over a partition's `image`."""
    taken = run_on_vm("memory", image, tables.sixty_four())
    group = "Heap on the 64-bit VM after a mount of full rings, 64 grants"
    return [Figure(group, name, "bytes", taken[name]) for name in ("state", "journal", "log")]


def decision():
    """From `#` to the decision without flash, on the MicroPython VM: codes computed while typing against after `#`.

    The goal leaves out the stretch of a number: it needs the digits, so every entry pays it after `#` either way.
    """
    seen = decided(64)
    group, found = "From # to the decision, 64 candidates, on the VM", []
    for way, against in (("after", AFTER), ("library", LIBRARY)):
        hmacs, times, rest = zip(seen["prepared"], seen[way], strict=True)
        rows = ("left", "decision") if way == "after" else (None, None)
        goals = ((AT_MOST, 0), (TIMES_LESS, _FASTER)) if way == "after" else (None, None)
        found += [
            Figure(group, "left to compute", "HMACs", *hmacs, against, goals[0], rows[0]),
            Figure(group, "time but for the stretch", "µs", *rest, against, goals[1], rows[1]),
            Figure(group, "time", "µs", *times, against),
        ]
    return found


def decided(codes):
    """What on_vm/decision.py says of so many candidates. Raises RuntimeError where what it is compared with is not."""
    if not (HMAC / "hmac.py").exists():
        raise RuntimeError("micropython-lib's hmac is missing: run `make hmac`")
    return run_on_vm("decision", tables.couriers(codes))


def check_in():
    """A check-in that tells ten events and takes two grants, beside one by umqtt with the same to say."""
    ours = runs.check_in(runs.TEN_UP_TWO_DOWN)
    other = runs.by_umqtt(ours.events, 2)
    group = f"A check-in over TLS, {ours.events} events, 2 commands, 50 ms each way"
    against = "umqtt by itself"
    return [
        Figure(
            group,
            "turnarounds",
            "number",
            ours.turnarounds,
            other.turnarounds,
            against,
            (AT_MOST, _TURNAROUNDS),
            "turnarounds",
        ),
        Figure(group, "to and fro", "bytes", ours.bytes, other.bytes, against),
        Figure(group, "radio on", "seconds", ours.radio_on, other.radio_on, against),
        Figure(group, "charge", "mC", ours.mc(), other.mc(), against),
    ]


def wakes():
    """What a wake loads and what heap it takes, and what loading costs compiled and as source."""
    seen = watched()
    figures = []
    for name, wake, goal, row in (
        ("by a key", seen.keypad, _KEYPAD_KIB, "keypad mpy"),
        ("for a check-in", seen.check_in, _CHECK_IN_KIB, "check-in mpy"),
    ):
        group = f"What a wake {name} loads: {len(wake.imports)} modules"
        ours, other = wake.alone(True), wake.alone(False)
        loaded, source = wake.loaded / KIB, wake.sources / KIB
        figures += [
            Figure(group, ".mpy", "KiB", loaded, source, SOURCE, (AT_MOST, goal), row),
            Figure(group, "heap", "KiB", ours[0] / KIB, other[0] / KIB, SOURCE),
            Figure(group, "time", "ms", ours[1] / 1000, other[1] / 1000, SOURCE),
        ]
    group = "Heap on the 64-bit VM, 64 grants, all that is loaded included"
    for row, size, goal in (
        ("idle", seen.idle, _IDLE_KIB),
        ("entry", seen.keypad.peak(seen.typed_us), _ENTRY_KIB),
        ("check-in", seen.check_in.peak(), _PEAK_KIB),
    ):
        figures.append(Figure(group, row, "KiB", size / KIB, goal=(AT_MOST, goal), row=row))
    return figures


def mounts():
    """What a wake reads of full journals, and the heap of what it makes of them."""
    figures, image = mount_costs()
    return figures + memory(image)


MEASURES = {
    "openings": openings,
    "decision": decision,
    "stretch": stretch,
    "entries": lambda: entry_costs(1000),
    "mounts": mounts,
    "wakes": wakes,
    "check-in": check_in,
    "life": life,
    "simulator": simulator,
    "swarm": swarm,
}
"""Name -> what measures a part, in the order of the table."""


def all_figures(names=tuple(MEASURES)):
    """Every figure of these parts."""
    return [figure for name in names for figure in MEASURES[name]()]
