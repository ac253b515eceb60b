"""The guess budget: draw, refill, refund, and what time counts."""

from keyring import KEY, raises

from firmware.core import records
from firmware.core.budget import Budget, BudgetError
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import EVENT, INTERVAL, NUMBER, OWNER, UNLOCK, WRONG

HOURS = 3600
HEAD = (7, b"head")
RULES = ((6, 5, 48 * HOURS), (9, 10, 8 * HOURS))


def lock(rules=RULES):
    grants = Grants(
        pack_grant(id=1, kind=INTERVAL, key=KEY, digits=6, step=30, grace_before=1, grace_after=1)
        + pack_grant(id=2, kind=EVENT, key=KEY, check=True)
        + pack_grant(id=3, kind=NUMBER, key=b"o" * 16, digits=12, permissions=OWNER | UNLOCK, uses=0)
    )
    return Budget(rules, grants), State(grants)


def attempt(budget, state, length, credit):
    level, stamp = budget.take(length, state, credit)
    state.apply(state.attempt(length, level, stamp, 0, 0))
    return level


def wrong(budget, state, length, credit, count=1):
    for _ in range(count):
        level = attempt(budget, state, length, credit)
        state.apply(state.outcome(WRONG, length, level, 0, HEAD))


def test_a_new_bucket_is_full_and_holds_its_burst():
    budget, state = lock()
    wrong(budget, state, 6, 1000, 5)
    assert not budget.allows(6, state, 1000)
    assert raises(BudgetError, lambda: budget.take(6, state, 1000))


def test_one_token_comes_back_after_the_refill_to_the_second():
    budget, state = lock()
    wrong(budget, state, 6, 1000, 5)
    assert not budget.allows(6, state, 1000 + 48 * HOURS - 1)
    wrong(budget, state, 6, 1000 + 48 * HOURS)
    assert not budget.allows(6, state, 1000 + 96 * HOURS - 1)
    assert budget.allows(6, state, 1000 + 96 * HOURS)


def test_refill_stops_at_the_burst():
    budget, state = lock()
    wrong(budget, state, 6, 0)
    wrong(budget, state, 6, 365 * 24 * HOURS, 5)
    assert not budget.allows(6, state, 365 * 24 * HOURS)


def test_parts_of_a_token_are_kept():
    budget, state = lock()
    wrong(budget, state, 6, 0, 5)
    wrong(budget, state, 6, 71 * HOURS)
    assert not budget.allows(6, state, 96 * HOURS - 1)
    assert budget.allows(6, state, 96 * HOURS)


def test_lengths_have_buckets_of_their_own():
    budget, state = lock()
    wrong(budget, state, 6, 0, 5)
    wrong(budget, state, 9, 0, 10)
    assert not budget.allows(9, state, 8 * HOURS - 1)
    assert budget.allows(9, state, 8 * HOURS)
    assert not budget.allows(6, state, 8 * HOURS)


def test_refund_gives_back_its_own_token_only():
    budget, state = lock()
    wrong(budget, state, 6, 0, 3)
    before = state.bucket(6)[0]
    attempt(budget, state, 6, 0)
    level = budget.refund(6, state)
    assert level == before
    state.apply(state.burn(6, level, [(1, 0, 5)]))
    wrong(budget, state, 6, 0, 2)
    assert not budget.allows(6, state, 0)


def test_refund_never_overfills():
    budget, state = lock()
    attempt(budget, state, 6, 0)
    state.apply(state.outcome(WRONG, 6, 5 * 48 * HOURS, 0, HEAD))
    assert budget.refund(6, state) == 5 * 48 * HOURS


def test_credit_that_was_lost_refills_nothing_twice():
    budget, state = lock()
    wrong(budget, state, 6, 10 * HOURS, 5)
    assert not budget.allows(6, state, 0)
    level, stamp = Budget(((6, 5, 1), (9, 1, 1)), lock()[0]._grants).take(9, state, 0)
    assert (level, stamp) == (0, 0)
    state.apply(state.outcome(WRONG, 6, 48 * HOURS, 0, HEAD))
    assert budget.take(6, state, 0) == (0, 10 * HOURS)


def test_the_owner_has_no_bucket_and_is_never_refused():
    budget, state = lock()
    wrong(budget, state, 6, 0, 5)
    for credit in range(40):
        assert budget.allows(12, state, credit)
        assert budget.take(12, state, credit) == (0, credit)
        wrong(budget, state, 12, credit)
        assert budget.refund(12, state) == 0


def test_a_length_without_codes_is_refused():
    budget, state = lock()
    for length in (1, 5, 7, 8, 10, 11, 13, 16):
        assert not budget.allows(length, state, 0)
        assert raises(BudgetError, lambda length=length: budget.take(length, state, 0))


def test_buckets_must_fit_the_grants():
    assert "typed length 9 of grant 2 has no bucket" in raises(BudgetError, lambda: lock(RULES[:1]))
    assert "typed length 12 of grant 3 must have none" in raises(BudgetError, lambda: lock(RULES + ((12, 5, 60),)))
    lock(RULES + ((8, 5, 60),))


def test_a_week_of_a_stranger():
    """Burst and refill together bound the guesses of any stretch of time."""
    budget, state = lock()
    guesses = 0
    for credit in range(0, 7 * 24 * HOURS + 1, 600):
        while budget.allows(9, state, credit):
            wrong(budget, state, 9, credit)
            guesses += 1
    assert guesses == 10 + 21


def test_full_buckets_end_every_lockout_at_once():
    budget, state = lock()
    wrong(budget, state, 6, 1000, 5)
    wrong(budget, state, 9, 1000, 10)
    assert not budget.allows(6, state, 1000) and not budget.allows(9, state, 1000)
    for body in records.pack_items(records.BUCKETS, records.BUCKET_ITEM, budget.full(1000)):
        state.apply(body)
    wrong(budget, state, 6, 1000, 5)
    wrong(budget, state, 9, 1000, 10)
    assert not budget.allows(6, state, 1000) and not budget.allows(9, state, 1000), "full, and no more than that"
