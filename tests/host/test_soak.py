"""Some days of a busy door beside the model of `make soak`, and bugs that such days must find."""

import pytest

from host_sim.runtime import RUNTIMES
from tests.host.soak.plan import RATES, plan
from tests.host.soak.run import SoakFailure, live, shortened

DAYS = 5
MUTANT_DAYS, MUTANT_SEED = 6, 2
ATTEMPT, COMMANDS, CHANGES = "firmware/attempt.py", "firmware/net/commands.py", "firmware/changes.py"
SEEDED = {
    "a code of an interval is not burnt": (
        ATTEMPT,
        "for at in range(0, len(burns), 2):",
        "for at in range(0, len(burns) if self._config.grants.kind(self._grant) != 1 else 0, 2):",
        "guest",
        "spent",
    ),
    "what was gathered is never logged": (
        "firmware/logbook.py",
        "self._write(ENTRY, decision, 0, count, 0, 0, 0)",
        "pass",
        "stranger",
        "the log tells",
    ),
    "every guess comes back": (
        ATTEMPT,
        "self.known = self._grant >= 0 and not self.waits",
        "self.known = True",
        "stranger",
        "more than the budget has",
    ),
    "an order to open counts at any check-in": (
        COMMANDS,
        "if nonce != self._nonce:",
        "if not nonce:",
        "order",
        "ended as done",
    ),
    "whoever has a key may order anything": (
        "firmware/net/orders.py",
        "if not permissions or not allowed:",
        "if not permissions:",
        "order",
        "ended as",
    ),
    "what the broker repeats is done again": (
        COMMANDS,
        "mark[2] <= self._actions.last(*mark[:2])",
        "not mark",
        "order",
        "a second time",
    ),
    "a revoked grant is kept as it was": (
        CHANGES,
        "lambda fields, table, t: Grants(table).revoke(i)",
        "lambda fields, table, t: None",
        "order courier",
        "opened, and may not",
    ),
    "a yes is for whichever entry waits": (
        ATTEMPT,
        "if self.pending or nonce is None or nonce != self.nonce(now):",
        "if self.pending or nonce is None or not self.first:",
        "in_home",
        "opened, and may not",
    ),
    "a first part opens alone": (
        "firmware/core/policy.py",
        "if self._grants.second(i):",
        "if not self._grants:",
        "pair",
        "alone opened",
    ),
    "nobody hears of duress": (
        ATTEMPT,
        "detail |= UNDER_DURESS",
        "detail |= 0",
        "alarm",
        "under duress",
    ),
    "who lets go of the bolt is not obeyed": (
        "firmware/door.py",
        "        self._held_until = 0\n        self._since = now - self._relock_ms\n",
        "        self._since = now\n",
        "hold",
        "still held open",
    ),
    "what a revoked code holds open stays open": (
        "firmware/assembly.py",
        "if door.held(now):",
        "if not door:",
        "ended",
        "still held open",
    ),
    "a slip of the finger is a guess": (
        ATTEMPT,
        "if mistyped(grants, digits, length):",
        "if not length:",
        "slip",
        "a slip",
    ),
    "an issuer who is revoked at the keypad commands on": (
        "firmware/service.py",
        'gone = [row for row in fields["issuers"] if row[0] == issuer] if function == 82 else ()',
        "gone = ()",
        "menu order",
        "ended as",
    ),
    "a clock that does not answer keeps everybody out": (
        "firmware/clock.py",
        "except ClockError:",
        "except NotImplementedError:",
        "bus courier",
        "must open",
    ),
    "a sector that does not erase keeps everybody out": (
        "firmware/store/ring.py",
        "_TRIES = const(3)",
        "_TRIES = const(1)",
        "sector courier guest",
        "the log ends at 0",
    ),
    "what the flash has not taken is as good as kept": (
        "firmware/store/sectors.py",
        "            raise StorageError(PROGRAM)\n        self._read(sector, slot * SLOT_SIZE, self._back)\n"
        "        if self._back != data:\n            raise StorageError(PROGRAM)\n",
        "            pass\n",
        "chip",
        "takes no orders",
    ),
    "a change for which there is no room is told as done": (
        "firmware/store/vault.py",
        "            self._sweep(current)\n            raise VaultError(FULL)\n",
        "            self._sweep(current)\n            return\n",
        "full courier",
        "must open",
    ),
    "nonsense of a broker breaks a check-in": (
        "firmware/net/mqtt.py",
        "except (AssertionError, IndexError, TypeError, ValueError, MemoryError, OSError):",
        "except MemoryError:",
        "garble",
        "a check-in that broke",
    ),
    "a slow broker keeps the lock awake": (
        "firmware/net/link.py",
        "return self._now() >= self.deadline",
        "return not self.deadline",
        "slow",
        "mC in",
    ),
}
"""name: (file, what stands there, what is put there, the steps that are played more often, what the failure says)."""


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_some_days_of_a_busy_door(runtime):
    report = live(7, plan(7, DAYS), runtime)
    assert report.entries > 10 * DAYS and report.check_ins > 20 * DAYS
    assert report.kinds["audit"] == 1


def seed_bug(root, name):
    """Put a bug of SEEDED into the copy; returns what the failure says."""
    file, old, new, _, said = SEEDED[name]
    text = (root / file).read_text()
    assert old in text, f"{file} has changed: nothing there to break"
    (root / file).write_text(text.replace(old, new))
    return said


def rates(name):
    """Which kinds of step a bug of SEEDED is looked for with, and how often a day each comes."""
    often = SEEDED[name][3].split()
    return dict.fromkeys(often, 8.0) if often else RATES


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_bug_is_found(root, name):
    with pytest.raises(SoakFailure, match=seed_bug(root, name)):
        live(MUTANT_SEED, plan(MUTANT_SEED, MUTANT_DAYS, rates(name)), root=root)


def test_a_failure_is_made_short(root):
    name = "a code of an interval is not burnt"
    said, steps = seed_bug(root, name), plan(2, 1, rates(name))
    with pytest.raises(SoakFailure, match=said) as caught:
        live(2, steps, root=root)
    least = shortened(2, steps, caught.value, root=root)
    assert len(least) == 2
    with pytest.raises(SoakFailure, match=said):
        live(2, least, root=root)


def test_a_plan_is_the_same_for_the_same_seed_and_knows_every_kind():
    steps = plan(3, 3650)
    assert steps == plan(3, 3650) != plan(4, 3650)
    assert {step.kind for step in steps} == {*RATES, "audit"}
    assert steps == sorted(steps, key=lambda step: step.at)
