"""The first key of a wake: what takes keys and judges entries is loaded then, and nothing that is typed meanwhile is
taken for an entry that is whole."""

import sys

from outpost import Outpost

from firmware.answers import ANSWERS
from firmware.core.words import STORAGE
from firmware.session import Session
from firmware.store import CLOSED


class Keypad:
    def __init__(self):
        self.keys = []

    @property
    def waiting(self):
        return bool(self.keys)

    def poll(self, now):
        return self.waiting

    def read(self):
        return self.keys.pop(0) if self.keys else None


class Bolt:
    moving = False


class Door:
    bolt, closed = Bolt(), True

    def tick(self, now):
        return 0

    def held(self, now):
        return 0


class Signals:
    def __init__(self):
        self.played = []

    def play(self, name, now):
        self.played.append(name)


class Calling:
    def __init__(self, wake):
        self.wake = wake


def session_of(wake):
    return Session(Keypad(), Door(), Signals(), Calling(wake))


def typed(session, keys, now):
    session.keypad.keys += list(keys)
    session.tick(now)


def looks(board, moments):
    """Have the board say these moments, then the last of them."""
    moments = list(moments)
    board.now = lambda: moments.pop(0) if len(moments) > 1 else moments[0]


def test_a_key_that_may_have_been_missed_while_the_judge_loads_makes_an_entry_doubtful():
    for moments, said in (((1010, 1020), "key"), ((1200, 1210), "busy"), ((1010, 1200), "busy")):
        wake = Outpost()
        session = session_of(wake)
        looks(wake.board, moments)
        typed(session, "1", 1000)
        assert session.signals.played[-1] == said, moments


def test_a_lock_with_a_fault_answers_every_entry_without_what_judges_them():
    wake = Outpost()
    wake.fault = CLOSED, 0
    judging = sys.modules.pop("firmware.attempt")
    sys.modules["firmware.attempt"] = None  # whoever imports from it has an error
    try:
        session = session_of(wake)
        typed(session, "12345678#", 1000)
    finally:
        sys.modules["firmware.attempt"] = judging
    assert session.attempts is None and session.signals.played[-1] == ANSWERS[STORAGE]
