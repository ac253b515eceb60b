"""`doctor` answers as the lock does, and says why without a digit of any code."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_sim.lock import DEFAULT_START
from tests.host.owners import CONFIG, lock_of, record
from tools.log.partition import sectors
from tools.owner.answer import answer, slip_of
from tools.owner.dump import check, learn
from tools.owner.issue import issue
from tools.owner.record import WITHDRAWN

HOUR = 3600
DAY = 24 * HOUR
NOW = DEFAULT_START


def told(found):
    return " | ".join(found.why)


GRANTS = st.sampled_from(["app", "couriers", "visitors", "days", "cleaner", "parcel", "owner"])


@settings(max_examples=25)
@given(GRANTS, st.integers(0, 3 * DAY), st.integers(-2, 10), st.sampled_from("0123456789"))
def test_it_answers_as_the_lock(grant, later, place, digit):
    kept = record()
    digits = issue(kept, grant, NOW + 300).digits
    if place >= 0:
        digits = digits[:place] + digit + digits[place + 1 :]
    with lock_of(kept) as lock:
        lock.wait(60 + later)
        lock.wake()
        t = int(lock.now)
        lock.type(digits + "#")
        lock.wait(20)
        judged = [event for event in lock.log() if event["kind"] == "entry" and event["decision"]]
    assert judged[-1]["decision"] == answer(kept, digits, judged[-1]["t"] or t).decision


def test_a_code_of_another_time_is_known():
    kept = record()
    issued = issue(kept, "visitors", NOW, (NOW + DAY, NOW + DAY + HOUR), "Anna")
    early = answer(kept, issued.digits, NOW)
    assert early.decision == "wrong"
    assert "it is a code of visitors that will open Tue 3 Mar 2026 08:00 to 11:00" in told(early)
    assert "given out here to Anna as number 1 on Mon 2 Mar 2026 09:00" in told(early)
    opened = answer(kept, issued.digits, NOW + DAY)
    assert (opened.decision, opened.grant) == ("opened", "visitors")
    over = answer(kept, issued.digits, NOW + 3 * DAY)
    assert "opened Tue 3 Mar 2026 08:00 to 11:00 (UTC+1): over" in told(over)


def test_a_code_too_far_ahead_is_known():
    kept = record()
    digits = lock_of(kept).issue("couriers", counter=30)
    assert "too far ahead" in told(answer(kept, digits, NOW))


def test_a_code_of_another_lock_is_known():
    kept, garage = record(), record(seed=2, label="garage")
    digits = issue(garage, "couriers", NOW).digits
    found = answer(kept, digits, NOW, [kept, garage])
    assert (found.decision, "a code of another lock, garage" in told(found)) == ("wrong", True)


def test_a_code_taken_back_is_said_to_be():
    kept = record()
    issued = issue(kept, "couriers", NOW)
    issued.code.state = WITHDRAWN
    assert "taken back since" in told(answer(kept, issued.digits, NOW))


def test_what_the_lock_has_seen_counts():
    kept = record()
    digits = issue(kept, "couriers", NOW).digits
    with lock_of(kept) as lock:
        lock.wake()
        lock.type(digits + "#")
        lock.wait(20)
        dump = lock.flash
    assert learn(kept, dump, check(kept, sectors(dump)), NOW) == ""
    found = answer(kept, digits, NOW + 60)
    assert (found.decision, found.grant) == ("used", "couriers")
    assert "issue a new one" in told(found)


@pytest.mark.parametrize(
    ("meant", "typed", "slip"),
    [
        ("12345678", "12355678", "the 4th digit is another one"),
        ("12345678", "21345678", "the 1st and 2nd digits are swapped"),
        ("12345678", "12345687", "the 7th and 8th digits are swapped"),
        ("12345678", "1234678", "the 5th digit is missing"),
        ("12345678", "1234567", "the 8th digit is missing"),
        ("12345678", "123445678", "the 5th digit is one too many"),
        ("12345678", "123456789", "the 9th digit is one too many"),
        ("12345678", "12345678", ""),
        ("12345678", "13245687", ""),
        ("12345678", "", ""),
    ],
)
def test_one_slip_is_named(meant, typed, slip):
    assert slip_of(typed, meant) == slip


@given(st.integers(0, 8), st.sampled_from("0123456789"))
def test_a_slip_is_found_and_gives_no_digit_away(place, digit):
    kept = record(config=CONFIG)
    digits = issue(kept, "visitors", NOW, whom="Anna").digits
    typed = digits[:place] + digit + digits[place + 1 :]
    found = answer(kept, typed, NOW)
    if typed != digits:
        assert (found.decision, "code 1 of visitors given out to Anna" in told(found)) == ("mistyped", True)
    assert not re.search(r"\d{6}", told(found))


def test_nothing_near_is_said_too():
    found = answer(record(), "000000", NOW)
    assert found.why == [found.why[0], "no code that is known here is near it: ask for the code again, digit by digit"]
