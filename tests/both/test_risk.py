"""The chance of a guess: the figures of the rules, and what counts as a code."""

from keyring import KEY, event, interval, number, raises

from firmware.core.budget import BudgetError
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.risk import YEAR_S, entries, exceeds, guess, likeliest, risk
from firmware.core.words import APPROVE, NUMBER, OWNER, REMOTE, UNLOCK

HOUR = 3600
SHORT = (6, 5, 48 * HOUR)
LONG = (9, 10, 8 * HOUR)
APP = interval(id=10, digits=6, grace_before=1, grace_after=1, early=0)
COURIERS = event(id=11, window=32, check=True)


def owner(**fields):
    values = {"id": 12, "permissions": OWNER | UNLOCK, "uses": 0}
    values.update(fields)
    return number(b"918273645546", **values)


def near(value, expected):
    """Within half a percent."""
    return abs(value / expected - 1) < 0.005


def table(*records):
    return Grants(b"".join(records))


def test_the_likeliest_code_of_31_bits():
    for digits, times in ((6, 1.0), (7, 1.0), (8, 1.0245), (9, 1.397), (10, 4.657)):
        assert near(likeliest(digits) * 10**digits, times)
    for digits in range(6, 11):  # 0 is among the codes that most of the values below 2^31 leave
        assert likeliest(digits) == ((2147483647 // 10**digits) + 1) / 2147483648


def test_the_defaults_together_are_nine_in_ten_thousand_a_year():
    rows, total = risk(table(APP, COURIERS), (SHORT, LONG))
    assert [row[:3] for row in rows] == [(6, 3, 188), (9, 32, 1106)]
    assert near(rows[0][3], 5.64e-4) and near(rows[1][3], 3.63e-4)
    assert near(total, 9.26e-4)
    assert not exceeds(total, 1000)
    assert exceeds(total, 2000)


def test_the_owner_is_two_in_a_million_a_year():
    rows, total = risk(table(owner()), ())
    assert rows[0][:3] == (12, 1, YEAR_S // 15)
    assert near(total, 2.1e-6)
    assert near(risk(table(APP, COURIERS, owner()), (SHORT, LONG))[1], 9.28e-4)


def test_two_parts_count_as_their_sum():
    parts = interval(id=1, digits=8, second=2), event(id=2, permissions=APPROVE, window=16)
    buckets = ((8, 10, 8 * HOUR),)
    together = risk(table(*parts), buckets)[1]
    apart = [risk(table(part), buckets)[1] for part in (interval(id=1, digits=8), parts[1])]
    assert near(together, sum(apart))
    by_radio = risk(table(interval(id=1, digits=8, second=REMOTE)), buckets)[1]
    assert near(by_radio, apart[0])


def test_grants_of_a_length_add_up():
    two = event(id=1, window=16), interval(id=2, serials=4, grace_before=1, grace_after=2, early=1, digits=8)
    rows, _ = risk(table(*two), ((8, 10, 8 * HOUR),))
    assert rows[0][1] == 16 + 4 * (1 + 1 + 2 + 1)


def test_answers_after_the_window_are_no_codes_and_early_ones_are():
    assert near(guess(table(interval(grace_before=0, grace_after=0, early=0)), 8)[1], 1.0245e-8)
    assert near(guess(table(interval(grace_before=0, grace_after=0, early=3)), 8)[1], 4 * 1.0245e-8)


def test_the_check_digit_makes_no_code_rarer():
    assert guess(table(event(check=True)), 9) == guess(table(event(check=False)), 8)


def test_a_number_counts_with_its_unpredictable_digits():
    parcel = pack_grant(id=1, kind=NUMBER, key=b"n" * 16, digits=10, unpredictable=4)
    assert near(guess(table(parcel), 10)[1], 1e-4)
    rows, total = risk(table(parcel), ((10, 5, 24 * HOUR),))
    assert rows[0][:3] == (10, 1, 5 + 366)
    assert near(total, 0.0364)
    assert exceeds(total, 1000)


def test_numbers_and_codes_of_one_length_share_its_guesses():
    parcel = pack_grant(id=1, kind=NUMBER, key=b"n" * 16, digits=8, unpredictable=7)
    both = table(parcel, event(id=2, window=10))
    rows, total = risk(both, ((8, 10, 8 * HOUR),))
    assert rows[0][1] == 11
    assert near(total, 1106 * (1e-7 + 10 * 1.0245e-8))


def test_a_revoked_grant_counts_for_nothing_but_needs_its_bucket():
    gone = event(id=1, window=64, digits=6, revoked=True)
    rows, total = risk(table(gone), (SHORT,))
    assert rows == [(6, 0, 188, 0.0)] and total == 0
    assert raises(BudgetError, lambda: risk(table(gone), ()))


def test_a_length_without_bucket_or_an_owner_with_one_is_refused():
    assert "typed length 9 of grant 11 has no bucket" in raises(BudgetError, lambda: risk(table(COURIERS), (SHORT,)))
    assert "must have none" in raises(BudgetError, lambda: risk(table(owner()), ((12, 5, 60),)))


def test_a_bucket_without_codes_is_no_risk():
    assert risk(table(), (SHORT, LONG)) == ([], 0)
    assert len(risk(table(APP), (SHORT, LONG))[0]) == 1


def test_entries_of_a_year():
    assert entries(6, (SHORT, LONG)) == 5 + 183
    assert entries(9, (SHORT, LONG)) == 10 + 1096
    assert entries(12, (SHORT, LONG)) == 2_103_796


def test_a_chance_near_certainty_stays_one_at_most():
    weak = table(event(digits=6, window=64, key=KEY))
    total = risk(weak, ((6, 100, 60),))[1]
    assert 0.999 < total <= 1.0
