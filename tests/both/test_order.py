"""The order of an entry's first steps: what is not counted is not compared. No power cut can show that by itself."""

from entrance import BURST, Entrance
from keyring import event

from firmware.core.records import ATTEMPT, BURN, OUTCOME
from firmware.core.words import ACCEPTED, BUDGET, MISTYPED, OPENED, STORAGE, USED, WRONG

WRONG_CODE = "00000000"


def test_every_entry_is_in_flash_before_it_is_compared():
    e = Entrance(event())
    code = e.code(0)
    for typed, revoke, decision in (
        (WRONG_CODE, 0, WRONG),
        (code, 0, OPENED),
        (code, 0, USED),
        (e.code(0, 1), 1, ACCEPTED),
    ):
        assert e.enter(typed, revoke) == decision
        assert e.compared == [ATTEMPT]
        assert e.written[0] == ATTEMPT and len(e.written) > 1


def test_an_entry_that_flash_does_not_take_is_not_compared():
    e = Entrance(event())
    e.fails_at = 1
    assert e.enter(e.code(0)) == STORAGE
    assert e.compared is None and e.written == []


def test_without_a_token_nothing_is_compared_and_nothing_written():
    e = Entrance(event())
    for _ in range(BURST):
        assert e.enter(WRONG_CODE) == WRONG
    assert e.enter(e.code(0)) == BUDGET
    assert e.compared is None and e.written == []


def test_a_slip_of_the_finger_is_not_compared():
    e = Entrance(event(check=True))
    code = e.code(0)
    slip = code[:-1] + str((int(code[-1]) + 1) % 10)
    assert e.enter(slip) == MISTYPED
    assert e.compared is None and e.written == []
    assert e.enter(code) == OPENED
    assert e.written == [ATTEMPT, BURN, OUTCOME]
