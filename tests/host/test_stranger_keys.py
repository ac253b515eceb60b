"""Anybody at the keypad, in any order of keys, waits, doors, power cuts and clocks, beside a plain model.

The whole lock runs. The model knows who typed what and what a person may expect from that; it never looks at digits,
and where a cut leaves two possibilities it keeps both: what it asserts is what must be true in either.
"""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from host_sim.lock import Lock, LockConfig
from host_sim.world.tears import TEARS

OWNER = "482913375604"
BURST, REFILL = 4, 8 * 3600
FAST = {"hold_ms": 35, "gap_ms": 35}
GRANTS = [
    {"label": "guest", "kind": "event", "digits": 8, "check": True},
    {"label": "staff", "kind": "event", "digits": 8, "check": True, "permissions": 1 | 2},
    {"label": "carrier", "kind": "event", "digits": 8, "check": True, "second": 4},
    {"label": "consent", "kind": "event", "digits": 8, "check": True, "permissions": 32},
    {"label": "fitter", "kind": "event", "digits": 8, "check": True, "permissions": 4},
    {"label": "bench", "kind": "event", "digits": 8, "check": True, "permissions": 4 | 1},
    {"label": "hour", "kind": "interval", "digits": 8, "check": True, "step": 3600},
    {"label": "owner", "kind": "number", "number": OWNER, "uses": 0, "permissions": 65, "unpredictable": 12},
]
UNLOCKS = ("guest", "staff", "bench", "hour", "owner")
CLOSED, INSTALLERS, FITTERS, OWNERS = None, "bench", "fitter", "owner"
DOORS_OWN = ("ready", "key", "busy", "locked", "ajar")
NOTHING = ("wrong", None)
JUMPS = (1, 60, 3600, 86400, 3 * 10**7, 10**9)


class Keys(RuleBasedStateMachine):
    """menu: whose menu may be open, CLOSED: nobody's; until: when it closes at the latest. codes: label of each that
    was issued; opened: those that must not open again. first: (code, time) of a first part that may wait, or None.
    guesses: how many were compared since `began`, when the buckets were full."""

    @initialize()
    def set_up(self):
        config = LockConfig(grants=GRANTS, buckets=[(9, BURST, REFILL)])
        self.lock = Lock(config=config)
        self.lock.wait(40)
        self.codes = {}
        self.opened = set()
        self.menu, self.until, self.was_open = CLOSED, 0, False
        self.first = None
        self.guesses = 0
        self.began = self.lock.now

    def teardown(self):
        if not hasattr(self, "lock"):
            return
        lock = self.lock
        try:
            lock.cut_at_flash_op(0)
            lock.battery(6000)
            lock.restore_power()
            lock.wait(40)
            lock.door("closed")
            assert lock.run_until(lambda: not lock.awake and lock.bolt == "locked", 5 * 3600)
            before = lock.openings
            lock.wait(20)
            assert self.enter(OWNER) == "opened" and lock.openings == before + 1
            said = [event["kind"] for event in lock.log()]
            assert "crash" not in said and "fault" not in said
        finally:
            lock.close()

    # What the model does

    def note_door(self):
        """The door closes the menu."""
        is_open = self.lock.door_state == "open"
        if self.was_open and not is_open:
            self.menu = CLOSED
        self.was_open = is_open

    def ready(self):
        """Somebody stands there, with batteries if need be, and the lock listens."""
        if not self.lock.powered:
            self.lock.cut_at_flash_op(0)
            self.lock.restore_power()
            self.lock.wake()
            self.menu, self.first = CLOSED, None
        if not self.lock.awake:
            self.menu, self.first = CLOSED, None
            self.lock.wake()
        if self.lock.now > self.until:
            self.menu = CLOSED
        self.lock.run_until(lambda: self.lock.bolt != "between", 5)

    def enter(self, digits):
        """Type an entry; the first answer to it, None if the power went."""
        lock = self.lock
        self.ready()
        lock.type(digits + "#", **FAST)
        heard = lock.now - 0.06

        def answers():
            return [name for t, name in lock.answers if t >= heard and name not in DOORS_OWN]

        lock.run_until(lambda: answers() or not lock.awake, 20)
        self.until = lock.now + 31
        return answers()[0] if answers() else None

    def code(self, label, data):
        """A code of a grant: fresh, or one from before."""
        if label == "owner":
            return OWNER
        known = [code for code, other in self.codes.items() if other == label]
        if known and data.draw(st.booleans(), label="again"):
            return data.draw(st.sampled_from(known), label="which")
        code = self.lock.issue(label)
        self.codes[code] = label
        return code

    @rule(label=st.sampled_from([grant["label"] for grant in GRANTS]), data=st.data())
    def type_a_code(self, label, data):
        code = self.code(label, data)
        self.ready()
        before = self.lock.openings
        answer = self.enter(code)
        moved = self.lock.openings - before
        self.menu = CLOSED
        waits = self.first if self.first and self.lock.now - self.first[1] < 66 else None
        if label == "carrier":
            assert not moved
            if answer == "accepted":
                self.first = code, self.lock.now
        elif moved:
            spent = (code,) if label != "consent" else (code, waits[0] if waits else None)
            assert label in UNLOCKS or label == "consent" and waits
            assert label == "owner" or not self.opened.intersection(spent), f"{spent} opened before"
            if label != "owner":
                self.opened.update(spent)
        elif answer == "opened":
            assert label == "owner" or code not in self.opened
            assert label in UNLOCKS or waits
            self.opened.update((code, waits[0]) if label == "consent" else (code,))
        if answer in ("accepted", "opened", "jammed") and label in (INSTALLERS, FITTERS, OWNERS):
            self.menu = label
        assert moved <= 1

    @rule(data=st.data())
    def guess(self, data):
        code = data.draw(st.from_regex(r"\A[0-9]{9}\Z"), label="guess")
        if code in self.codes:
            return
        self.ready()
        before = self.lock.openings
        answer = self.enter(code)
        assert self.lock.openings == before
        assert answer in ("wrong", "mistyped", "later", "owner", None), answer
        self.guesses += answer == "wrong"
        self.menu = CLOSED
        self.within_the_budget()

    def within_the_budget(self):
        assert self.guesses <= BURST + (self.lock.now - self.began) / REFILL, "more guesses than the budget has"

    @rule(function=st.sampled_from(("1", "2", "3", "4", "5", "6", "7", "8", "9", "81", "82", "99999")))
    def type_a_function(self, function):
        self.ready()
        before, is_open = self.lock.openings, self.lock.door_state == "open"
        answer = self.enter(function)
        if self.menu is CLOSED:
            assert answer in NOTHING, f"{function} without a menu: {answer}"
        if function == "4" and (self.menu in (CLOSED, FITTERS) and not is_open):
            assert self.lock.openings == before
        if self.menu is not OWNERS and function in ("7", "81", "82"):
            assert answer in NOTHING
        if function == "7" and answer == "accepted":
            self.guesses, self.began = 0, self.lock.now
        if function in ("81", "82") and answer == "accepted":
            assert self.enter("0") in NOTHING

    @rule(label=st.sampled_from(("guest", "carrier", "fitter")), data=st.data())
    def revoke_a_code(self, label, data):
        self.ready()
        answer = self.enter("83")
        assert answer in (("accepted", *NOTHING) if self.menu is OWNERS else NOTHING)
        if answer == "accepted":
            code = self.code(label, data)
            answer = self.enter(code)
            if answer == "accepted":
                self.opened.add(code)
            self.guesses += answer == "wrong"
            self.within_the_budget()
        if answer == "wrong":
            self.menu = CLOSED

    @rule(keys=st.text("0123456789*#", min_size=1, max_size=14))
    def type_anything(self, keys):
        """Too short for a code each, so nothing but a menu may do anything."""
        if self.menu is not CLOSED or any(len(part) > 5 for part in keys.replace("*", "#").split("#")):
            keys = "*" + keys.replace("#", "*")
        self.ready()
        before = self.lock.openings
        self.lock.type(keys + "*", **FAST)
        self.menu = CLOSED
        assert self.lock.openings == before

    @rule(seconds=st.sampled_from((0.5, 3, 9, 25, 59, 61, 3600, 86400)))
    def wait(self, seconds):
        before = self.lock.openings
        self.lock.wait(seconds)
        assert self.lock.openings == before, "the bolt moves for nobody"

    @rule(state=st.sampled_from(("open", "closed")))
    def door(self, state):
        if self.lock.powered:
            self.lock.door(state)
            self.lock.wait(0.3)
            self.note_door()

    @rule(label=st.sampled_from(("bench", "owner")), keys=st.sampled_from(("4", "7", "81")), data=st.data())
    def go_in_and_leave_the_keypad_to_others(self, label, keys, data):
        self.type_a_code(label, data)
        self.door("open")
        self.door("closed")
        self.type_a_function(keys)

    @rule()
    def take_the_batteries_out(self):
        self.lock.cut_power()
        self.lock.wait(1)
        self.menu, self.first = CLOSED, None

    @rule(k=st.integers(1, 8), tear=st.sampled_from(sorted(TEARS)))
    def cut_soon(self, k, tear):
        if self.lock.powered:
            self.lock.cut_at_flash_op(k, tear)

    @rule(seconds=st.sampled_from(JUMPS), back=st.booleans())
    def set_the_clock(self, seconds, back):
        self.lock.set_clock(int(self.lock.now) + (-seconds if back else seconds))

    @invariant()
    def there_is_no_prompt(self):
        if hasattr(self, "lock"):
            assert not self.lock.prompt


TestKeys = Keys.TestCase
TestKeys.settings = settings(
    max_examples=15,
    stateful_step_count=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink such a day takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
