from pins import Pin
from rhythms import word

from firmware.answers import ANSWERS
from firmware.core.words import DECISIONS
from firmware.drivers.signals import PATTERNS, Signals, unpacked


class Buzzer:
    def __init__(self):
        self.hz = 0
        self.duty = 0

    def freq(self, hz):
        self.hz = hz

    def duty_u16(self, duty):
        self.duty = duty


def test_the_eye_alone_tells_every_answer_from_every_other():
    seen = {}
    for name in PATTERNS:
        if name in ("ready", "key"):  # both say: go on
            assert word(PATTERNS[name]) == "w"
            continue
        letters = word(PATTERNS[name])
        assert letters and letters != "w", name
        assert letters not in seen, (name, seen.get(letters))
        seen[letters] = name
        if letters == letters[0] * len(letters) and len(letters) > 3:  # nobody tells four flashes from five in the rain
            assert letters[1:] not in seen and letters + letters[0] not in seen, name


def test_an_answer_is_short():
    for name, steps in PATTERNS.items():
        assert sum(ms for _, _, ms in unpacked(steps)) <= 2500, name


def test_every_decision_has_an_answer():
    for decision in range(1, len(DECISIONS)):
        assert ANSWERS[decision] in PATTERNS, DECISIONS[decision]


def test_a_pattern_plays_in_time_and_ends_dark_and_silent():
    led, buzzer = Pin(), Buzzer()
    signals = Signals(led, buzzer)
    signals.play("used", 1000)
    seen = []
    for now in range(1000, 2100, 10):
        signals.tick(now)
        seen.append((led.level, buzzer.duty > 0))
    assert seen[:60] == [(1, True)] * 60
    assert seen[60:75] == [(0, False)] * 15
    assert seen[75:90] == [(1, True)] * 15
    assert seen[90:] == [(0, False)] * 20
    assert not signals.playing and not signals.sounding


def test_tick_says_how_long_the_step_lasts():
    signals = Signals(Pin(), Buzzer())
    signals.play("used", 0)
    assert signals.tick(0) == 600
    assert signals.tick(450) == 150
    assert signals.tick(900) == 0


def test_an_answer_is_seen_in_full_though_the_turn_that_begins_it_is_long():
    led = Pin()
    signals = Signals(led, Buzzer())
    signals.play("accepted", 1000)
    assert led.level == 1
    assert signals.tick(1140) == 150
    assert signals.tick(1290) == 150 and led.level == 0
    assert signals.tick(1450) == 490 and led.level == 1


def test_a_new_pattern_replaces_the_one_that_plays():
    led = Pin()
    signals = Signals(led, Buzzer())
    signals.play("late", 0)
    signals.play("key", 10)
    assert signals.tick(10) == 30
    signals.tick(40)
    assert led.level == 0 and not signals.playing


def test_mute_silences_the_buzzer_but_not_the_led():
    led, buzzer = Pin(), Buzzer()
    signals = Signals(led, buzzer, mute=True)
    signals.play("opened", 0)
    assert led.level == 1 and buzzer.duty == 0 and not signals.sounding
