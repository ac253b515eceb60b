"""A stranger who never leaves the keypad, for a simulated year, and an owner and couriers beside him.

Every hour he types at every typed length until the lock no longer compares, the lengths mixed, some entries mistyped,
some of them codes that he saw others use. Ten times a day somebody comes who may enter. Power is cut in the midst of
entries, batteries are pulled, the clock misreads and jumps; every few days it is set right.
"""

import math
from collections import Counter

from firmware.core.risk import YEAR_S, guess, risk
from firmware.core.words import BUDGET, DECISIONS, MISTYPED, OPENED
from tests.host.stranger import APP, COURIERS, DAY, GUEST_CODES, GUESTS, HOUR, LENGTHS, OWNERS_CODE, WINDOW, Lock

HOURS = YEAR_S // HOUR
_BUSY_EVERY = 7 * 24  # hours: in one of so many he also types the owner's length as often as that is compared
_LONGEST = 400 * DAY
_CUT = "cut short"  # by a power cut, before there was a decision
_VISITS = ("app", "app", "guest", "guest", "guest", "courier", "courier", "courier", "owner", "owner")


class Year:
    """`hours` of it, with `mishaps` or without.

    answers: how often by (who, decision) of honest people; stranger: how often by decision of his. busy_s: seconds that
    he spent on the owner's length alone; busy_guesses: what was compared then.
    """

    def __init__(self, hours=HOURS, seed=0, mishaps=True):
        self.lock = Lock(seed)
        self.hours = hours
        self.answers = Counter()
        self.stranger = Counter()
        self.mishaps = Counter()
        self.busy_s = self.busy_guesses = 0
        self._random = self.lock.random
        self._troubled = mishaps
        self._seen = []  # codes that opened before his eyes
        self._counter = 0
        self._outstanding = []  # counters of couriers' codes that are not used yet
        self._guests = {}  # codes given to guests today: by day
        self._began = self.lock.truth
        for hour in range(hours):
            self._hour(hour)

    @property
    def seconds(self):
        """How long it was."""
        return self.lock.truth - self._began

    def _hour(self, hour):
        chance = self._random
        if hour % 24 == 0:
            self._plan = Counter(chance.choices(range(24), k=len(_VISITS)))
            self._visitors = chance.sample(_VISITS, k=len(_VISITS))
        events = [self._attack] + [self._visit] * self._plan[hour % 24]
        if hour % _BUSY_EVERY == 5:
            events.append(self._besiege)
        if hour % (5 * 24) == 77:
            events.append(self.lock.sync)
        if self._troubled and chance.random() < 0.05:
            events.append(self._mishap)
        chance.shuffle(events)
        end = self._began + (hour + 1) * HOUR
        for event in events:
            self.lock.sleep(max(0, min(HOUR // (len(events) + 2), end - self.lock.truth)))
            event()
        self.lock.sleep(max(0, end - self.lock.truth))

    # The stranger

    def _attack(self):
        """All lengths, mixed, until none is compared any more; the owner's length once."""
        left = list(LENGTHS)
        while left:
            length = self._random.choice(left)
            luck = self._random.random()
            if luck < 0.05 and self._seen:
                code = self._random.choice(self._seen[-20:])
            else:
                code = self.lock.junk(length)
                if luck < 0.2:
                    code = self.lock.slip(code)
            if self._random.random() < 0.01 and self._troubled:
                self.lock.cut_in = self._random.randint(1, 3)
                self.mishaps["power cut in an entry"] += 1
            decision = self._guess(code)
            if len(code) == length and (decision == BUDGET or length == 12):
                left.remove(length)

    def _besiege(self):
        """Ten minutes of the owner's length, at the best rate."""
        began, before = self.lock.truth, self.lock.guesses[12]
        while self.lock.truth < began + HOUR // 6:
            self._guess(self.lock.junk(12))
        self.busy_s += self.lock.truth - began
        self.busy_guesses += self.lock.guesses[12] - before

    def _guess(self, code):
        decision = self.lock.type(code)
        self.stranger[DECISIONS[decision]] += 1
        return decision

    # Who may enter

    def _visit(self):
        who = self._visitors.pop()
        getattr(self, f"_{who}")()

    def _app(self):
        self._come("app", self.lock.code(APP, self.lock.step(APP)))

    def _guest(self):
        step = self.lock.step(GUESTS)
        serial = self._guests[step] = self._guests.get(step, -1) + 1
        self._come("guest", self.lock.code(GUESTS, step, serial % GUEST_CODES))

    def _courier(self):
        while len(self._outstanding) < WINDOW // 4:
            self._outstanding.append(self._counter)
            self._counter += 1
        counter = self._random.choice(self._outstanding[:2])
        if self._come("courier", self.lock.code(COURIERS, counter)):
            self._outstanding.remove(counter)

    def _owner(self):
        self._come("owner", OWNERS_CODE)

    def _come(self, who, code):
        """Type a code, now and then with a slip first; a courier who is refused has the owner let him in."""
        if self._random.random() < 0.05:
            slipped = self.lock.type(self.lock.slip(code))
            self.mishaps["honest slip that cost nothing" if slipped == MISTYPED else "honest slip"] += 1
        decision = self.lock.type(code)
        self.answers[who, DECISIONS[decision]] += 1
        if decision == OPENED:
            if who != "owner":
                self._seen.append(code)
        elif who != "owner":
            self._owner()
        return decision == OPENED

    # What goes wrong

    def _mishap(self):
        what = self._random.choice(("pull", "pull", "jump", "wild", "wild", "jump while pulled"))
        self.mishaps[what] += 1
        span = int(10 ** self._random.uniform(0, 9.4)) * self._random.choice((-1, 1))
        if what == "jump":
            self.lock.jump(span)
            self._guess(self.lock.junk(12))  # a jump that no record tells of before power is lost is not seen
        elif what == "wild":
            self.lock.chip.wild.append(min(max(self.lock.chip.t + span, 946_684_800), 4_102_444_799))
        else:
            if what != "pull":
                # Ahead by less is believed: nothing in a lock without power can tell. It would fill the buckets once.
                self.lock.jump(self.lock.truth - self.lock.chip.t + (span if span < 0 else span + _LONGEST))
            self.lock.lose_power(self._random.randint(1, 2 * HOUR))

    # What it came to

    def chances(self):
        """By typed length (N computed, N evaluated, P computed, P of what was evaluated)."""
        lock = self.lock
        found = {}
        for length, _, most, chance in risk(lock.grants, lock.buckets)[0]:
            hit = guess(lock.grants, length)[1]
            found[length] = most, lock.guesses[length], chance, -math.expm1(-lock.guesses[length] * hit)
        return found

    def lines(self):
        """The year in words."""
        yield f"{self.seconds / DAY:.0f} days, {sum(self.stranger.values()):,} entries of the stranger's:"
        yield "  " + ", ".join(f"{count:,} {word or _CUT}" for word, count in self.stranger.most_common())
        for length, (most, count, computed, met) in self.chances().items():
            yield f"  {length:>2} digits: {count:,} guesses, at most {most:,}; P {met:.2e}, at most {computed:.2e}"
        rate = self.busy_guesses * 15 / self.busy_s if self.busy_s else 0
        yield f"  owner's length at his best: {rate:.2f} entries in 15 s"
        for who in dict.fromkeys(_VISITS):
            words = Counter({word: count for (name, word), count in self.answers.items() if name == who})
            yield f"  {who}: " + ", ".join(f"{count:,} {word}" for word, count in words.most_common())
        yield "  " + ", ".join(f"{count:,} {what}" for what, count in sorted(self.mishaps.items()))
