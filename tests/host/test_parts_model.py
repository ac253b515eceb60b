"""Two parts, approval by radio, revocation and acceptance against a plain model, in any order of entries and resets.

`Attempts` decides with everything that is the lock's own. The model knows which code was typed, never looks at digits,
and keeps sets where the lock keeps bitmaps and lists.
"""

from entrance import BURST, REFILL, Entrance
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from keyring import event

from firmware.core.words import (
    ACCEPTED,
    APPROVAL,
    APPROVE,
    BATTERY,
    BUDGET,
    CALL,
    LATE,
    OPENED,
    REMOTE,
    REVOKED,
    USED,
    WRONG,
)

COURIER, CONSENT, INHOME, GUEST, DRIVER = range(5)
WINDOW = 4
RIGHT = None
BATTERY_NEEDED = (COURIER, INHOME, GUEST)


class PlainGrant:
    """The counters of one event."""

    def __init__(self):
        self.base = 0
        self.used = set()
        self.revoked = set()

    def spend(self, counter):
        self.used.add(counter)
        self.base = max(self.base, counter - 3 * WINDOW // 4 + 1)
        while self.base in self.used:
            self.base += 1

    def verdict(self, counter):
        if counter < self.base - 4 or counter >= self.base + WINDOW:
            return WRONG
        if counter in self.revoked:
            return REVOKED
        if counter in self.used:
            return USED
        return LATE if counter < self.base else RIGHT


class Parts(RuleBasedStateMachine):
    """The lock and its model side by side; `first` is (grant, counter, ms, attempt) of what waits by the model."""

    @initialize()
    def set_up(self):
        self.e = Entrance(
            event(id=1, key=b"1" * 20, window=WINDOW, second=2),
            event(id=2, key=b"2" * 20, window=WINDOW, permissions=APPROVE),
            event(id=3, key=b"3" * 20, window=WINDOW, second=REMOTE),
            event(id=4, key=b"4" * 20, window=WINDOW),
            event(id=5, key=b"5" * 20, window=WINDOW, permissions=CALL),
        )
        self.grants = [PlainGrant() for _ in range(5)]
        self.tokens = BURST
        self.first = None
        self.nonces = []
        self.opened = []
        self.attempts = 0

    def code(self, place, data):
        counter = max(0, self.grants[place].base + data.draw(st.integers(-6, WINDOW + 1), label="from the base"))
        return counter, self.e.code(place, counter)

    def verdict(self, place, counter):
        verdict = self.grants[place].verdict(counter)
        if verdict is RIGHT and place in BATTERY_NEEDED and self.e.mv < 4400:
            return BATTERY
        return verdict

    def waits_for(self, *places):
        """Whether a first part of one of these grants waits."""
        return bool(self.first and self.first[0] in places and self.e.now < self.first[2] + 60_000)

    def spend(self, *codes):
        for place, counter in codes:
            self.grants[place].spend(counter)
            self.opened.append((place, counter))
        if codes[-1][0] != DRIVER:
            self.first = None

    def expected(self, place, counter):
        """The model's decision on an entry that was compared, and how many tokens come back."""
        verdict = self.verdict(place, counter)
        if verdict is not RIGHT:
            return verdict, int(verdict != WRONG)
        if place in (COURIER, INHOME):
            self.first = (place, counter, self.e.now, self.attempts)
            return APPROVAL, 0
        if place == CONSENT:
            if not self.waits_for(COURIER):
                return APPROVAL, 1
            verdict = self.verdict(*self.first[:2])
            if verdict is not RIGHT:
                return verdict, 1
            self.spend(self.first[:2], (place, counter))
            return OPENED, 2
        self.spend((place, counter))
        return (OPENED if place == GUEST else ACCEPTED), 1

    @rule(place=st.integers(0, 4), data=st.data())
    def enter(self, place, data):
        counter, code = self.code(place, data)
        found = self.e.enter(code)
        if not self.tokens:
            assert found == BUDGET
            return
        self.attempts += 1
        decision, back = self.expected(place, counter)
        self.tokens = min(BURST, self.tokens - 1 + back)
        assert found == decision
        assert self.e.attempts.waits == (decision == APPROVAL and place in (COURIER, INHOME))

    @rule(data=st.data())
    def both_parts(self, data):
        self.enter(COURIER, data)
        self.let_time_pass(data.draw(st.sampled_from((0, 59_999, 60_000)), label="ms"))
        self.enter(CONSENT, data)

    @rule(place=st.integers(0, 4), data=st.data())
    def revoke(self, place, data):
        counter, code = self.code(place, data)
        found = self.e.enter(code, revoke=True)
        if not self.tokens:
            assert found == BUDGET
            return
        self.attempts += 1
        verdict = self.grants[place].verdict(counter)
        self.tokens -= verdict == WRONG
        assert found == (ACCEPTED if verdict is RIGHT else verdict)
        if verdict is RIGHT:
            self.grants[place].revoked.add(counter)
            self.grants[place].spend(counter)

    @rule(nth=st.integers(1, 3), refuse=st.booleans())
    def answer_by_radio(self, nth, refuse):
        """For the newest entry that had a nonce, or one before it."""
        nonce = self.e.attempts.nonce(self.e.now)
        waits = self.waits_for(INHOME)
        assert nonce == ((self.e.state.boots, self.first[3]) if waits else None)
        if nonce and nonce not in self.nonces:
            self.nonces.append(nonce)
        if not self.nonces:
            return
        asked = self.nonces[-nth:][0]
        lives = waits and asked == nonce
        if refuse:
            assert self.e.attempts.refuse(asked, self.e.now) == lives
        elif not lives:
            assert self.e.attempts.approve(asked, self.e.now) == APPROVAL
        else:
            verdict = self.verdict(*self.first[:2])
            found = self.e.moved(self.e.attempts.approve(asked, self.e.now))
            assert found == (OPENED if verdict is RIGHT else verdict)
            if verdict is RIGHT:
                self.spend(self.first[:2])
                self.tokens = min(BURST, self.tokens + 1)
        if lives:
            self.first = None

    @rule(ms=st.sampled_from((0, 1, 20_000, 59_999, 60_000)))
    def let_time_pass(self, ms):
        self.e.now += ms

    @rule(tokens=st.integers(1, BURST))
    def refill(self, tokens):
        self.e.credit += tokens * REFILL
        self.tokens = min(BURST, self.tokens + tokens)

    @rule()
    def change_the_battery(self):
        self.e.mv = 6000 if self.e.mv < 4400 else 4000

    @rule()
    def reset(self):
        self.e.reset()
        self.first = None

    @invariant()
    def each_code_counts_once_and_every_attempt_is_counted(self):
        if hasattr(self, "e"):
            assert len(self.opened) == len(set(self.opened))
            assert self.e.state.attempts == self.attempts
            assert bool(self.e.attempts.waiting(self.e.now)) == self.waits_for(COURIER, INHOME)
            assert not self.e.attempts.pending


TestParts = Parts.TestCase
TestParts.settings = settings(max_examples=80, stateful_step_count=50)
