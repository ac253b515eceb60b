"""A stranger at the keypad every hour of a year: what is compared stays within what the risk was computed from."""

import re

import pytest

from firmware.core.budget import Budget
from firmware.core.risk import guess
from firmware.core.verify import classify
from firmware.core.words import DECISIONS, EARLY, OPENED, UNKNOWN, WRONG
from tests.host import stranger
from tests.host.stranger import DAY, HOUR, Lock
from tests.host.vm import ROOT
from tests.host.year import Year

_MONTH = 30 * 24


@pytest.fixture(autouse=True)
def _quick_stretch():
    with stranger.quick_stretch():
        yield


def most(lock, length, seconds):
    """Guesses that a bucket allows in so many seconds."""
    burst, refill = next(rule[1:] for rule in lock.buckets if rule[0] == length)
    return burst + seconds // refill


def test_a_year_with_everything_that_goes_wrong():
    year = Year()
    for length, (allowed, compared, computed, met) in year.chances().items():
        assert compared <= allowed
        assert met <= computed
        if length != 12:  # he did what he could, power cuts and all
            assert compared > 0.9 * allowed
            assert met > 0.9 * computed
    assert 0.9 < year.busy_guesses * 15 / year.busy_s <= 1
    assert not year.stranger[DECISIONS[OPENED]]
    assert min(year.mishaps[what] for what in ("pull", "jump", "wild", "power cut in an entry")) > 20
    owner = {word: count for (who, word), count in year.answers.items() if who == "owner"}
    assert set(owner) == {"opened"}
    assert owner["opened"] > 700
    couriers = {word: count for (who, word), count in year.answers.items() if who == "courier"}
    assert couriers["budget"] > couriers["opened"] > 0
    check_page(year)


def check_page(year):
    """docs/security.md says of that year what it came to."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    told = re.search(
        r"What is compared comes to ([\d,]+) of ([\d,]+) and ([\d,]+) of ([\d,]+)\.", " ".join(page.split())
    )
    numbers = [int(number.replace(",", "")) for number in told.groups()]
    found = [chance for length, chance in year.chances().items() if length != 12]
    assert numbers[1::2] == [allowed for allowed, *_ in found]
    assert numbers[::2] == pytest.approx([compared for _, compared, *_ in found], rel=0.02)
    others = {word: 0 for _, word in year.answers}
    for (who, word), count in year.answers.items():
        others[word] += count if who != "owner" else 0
    assert others["budget"] > 0.9 * sum(others.values())
    assert "more than nine in ten of the visits by others than the owner" in " ".join(page.split())


def test_without_mishaps_the_bound_is_met_to_the_entry():
    year = Year(_MONTH, mishaps=False)
    for length in (6, 9):
        allowed = most(year.lock, length, year.seconds)
        assert allowed - 1 <= year.lock.guesses[length] <= allowed


@pytest.mark.parametrize("seed", range(3))
def test_any_month_with_mishaps_stays_within_the_bound(seed):
    year = Year(_MONTH, seed=seed)
    for length in (6, 9):
        assert year.lock.guesses[length] <= most(year.lock, length, year.seconds)


def test_a_lock_whose_successes_refill_more_than_their_token_would_be_seen(monkeypatch):
    monkeypatch.setattr(Budget, "refund", lambda self, length, *_: self._rules[length][0] if length < 12 else 0)
    year = Year(_MONTH, mishaps=False)
    assert year.lock.guesses[9] > most(year.lock, 9, year.seconds)


def test_a_lock_that_forgets_its_buckets_without_power_would_be_seen(monkeypatch):
    monkeypatch.setattr(stranger.State, "_bucket_items", lambda self: iter(()))
    year = Year(_MONTH)
    assert year.lock.guesses[9] > most(year.lock, 9, year.seconds)


def test_100000_wrong_codes_are_compared_as_often_as_the_buckets_allow():
    lock = Lock()
    began = lock.truth
    codes = [lock.junk(9) for _ in range(100)] + [lock.junk(6) for _ in range(100)]
    for entry in range(100_000):
        lock.type(codes[entry % 200])
    seconds = lock.truth - began
    assert seconds > 3 * DAY
    for length in (6, 9):
        assert most(lock, length, seconds) - 1 <= lock.guesses[length] <= most(lock, length, seconds)
    assert lock.state.attempts == lock.guesses[6] + lock.guesses[9]


def test_after_1000_wrong_codes_the_genuine_ones_open():
    lock = Lock()
    for _ in range(1000):
        lock.sleep(8 * HOUR)
        assert lock.type(lock.junk(9)) == WRONG
    assert lock.guesses[9] == 1000
    lock.sync()
    lock.sleep(8 * HOUR)
    assert lock.type(lock.code(stranger.COURIERS, 0)) == OPENED
    assert lock.type(lock.code(stranger.GUESTS, lock.step(stranger.GUESTS))) == OPENED


def tried(lengths, days):
    """Guesses compared at each of `lengths`, tried in turn every hour for so many days, honest codes between."""
    lock = Lock()
    for hour in range(days * 24):
        lock.sleep(HOUR)
        for length in lengths * 3:
            lock.type(lock.junk(length))
        if hour % 6 == 0:
            lock.type(stranger.OWNERS_CODE)
    return lock.guesses


def test_lengths_mixed_give_no_more_guesses_than_each_alone():
    mixed = tried([6, 9, 12], 20)
    assert (mixed[6], mixed[9]) == (tried([6], 20)[6], tried([9], 20)[9])


def test_a_success_gives_back_its_own_token_and_no_other():
    lock = Lock()
    for length in (6, 9):
        while lock.type(lock.junk(length)) == WRONG:
            pass
    lock.sleep(8 * HOUR)
    levels = [lock.state.bucket(length)[0] for length in (6, 9)]
    assert lock.type(lock.code(stranger.COURIERS, 0)) == OPENED
    assert lock.state.bucket(6)[0] == levels[0]
    assert 8 * HOUR <= lock.state.bucket(9)[0] - levels[1] < 8 * HOUR + 60
    assert lock.type(lock.junk(9)) == WRONG
    assert DECISIONS[lock.type(lock.junk(9))] == "budget"


def test_codes_that_open_now_or_soon_are_as_many_as_k_says():
    """Every code of a hundred steps and counters around now: no other one is answered as if it might open."""
    lock = Lock()
    grants, now = lock.grants, lock.truth
    codes = {}
    for i, serials in ((stranger.APP, 1), (stranger.GUESTS, stranger.GUEST_CODES)):
        for step in range(lock.step(i) - 50, lock.step(i) + 50):
            for serial in range(serials):
                codes[lock.code(i, step, serial)] = i
    codes |= {lock.code(stranger.COURIERS, counter): stranger.COURIERS for counter in range(100)}
    verifier = stranger.Counted(lock.guesses, grants, lock.state, stranger.LOCK, stranger.SALT)
    found = {6: 0, 9: 0}
    for code in codes:
        hits = verifier.match(code.encode(), len(code), now)
        answers = [classify(grants, lock.state, hit, now) for hit in hits]
        found[len(code)] += OPENED in answers or EARLY in answers
    assert found == {6: 3, 9: 2 * stranger.GUEST_CODES + stranger.WINDOW}
    assert [guess(grants, length)[0] for length in (6, 9)] == [3, 32]


def test_power_that_goes_in_an_entry_never_gives_a_guess_back():
    lock = Lock()
    for record in (1, 2) * 20:
        lock.cut_in = record
        if lock.type(lock.junk(9)) not in (UNKNOWN, WRONG):
            break
    assert lock.guesses[9] <= 10
    assert lock.state.attempts >= lock.guesses[9]
