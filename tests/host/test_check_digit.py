"""The check digit gives a stranger nothing: as many entries pass it as there are codes, and what fails it is no try."""

import pytest

from firmware.core.checkdigit import check_digit, is_valid
from firmware.core.words import MISTYPED, OPENED
from tests.host import stranger
from tests.host.stranger import COURIERS, Lock

DIGITS = 6


def test_of_all_entries_of_six_digits_and_one_exactly_one_passes_for_each_code():
    """All 10,000,000: a code's check digit is one of ten, so one of its ten entries passes; `is_valid` agrees."""
    entry = bytearray(DIGITS + 1)
    last = [0] * 10
    for code in range(10**DIGITS):
        entry[:DIGITS] = b"%06d" % code
        digit = check_digit(entry, DIGITS)
        last[digit] += 1
        if code % 101 == 0:
            passing = 0
            for other in range(48, 58):
                entry[DIGITS] = other
                passing += is_valid(entry, DIGITS + 1)
            entry[DIGITS] = 48 + digit
            assert passing == 1 and is_valid(entry, DIGITS + 1)
    assert sum(last) == 10**DIGITS
    assert last == [10 ** (DIGITS - 1)] * 10  # nor does the digit tell anything of a code beforehand


@pytest.fixture
def lock():
    with stranger.quick_stretch():
        yield Lock()


def test_a_mistyped_entry_is_no_attempt(lock):
    before = [bytes(body) for body in lock.state.snapshot()]
    code = lock.code(COURIERS, 0)
    slips = 0
    for place in range(len(code)):
        for digit in set("0123456789") - {code[place]}:
            assert lock.type(code[:place] + digit + code[place + 1 :]) == MISTYPED
            slips += 1
    assert slips == 81
    assert lock.guesses[len(code)] == 0
    assert [bytes(body) for body in lock.state.snapshot()] == before
    assert lock.type(code) == OPENED


def test_whoever_types_at_random_has_one_compared_for_ten_typed(lock):
    """What is compared is a code as likely as if there were no check digit: the others were never compared."""
    typed = 0
    while lock.guesses[9] < 10:
        typed += 1
        lock.type("".join(lock.random.choices("0123456789", k=9)))
    assert 30 < typed < 300
    assert lock.state.attempts == 10
