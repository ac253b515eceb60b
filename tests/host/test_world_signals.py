"""What is recognised in LED and buzzer alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.drivers.numerals import number
from firmware.drivers.signals import PATTERNS as PACKED
from firmware.drivers.signals import unpacked
from host_sim.signs import SIGNS
from host_sim.world.signals import Signals
from host_sim.world.timeline import Timeline

PATTERNS = {name: unpacked(steps) for name, steps in PACKED.items()}


class Player:
    """Plays patterns into a recorder as the lock does: late by a little, LED and buzzer one after the other."""

    def __init__(self, patterns=PATTERNS):
        self.timeline = Timeline()
        self.patterns = patterns
        self.signals = Signals(self.timeline, patterns)

    @property
    def names(self):
        return [name for _, name in self.signals.answers]

    def wait(self, ms):
        self.timeline.advance_to(self.timeline.now_us + round(ms * 1_000))

    def play(self, name, *how, **more):
        self.begin(self.patterns[name], *how, **more)

    def begin(self, steps, muted=False, late_ms=2, silence_ms=600, stop_after_ms=None):
        left = stop_after_ms
        for led, hz, ms in steps:
            self.signals.led(led)
            self.wait(0.05)
            self.signals.buzzer(0 if muted else hz)
            ms += late_ms
            self.wait(ms if left is None else min(ms, left))
            left = None if left is None else left - min(ms, left)
        if left is None:
            self.signals.off()
            self.wait(silence_ms)


@pytest.mark.parametrize("muted", [False, True])
@pytest.mark.parametrize("name", PATTERNS)
def test_every_pattern_is_recognised_loud_and_muted(name, muted):
    player = Player()
    player.play(name, muted)
    assert player.signals.answers == [(0, name)]


@given(st.lists(st.tuples(st.sampled_from(sorted(PATTERNS)), st.integers(0, 12)), max_size=8))
def test_one_after_the_other_and_a_little_late(plays):
    player = Player()
    for name, late_ms in plays:
        player.play(name, late_ms=late_ms)
    assert player.names == [name for name, _ in plays]


def test_the_answer_comes_as_soon_as_nothing_longer_can():
    player = Player()
    player.play("ready", silence_ms=5)
    assert player.names == ["ready"]
    player.play("used", muted=True, silence_ms=150)
    assert player.names == ["ready"], "it might still become `late`"
    player.wait(100)
    assert player.names == ["ready", "used"]


def test_a_pattern_replaced_by_another_is_not_an_answer():
    player = Player()
    player.play("late", stop_after_ms=300)
    player.play("opened")
    assert player.names == ["opened"]


def test_a_key_click_cut_short_by_an_answer_does_not_hide_it():
    player = Player()
    player.play("key", stop_after_ms=10)
    player.play("wrong")
    assert player.names[-1] == "wrong"


def test_fast_typing_is_a_click_for_each_key():
    player = Player()
    for _ in range(8):
        player.play("key", silence_ms=90)
    assert player.names == ["key"] * 8


def test_light_that_means_nothing_is_no_answer():
    player = Player()
    player.signals.led(1)
    player.wait(5_000)
    player.signals.led(0)
    player.wait(1_000)
    assert player.names == []
    player.play("ready")
    assert player.names == ["ready"]


def test_power_lost_within_a_pattern_is_no_answer():
    player = Player()
    player.play("opened", stop_after_ms=200)
    player.signals.off()
    player.wait(1_000)
    assert player.names == []


def test_every_change_is_recorded_with_its_instant():
    player = Player()
    player.signals.led(1)
    player.signals.led(1)
    player.wait(10)
    player.signals.buzzer(440)
    assert player.signals.edges == [(0, 1, 0), (10_000, 1, 440)]


def test_who_listens_hears_of_each_answer_when_it_is_known():
    player, heard = Player(), []
    player.wait(7)
    player.signals.on_answer = lambda us, name: heard.append((us, name, player.timeline.now_us > us))
    player.play("locked")
    assert heard == [(7_000, "locked", True)]


def test_of_two_rhythms_that_fit_the_nearer_is_the_answer():
    player = Player({"short": ((1, 500, 100),), "long": ((1, 500, 140),)})
    for name in ("short", "long"):
        player.play(name)
    assert player.names == ["short", "long"]


@given(st.integers(0, 99_999), st.booleans(), st.integers(0, 12))
def test_a_number_is_recognised_loud_and_muted(n, muted, late_ms):
    player = Player(SIGNS)
    player.begin(unpacked(number(n)), muted, late_ms)
    assert player.signals.answers == [(0, f"number {n}")]


@pytest.mark.parametrize("muted", [False, True])
@pytest.mark.parametrize("name", PATTERNS)
def test_an_answer_before_a_number_or_instead_of_its_end_is_no_part_of_it(name, muted):
    player = Player(SIGNS)
    player.play(name, muted)
    player.begin(unpacked(number(31)), muted, silence_ms=1_500)
    player.begin(unpacked(number(42)), muted, stop_after_ms=4_500)
    player.play(name, muted, silence_ms=1_500)
    player.begin(unpacked(number(7)), muted)
    assert player.names == [name, "number 31", name, "number 7"]


@pytest.mark.parametrize("name", PATTERNS)
def test_no_answer_is_taken_for_a_number_where_numbers_are_known(name):
    player = Player(SIGNS)
    for muted in (False, True):
        player.play(name, muted)
    assert player.names == [name, name]
