"""The RAM picture of the journal: rule 5 of burnt codes, absolute values, a snapshot that rebuilds everything."""

from firmware.core import records
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import MAX_ISSUERS, State
from firmware.core.words import EVENT, INTERVAL, JAMMED, NUMBER, OPENED

KEY = b"k" * 20
HEAD = (7, b"head")


def table():
    return Grants(
        pack_grant(id=1, kind=INTERVAL, key=KEY, serials=2)
        + pack_grant(id=2, kind=EVENT, key=KEY, window=16)
        + pack_grant(id=3, kind=EVENT, key=KEY, window=64)
        + pack_grant(id=4, kind=NUMBER, key=b"n" * 16, uses=3)
    )


def burnt(state, *items):
    state.apply(state.burn(8, 100, items))
    return state


def rebuilt(state, grants=None):
    other = State(grants or table())
    for body in state.snapshot():
        other.apply(body)
    return other


def picture(state):
    return [bytes(body) for body in state.snapshot()]


def refused(body):
    try:
        State(table()).apply(body)
    except records.StateError:
        return True
    return False


def test_a_new_state_knows_nothing_and_says_so():
    state = State(table())
    assert (state.attempts, state.boots, state.floor, state.credit, state.ref) == (0, 0, 0, 0, 0)
    assert state.pending is None
    assert state.bucket(8) is None
    assert state.interval_top(0, 1) == 0
    assert state.event_base(1) == 0
    assert state.number_uses(3) == 0


def test_an_attempt_counts_and_carries_bucket_and_clock():
    state = State(table())
    state.apply(state.attempt(9, 250000, 7000, 1790000000, 1780000000))
    assert state.attempts == 1
    assert state.bucket(9) == (250000, 7000)
    assert state.bucket(8) is None
    assert (state.credit, state.ref, state.floor) == (7000, 1790000000, 1780000000)


def test_a_step_is_used_once_and_yesterdays_still_opens():
    state = burnt(State(table()), (1, 0, 1000))
    assert state.interval_used(0, 0, 1000)
    assert not state.interval_used(0, 0, 999)
    assert not state.interval_used(0, 0, 1001)
    assert not state.interval_used(0, 1, 1000)
    burnt(state, (1, 0, 998))
    assert state.interval_used(0, 0, 998)
    assert not state.interval_used(0, 0, 999)
    assert state.interval_top(0, 0) == 1000


def test_the_bitmap_moves_with_the_highest_step_and_what_it_cannot_tell_is_used():
    state = burnt(State(table()), (1, 0, 1000))
    burnt(state, (1, 0, 1031))
    assert [s for s in range(999, 1033) if state.interval_used(0, 0, s)] == [1000, 1031]
    assert state.interval_used(0, 0, 998)
    burnt(state, (1, 0, 1063))
    assert not state.interval_used(0, 0, 1032)
    assert state.interval_used(0, 0, 1031)
    assert state.interval_used(0, 0, 1030)
    burnt(state, (1, 0, 1096))
    assert not state.interval_used(0, 0, 1064)
    assert state.interval_used(0, 0, 1063)


def test_a_step_before_the_first_is_used():
    state = State(table())
    assert state.interval_used(0, 0, 0)
    assert state.interval_used(0, 0, -5)
    assert not state.interval_used(0, 0, 1)


def test_event_codes_come_in_any_order_each_once():
    state = State(table())
    for counter in (3, 0, 2, 1):
        assert not state.event_used(1, counter)
        burnt(state, (2, 0, counter))
        assert state.event_used(1, counter)
    assert state.event_base(1) == 4


def test_the_base_follows_at_three_quarters_of_the_window():
    state = burnt(State(table()), (2, 0, 15))
    assert state.event_base(1) == 4
    assert state.event_used(1, 15)
    assert not state.event_used(1, 4)
    assert not state.event_used(1, 3)
    burnt(state, (2, 0, 4))
    assert state.event_base(1) == 5
    burnt(state, (3, 0, 63))
    assert state.event_base(2) == 16
    assert [c for c in range(16, 80) if state.event_used(2, c)] == [63]


def test_counters_behind_the_base_are_remembered_for_sixteen():
    state = State(table())
    for counter in (0, 2, 14):
        burnt(state, (2, 0, counter))
    assert state.event_base(1) == 3
    burnt(state, (2, 0, 18))
    assert state.event_base(1) == 7
    assert [c for c in range(19) if state.event_used(1, c)] == [0, 2, 14, 18]
    burnt(state, (2, 0, 22))
    burnt(state, (2, 0, 28))
    assert state.event_base(1) == 17
    assert state.event_used(1, 0)
    assert not state.event_used(1, 1)


def test_a_window_of_one_moves_by_one():
    grants = Grants(pack_grant(id=9, kind=EVENT, key=KEY, window=1))
    state = State(grants)
    for counter in range(20):
        assert state.event_base(0) == counter
        burnt(state, (9, 0, counter))


def test_counters_at_the_end_of_32_bits_stay_in_bounds():
    state = burnt(State(table()), (2, 0, 0xFFFFFFFF))
    assert state.event_used(1, 0xFFFFFFFF)
    for _ in range(3):
        burnt(state, (2, 0, 0xFFFFFFFE), (1, 0, 0xFFFFFFFF))
    assert state.event_base(1) <= 0xFFFFFFFF
    assert state.interval_used(0, 0, 0xFFFFFFFF)
    assert picture(rebuilt(state)) == picture(state)


def test_number_uses_are_absolute():
    state = burnt(State(table()), (4, 0, 1))
    burnt(state, (4, 0, 2))
    burnt(state, (4, 0, 2))
    assert state.number_uses(3) == 2
    burnt(state, (4, 0, 70000))
    assert state.number_uses(3) == 65535


def test_both_codes_of_one_burn_count_and_unknown_grants_are_passed_over():
    state = burnt(State(table()), (777, 5, 3), (4, 0, 1))
    assert state.number_uses(3) == 1
    burnt(state, (1, 99, 1000), (2, 0, 7))
    assert state.event_used(1, 7)


def test_a_burn_is_pending_until_its_outcome():
    state = State(table())
    state.apply(state.attempt(8, 10, 20, 0, 0))
    burnt(state, (4, 0, 1))
    assert state.pending == (1, 8, 100, 4)
    assert state.bucket(8) == (100, 20)
    assert rebuilt(state).pending == (1, 8, 100, 4)
    state.apply(state.outcome(OPENED, 8, 110, 4, HEAD))
    assert state.pending is None
    assert state.bucket(8) == (110, 20)
    assert state.number_uses(3) == 1


def test_every_body_applied_twice_changes_nothing():
    state = State(table())
    bodies = (
        lambda: state.clock(50, 60, 70, 3),
        lambda: state.attempt(8, 10, 20, 30, 40),
        lambda: state.burn(8, 15, [(1, 1, 500), (2, 0, 12)]),
        lambda: state.burn(8, 15, [(3, 0, 40), (2, 0, 0)]),
        lambda: state.outcome(OPENED, 8, 16, 1, HEAD),
        lambda: state.revoke([(1, 0, 900), (2, 0, 14), (4, 0, 0)]),
    )
    for build in bodies:
        body = build()
        state.apply(body)
        once = picture(state)
        state.apply(body)
        assert picture(state) == once


def test_a_snapshot_rebuilds_everything():
    state = State(table())
    state.apply(state.clock(50, 60, 70, 3))
    for n in range(40):
        state.apply(state.attempt(6 + n % 7, n, 1000 + n, 0, 71))
        burnt(state, (1, n % 2, 1000 + 7 * n % 50), (3, 0, 11 * n % 48))
    assert picture(rebuilt(state)) == picture(state)
    assert rebuilt(state).boots == 3
    assert rebuilt(state).attempts == 40


def test_a_removed_grant_leaves_the_others_as_they_were():
    state = burnt(State(table()), (1, 0, 9), (4, 0, 2))
    burnt(state, (2, 0, 5), (3, 0, 60))
    fewer = Grants(pack_grant(id=4, kind=NUMBER, key=b"n" * 16, uses=3) + pack_grant(id=2, kind=EVENT, key=KEY))
    other = rebuilt(state, fewer)
    assert other.number_uses(0) == 2
    assert other.event_used(1, 5)


def test_the_largest_snapshot_fits_a_sector():
    wide = b"".join([pack_grant(id=n, kind=EVENT, key=KEY, window=23) for n in range(1, 3)])
    narrow = b"".join([pack_grant(id=n, kind=EVENT, key=KEY, window=1) for n in range(3, 64)])
    serials = pack_grant(id=64, kind=INTERVAL, key=KEY, serials=128, grace_before=0, grace_after=0, early=0)
    state = State(Grants(wide + narrow + serials))
    for length in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13):
        state.apply(state.attempt(length, 1, 2, 3, 4))
    for issuer in range(1, MAX_ISSUERS + 1):
        state.apply(state.command(issuer, 1, 5))
    for n in range(1, 64):
        burnt(state, (n, 0, 0), (n, 0, 22 if n < 3 else 0))
    state.apply(state.outcome(OPENED, 8, 0, 1, HEAD))
    for serial in range(128):
        burnt(state, (64, serial, 5))
    for step in range(100, 132):
        state.apply(state.revoke([(64, 0, step)]))
    state.apply(state.synchronised(5, 6, 7, 4))
    assert state.pending
    assert len(picture(state)) == 122


def test_bodies_that_no_record_has_are_refused():
    state = State(table())
    assert refused(bytes(24))
    assert refused(b"\xff" * 24)
    assert refused(bytes(state.attempt(8, 0, 0, 0, 0))[:23])
    assert refused(state.attempt(17, 0, 0, 0, 0))
    assert refused(state.burn(0, 0, [(1, 0, 1)]))
    assert refused(state.outcome(OPENED, 200, 0, 0, HEAD))
    assert refused(b"\x05\x00\x08" + bytes(8) + b"\x11" + bytes(12))
    for items in ([], [(1, 0, 1)] * 3):
        try:
            state.burn(8, 0, items)
        except records.StateError:
            continue
        raise AssertionError("a burn of no code or of three")


def test_counts_at_the_end_of_32_bits_stay_there():
    state = State(table())
    state.apply(b"\4\0" + b"\xff" * 20 + bytes(2))
    state.apply(state.attempt(8, 0, 0, 0, 0))
    assert state.attempts == 0xFFFFFFFF
    assert picture(rebuilt(state)) == picture(state)
    over = 0x100000000
    state.apply(state.clock(state.credit + 1, over, over + 7, state.boots + 1, state.generation))
    assert (state.credit, state.ref, state.floor, state.boots) == (0xFFFFFFFF,) * 4
    state.apply(state.attempt(8, 0, state.credit + 9, over, over + 7))
    assert state.bucket(8) == (0, 0xFFFFFFFF)
    assert (state.credit, state.ref, state.floor) == (0xFFFFFFFF,) * 3


def test_the_generation_of_the_vault_never_falls():
    state = State(table())
    state.apply(state.clock(1, 2, 3, 4, 7))
    state.apply(state.clock(5, 6, 7, 8))
    assert state.generation == rebuilt(state).generation == 7


def test_counters_of_commands_go_forward_and_no_earlier_key_comes_back():
    state = State(table())
    assert state.last_command(7, 1) == 0
    for issuer, epoch, counter in ((7, 1, 5), (9, 3, 1), (7, 1, 4), (7, 2, 1)):
        state.apply(state.command(issuer, epoch, counter))
    assert state.counters == [(7, 2, 1), (9, 3, 1)]
    assert state.last_command(7, 2) == 1
    assert state.last_command(7, 1) == state.last_command(9, 2) == 0xFFFFFFFF
    assert state.last_command(7, 3) == state.last_command(8, 1) == 0
    assert rebuilt(state).counters == state.counters


def test_the_counter_of_one_issuer_too_many_is_refused():
    state = State(table())
    for issuer in range(1, MAX_ISSUERS + 1):
        state.apply(state.command(issuer, 1, 1))
    state.apply(state.command(1, 1, 2))
    try:
        state.command(200, 1, 1)
    except records.StateError:
        state.apply(state.command(3, 0, 0))
        state.apply(state.command(200, 1, 1))
        assert state.last_command(3, 1) == 0
        assert rebuilt(state).last_command(200, 1) == 1
        return
    raise AssertionError("room for any number of issuers")


def test_restarts_are_kept_until_the_bolt_opens_or_they_are_taken_back():
    state = State(table())
    state.apply(state.clock(1, 2, 3, 4, restarts=5))
    state.apply(state.clock(1, 2, 3, 5))
    assert state.restarts == rebuilt(state).restarts == 5
    state.apply(state.attempt(8, 10, 20, 30, 40))
    state.apply(state.outcome(JAMMED, 8, 16, 1, HEAD))
    assert state.restarts == 5
    state.apply(state.outcome(OPENED, 8, 16, 1, HEAD))
    assert state.restarts == rebuilt(state).restarts == 0
    state.apply(state.clock(1, 2, 3, 6, restarts=300))
    assert state.restarts == 255
    state.apply(state.clock(1, 2, 3, 6, restarts=0))
    assert state.restarts == 0
