"""The field guide is complete: every reason, fault and function of the firmware stands there, and says the same."""

import re
from types import SimpleNamespace

from firmware import menu
from firmware.answers import ANSWERS
from firmware.clock import drift
from firmware.config import Closed
from firmware.core.words import DECISIONS, OWNER, SERVICE
from firmware.drivers.signals import PATTERNS
from firmware.logbook import FAULTS
from host_sim.lock import Lock, LockConfig
from host_sim.runtime.image import PROJECT
from tests.both.rhythms import word
from tools.courier import ROWS

GUIDE = (PROJECT / "docs/field-guide.md").read_text(encoding="utf-8")
SAYS = {row.name: row.says for row in ROWS}


def table(heading):
    """The cells of each row of the first table under a heading."""
    section = GUIDE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[1:]]


def words(cell):
    return re.findall(r"`([^`]*)`", cell)


def test_every_decision_has_its_row_and_the_answer_that_the_lock_gives():
    told = {words(row[0])[0]: row[1] for row in table("Refusals")}
    assert told == {DECISIONS[decision]: SAYS[answer] for decision, answer in ANSWERS.items()}


def test_every_fault_has_its_row():
    named = [word for row in table("Faults") for word in words(row[0])]
    assert sorted(named) == sorted(FAULTS[1:])


class Served:
    """A menu's session and its service, in which every function succeeds."""

    def __init__(self, *_):
        self.signals = self

    def __getattr__(self, name):
        return lambda *_: PATTERNS["accepted"]

    def begin(self, steps, now):
        self.known = steps != PATTERNS["wrong"]


def functions(permissions):
    """Every number that the menu takes for a function, after a code with these permissions."""
    served, found = Served(), set()
    for n in range(1000):
        open_menu = menu.Menu(None, served, SimpleNamespace(permissions=permissions))
        open_menu.enter(str(n).encode(), len(str(n)), 0)
        if served.known:
            found.add(n)
    return found


def test_the_card_has_every_function_and_whose_it_is(monkeypatch):
    monkeypatch.setattr(menu, "Service", Served)
    rows = [(words(row[0])[0], row[2]) for row in table("The card")]
    card = {int(keys.rstrip("#")): needs for keys, needs in rows if keys != "*"}
    assert set(card) == functions(OWNER)
    assert {n for n, needs in card.items() if needs != "owner"} == functions(SERVICE)


def test_its_answers_are_shown_as_they_are():
    shown = dict(re.findall(r"\*\*([^*]+)\*\* \(`([.\- ]+)`\)", GUIDE))
    says = {row.says: word(PATTERNS[row.name]) for row in ROWS} | {"Right": word(PATTERNS["accepted"])}
    assert len(shown) == 3
    for name, light in shown.items():
        assert light.replace(" ", "").replace(".", "s").replace("-", "L") == says[name]


def test_the_figures_are_those_of_the_firmware():
    low, least = (f"{mv / 1000:.1f} V" for mv in (Closed.battery_low_mv, Closed.battery_min_mv))
    assert f"Below {low} the log says `battery`" in GUIDE and f"below {least} nobody gets in" in GUIDE
    assert "Below 48 change them, below 44 the motor stays off" in GUIDE
    seconds = next(n for n in range(1, 10**6) if drift((0, 0), n) > drift((0, 0), 0))
    assert f"second in {round(seconds / 3600)} hours" in GUIDE


def test_two_digits_cost_nothing_and_tell_a_lock_that_serves_from_one_that_has_a_fault():
    with Lock(config=LockConfig(grants=[{"label": "lobby", "kind": "event", "digits": 8, "check": True}])) as lock:
        for damaged in (False, True):
            if damaged:
                lock.damage_sector(0)
            lock.wake()
            lock.type("12#")
            lock.wait(3)
            assert lock.answer == ("owner" if damaged else "wrong")
            lock.run_until(lambda: not lock.awake, 60)
        assert [event["kind"] for event in lock.log()] == ["boot", "entry", "fault", "entry"]
        assert {event["attempt"] for event in lock.log()} == {0}
