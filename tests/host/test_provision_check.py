"""The guided self-test against a simulated door: what is whole passes, and what is broken is told with its cure."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from firmware.drivers.keypad import KEYS
from host_sim.lock import Lock
from tests.host.cabled import Cabled, installed
from tests.host.owners import CONFIG, record
from tests.host.prompted import Prompt
from tools.image import release
from tools.provision.check import FAILED, PASSED, SKIPPED, check
from tools.provision.lock import Lock as AtPrompt
from tools.provision.lock import connected

PARTS = ["clock", "flash", "batteries", "LED and buzzer", "keypad", "door", "bolt"]


def act(world, text, keys=KEYS):
    """Have done in `world` what the screen asks for in `text`, while the lock looks."""
    timeline = world.timeline
    if text.startswith("press every key"):
        for place, key in enumerate(keys):
            at = timeline.now_us + 300_000 * (place + 1)
            timeline.at(at, lambda key=key: world.keys.press(key))
            timeline.at(at + 90_000, lambda key=key: world.keys.release(key))
    elif "door" in text:
        timeline.at(timeline.now_us + 2_000_000, world.door.open if text.startswith("open") else world.door.close)


class Person:
    """Does at the simulated lock what the screen says, and answers yes. asked, told: what the screen said.

    keys: those that they press. door: whether they move it. says: answer to a question that has this in it.
    """

    def __init__(self, lock):
        self.world = lock.world
        self.keys, self.door, self.says = KEYS, True, {"Go on": False, "Once more": False}
        self.asked, self.told = [], []

    def tell(self, line):
        self.told.append(line)

    def ask(self, question):
        self.asked.append(question)
        return next((answer for words, answer in self.says.items() if words in question), True)

    @contextmanager
    def waiting(self, text):
        self.told.append(text)
        if self.door or "door" not in text:
            act(self.world, text, self.keys)
        yield SimpleNamespace(update=self.told.append)


@pytest.fixture
def lock():
    with Lock() as made:
        made.wait(20)
        yield made


@pytest.fixture
def person(lock):
    return Person(lock)


def tried(lock, person, config=CONFIG):
    """The Results, by part."""
    board = AtPrompt(Prompt(lock), "port")
    board.check("fw-000000000000")
    return {result.part: result for result in check(board, record(config=config), person)}


def test_a_sound_lock_passes(lock, person):
    results = tried(lock, person)
    assert list(results) == PARTS
    assert {result.state for result in results.values()} == {PASSED}, results
    assert (lock.door_state, lock.bolt) == ("open", "unlocked")
    lock.wait(0)
    assert "accepted" in [name for _, name in lock.answers]
    assert any("open the door" in line for line in person.told)


def one(lock, person, part, state=FAILED):
    """What was seen of a part that did not pass, and what to do; all others did."""
    results = tried(lock, person)
    assert {name for name, result in results.items() if result.state != PASSED} == {part}, results
    assert results[part].state == state
    assert results[part].todo
    return f"{results[part].seen}; {results[part].todo}"


@pytest.mark.parametrize(
    ("pressed", "cure"),
    [
        ("123456*0#", "not seen: 7 8 9; look at the wire of row 3"),
        ("1245780*", "not seen: 3 6 9 #; look at the wire of column 3"),
        ("123456789*#", "not seen: 0; press harder"),
        ("", "look at the wire of row 1, 2, 3, 4"),
    ],
)
def test_keys_that_are_not_seen(lock, person, pressed, cure):
    person.keys = pressed
    assert cure in one(lock, person, "keypad")


def test_who_says_that_they_go_on_is_given_as_much_time_again(lock, person):
    hands = iter(["", "123", "", "456789*0#"])
    waiting = person.waiting

    def next_hand(text):
        person.keys = next(hands) if text.startswith("press") else ""
        return waiting(text)

    person.waiting = next_hand
    person.says["Go on"] = True
    results = tried(lock, person)
    assert {result.state for result in results.values()} == {PASSED}, results
    asked = [text.partition(".")[0] for text in person.asked if "Go on pressing" in text]
    assert asked == [f"Not seen: {' '.join(keys)}" for keys in (KEYS, "456789*0#", "456789*0#")]


def test_over_the_cable_keys_are_seen_however_long_nobody_pressed_one(tmp_path):
    with Cabled(installed(tmp_path), held=True) as cable:
        assert cable.settle()
        with connected(cable.port) as board:
            board.check(release.build().folder)
            board.load("trials")
            assert [board.ask("keys(1000)") for _ in range(3)] == [["", False]] * 3
            cable.do(lambda lock: act(lock.world, "press every key"))
            assert "".join(board.ask("keys(1000)")[0] for _ in range(5)) == KEYS


def test_a_stuck_key(lock, person):
    lock.world.keys.press("5")
    person.keys = "123"
    assert "a key is stuck" in one(lock, person, "keypad")


def test_a_clock_that_stands_still_or_is_not_there(lock, person):
    lock.world.clock.connected = False
    assert "no answer; look at GPIO 21 and 22" in one(lock, person, "clock")


def test_a_bolt_that_is_jammed(lock, person):
    lock.world.bolt.jam(0.5)
    assert "does not go in; it stopped on the way" in one(lock, person, "bolt")


def test_a_motor_with_its_leads_swapped(lock, person, monkeypatch):
    drive = lock.world.bolt.drive
    monkeypatch.setattr(lock.world.bolt, "drive", lambda in1, in2, nsleep: drive(in2, in1, nsleep))
    assert "swap the motor's two leads" in one(lock, person, "bolt")


def test_nothing_moves_where_somebody_says_no(lock, person):
    person.says["no finger near"] = False
    assert "not tried" in one(lock, person, "bolt", SKIPPED)
    assert lock.openings == 0


def test_a_door_whose_contact_is_broken_leaves_the_bolt_alone(lock, person):
    person.door = False
    results = tried(lock, person)
    assert "look at GPIO 14" in results["door"].todo
    assert results["bolt"].state == SKIPPED
    assert lock.openings == 0


def test_without_cells_the_motor_stays_off(lock, person):
    lock.world.battery.open_mv = 0
    results = tried(lock, person)
    assert "put the cells in" in results["batteries"].todo
    assert results["bolt"].state == SKIPPED


def test_light_and_sound_that_nobody_notices(lock, person):
    person.says["seen and heard"] = False
    assert "GPIO 16 (LED) and 17 (buzzer)" in one(lock, person, "LED and buzzer")
