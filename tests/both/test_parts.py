"""Entries in two parts: a code and the code of another grant, or an approval by radio, within a minute."""

from entrance import Entrance
from keyring import DAY, NOW, event, interval, number

from firmware.core.records import ATTEMPT, BURN, OUTCOME
from firmware.core.words import (
    ACCEPTED,
    APPROVAL,
    APPROVE,
    BATTERY,
    CALL,
    DURESS,
    LATE,
    OPENED,
    REMOTE,
    REVOKED,
    SCHEDULE,
    SERVICE,
    STORAGE,
    UNLOCK,
    USED,
    WRONG,
)
from firmware.store.audit import FIRST_PART, UNDER_DURESS

A, B = 0, 1  # places of the two grants


def entrance(*more, first=None, second=None):
    """A lock with an event whose codes need one of the event after it, of other keys, and 8 digits both."""
    a = {"id": 10, "second": 20, "key": b"a" * 20, "issuer": 7}
    b = {"id": 20, "permissions": APPROVE, "key": b"b" * 20, "issuer": 9}
    a.update(first or {})
    b.update(second or {})
    return Entrance(event(**a), event(**b), *more)


def burnt(e):
    return e.state.event_used(A, 0), e.state.event_used(B, 0)


def test_both_parts_open_and_are_burnt_by_one_record():
    e = entrance()
    assert e.enter(e.code(A)) == APPROVAL
    assert e.attempts.waits and e.attempts.waiting(e.now) == 60_000
    assert e.written == [ATTEMPT, OUTCOME] and burnt(e) == (False, False)
    assert e.attempts.details == (1, 8, 10, 7, FIRST_PART)
    e.now += 20_000
    assert e.enter(e.code(B)) == OPENED
    assert e.written == [ATTEMPT, BURN, OUTCOME] and burnt(e) == (True, True)
    assert e.attempts.details == (2, 8, 10, 7, 0) and e.attempts.approver == (2, 8, 20, 9, 0)
    assert not e.attempts.waiting(e.now)
    assert e.enter(e.code(A)) == USED and e.enter(e.code(B)) == USED


def test_the_first_parts_token_comes_back_when_both_open():
    for digits in (8, 6):
        e = entrance(second={"digits": digits})
        a, b = e.code(A), e.code(B)
        e.enter(a)
        assert e.tokens(a) == 1
        assert e.enter("0" * digits) == WRONG
        assert e.enter(b) == OPENED
        assert (e.tokens(a), e.tokens(b)) == ((1, 1) if digits == 8 else (0, 1))  # the wrong one stays spent
        e.reset()
        assert (e.tokens(a), e.tokens(b)) == ((1, 1) if digits == 8 else (0, 1))


def test_a_first_part_alone_costs_its_token_and_a_second_part_alone_none():
    e = entrance()
    assert e.enter(e.code(B)) == APPROVAL
    assert not e.attempts.waits and e.attempts.known and not e.attempts.waiting(e.now)
    assert e.tokens(e.code(B)) == 0
    for typed in (1, 2, 3):
        assert e.enter(e.code(A)) == APPROVAL
        assert e.tokens(e.code(A)) == typed
    assert burnt(e) == (False, False)


def test_the_second_part_may_have_been_tried_first_and_the_first_part_be_typed_twice():
    e = entrance()
    assert e.enter(e.code(B)) == APPROVAL
    assert e.enter(e.code(A)) == APPROVAL
    e.now += 59_000
    assert e.enter(e.code(A)) == APPROVAL
    e.now += 59_000  # counted from the last time
    assert e.enter(e.code(B)) == OPENED
    assert e.tokens(e.code(A)) == 1


def test_a_minute_to_the_tick():
    for ms, decision in ((59_999, OPENED), (60_000, APPROVAL)):
        e = entrance()
        e.enter(e.code(A))
        e.now += ms
        assert e.enter(e.code(B)) == decision
        assert burnt(e) == (decision == OPENED, decision == OPENED)


def test_a_reset_forgets_the_first_part():
    e = entrance()
    e.enter(e.code(A))
    e.reset()
    assert e.enter(e.code(B)) == APPROVAL and burnt(e) == (False, False)
    assert e.enter(e.code(A)) == APPROVAL and e.enter(e.code(B)) == OPENED


def test_digits_that_are_both_parts_never_open_by_themselves():
    code = entrance().code(B)
    e = Entrance(number(code.encode(), id=10, second=20), event(id=20, permissions=APPROVE, key=b"b" * 20))
    for _ in range(3):
        assert e.enter(code) == APPROVAL
        assert e.attempts.waits
    assert e.state.number_uses(A) == 0 and not e.state.event_used(B, 0)
    assert e.enter(e.code(B, 1)) == OPENED
    assert e.state.number_uses(A) == 1 and e.state.event_used(B, 0) and e.state.event_used(B, 1)


def test_every_code_that_matched_either_part_burns_the_parts_first():
    e = entrance()
    a, b = e.code(A), e.code(B)
    more = number(a.encode(), id=30, permissions=APPROVE), number(b.encode(), id=31, permissions=APPROVE)
    e = entrance(*more)
    assert e.enter(a) == APPROVAL and e.attempts.waits
    assert e.enter(b) == OPENED
    assert e.written == [ATTEMPT, BURN, BURN, OUTCOME]
    assert burnt(e) == (True, True)
    assert (e.state.number_uses(2), e.state.number_uses(3)) == (1, 1)


def test_a_second_part_that_may_unlock_opens_alone_and_otherwise_lets_the_first_open():
    e = entrance(second={"permissions": UNLOCK | APPROVE})
    assert e.enter(e.code(B)) == OPENED and e.attempts.details[2] == 20 and e.attempts.approver == ()
    assert e.enter(e.code(A)) == APPROVAL
    assert e.enter(e.code(B, 1)) == OPENED and e.attempts.details[2] == 10


def test_another_entry_that_opens_forgets_the_first_part_and_one_that_is_refused_does_not():
    e = entrance(number(b"55501234"))
    e.enter(e.code(A))
    assert e.enter("55501235") == WRONG
    assert e.enter(e.code(B, 20)) == WRONG
    assert e.attempts.waiting(e.now)
    assert e.enter("55501234") == OPENED
    assert e.enter(e.code(B)) == APPROVAL and burnt(e) == (False, False)


def test_a_courier_may_call_while_the_first_part_waits():
    e = entrance(event(id=30, key=b"c" * 20, permissions=CALL))
    e.enter(e.code(A))
    assert e.enter(e.code(2)) == ACCEPTED and e.state.event_used(2, 0)
    assert e.attempts.waiting(e.now) and burnt(e) == (False, False)
    assert e.enter(e.code(B)) == OPENED and burnt(e) == (True, True)


def test_both_parts_are_judged_when_the_second_comes():
    e = entrance(first={"valid_until": NOW + 30})
    e.enter(e.code(A))
    e.t += 30
    assert e.enter(e.code(B)) == LATE and burnt(e) == (False, False)
    e = entrance(second={"valid_until": NOW + 30})
    e.enter(e.code(A))
    e.t += 30
    assert e.enter(e.code(B)) == LATE and burnt(e) == (False, False)
    e = entrance()
    e.enter(e.code(A))
    e.mv = 4000
    assert e.enter(e.code(B)) == BATTERY and burnt(e) == (False, False)
    assert e.enter(e.code(A)) == BATTERY
    e.mv = 6000
    assert e.enter(e.code(B)) == OPENED


def test_a_first_part_that_was_revoked_meanwhile_opens_no_more():
    e = entrance()
    e.enter(e.code(A))
    e.state.apply(e.state.revoke([(10, 0, 0)]))
    assert e.enter(e.code(B)) == REVOKED
    assert not e.state.event_used(B, 0)


def test_a_schedule_binds_each_part():
    class Shut:
        def allows(self, number, t):
            return number != self.number

    for number_of, decision in ((1, SCHEDULE), (2, APPROVAL)):
        a = event(id=10, second=20, key=b"a" * 20, schedule=1)
        b = event(id=20, permissions=APPROVE, key=b"b" * 20, schedule=2)
        e = Entrance(a, b, schedules=Shut())
        e.schedules.number = number_of
        assert e.enter(e.code(A)) == decision
        assert e.enter(e.code(B)) == (APPROVAL if number_of == 1 else SCHEDULE)
        e.schedules.number = 0
        e.enter(e.code(A))
        assert e.enter(e.code(B)) == OPENED


def test_a_code_in_two_parts_that_does_not_unlock_is_accepted():
    e = entrance(first={"permissions": SERVICE})
    assert e.enter(e.code(A)) == APPROVAL
    assert e.enter(e.code(B)) == ACCEPTED
    assert e.written == [ATTEMPT, BURN, OUTCOME] and burnt(e) == (True, True)
    assert e.attempts.permissions == SERVICE


def test_duress_of_either_part_is_told_in_the_log_alone():
    for powers in ((UNLOCK | DURESS, APPROVE), (UNLOCK, UNLOCK | APPROVE | DURESS)):
        e = entrance(first={"permissions": powers[0]}, second={"permissions": powers[1]})
        e.enter(e.code(A))
        assert e.enter(e.code(B)) == OPENED
        assert e.attempts.details[4] == UNDER_DURESS


def test_an_interval_as_second_part_opens_once_a_step():
    a = interval(id=10, second=20, key=b"a" * 20, grace_before=0, grace_after=0)
    e = Entrance(a, interval(id=20, permissions=APPROVE, key=b"b" * 20))
    step = NOW // DAY
    assert e.enter(e.code(A, step)) == APPROVAL and e.enter(e.code(B, step)) == OPENED
    assert e.enter(e.code(A, step)) == USED and e.enter(e.code(B, step)) == USED
    e.t += DAY
    assert e.enter(e.code(A, step + 1)) == APPROVAL
    assert e.enter(e.code(B, step + 1)) == OPENED


def test_a_flash_error_at_any_record_leaves_both_burnt_or_neither():
    for write, both in ((1, False), (2, False), (3, True)):
        e = entrance()
        a, b = e.code(A), e.code(B)
        e.enter(a)
        e.fails_at = write
        if write == 3:  # the outcome: the bolt has moved, and only the log can tell
            assert e.attempts.judge(b.encode(), 8, e.now) == OPENED
        else:
            assert e.enter(b) == STORAGE
        e.reset()
        assert burnt(e) == (both, both)


def test_an_entry_waits_under_one_nonce_though_a_boot_is_counted_meanwhile():
    """The first check-in after a loss of power counts one; what was announced before is still meant."""
    e = entrance(first={"second": REMOTE})
    assert e.enter(e.code(A)) == APPROVAL
    nonce = e.attempts.nonce(e.now)
    e.write(e.state.clock(0, 0, 0, e.state.boots + 1))
    assert e.attempts.nonce(e.now) == nonce == (e.state.boots - 1, 1)
    assert e.moved(e.attempts.approve(nonce, e.now)) == OPENED


def test_an_approval_by_radio_opens_once():
    e = entrance(first={"second": REMOTE})
    assert e.attempts.nonce(e.now) is None
    assert e.enter(e.code(A)) == APPROVAL and e.attempts.waits
    nonce = e.attempts.nonce(e.now)
    assert nonce == (e.state.boots, 1)
    assert e.tokens(e.code(A)) == 1
    assert e.attempts.approve((nonce[0], 2), e.now) == APPROVAL
    assert e.attempts.approve((nonce[0] + 1, 1), e.now) == APPROVAL
    assert e.attempts.approve(None, e.now) == APPROVAL
    assert not e.state.event_used(A, 0)
    e.written = []
    assert e.moved(e.attempts.approve(nonce, e.now + 59_999)) == OPENED
    assert e.written == [BURN, OUTCOME] and e.state.event_used(A, 0)
    assert e.attempts.details == (1, 8, 10, 7, 0)
    assert e.tokens(e.code(A)) == 0
    assert e.attempts.approve(nonce, e.now) == APPROVAL


def test_an_approval_by_radio_is_late_after_a_minute_a_reset_a_refusal_or_another_entry():
    e = entrance(number(b"55501234"), first={"second": REMOTE})
    e.enter(e.code(A))
    nonce = e.attempts.nonce(e.now)
    assert e.attempts.approve(nonce, e.now + 60_000) == APPROVAL
    e.enter(e.code(A))
    assert e.attempts.approve(nonce, e.now) == APPROVAL, "the nonce of an earlier entry"
    nonce = e.attempts.nonce(e.now)
    assert e.attempts.refuse(nonce, e.now) and not e.attempts.refuse(nonce, e.now)
    assert e.attempts.approve(nonce, e.now) == APPROVAL
    e.enter(e.code(A))
    nonce = e.attempts.nonce(e.now)
    assert e.enter("55501234") == OPENED
    assert e.attempts.approve(nonce, e.now) == APPROVAL
    e.enter(e.code(A))
    nonce = e.attempts.nonce(e.now)
    e.reset()
    assert e.attempts.approve(nonce, e.now) == APPROVAL
    assert not e.state.event_used(A, 0)


def test_an_approval_by_radio_decides_again_and_only_once():
    e = entrance(first={"second": REMOTE, "valid_until": NOW + 30})
    e.enter(e.code(A))
    nonce = e.attempts.nonce(e.now)
    e.t += 30
    assert e.attempts.approve(nonce, e.now) == LATE
    e.t -= 1
    assert e.attempts.approve(nonce, e.now) == APPROVAL
    e.enter(e.code(A))
    e.fails_at = 1
    assert e.attempts.approve(e.attempts.nonce(e.now), e.now) == STORAGE
    assert e.attempts.nonce(e.now) is None and not e.attempts.pending


def test_a_code_that_waits_for_a_code_has_no_nonce_and_one_that_waits_for_radio_no_second_code():
    e = entrance()
    e.enter(e.code(A))
    assert e.attempts.nonce(e.now) is None and not e.attempts.refuse(None, e.now)
    e = entrance(first={"second": REMOTE})
    e.enter(e.code(A))
    assert e.enter(e.code(B)) == APPROVAL and not e.attempts.waits
