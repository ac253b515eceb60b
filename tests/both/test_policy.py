"""Policy: validity, clock, battery, several hits, and which codes burn."""

from keyring import DAY, NOW, Door, event, interval, number

from firmware.core.policy import Policy
from firmware.core.words import (
    APPROVAL,
    APPROVE,
    BATTERY,
    CLOCK,
    EARLY,
    INTERVAL,
    LATE,
    LOST,
    NEVER,
    OPENED,
    REVOKED,
    SCHEDULE,
    STALE,
    TRUSTED,
    USED,
    WRONG,
)


def test_what_opens_is_burnt_and_named():
    door = Door(interval(serials=2), event(), number(b"12345678", uses=3))
    step = door.grants.step_at(0, NOW)
    assert door.enter(door.code(0, step, 1)) == OPENED
    assert (door.place, door.burns) == (0, [(1, 1, step)])
    assert door.enter(door.code(1, 7)) == OPENED
    assert (door.place, door.burns) == (1, [(2, 0, 7)])
    for use in (1, 2, 3):
        assert door.enter("12345678") == OPENED
        assert (door.place, door.burns) == (2, [(3, 0, use)])
    assert door.enter("12345678") == USED


def test_a_refused_code_is_known_and_a_wrong_one_is_not():
    door = Door(event())
    assert door.enter(door.code(0, 0)) == OPENED
    assert door.enter(door.code(0, 0)) == USED
    assert door.place == 0
    assert door.enter(door.code(0, 99)) == WRONG
    assert door.place == -1


def test_validity_to_the_second():
    for make, code in (
        (event, None),
        (lambda **fields: number(b"12345678", uses=0, **fields), "12345678"),
        (lambda **fields: interval(step=604800, **fields), None),
    ):
        for t, answer in ((NOW - 1, EARLY), (NOW, OPENED), (NOW + 99, OPENED), (NOW + 100, LATE)):
            door = Door(make(valid_from=NOW, valid_until=NOW + 100))
            value = door.grants.step_at(0, NOW) if door.grants.kind(0) == INTERVAL else 0
            assert door.enter(code or door.code(0, value), t) == answer
            assert door.place == 0


def test_an_ended_grant_says_so_for_codes_that_would_be_early():
    door = Door(interval(valid_until=NOW))
    assert door.enter(door.code(0, door.grants.step_at(0, NOW) + 2)) == LATE


def test_a_used_code_stays_used_whatever_else_holds():
    door = Door(event(valid_until=NOW + 10))
    assert door.enter(door.code(0, 0)) == OPENED
    assert door.enter(door.code(0, 0), NOW + 10) == USED
    assert door.enter(door.code(0, 0), NOW, LOST, False) == USED


def test_without_a_clock_event_and_number_open():
    door = Door(event(), number(b"12345678"))
    assert door.enter(door.code(0, 0), 0, LOST) == OPENED
    assert door.enter("12345678", 0, LOST) == OPENED
    assert door.enter("12345679", 0, LOST) == WRONG


def test_without_a_clock_nothing_bound_to_time_opens():
    for make, value in ((interval, NOW // DAY), (lambda: event(valid_until=NOW + 9), 0)):
        door = Door(make())
        assert door.enter(door.code(0, value), NOW, LOST) == CLOCK
        assert door.place == 0
        assert door.enter(door.code(0, value), NOW, STALE) == OPENED
    door = Door(event(valid_from=NOW))
    assert door.enter(door.code(0, 0), NOW, LOST) == CLOCK


def test_an_interval_opens_only_while_the_clock_is_sure_enough():
    for max_u, most in ((0, DAY // 3), (100, 100)):
        door = Door(interval(max_u=max_u), event(digits=7))
        code, wrong = door.code(0, NOW // DAY), "00000000"
        for u, answer in ((most, OPENED), (most + 1, CLOCK)):
            door.policy.at(NOW, TRUSTED, u, True)
            assert door.policy.decide(door.hits(code), 8)[:2] == (answer, 0)
            # Nobody knows which codes are right now: digits that match nothing may be one.
            assert door.policy.decide(door.hits(wrong), 8)[:2] == ((WRONG if answer == OPENED else CLOCK), -1)
            assert door.policy.decide(door.hits(door.code(1, 0)), 7)[:2] == (OPENED, 1)


def test_validity_and_schedules_ask_only_that_there_is_a_time():
    class Open:
        def allows(self, number, t):
            return (number, t) == (3, NOW)

    for fields in ({"valid_from": NOW}, {"valid_until": NOW + 1}, {"schedule": 3}):
        door = Door(event(**fields))
        policy = Policy(door.grants, door.state, Open())
        for quality, u, answer in ((STALE, NEVER, OPENED), (LOST, NEVER, CLOCK)):
            policy.at(NOW, quality, u, True)
            assert policy.decide(door.hits(door.code(0, 0)), 8)[0] == answer


def test_a_schedule_is_asked_for_its_number_and_its_time():
    class Office:
        def allows(self, number, t):
            return number == 2 and NOW <= t < NOW + 60

    for number_, t, answer in ((2, NOW - 1, SCHEDULE), (2, NOW, OPENED), (2, NOW + 60, SCHEDULE), (1, NOW, SCHEDULE)):
        door = Door(event(schedule=number_))
        policy = Policy(door.grants, door.state, Office())
        policy.at(t, TRUSTED, 0, True)
        assert policy.decide(door.hits(door.code(0, 0), t), 8)[:2] == (answer, 0)


def test_of_several_refusals_the_one_that_helps_most_is_told():
    """Grants of one key have the same codes; each of these refuses them for a reason of its own."""

    class Shut:
        def allows(self, number, t):
            return False

    reasons = [
        (BATTERY, {}),
        (APPROVAL, {"permissions": APPROVE}),
        (SCHEDULE, {"permissions": APPROVE, "schedule": 1}),
        (EARLY, {"permissions": APPROVE, "valid_from": NOW + 1}),
        (LATE, {"permissions": APPROVE, "valid_until": NOW}),
        (USED, {"permissions": APPROVE}),
        (REVOKED, {"permissions": APPROVE, "revoked": True}),
    ]
    for first in range(len(reasons)):
        for order in (1, -1):
            chosen = list(enumerate(reasons[first:], 1))[::order]
            door = Door(*[event(id=n, **fields) for n, (_, fields) in chosen])
            door.burn([(n, 0, 0) for n, (reason, _) in chosen if reason == USED] or [(99, 0, 0)])
            policy = Policy(door.grants, door.state, Shut())
            policy.at(NOW, TRUSTED, 0, False)
            decision, place, spent = policy.decide(door.hits(door.code(0, 0)), 8)
            assert (decision, spent) == (reasons[first][0], [])
            assert door.grants.id(place) == 1


def test_a_lost_clock_comes_before_late():
    door = Door(event(valid_from=NOW), event(id=5))
    for counter in range(1, 16):
        door.burn([(5, 0, counter)])
    assert door.state.event_base(1) > 0
    assert door.enter(door.code(0, 0), NOW, LOST) == CLOCK
    assert door.place == 0


def test_a_revoked_grant_says_so_but_for_codes_that_were_used_before():
    door = Door(event(revoked=True), interval(revoked=True, digits=9))
    assert door.enter(door.code(0, 0)) == REVOKED and door.place == 0
    assert door.enter(door.code(1, NOW // DAY)) == REVOKED
    door.burn([(2, 0, 0)])
    assert door.enter(door.code(0, 0)) == USED


def test_without_a_clock_an_unmatched_code_may_be_a_right_one():
    door = Door(interval(digits=6), event())
    assert door.enter("000000", NOW, LOST) == CLOCK
    assert door.place == -1
    assert door.enter("000000", NOW, STALE) == WRONG
    assert door.enter("00000000", NOW, LOST) == WRONG


def test_the_battery_refuses_only_what_would_open():
    door = Door(event(), interval(digits=6))
    assert door.enter(door.code(0, 0), NOW, TRUSTED, False) == BATTERY
    assert door.place == 0
    assert door.enter("00000000", NOW, TRUSTED, False) == WRONG
    assert door.enter(door.code(1, door.grants.step_at(1, NOW) + 2), NOW, TRUSTED, False) == EARLY
    assert door.enter(door.code(0, 0)) == OPENED


def test_every_code_that_matched_burns():
    door = Door(event(id=2), event(id=5))
    assert door.enter(door.code(0, 3)) == OPENED
    assert door.burns == [(2, 0, 3), (5, 0, 3)]
    assert door.enter(door.code(1, 3)) == USED


def test_a_hit_that_may_open_wins_over_one_that_may_not():
    door = Door(event(id=2, valid_until=NOW - 1), event(id=5))
    assert door.enter(door.code(0, 3)) == OPENED
    assert door.place == 1
    assert door.burns == [(5, 0, 3), (2, 0, 3)]


def test_a_later_code_of_the_same_digits_burns_too():
    """The same digits would open tomorrow, when their second meaning is no longer early."""
    step = NOW // DAY
    code = Door(interval()).code(0, step + 2)
    door = Door(interval(), number(code.encode()))
    assert door.enter(code) == OPENED
    assert door.burns == [(3, 0, 1), (1, 0, step + 2)]
    assert door.enter(code, NOW + DAY) == USED
    for behind in (-1, 0, 1):
        assert door.enter(door.code(0, step - behind)) == OPENED


def test_a_hit_behind_the_base_burns_and_harms_nothing():
    late = Door(event()).code(0, 3)
    door = Door(event(), number(late.encode()))
    assert door.enter(door.code(0, 15)) == OPENED
    assert door.enter(late) == OPENED
    assert door.burns == [(3, 0, 1), (2, 0, 3)]
    assert door.state.event_base(0) == 4
    assert door.enter(late) == USED


def test_a_used_hit_beside_one_that_opens_burns_no_more():
    code = Door(event()).code(0, 3)
    door = Door(event(), number(code.encode(), uses=0))
    door.burn([(2, 0, 3)])
    assert door.enter(code) == OPENED
    assert door.burns == [(3, 0, 1)]
