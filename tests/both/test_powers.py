"""What a code may do beside opening: service, calls, duress, holding open; and codes that the owner revokes."""

from entrance import Entrance
from keyring import DAY, NOW, event, interval, number

from firmware.core.records import ATTEMPT, BURN, OUTCOME
from firmware.core.records import REVOKED as REVOCATION
from firmware.core.words import (
    ACCEPTED,
    APPROVAL,
    BATTERY,
    BUDGET,
    CALL,
    DURESS,
    HOLD_OPEN,
    LATE,
    LOST,
    OPENED,
    OWNER,
    REVOKED,
    SERVICE,
    STORAGE,
    UNLOCK,
    USED,
    WRONG,
)
from firmware.store.audit import LIST_FULL, UNDER_DURESS

OWNERS = b"482913375604"


def owner():
    return number(OWNERS, id=9, permissions=UNLOCK | OWNER, uses=0)


def test_a_code_that_does_not_unlock_is_accepted_once():
    for permissions in (SERVICE, CALL, SERVICE | CALL):
        e = Entrance(event(permissions=permissions))
        assert e.enter(e.code(0)) == ACCEPTED
        assert e.written == [ATTEMPT, BURN, OUTCOME]
        assert e.attempts.permissions == permissions
        assert e.tokens(e.code(0)) == 0
        assert e.enter(e.code(0)) == USED and e.attempts.permissions == 0


def test_service_works_when_the_battery_cannot_move_the_bolt():
    e = Entrance(event(permissions=SERVICE), event(id=5, permissions=SERVICE | UNLOCK, key=b"k" * 20))
    e.mv = 4399
    assert e.enter(e.code(0)) == ACCEPTED
    assert e.enter(e.code(1)) == BATTERY and e.attempts.permissions == 0


def test_what_a_code_may_do_is_known_only_once_it_is_burnt():
    e = Entrance(event(permissions=SERVICE | UNLOCK), owner())
    assert e.attempts.permissions == 0
    assert e.enter(e.code(0)) == OPENED and e.attempts.permissions == SERVICE | UNLOCK
    assert e.enter(e.code(0, 99)) == WRONG and e.attempts.permissions == 0
    assert e.enter(OWNERS.decode()) == OPENED and e.attempts.permissions == UNLOCK | OWNER


def test_duress_opens_with_the_same_records_and_the_log_says_so():
    written = []
    for permissions in (UNLOCK, UNLOCK | DURESS):
        e = Entrance(event(permissions=permissions))
        assert e.enter(e.code(0)) == OPENED
        written.append(e.written)
        assert e.attempts.details == (1, 8, 2, 0, UNDER_DURESS if permissions & DURESS else 0)
        assert e.enter(e.code(0)) == USED
        assert e.attempts.details[4] == (UNDER_DURESS if permissions & DURESS else 0)
    assert written[0] == written[1]


class Office:
    """Open to everybody until a moment."""

    until = NOW + 600

    def allows(self, number, t):
        return t < self.until

    def closes(self, number, t, limit):
        return min(self.until, limit)


def test_a_hold_ends_with_the_setting_the_validity_or_the_schedule():
    for fields, seconds in (({}, 3600), ({"valid_until": NOW + 900}, 900), ({"schedule": 1}, 600)):
        e = Entrance(event(permissions=UNLOCK | HOLD_OPEN, **fields), schedules=Office())
        assert e.enter(e.code(0)) == OPENED
        assert e.attempts.hold() == (NOW + seconds, seconds)
        e.t += 1
        assert e.attempts.hold()[1] == (3600 if not fields else seconds - 1)


def test_nothing_is_held_open_by_a_lock_that_does_not_know_the_time():
    e = Entrance(event(permissions=UNLOCK | HOLD_OPEN))
    e.quality = LOST
    assert e.enter(e.code(0)) == OPENED
    assert e.attempts.hold() == (0, 0)


def test_a_revoked_code_never_opens_and_its_neighbours_do():
    e = Entrance(event(key=b"e" * 20), interval(), number(b"55501234", uses=0))
    step = NOW // DAY
    for i, value in ((0, 3), (1, step), (2, 0)):
        code = e.code(i, value) if i < 2 else "55501234"
        assert e.enter(code, revoke=True) == ACCEPTED
        assert e.written == [ATTEMPT, REVOCATION, OUTCOME]
        assert e.attempts.known and e.attempts.permissions == 0
        e.reset()
        assert e.enter(code) == REVOKED
        assert e.enter(code, revoke=True) == REVOKED and e.written == [ATTEMPT, OUTCOME]
    assert e.enter(e.code(0, 2)) == OPENED and e.enter(e.code(0, 4)) == OPENED
    assert e.enter(e.code(1, step - 1)) == OPENED and e.enter(e.code(1, step + 1)) == OPENED
    assert e.tokens("00000000") == 0


def test_a_code_of_a_later_day_is_revoked_without_those_before_it():
    e = Entrance(interval(early=2))
    step = NOW // DAY
    assert e.enter(e.code(0, step + 3), revoke=True) == ACCEPTED
    assert e.enter(e.code(0, step - 2)) == OPENED
    e.t += 3 * DAY
    assert e.enter(e.code(0, step + 3)) == REVOKED
    e.t += 3 * DAY
    assert e.enter(e.code(0, step + 3)) == REVOKED


def test_what_cannot_open_any_more_is_not_revoked():
    e = Entrance(event(key=b"e" * 20), interval())
    step = NOW // DAY
    e.enter(e.code(0, 0))
    assert e.enter(e.code(0, 0), revoke=True) == USED
    assert e.enter(e.code(0, 99), revoke=True) == WRONG and not e.attempts.known
    assert e.enter(e.code(1, step - 3), revoke=True) == LATE
    assert not e.state.revocations and e.written == [ATTEMPT, OUTCOME]


def test_the_owners_own_code_is_not_revoked_at_the_door():
    e = Entrance(owner())
    assert e.enter(OWNERS.decode(), revoke=True) == APPROVAL
    assert e.enter(OWNERS.decode()) == OPENED


def test_revoking_passes_the_budget_like_any_entry():
    e = Entrance(event())
    for wrong in range(10):
        assert e.enter(e.code(0, 90 + wrong), revoke=True) == WRONG
        assert e.state.attempts == wrong + 1
    assert e.enter(e.code(0), revoke=True) == BUDGET and e.written == []
    assert not e.state.revocations


def test_the_33rd_revoked_code_is_refused_and_nothing_is_lost():
    e = Entrance(event(window=64))
    for counter in range(32):
        assert e.enter(e.code(0, 20 + counter), revoke=True) == ACCEPTED
    assert e.enter(e.code(0, 60), revoke=True) == STORAGE
    assert e.written == [ATTEMPT, OUTCOME]
    assert e.attempts.details[4] == LIST_FULL and e.tokens(e.code(0)) == 0
    e.reset()
    assert len(e.state.revocations) == 32
    assert e.enter(e.code(0, 51)) == REVOKED
    assert e.enter(e.code(0, 60)) == OPENED, "and what was not revoked still opens"


def test_a_flash_error_while_revoking_refuses():
    for write in (1, 2):
        e = Entrance(event())
        e.fails_at = write
        assert e.enter(e.code(0), revoke=True) == STORAGE
        e.reset()
        assert e.enter(e.code(0)) == OPENED
