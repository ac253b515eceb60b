"""The guess budget: one token bucket per typed length, which bounds how often a stranger may try in a year.

A bucket's level is kept in seconds: an entry costs `refill` seconds, each proven second gives one back, and the bucket
holds `burst` entries. Levels and stamps are absolute, so a record says all about its bucket. Time comes as `credit`,
the lock's own count of proven seconds, so that setting the clock never refills anything. The owner's length has no
bucket: it is delayed, never refused, or a stranger could lock the owner out. A length without either has no codes.
"""


class BudgetError(ValueError):
    """Buckets that do not fit the grants, or a token taken where there is none."""


class Budget:
    """`rules`: (typed length, burst in entries, refill in seconds per entry) for each bucket; `grants`: the table.

    Raises BudgetError if a typed length has codes but no bucket, or if the owner's has one.
    """

    def __init__(self, rules, grants):
        self._rules = {length: (burst * refill, refill) for length, burst, refill in rules}
        self._grants = grants
        for text in misfits(self._rules, grants):
            raise BudgetError(text)

    def allows(self, length, state, credit):
        """Whether an entry of this typed length may be compared now."""
        if length not in self._rules:
            return self._grants.owner_length(length)
        return self._refilled(length, state, credit)[0] >= self._rules[length][1]

    def take(self, length, state, credit):
        """(level, stamp) of the bucket once this entry's token is drawn, for the attempt record; owners: level 0.

        Raises BudgetError where `allows` says no.
        """
        if not self.allows(length, state, credit):
            raise BudgetError(f"no token for an entry of {length} digits")
        if length not in self._rules:
            return 0, credit
        level, stamp = self._refilled(length, state, credit)
        return level - self._rules[length][1], stamp

    def full(self, credit):
        """Yield (length, level, stamp) of each bucket, full at `credit`: what ends every lockout."""
        for length, (capacity, _) in self._rules.items():
            yield length, capacity, credit

    def refund(self, length, state, tokens=1):
        """Level of the bucket that `state` holds with so many tokens given back, at most full."""
        if length not in self._rules:
            return 0
        capacity, refill = self._rules[length]
        return min(capacity, state.bucket(length)[0] + tokens * refill)

    def _refilled(self, length, state, credit):
        capacity = self._rules[length][0]
        bucket = state.bucket(length)
        if bucket is None:
            return capacity, credit
        level, stamp = bucket
        # A credit behind the stamp was lost with the power; what it proved is in the level already.
        return min(capacity, level + max(0, credit - stamp)), max(stamp, credit)


def misfits(lengths, grants):
    """What is wrong with buckets for these typed lengths: a text for each of the grants that they do not fit."""
    for i in range(len(grants)):
        length = grants.length(i)
        if (length in lengths) == grants.owner_length(length):
            must = "must have none" if length in lengths else "has no bucket"
            yield f"buckets: typed length {length} of grant {grants.id(i)} {must}"
