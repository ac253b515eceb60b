"""Some days of a busy door beside the model of `make soak`, and bugs that such days must find."""

import pytest

from host_sim.runtime import RUNTIMES
from tests.host.soak.plan import RATES, plan
from tests.host.soak.run import SoakFailure, live, shortened

DAYS = 5
SEEDED = {
    "a code of an interval is not burnt": (
        "firmware/attempt.py",
        "for at in range(0, len(burns), 2):",
        "for at in range(0, len(burns) if self._config.grants.kind(self._grant) != 1 else 0, 2):",
        "spent",
    ),
    "what was gathered is never logged": (
        "firmware/logbook.py",
        "self._write(ENTRY, decision, 0, count, 0, 0, 0)",
        "pass",
        "the log tells",
    ),
    "every guess comes back": (
        "firmware/attempt.py",
        "self.known = self._grant >= 0 and not self.waits",
        "self.known = True",
        "more than the budget has",
    ),
}
"""name: (file, what stands there, what is put there, what the failure says)."""


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_some_days_of_a_busy_door(runtime):
    report = live(7, plan(7, DAYS), runtime)
    assert report.entries > 10 * DAYS and report.check_ins > 20 * DAYS
    assert report.kinds["audit"] == 1


def seed_bug(root, name):
    """Put a bug of SEEDED into the copy; returns what the failure says."""
    file, old, new, said = SEEDED[name]
    text = (root / file).read_text()
    assert old in text, f"{file} has changed: nothing there to break"
    (root / file).write_text(text.replace(old, new, 1))
    return said


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_bug_is_found(root, name):
    with pytest.raises(SoakFailure, match=seed_bug(root, name)):
        live(1, plan(1, 6), root=root)


def test_a_failure_is_made_short(root):
    said, steps = seed_bug(root, "a code of an interval is not burnt"), plan(2, 1)
    with pytest.raises(SoakFailure, match=said) as caught:
        live(2, steps, root=root)
    least = shortened(2, steps, caught.value, root=root)
    assert len(least) == 2
    with pytest.raises(SoakFailure, match=said):
        live(2, least, root=root)


def test_a_plan_is_the_same_for_the_same_seed_and_knows_every_kind():
    steps = plan(3, 365)
    assert steps == plan(3, 365) != plan(4, 365)
    assert {step.kind for step in steps} == {*RATES, "audit"}
    assert steps == sorted(steps, key=lambda step: step.at)
