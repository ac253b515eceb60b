"""What must be true of a lock, from what was issued, typed and ordered: the model beside which it is lived with.

The books know codes, never how the lock compares them. Where power went in the midst of something, both outcomes stay
possible, and what is asserted is true in either.
"""

from collections import Counter
from dataclasses import dataclass

BURST, REFILL = {6: 5, 9: 10, 10: 5}, {6: 48 * 3600, 9: 8 * 3600, 10: 48 * 3600}
"""Buckets by typed length: entries at once, and seconds for one more."""
OWNERS_LENGTH = 12
DURESS = "alarm"
"""Label of the grant whose codes say that they are typed under duress."""
STEP = 4 * 3600
GROUPS = {
    "opened": "opened",
    "wrong": "wrong",
    "mistyped": "mistyped",
    "used": "used",
    "early": "early",
    "late": "late",
    "battery": "battery",
    "jammed": "jammed",
    "schedule": "later",
    "budget": "later",
    "revoked": "owner or accepted",
    "clock": "owner or accepted",
    "approval": "owner or accepted",
    "storage": "owner or accepted",
    "accepted": "owner or accepted",
}
"""Decision of the log -> what is heard at the door."""
HEARD = {"later": "later", "owner": "owner or accepted", "accepted": "owner or accepted"}
COMPARED = ("opened", "wrong", "used", "early", "late", "jammed")
"""Answers that an entry gets only once it was compared: its attempt is counted."""


@dataclass
class Code:
    """A code that was given out.

    value: its counter or serial. begins, ends: true unix seconds of its step; 0, 0: it has none. openings: how often it
    moved the bolt. spent: it must open no more. doubtful: nobody knows whether it is spent.
    """

    digits: str
    label: str
    value: int = 0
    begins: int = 0
    ends: int = 0
    openings: int = 0
    spent: bool = False
    doubtful: bool = False


class Buckets:
    """Between which bounds the budget of each typed length is, in entries."""

    def __init__(self, now):
        self.clockless = False
        """Whether no time counts, as there is no clock."""
        self._least = dict(BURST)
        self._recorded = dict(BURST)  # least, when the lock last wrote how much time is proven
        self._most = dict(BURST)
        self._since = now
        self._proven = True

    def unproven(self):
        """Power went, or the clock is not to be trusted: the time since the last entry may count for nothing."""
        self._proven = False
        self._least = {length: min(least, self._recorded[length]) for length, least in self._least.items()}

    def renewed(self):
        """Nobody knows by how much they were refilled."""
        self._most = dict(BURST)

    def filled(self):
        """The owner has ended the lockout."""
        self._least, self._most = dict(BURST), dict(BURST)

    def pass_time(self, now):
        """Up to `now`, at which there is an entry."""
        seconds, self._since = now - self._since, now
        for length, refill in REFILL.items():
            self._most[length] = min(BURST[length], self._most[length] + 1.2 * (seconds + 240) / refill)
            if self._proven and not self.clockless:
                self._least[length] = min(BURST[length], self._least[length] + 0.9 * max(0, seconds - 60) / refill)
        self._proven = True

    def has(self, length, entries=1):
        """Whether there are so many entries left for certain; the owner's length has no bucket."""
        return length not in BURST or self._least[length] >= entries

    def take(self, length, answer):
        """An entry was answered so: a guess costs one, and what nobody heard may have."""
        if length not in BURST:
            return
        if answer == "wrong":
            self._most[length] -= 1
            assert self._most[length] > -0.5, f"a guess of {length} digits more than the budget has"
        if answer not in ("opened", "used", "early", "late", "mistyped", "later"):
            self._least[length] = max(0, self._least[length] - 1)
        if answer in COMPARED:
            self._recorded = dict(self._least)


class Books:
    """Codes by their digits, buckets, what was heard, and what the log has told.

    revoked: labels of grants that open no more; revoking: those that may not. said, told: how often each answer was
    given and each was in the log, and how often each grant has opened, and under duress. unsure: entries that may be
    missing in either. counted: attempts seen for certain; possible: entries that may have been one.
    attempts: most that the lock has said. radio: openings by radio that are still allowed. openings: all that had a
    right, whether anybody heard of them or not. labels: of grants by id. ill: what the lock keeps cannot be kept.
    excused: number of the newest event that may tell of that.
    """

    def __init__(self, now):
        self.codes = {}
        self.buckets = Buckets(now)
        self.revoked, self.revoking = set(), set()
        self.said, self.told = Counter(), Counter()
        self.unsure = 0
        self.counted = self.possible = self.attempts = self.excused = 0
        self.radio = self.openings = 0
        self.labels = {}
        self.ill = False

    def enter(self, code):
        """Take a Code in."""
        self.codes[code.digits] = code
        return code

    def past(self, label, window):
        """Give up the codes of an event grant that later ones, once they opened, have left behind."""
        codes = [code for code in self.codes.values() if code.label == label]
        highest = max((code.value for code in codes if code.spent or code.doubtful), default=0)
        for code in codes:
            code.spent |= code.value <= highest - 3 * window // 4

    def may_open(self, code, now, honest):
        """Whether it may open at `now`; honest: the lock's clock is right."""
        if code is None or code.spent or code.label in self.revoked:
            return False
        return not (honest and code.ends) or code.begins - 2 * STEP <= now < code.ends + 2 * STEP

    def must_open(self, code, now, honest, entries=1):
        """Whether nothing that the books know of can keep it from opening, as one of so many entries."""
        if not self.may_open(code, now, honest) or code.doubtful or code.label in self.revoking:
            return False
        inside = not code.ends or honest and code.begins <= now < code.ends - 1
        return inside and self.buckets.has(len(code.digits), entries)

    def heard(self, digits, answer, certain=True):
        """An entry was answered; `certain`: the power stayed, so that the log has it, too."""
        self.buckets.take(len(digits), answer)
        if answer in COMPARED and len(digits) in (*BURST, OWNERS_LENGTH):
            self.counted += 1
        if answer is None or not certain:
            self.unsure += 1
        else:
            self.said[HEARD.get(answer, answer)] += 1
            if answer == "opened" and digits in self.codes:
                self.opened(self.codes[digits].label)

    def opened(self, label):
        """A code of this grant has opened, and the power stayed."""
        self.said[f"opened by {label}"] += 1
        self.said["under duress"] += label == DURESS

    def moved(self, code, times):
        """The bolt has opened so many times since a code was typed, None for digits that are none."""
        assert times <= 1, f"one entry, {times} openings"
        self.openings += times
        if times:
            assert code is not None, "digits that are no code opened"
            assert not code.spent, f"{code.digits} of {code.label} opened, and is spent"
            self.spend(code)
            code.openings += 1

    def spend(self, code):
        """It must open no more, unless it may as often as it likes."""
        if code.label != "owner":
            code.spent = True

    def event(self, event, decision, duress):
        """One event of the log about an entry, in their order; `decision`: its word, None: it is of an order by radio.
        duress: whether it says so."""
        if decision:
            self.told[GROUPS[decision]] += event.count
        if decision == "opened":
            self.told[f"opened by {self.labels.get(event.grant)}"] += event.count
            self.told["under duress"] += bool(duress)

    @property
    def entries_told(self):
        """How many entries the log has told of."""
        return sum(self.told[word] for word in GROUPS.values())

    def check_log(self):
        """Hold what the log tells against what was heard."""
        for word in self.said | self.told:
            apart = abs(self.said[word] - self.told[word])
            assert apart <= self.unsure, f"the log tells {self.told[word]} times {word}, heard were {self.said[word]}"
