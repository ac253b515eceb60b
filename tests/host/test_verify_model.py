"""Verification, policy, budget and state together against a plain model, in any order of entries, time and reboots.

The model knows which code was typed and never looks at digits; it keeps sets and dictionaries where the lock keeps
bitmaps and packed arrays.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from firmware.core.bounds import check_grants
from firmware.core.budget import Budget
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.policy import Policy
from firmware.core.state import State
from firmware.core.stretch import number_key
from firmware.core.verify import Verifier, otp_code
from firmware.core.words import (
    BUDGET,
    EARLY,
    EVENT,
    INTERVAL,
    LATE,
    NUMBER,
    OPENED,
    TRUSTED,
    USED,
    WRONG,
)

LOCK = b"\x11" * 8
SALT = b"\x22" * 16
START = 1_900_000_000
HEAD = (7, b"head")
STEP = 60
RULES = ((8, 2, 70), (9, 4, 45), (10, 3, 100))
INTERVAL_PLACE, EVENT_PLACE = range(2)
RIGHT_NUMBER = "55501234"


class PlainLock:
    """What the lock should answer, said as simply as the rules say it."""

    def __init__(self, before, after, early, window, uses):
        self.before, self.after, self.early, self.window, self.uses = before, after, early, window, uses
        self.used = set()
        self.base = 0
        self.highest = {}
        self.number_used = 0
        self.now = START
        self.levels = {length: burst * refill for length, burst, refill in RULES}

    def pass_time(self, seconds):
        self.now += seconds
        for length, burst, refill in RULES:
            self.levels[length] = min(burst * refill, self.levels[length] + seconds)

    def enter(self, length, answer, burn):
        """The answer once the budget has had its say; `burn` is called if the door opens."""
        burst, refill = next((burst, refill) for known, burst, refill in RULES if known == length)
        if self.levels[length] < refill:
            return BUDGET
        if answer == OPENED:
            burn()
        if answer == WRONG:
            self.levels[length] -= refill
        return answer

    def interval(self, serial, step):
        def burn():
            self.used.add((serial, step))
            self.highest[serial] = max(step, self.highest.get(serial, 0))

        current = self.now // STEP
        if step < current - self.after - 1 or step > current + self.before + self.early:
            answer = WRONG
        elif (serial, step) in self.used or step < self.highest.get(serial, 0) - 32:
            answer = USED
        elif step > current + self.before:
            answer = EARLY
        else:
            answer = OPENED if step >= current - self.after else LATE
        return self.enter(10, answer, burn)

    def event(self, counter):
        def burn():
            self.used.add(counter)
            self.base = max(self.base, counter - 3 * self.window // 4 + 1)
            while self.base in self.used:
                self.base += 1

        if counter < self.base - 4 or counter >= self.base + self.window:
            answer = WRONG
        elif counter in self.used:
            answer = USED
        else:
            answer = OPENED if counter >= self.base else LATE
        return self.enter(9, answer, burn)

    def number(self, right):
        def burn():
            self.number_used += 1

        if not right:
            answer = WRONG
        else:
            answer = USED if self.uses and self.number_used >= self.uses else OPENED
        return self.enter(8, answer, burn)


class DoorMachine(RuleBasedStateMachine):
    """The lock's own parts, put together as an entry uses them, beside the model."""

    @initialize(
        serials=st.integers(1, 3),
        before=st.integers(0, 3),
        after=st.integers(0, 4),
        early=st.integers(0, 3),
        window=st.sampled_from((1, 2, 3, 4, 7, 16, 33, 64)),
        uses=st.integers(0, 2),
    )
    def set_up(self, serials, before, after, early, window, uses):
        self.serials = serials
        self.plain = PlainLock(before, after, early, window, uses)
        self.grants = Grants(
            pack_grant(
                id=4,
                kind=INTERVAL,
                key=b"i" * 20,
                digits=9,
                check=True,
                step=STEP,
                serials=serials,
                grace_before=before,
                grace_after=after,
                early=early,
            )
            + pack_grant(id=1, kind=EVENT, key=b"e" * 32, digits=9, sha256=True, window=window)
            + pack_grant(id=9, kind=NUMBER, key=number_key(SALT, RIGHT_NUMBER.encode()), digits=8, uses=uses)
        )
        check_grants(self.grants)
        self.budget = Budget(RULES, self.grants)
        self.state = State(self.grants)
        self.credit = 0
        self.wake()
        self.attempts = 0
        self.opened = []

    def wake(self):
        self.verifier = Verifier(self.grants, self.state, LOCK, SALT)
        self.policy = Policy(self.grants, self.state, None)

    def enter(self, code):
        """One entry in the order of events; its answer."""
        length, state, now = len(code), self.state, self.plain.now
        if not self.budget.allows(length, state, self.credit):
            return BUDGET
        level, stamp = self.budget.take(length, state, self.credit)
        state.apply(state.attempt(length, level, stamp, now, now))
        self.attempts += 1
        hits = self.verifier.match(code.encode(), length, now)
        self.policy.at(now, TRUSTED, 0, True)
        answer, place, spent = self.policy.decide(hits, length)
        if place >= 0:
            level = self.budget.refund(length, state)
        if answer == OPENED:
            burns = self.policy.burns(spent)
            state.apply(state.burn(length, level, burns))
            self.opened += burns
        state.apply(state.outcome(answer, length, level, 0, HEAD))
        return answer

    @rule(serial=st.integers(0, 2), steps=st.integers(-8, 8))
    def type_interval_code(self, serial, steps):
        serial %= self.serials
        step = self.plain.now // STEP + steps
        code = otp_code(self.grants, INTERVAL_PLACE, serial, step, LOCK)
        assert self.enter(code) == self.plain.interval(serial, step)

    @rule(data=st.data(), from_the_end=st.booleans())
    def type_event_code(self, data, from_the_end):
        edge = self.plain.base + (self.plain.window if from_the_end else 0)
        counter = max(0, edge + data.draw(st.integers(-7, 7), label="from the edge"))
        code = otp_code(self.grants, EVENT_PLACE, 0, counter, LOCK)
        assert self.enter(code) == self.plain.event(counter)

    @rule(counter=st.integers(0, 200))
    def type_any_event_code(self, counter):
        code = otp_code(self.grants, EVENT_PLACE, 0, counter, LOCK)
        assert self.enter(code) == self.plain.event(counter)

    @rule(right=st.booleans())
    def type_number(self, right):
        assert self.enter(RIGHT_NUMBER if right else "55501235") == self.plain.number(right)

    @precondition(lambda self: self.plain.used)
    @rule(data=st.data())
    def type_a_burnt_code_again(self, data):
        burnt = data.draw(st.sampled_from(sorted(self.plain.used, key=str)), label="burnt")
        if isinstance(burnt, tuple):
            code = otp_code(self.grants, INTERVAL_PLACE, *burnt, LOCK)
            expected = self.plain.interval(*burnt)
        else:
            code = otp_code(self.grants, EVENT_PLACE, 0, burnt, LOCK)
            expected = self.plain.event(burnt)
        assert self.enter(code) == expected
        assert expected != OPENED

    @rule(calls=st.integers(0, 100), seconds=st.integers(0, 150))
    def begin_to_type(self, calls, seconds):
        self.verifier.begin(self.plain.now)
        for _ in range(calls):
            self.verifier.work()
        self.let_time_pass(seconds)

    @rule(seconds=st.sampled_from((1, 30, 44, 45, 59, 60, 61, 100, 1000, 5000)))
    def let_time_pass(self, seconds):
        self.plain.pass_time(seconds)
        self.credit += seconds

    @rule(seconds=st.sampled_from((1, 60, 300, 2000)))
    def set_the_clock_back(self, seconds):
        self.plain.now -= seconds

    @rule()
    def wake_again(self):
        bodies = [bytes(body) for body in self.state.snapshot()]
        self.state = State(self.grants)
        for body in bodies:
            self.state.apply(body)
        self.wake()

    @invariant()
    def each_one_time_code_opens_once(self):
        codes = [burn for burn in getattr(self, "opened", []) if burn[0] != 9]
        assert len(codes) == len(set(codes))

    @invariant()
    def every_attempt_is_counted(self):
        if hasattr(self, "state"):
            assert self.state.attempts == self.attempts


TestDoor = DoorMachine.TestCase
TestDoor.settings = settings(max_examples=100, stateful_step_count=50)
