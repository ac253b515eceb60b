"""Power cut at every flash operation of the demo day with every tear, and two cuts within one entry: the whole lock.

After each cut power returns, the same entry is typed again, then a code of earlier that day, then an unused one. Codes
open once at most, attempts and budget are as the door saw them, and the log tells what became of every code. What is
promised in detail stands in `witness.py` and in `power_cuts.Day.recover`. A failure names the visit by the line with
which it begins in the demo day, and the cuts (operation, tear, seed): `Day.replay` lives through them again.
"""

import shutil
from dataclasses import replace

import pytest

from firmware.core.state import State
from firmware.store.audit import RELOCKED, Audit
from firmware.store.journal import Journal
from host_sim.devices import FlashDevice, Namespace
from host_sim.runtime import RUNTIMES
from host_sim.runtime.image import PROJECT
from host_sim.world.flash import NorFlash
from host_sim.world.nvs import Nvs
from tests.host.power_cuts import Day, explained
from tests.host.witness import Life, Moment

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
PARTS = 5
OPENS, REFUSED, GUESSES = 34, 24, 121
"""Lines of the day with which visits begin: a courier's code opens, a used one is refused, a stranger guesses."""
FIRST_TEARS = {"cpython": ("none", "seven", "all", "bits"), "micropython": ("seven", "all")}
"""Tears of the first of two cuts; under the VM a cut and its recovery take twice as long."""
OTHERS = {"cpython": 1, "micropython": 3}
"""In one of how many replays a code of earlier that day is tried again, too."""
FULL = [(runtime, 0, 1) for runtime in RUNTIMES] + [("cpython", 2, 0)]
"""Runtime, and slots left in the sectors of journal and log: which record of an opening makes them rotate."""

_SECTOR, _SLOT = 4096, 32
_JOURNAL, _LOG = 0, 16  # sectors with which the rings begin
_NOTES = 2  # slots at the end of a sector that a rotation keeps for itself


@pytest.fixture(scope="module")
def days():
    """The demo day by runtime, played when first asked for."""
    played = {}

    def day(runtime):
        if runtime not in played:
            played[runtime] = Day(runtime)
        return played[runtime]

    yield day
    for each in played.values():
        each.lock.close()


def nearly_full(moment, issuer, journal_free, log_free):
    """The Moment with so many slots left in the sectors to which journal and log are writing."""
    flash = NorFlash(len(moment.snapshot.flash))
    flash.load(moment.snapshot.flash)
    device = FlashDevice(flash)
    state, nvs = State(issuer.grants), Nvs()
    nvs.load(moment.snapshot.nvs)
    journal = Journal(device, state, issuer.journal_id, issuer.mac, Namespace(nvs, "dropbolt"))
    log = Audit(device, issuer.journal_id)
    journal.mount()
    log.mount()
    while _free(flash, _JOURNAL) > journal_free:
        journal.write(state.clock(state.credit, state.ref, state.floor, state.boots))
    while _free(flash, _LOG) > log_free:
        log.append(RELOCKED)
    return Moment(replace(moment.snapshot, flash=flash.snapshot()), moment.witness)


def _free(flash, sector):
    slots = [flash.read(sector * _SECTOR + slot, _SLOT) for slot in range(0, _SECTOR, _SLOT)]
    return slots.count(b"\xff" * _SLOT) - _NOTES


def rotations(day, moment, happens):
    """How many sectors are begun when nothing is cut."""
    life = Life(day.lock, moment)
    happens(life)
    return sum(happening.text.endswith("begins") for happening in day.lock.trace if happening.kind == "flash")


@BOTH
@pytest.mark.parametrize("part", range(PARTS))
def test_one_cut_at_every_operation_of_the_day(days, runtime, part):
    day = days(runtime)
    day.kept = 0
    assert sum(visit.ops for visit in day.visits) > 80
    for visit in day.visits[part::PARTS]:
        day.retried.clear()
        with explained(f"the begin of the visit in line {visit.number}"):
            operations, replays = day.one_cut(visit.begun, day.visit(visit), OTHERS[runtime])
        assert operations >= visit.ops
        assert replays > 8 * operations
        assert day.retried >= set(visit.begun.witness.typed), "a code typed before was never tried again"
    assert day.kept, "the power was never cut while NVS was written"


@BOTH
def test_batteries_fall_out_while_the_bolt_moves(days, runtime):
    day = days(runtime)
    begun = day[OPENS].begun
    bolt = set()
    for ms in (*range(0, 800, 40), *range(5600, 6400, 80)):
        dark = day.cut_after(begun, ms / 1000)
        bolt.add(round(dark.snapshot.bolt, 1))
        with explained(f"{ms} ms from `#`"):
            day.recover(dark)
    assert bolt == {n / 10 for n in range(11)}


@BOTH
@pytest.mark.parametrize("line", [OPENS, REFUSED])
def test_two_cuts_within_one_entry(days, runtime, line):
    day = days(runtime)
    visit = day[line]
    tears = FIRST_TEARS[runtime]
    pairs, replays = day.two_cuts(visit.begun, day.visit(visit), tears)
    assert pairs >= 3 * visit.ops
    assert replays >= len(tears) * pairs // 2


@pytest.mark.parametrize(("runtime", "journal_free", "log_free"), FULL)
def test_a_cut_while_journal_and_log_rotate(days, runtime, journal_free, log_free):
    day = days(runtime)
    visit = day[OPENS]
    begun = nearly_full(visit.begun, day.issuer, journal_free, log_free)
    assert rotations(day, begun, day.visit(visit)) == 2
    operations, replays = day.one_cut(begun, day.visit(visit), OTHERS[runtime])
    assert operations > visit.ops + 10
    assert replays > 8 * operations


# The same checks must be able to fail: firmware that is broken on purpose.

ATTEMPT, VISITOR, ASSEMBLY = "firmware/attempt.py", "firmware/visitor.py", "firmware/assembly.py"
JOURNAL = "firmware/store/journal.py"
RING, REPLAY, SECTORS = "firmware/store/ring.py", "firmware/store/replay.py", "firmware/store/sectors.py"
BROKEN = {
    "burn after the bolt": (
        ATTEMPT,
        [
            ("for at in range(0, len(burns), 2):", "self._burns = burns\n        for at in ():"),
            (
                "        self.pending = False\n        body =",
                "        if self.pending:\n"
                "            self._journal.write(self._state.burn(self._length, self._level, self._burns))\n"
                "        self.pending = False\n        body =",
            ),
        ],
        "opened twice",
    ),
    "attempt not in flash": (
        ATTEMPT,
        [("self._journal.write(self._state.attempt(", "self._state.apply(self._state.attempt(")],
        "before it was in flash",
    ),
    "bucket always full": (
        ATTEMPT,
        [("self._state.attempt(length, self._level,", "self._state.attempt(length, 288000,")],
        "in the bucket of 9 digits",
    ),
    "outcome before the bolt": (
        ATTEMPT,
        [("            self.pending = True\n", "            self.finish(OPENED)\n            self.pending = True\n")],
        "the log tells of",
    ),
    "outcome before the log": (
        VISITOR,
        [
            (
                "self.answer(decision, now, attempts.details)\n        self._finish(decision)\n",
                "self._finish(decision)\n        self.answer(decision, now, attempts.details)\n",
            )
        ],
        "the log tells of",
    ),
    "cut not told": (
        ASSEMBLY,
        [("            self.logbook.event(log.CUT, 0, grant_id, grants.issuer(i) if i >= 0 else 0)\n", "")],
        "burnt without outcome",
    ),
    "torn tail programmed over": (
        REPLAY,
        [
            ("                last = slot\n", ""),
            ("if not accepts(seed, body, mac):\n", "last = slot\n                if not accepts(seed, body, mac):\n"),
        ],
        "sets bits",
    ),
    "checksum ignored": (SECTORS, [("crc32(seed)) == _WHOLE", "crc32(seed)) == _WHOLE or True")], "is owner"),
    "anchor raised before the record": (
        JOURNAL,
        [
            ("        mac = self._ring.append(body)\n", "        mac = bytes(2)\n"),
            (
                "            self._ring.mark = name_after(self._ring.mark, mac)\n            self._set_anchor()\n",
                "            self._ring.mark = name_after(self._ring.mark, mac)\n            self._set_anchor()\n"
                "        self._ring.append(body)\n",
            ),
        ],
        "reverted",
    ),
    "anchor raised after the bolt": (
        JOURNAL,
        [
            (
                "            self._ring.mark = name_after(self._ring.mark, mac)\n            self._set_anchor()\n",
                "            self._ring.mark = name_after(self._ring.mark, mac)\n            self._behind = True\n",
            )
        ],
        "earlier journal",
    ),
    "header before what it stands for": (
        RING,
        [
            (
                "        for body in self._carry():\n",
                "        sectors.program_header(sector, 0, sequence, self.journal_id, self.mark)\n"
                "        for body in self._carry():\n",
            ),
            ("        sectors.program_header(sector, slot - 1, sequence, self.journal_id, self.mark)\n", ""),
        ],
        "0 attempts in flash",
    ),
}


def broken_copy(folder, file, replacements):
    """The lock's firmware in `folder`, with one file changed."""
    shutil.copytree(PROJECT / "firmware", folder / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("boot.py", "main.py"):
        shutil.copy(PROJECT / name, folder)
    text = (folder / file).read_text(encoding="utf-8")
    for old, new in replacements:
        assert text.count(old) == 1, f"{file} has changed: nothing there to break"
        text = text.replace(old, new)
    (folder / file).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", list(BROKEN))
def test_broken_firmware_is_caught(tmp_path, name):
    file, replacements, complaint = BROKEN[name]
    line = GUESSES if name == "bucket always full" else OPENS
    with Day("cpython", broken_copy(tmp_path, file, replacements), until=line) as day:
        visit = day[line]
        begun = nearly_full(visit.begun, day.issuer, 1, 1) if name.startswith("header") else visit.begun
        with pytest.raises(AssertionError, match=complaint) as caught:
            day.one_cut(begun, day.visit(visit))
    assert "\nafter cuts=[(" in str(caught.value)
