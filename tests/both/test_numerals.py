from rhythms import flashes, gaps, rhythm, word

from firmware.drivers.numerals import FRAME, digit, number
from firmware.drivers.signals import PATTERNS, unpacked


def test_a_digit_is_so_many_slow_flashes_and_zero_one_long():
    for d in range(1, 10):
        assert flashes(digit(d)) == (250,) * d
    assert flashes(digit(0)) == (900,)


def test_a_number_is_its_digits_between_two_flickers():
    assert rhythm(number(20)) == rhythm(FRAME) + (910,) + (250, 350, 250, 1200) + (900, 1200) + rhythm(FRAME)


def test_below_zero_is_a_zero_first():
    rest = (250, 350, 250, 1200)
    assert rhythm(number(-2)) == rhythm(FRAME) + (910, 900, 1200) + rest + rhythm(FRAME)


def test_the_pause_after_a_digit_is_twice_what_is_dark_within():
    dark = [ms for ms in gaps(number(9075)) if ms not in (60, 910)]
    assert sorted(set(dark)) == [350, 1200]
    assert dark.count(1200) == 4


def test_no_answer_looks_like_a_part_of_a_number():
    assert word(FRAME) == "w" * 10
    assert max(word(steps).count("w") for steps in PATTERNS.values()) <= 4
    for d in range(2, 10):
        assert word(digit(d)) is None, "as dark between two flashes as no answer is"


def test_the_light_of_a_number_says_it_all():
    for n in (0, 7, 58, 1000):
        steps = unpacked(number(n))
        assert [led for led, hz, _ in steps if hz] == [1] * len([hz for _, hz, _ in steps if hz])
        assert [hz for led, hz, _ in steps if not led] == [0] * len([1 for led, _, _ in steps if not led])
