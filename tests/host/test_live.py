"""The live screen: the keyboard is the keypad, the panels show what the lock does, time runs with the real one."""

import asyncio

import pytest
from textual.widgets import Static

from host_sim.live import LiveLock

BEGIN = 1_772_438_400  # 2026-03-02 08:00 UTC
RUNTIMES = pytest.mark.parametrize("runtime", ["cpython", "micropython"])


class Person:
    """Somebody at the keyboard, with a clock that runs only when told to."""

    def __init__(self, runtime):
        self.seconds = 0.0
        self.app = LiveLock(runtime, begin=BEGIN, real_time=lambda: self.seconds)
        self.pilot = None

    async def press(self, *keys):
        for key in keys:
            await self.pilot.press(key)
            self.let_pass(0.2)

    def let_pass(self, seconds):
        end = self.seconds + seconds
        while self.seconds < end:
            self.seconds += 0.1
            self.app.frame()

    def panel(self, name):
        return str(self.app.query_one(f"#{name}", Static).render())

    def code(self, label):
        return next(digits for name, digits in self.app.codes if name == label)


def at_the_lock(act, runtime="cpython", size=(80, 24)):
    async def visit():
        person = Person(runtime)
        async with person.app.run_test(size=size) as person.pilot:
            await act(person)

    asyncio.run(visit())


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
def test_the_keys_that_end_it(key):
    async def act(person):
        assert person.app._exit is False
        await person.pilot.press(key)
        assert person.app._exit is True
        assert person.app.return_code == 0

    at_the_lock(act)


@RUNTIMES
def test_a_code_typed_on_the_keyboard_opens(runtime):
    async def act(person):
        person.let_pass(1)
        assert "awake" in person.panel("lock")
        await person.press(*person.code("couriers"), "number_sign")
        person.let_pass(2)
        assert "OPENED" in person.panel("lock")
        assert "unlocked" in person.panel("lock")
        assert "opened  couriers" in person.panel("log")
        assert "attempt 1: burnt couriers" in person.panel("flash")

    at_the_lock(act, runtime)


def test_enter_is_the_hash_key_and_backspace_the_star():
    async def act(person):
        person.let_pass(1)
        await person.press("4", "7", "backspace", *person.code("lobby"), "enter")
        person.let_pass(2)
        assert "OPENED" in person.panel("lock")

    at_the_lock(act)


def test_a_pressed_key_is_lit_and_goes_out():
    def lit(person):
        keypad = person.app.query_one("#keypad", Static).render()
        return {keypad.plain[span.start : span.end] for span in keypad.spans if span.style.background}

    async def act(person):
        person.let_pass(1)
        assert lit(person) == set()
        await person.pilot.press("7")
        person.app.frame()
        assert "│ 7 │" in lit(person)
        person.let_pass(1)
        assert lit(person) == set()

    at_the_lock(act)


def test_simulated_time_runs_with_the_real_one_and_leaps():
    async def act(person):
        person.let_pass(2)
        assert person.app.lock.now == pytest.approx(BEGIN + 2, abs=0.2)
        await person.pilot.press("f")
        assert person.app.lock.now == pytest.approx(BEGIN + 62, abs=0.2)
        await person.pilot.press("F")
        person.app.frame()
        assert "2026-03-02 09:01:0" in person.panel("lock")
        assert "asleep" in person.panel("lock")

    at_the_lock(act)


def test_a_terminal_that_was_stopped_does_not_race():
    async def act(person):
        person.seconds += 3600
        person.app.frame()
        assert person.app.lock.now < BEGIN + 2

    at_the_lock(act)


def test_door_bolt_power_and_battery_obey_their_keys():
    async def act(person):
        person.let_pass(1)
        await person.press("o")
        assert person.app.lock.door_state == "closed", "a locked bolt keeps the door shut"
        await person.press(*person.code("lobby"), "number_sign")
        person.let_pass(2)
        await person.press("o")
        assert "open" in person.panel("lock") and person.app.lock.door_state == "open"
        await person.press("o", "j")
        assert "something blocks it" in person.panel("lock")
        await person.press("j", "b")
        assert "4.70 V" in person.panel("lock")
        await person.press("p")
        assert "no power" in person.panel("lock")
        await person.press("p")
        person.let_pass(1)
        assert "awake" in person.panel("lock")
        await person.press("p", "m", "p")
        person.let_pass(1)
        person.let_pass(1)
        person.let_pass(1)
        assert "console open, key held" in person.panel("lock")
        await person.press("m", "p", "p")
        person.let_pass(1)
        assert "awake" in person.panel("lock")

    at_the_lock(act)


def test_codes_to_try_are_shown_and_nothing_is_cut_off_at_80_by_24():
    async def act(person):
        person.let_pass(1)
        codes = person.panel("codes")
        assert all(digits in codes for _, digits in person.app.codes)
        for panel in person.app.query(Static):
            content = panel.render().plain.split("\n")
            assert len(content) <= panel.content_size.height, panel.id
            if panel.id != "flash":  # the newest records are shortened to the panel's width
                assert max(map(len, content)) <= panel.content_size.width, panel.id

    at_the_lock(act)
