"""Verification: edges of windows, serials, numbers, check digits, lengths."""

from hashlib import sha256

from keyring import DAY, KEY, LOCK, NOW, Door, event, interval, number

from firmware.core.grants import Grants
from firmware.core.hotp import Hmac
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.verify import classify, mistyped, otp_code
from firmware.core.words import EARLY, INTERVAL, LATE, OPENED, OWNER, UNLOCK, USED, WRONG


def other(code, *taken):
    """A code one off in its last digit that is none of `taken`."""
    for last in "0123456789":
        wrong = code[:-1] + last
        if wrong != code and wrong not in taken:
            return wrong
    raise ValueError(code)


# Windows.


def test_an_interval_at_both_edges():
    for early in (0, 1, 3):
        now = Grants(interval()).step_at(0, NOW)
        for behind, answer in ((4, WRONG), (3, LATE), (2, OPENED), (1, OPENED), (0, OPENED), (-1, OPENED)):
            door = Door(interval(early=early))
            assert door.enter(door.code(0, now - behind)) == answer
        for ahead in range(2, 6):
            door = Door(interval(early=early))
            assert door.enter(door.code(0, now + ahead)) == (EARLY if ahead <= 1 + early else WRONG)


def test_an_interval_to_the_second():
    door = Door(interval(grace_before=0, grace_after=0, offset=3600))
    step = door.grants.step_at(0, NOW)
    begins = step * DAY + 3600
    code = door.code(0, step)
    assert door.enter(code, begins - DAY - 1) == WRONG
    assert door.enter(code, begins - 1) == EARLY
    assert door.enter(code, begins + DAY) == LATE
    assert door.enter(code, begins + DAY - 1) == OPENED
    assert door.enter(code, begins + DAY) == USED
    assert door.enter(code, begins + 2 * DAY) == WRONG
    door = Door(interval(grace_before=0, grace_after=0, offset=3600))
    assert door.enter(code, begins) == OPENED


def test_an_authenticator_app_fits():
    """Offset 0, step 30, serial 0, 6 digits, SHA-1: RFC 6238 as every app shows it."""
    door = Door(pack_grant(id=1, kind=INTERVAL, key=KEY, digits=6, grace_before=0, grace_after=0))
    assert door.enter("287082", 59) == OPENED
    assert door.enter("287082", 59) == USED
    assert door.enter("081804", 1111111109) == OPENED


def test_an_event_at_both_edges():
    door = Door(event())
    base = 100
    door.state.apply(door.state.burn(8, 0, [(2, 0, base + 10)]))
    base = door.state.event_base(0)
    assert base == 99
    for counter, answer in (
        (base - 5, WRONG),
        (base - 4, LATE),
        (base - 1, LATE),
        (base + 16, WRONG),
        (base + 17, WRONG),
    ):
        assert door.enter(door.code(0, counter)) == answer
    assert door.enter(door.code(0, base)) == OPENED


def test_the_last_counter_of_the_window():
    door = Door(event())
    assert door.enter(door.code(0, 16)) == WRONG
    assert door.enter(door.code(0, 15)) == OPENED
    assert door.state.event_base(0) == 4
    assert door.enter(door.code(0, 15)) == USED
    assert door.enter(door.code(0, 3)) == LATE


def test_the_whole_window_in_any_order():
    for order in (range(12), range(11, -1, -1), (5, 0, 11, 1, 7, 10, 2, 9, 3, 8, 4, 6)):
        door = Door(event())
        for counter in order:
            assert door.enter(door.code(0, counter)) == OPENED
        for counter in order:
            assert door.enter(door.code(0, counter)) in (USED, WRONG)


def test_used_is_told_behind_the_base_as_far_back_as_looked():
    door = Door(event())
    for counter in range(6):
        assert door.enter(door.code(0, counter)) == OPENED
    assert door.state.event_base(0) == 6
    answers = [door.enter(door.code(0, counter)) for counter in range(6)]
    assert answers == [WRONG, WRONG, USED, USED, USED, USED]


def test_window_of_one_and_of_64():
    door = Door(event(window=1))
    for counter in range(20):
        assert door.enter(door.code(0, counter + 1)) == WRONG
        assert door.enter(door.code(0, counter)) == OPENED
    door = Door(event(window=64, digits=9))
    assert door.enter(door.code(0, 64)) == WRONG
    assert door.enter(door.code(0, 63)) == OPENED
    assert door.enter(door.code(0, 16)) == OPENED
    assert door.enter(door.code(0, 15)) == LATE


def test_a_thousand_wrong_codes_move_nothing():
    door = Door(event(), interval())
    codes = [door.code(0, c) for c in range(20)]
    codes += [door.code(1, door.grants.step_at(1, NOW) + k) for k in range(-5, 6)]
    before = [bytes(body) for body in door.state.snapshot()]
    seed = Hmac(b"wrong codes", sha256)
    for k in range(1000):
        code = "%08d" % seed.code(k, 8)
        if code not in codes:
            assert door.enter(code) == WRONG
    assert [bytes(body) for body in door.state.snapshot()] == before
    assert door.enter(door.code(0, 0)) == OPENED


def test_yesterdays_unused_code_opens_after_todays():
    door = Door(interval())
    now = door.grants.step_at(0, NOW)
    assert [door.enter(door.code(0, step)) for step in (now + 1, now, now - 2, now - 1)] == [OPENED] * 4
    assert [door.enter(door.code(0, step)) for step in (now + 1, now, now - 2, now - 1)] == [USED] * 4


def test_a_clock_that_goes_back_revives_nothing():
    door = Door(interval())
    now = door.grants.step_at(0, NOW)
    assert door.enter(door.code(0, now)) == OPENED
    assert door.enter(door.code(0, now), NOW - DAY) == USED
    assert door.enter(door.code(0, now - 40), NOW - 40 * DAY) == USED


# Serials.


def test_serials_are_codes_of_their_own():
    door = Door(interval(serials=3), event(id=9))
    now = door.grants.step_at(0, NOW)
    codes = [door.code(0, now, serial) for serial in range(3)]
    assert len(set(codes)) == 3
    for serial in (2, 0, 1):
        assert door.hits(codes[serial]) == [(0, serial, now)]
        assert door.enter(codes[serial]) == OPENED
        assert door.enter(codes[serial]) == USED
    assert door.enter(door.code(0, now, 3)) == WRONG


def test_the_key_of_a_serial():
    grants = Grants(interval(id=0x0102, sha256=True))
    key = Hmac(KEY, sha256).digest(b"dropbolt/serial" + LOCK + b"\x01\x02" + b"\x05")
    assert otp_code(grants, 0, 5, 77, LOCK) == "%08d" % Hmac(key, sha256).code(77, 8)
    assert otp_code(grants, 0, 0, 77, LOCK) == "%08d" % Hmac(KEY, sha256).code(77, 8)


def test_a_serial_belongs_to_lock_and_grant():
    grants = Grants(interval(id=1) + interval(id=2))
    codes = [otp_code(grants, 0, 1, 5, LOCK), otp_code(grants, 1, 1, 5, LOCK), otp_code(grants, 0, 1, 5, bytes(8))]
    assert len(set(codes)) == 3


# Numbers and check digits.


def test_a_number_opens_as_often_as_it_may():
    for uses, answers in ((1, [OPENED, USED, USED]), (2, [OPENED, OPENED, USED]), (0, [OPENED] * 3)):
        door = Door(number(b"12345678", uses=uses))
        assert [door.enter("12345678") for _ in range(3)] == answers
        assert door.enter("12345679") == WRONG
        assert door.enter("1234567") == WRONG


def test_the_owners_number():
    door = Door(number(b"123456789012", uses=0, permissions=UNLOCK | OWNER), event())
    assert [door.enter("123456789012") for _ in range(5)] == [OPENED] * 5
    assert door.enter("123456789013") == WRONG


def test_numbers_beside_codes_of_their_length():
    door = Door(number(b"12345678"), number(b"00000000", id=4), event())
    assert door.enter("00000000") == OPENED
    assert door.place == 1
    assert door.enter("12345678") == OPENED
    assert door.enter(door.code(2, 0)) == OPENED


def test_a_check_digit_is_typed_too():
    door = Door(event(check=True), interval(digits=6))
    code = door.code(0, 0)
    assert len(code) == 9
    for digit in "0123456789":
        wrong = code[:8] + digit
        assert mistyped(door.grants, wrong.encode(), 9) == (wrong != code)
        if wrong != code:
            assert door.hits(wrong) == []
    assert door.enter(code[:8]) == WRONG
    assert door.enter(code) == OPENED
    assert not mistyped(door.grants, b"000001", 6)


# Lengths, several hits, nothing.


def test_the_length_is_part_of_the_code():
    door = Door(event(digits=6), event(id=5, digits=7))
    for i in (0, 1):
        code = door.code(i, 3)
        for entry in (code[:-1], code[1:], "0" + code, code + "0"):
            assert (i, 0, 3) not in door.hits(entry)
        assert door.hits(code) == [(i, 0, 3)]


def test_the_buffer_may_hold_more_than_was_typed():
    door = Door(event())
    typed = bytearray(door.code(0, 3).encode() + b"99999999")
    assert door.verifier.match(typed, 8, NOW) == [(0, 0, 3)]


def test_all_grants_that_match_are_hit():
    records = [event(id=k + 1, window=2) for k in range(6)]
    door = Door(*records)
    assert door.hits(door.code(0, 1)) == [(k, 0, 1) for k in range(6)]
    door = Door(event(), number(door.code(0, 1).encode()))
    assert door.hits(door.code(0, 1)) == [(0, 0, 1), (1, 0, 0)]


def test_no_grants_match_nothing():
    door = Door()
    assert door.enter("12345678") == WRONG
    assert door.enter("") == WRONG
    assert not door.verifier.work()


def test_any_number_of_digits_is_answered():
    door = Door(event(check=True), interval(digits=6), number(b"123456789012"))
    for n in range(17):
        assert door.enter("9" * n) == WRONG


def test_counters_and_steps_below_zero_match_nothing():
    door = Door(event(), interval())
    assert door.hits("%08d" % 0, 0) == []
    assert door.hits("%08d" % 99999999, 0) == []
    assert [hit for hit in door.hits(door.code(1, 1), 0) if hit[0] == 1] == [(1, 0, 1)]


def test_classify_alone():
    grants = Grants(event() + number(b"12345678"))
    state = State(grants)
    assert classify(grants, state, (0, 0, 0), NOW) == OPENED
    assert classify(grants, state, (0, 0, 16), NOW) == WRONG
    assert classify(grants, state, (1, 0, 0), NOW) == OPENED


def test_wrong_codes_near_a_right_one():
    door = Door(event())
    codes = [door.code(0, counter) for counter in range(16)]
    for code in codes:
        assert door.enter(other(code, *codes)) == WRONG


def test_at_every_second_the_steps_of_the_window_are_answered_and_no_other():
    for before, after, early in ((1, 1, 1), (2, 0, 1), (0, 3, 2), (1, 0, 0)):
        door = Door(interval(step=30, offset=7, grace_before=before, grace_after=after, early=early))
        middle = door.grants.step_at(0, NOW)
        codes = [(step - middle, door.code(0, step)) for step in range(middle - 6, middle + 7)]
        assert len({code for _, code in codes}) == len(codes)
        for second in range(30) if before == after else (0, 1, 28, 29):
            t = middle * 30 + 7 + second
            answers = {}
            for step, code in codes:
                for hit in door.hits(code, t):
                    answers[step] = classify(door.grants, door.state, hit, t)
            opening = [step for step in answers if answers[step] == OPENED]
            soon = [step for step in answers if answers[step] == EARLY]
            assert sorted(opening) == list(range(-after, before + 1))
            assert sorted(soon) == list(range(before + 1, before + early + 1))
            assert set(answers) - set(opening) - set(soon) <= {-after - 1, before + early + 1}
