"""The power-loss harness must be able to fail: bugs seeded in the lock, and the mode and check that catch each.

A seed replaces text in the source of methods while the test runs. `SEEDS` names a mode that catches it, the cheapest
one, and the check; the cuts that the failure tells must replay it.
"""

import inspect
import textwrap

import powerloss
import pytest
from nor import TEARS
from plan import PHASES, SMALL

from firmware.attempt import Attempts
from firmware.core.burns import Burns
from firmware.core.state import State
from firmware.store.audit import Audit
from firmware.store.journal import Journal
from firmware.store.ring import Ring
from firmware.store.sectors import Sectors


def each_tear(mode):
    return lambda shape, tally: [mode(shape, tear, tally) for tear in TEARS]


MODES = {
    "none": lambda shape, tally: powerloss.none(shape),
    "linear": each_tear(powerloss.linear),
    "doubling": each_tear(powerloss.doubling),
    "silent": powerloss.silent,
    "one cut": lambda shape, tally: powerloss.exhaustive(shape, (len(TEARS),), tally),
}

HEADER = "    sectors.program_header(sector, slot - 1, sequence, self.journal_id, self.mark)\n"
START = "    self._start(self._prepared, self._sequence + 1)\n"
BURN = "self._journal.write(self._state.burn"
ATTEMPT = "self._journal.write(self._state.attempt"
RECORD = "    mac = self._ring.append(body)\n"
ANCHOR = "name_after(self._ring.mark, mac)\n        self._set_anchor()\n"

# name: (mode, check, method, its class, then pairs of a text and its replacement, or further methods)
SEEDS = {
    "no CRC": ("linear", "log", [(Sectors, "valid", [("return crc32", "return True or crc32")])]),
    "torn slot programmed over": (
        "linear",
        "nor",
        [
            (
                Ring,
                "_replay",
                [
                    ("last = slot\n", "pass\n"),
                    (
                        "if not accepts(seed, body, mac):\n",
                        "last = slot\n            if not accepts(seed, body, mac):\n",
                    ),
                ],
            )
        ],
    ),
    "header written first": (
        "linear",
        "picture",
        [
            (
                Ring,
                "_start",
                [(HEADER, ""), ("    for body in", HEADER.replace("slot - 1", "0") + "    for body in")],
            )
        ],
    ),
    "old sector erased before its copy counts": (
        "linear",
        "mount",
        [(Ring, "_rotate", [(START, "    if sectors._ring_id == 1: sectors.erase(old)\n" + START)])],
    ),
    "rotation not announced": (
        "one cut",
        "nor",
        [
            (
                Ring,
                "_rotate",
                [("if not self._announced:", "if False:"), ("or not sectors.is_blank(self._prepared)", "")],
            )
        ],
    ),
    "sector erased ahead trusted though dirty": (
        "one cut",
        "nor",
        [
            (Ring, "_replay", [("self._announced, self._prepared = True, -1", "self._announced = True")]),
            (Ring, "_rotate", [("or not sectors.is_blank(self._prepared)", "")]),
        ],
    ),
    "erase not checked": (
        "silent",
        "nor",
        [
            (Sectors, "erase", [("and self.is_blank(sector)", "")]),
            (Ring, "_rotate", [("or not sectors.is_blank(self._prepared)", "")]),
        ],
    ),
    "sector left before the next one counts": (
        "linear",
        "mount",
        [(Ring, "_rotate", [("    self._leave(old)\n", ""), (START, "    self._leave(old)\n" + START)])],
    ),
    "key of a left sector kept": (
        "none",
        "keys",
        [(Ring, "_leave", [("_KEY_SLOT, self", "self._sectors.slots - 1, self")])],
    ),
    "read-back left out": ("silent", "log", [(Sectors, "_program", [("self._back != data", "False")])]),
    "attempt in RAM only": (
        "none",
        "budget",
        [(Attempts, "_count", [(ATTEMPT, ATTEMPT.replace("_journal.write", "_state.apply"))])],
    ),
    "burn in RAM only": (
        "none",
        "burn",
        [(Attempts, "_spend", [(BURN, BURN.replace("_journal.write", "_state.apply"))])],
    ),
    "burn after bolt": (
        "linear",
        "burn",
        [
            (
                Attempts,
                "_spend",
                [("for at in range(0, len(burns), 2):", "self._burns = burns\n    for at in ():")],
            ),
            (
                Attempts,
                "finish",
                [
                    (
                        "    self.pending = False\n",
                        "    if self.pending:\n"
                        f"        {BURN}(self._length, self._level, self._burns))\n"
                        "    self.pending = False\n",
                    )
                ],
            ),
        ],
    ),
    "attempts not counted": (
        "none",
        "attempts",
        [(State, "attempt", [("self.attempts + 1", "max(1, self.attempts)")])],
    ),
    "attempts not carried forward": ("linear", "attempts", [(State, "clock", [("self.attempts,", "0,")])]),
    "budget not carried forward": ("linear", "budget", [(State, "_bucket_items", [("range(1, _LENGTHS)", "()")])]),
    "no token back": ("none", "budget", [(Attempts, "_decide", [("if self.known:", "if False:")])]),
    "burns not carried forward": ("none", "burn", [(State, "snapshot", [("    yield from self.bodies()\n", "")])]),
    "bitmap not carried forward": (
        "linear",
        "burn",
        [(Burns, "_items", [("self._tops[at + k], self._maps[at + k]", "self._tops[at + k], 0")])],
    ),
    "pending burn not carried forward": ("one cut", "cut", [(State, "snapshot", [("yield self._burn", "return")])]),
    "anchor not compared": ("none", "anchor", [(Journal, "mount", [("raise StorageError(REVERTED)", "pass")])]),
    "anchor raised before the record": (
        "linear",
        "mount",
        [(Journal, "write", [(RECORD, "    mac = bytes(2)\n"), (ANCHOR, ANCHOR + RECORD)])],
    ),
    "anchor raised after the bolt": (
        "none",
        "anchor",
        [(Journal, "write", [("body[0] in _FINAL", "body[0] == BURN + 1")])],
    ),
    "anchor left behind by a cut": ("linear", "mount", [(Journal, "write", [("if self._behind:", "if False:")])]),
    "anchor not raised by a burn": ("none", "anchor", [(Journal, "write", [("body[0] in _FINAL", "body[0] < BURN")])]),
    "event numbers not kept": ("linear", "log", [(Audit, "_remember", [("self._ring.mark,", "self._mark,")])]),
}


def seed(monkeypatch, owner, method, replacements):
    """Replace text in the source of a method."""
    function = getattr(owner, method)
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in replacements:
        assert source.count(old) == 1, f"{method} has changed: nothing there to break"
        source = source.replace(old, new)
    made = {}
    exec(source, function.__globals__, made)
    monkeypatch.setattr(owner, method, made[method])


def caught(mode, check):
    """What that check of the mode catches, in the first phase of the journal in which it does."""
    others = set()
    for later in PHASES:
        try:
            MODES[mode](SMALL.later(later), powerloss.Tally())
        except powerloss.Caught as what:
            if what.check == check:
                return what
            others.add(what.check)
    pytest.fail(f"caught by {others}, not by {check}")


@pytest.mark.parametrize("name", list(SEEDS))
def test_a_seeded_bug_is_caught(monkeypatch, name):
    mode, check, seeds = SEEDS[name]
    for each in seeds:
        seed(monkeypatch, *each)
    what = caught(mode, check)
    with pytest.raises(powerloss.Caught) as again:
        powerloss.replay(what.shape, what.cuts)
    assert again.value.check == check
    monkeypatch.undo()
    powerloss.replay(what.shape, what.cuts)
