"""Codes revoked one by one: a list of 32 that outlives rotations, and what becomes of what is past."""

from nor import Nor, PowerCut

from firmware.core import records
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import MAX_ISSUERS, State
from firmware.core.words import EVENT, INTERVAL, NUMBER, OPENED
from firmware.store.journal import Journal

KEY = b"k" * 20


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


def rebuilt(state):
    other = State(table())
    for body in state.snapshot():
        other.apply(body)
    return other


def picture(state):
    return [bytes(body) for body in state.snapshot()]


def test_a_revoked_code_is_neither_forgotten_nor_in_the_way_of_others():
    state = burnt(State(table()), (1, 0, 1000), (2, 0, 1))
    state.apply(state.revoke([(1, 0, 1040), (2, 0, 3), (4, 0, 0)]))
    state.apply(state.revoke([(1, 1, 1000)]))
    for each in (state, rebuilt(state)):
        revoked = [(0, 0, 1040), (1, 0, 3), (3, 0, 0), (0, 1, 1000)]
        assert [hit for hit in revoked if each.revoked(*hit)] == revoked
        assert not each.revoked(0, 1, 1040) and not each.revoked(2, 0, 3) and not each.revoked(0, 0, 1000)
        assert each.interval_top(0, 0) == 1000  # a step that lies ahead takes none behind it away
        assert not each.interval_used(0, 0, 1001) and not each.interval_used(0, 0, 1040)
        assert each.event_used(1, 3) and not each.event_used(1, 2)
        assert each.number_uses(3) == 0
    assert picture(rebuilt(state)) == picture(state)


def test_a_revoked_step_is_burnt_when_it_is_past_and_not_a_second_before():
    state = State(table())
    state.apply(state.revoke([(1, 0, 1000), (4, 0, 0)]))
    past = (1000 + 1 + 1 + 1) * 30  # a step of grace, one that is told to be late, its end
    for floor, listed in ((past - 1, True), (past, False)):
        state.apply(state.clock(0, 0, floor, 0))
        other = rebuilt(state)
        assert picture(other) == picture(state)
        assert other.revoked(0, 0, 1000) == listed
        assert other.interval_used(0, 0, 1000) != listed
        assert other.revoked(3, 0, 0)  # a number has no end of its own
    state.apply(state.clock(0, 0, 0, 0))
    assert rebuilt(state).interval_used(0, 0, 1000), "the clock was set back, and the code would open"


def test_a_revoked_counter_leaves_the_list_when_the_base_has_passed_it():
    state = State(table())
    state.apply(state.revoke([(2, 0, 3)]))
    for counter, base in ((14, 4), (18, 7), (19, 8)):
        burnt(state, (2, 0, counter))
        assert state.event_base(1) == base
        assert rebuilt(state).revoked(1, 0, 3) == (base < 8)
        assert state.event_used(1, 3)


def test_the_33rd_revoked_code_is_refused_until_one_is_past():
    state = State(table())
    for n in range(32):
        state.apply(state.revoke([(1, 0, 1000 + n)]))
    before = picture(state)
    for items in ([(1, 0, 2000)], [(1, 0, 2000 + n) for n in range(4)], []):
        try:
            state.revoke(items)
        except records.StateError:
            continue
        raise AssertionError("a list of 32 took one more")
    assert picture(state) == before
    state.apply(state.clock(0, 0, (1000 + 3) * 30, 0))
    state.apply(state.revoke([(1, 0, 2000)]))
    assert state.revoked(0, 0, 2000) and state.revoked(0, 0, 1001) and not state.revoked(0, 0, 1000)
    assert state.interval_used(0, 0, 1000)
    assert picture(rebuilt(state)) == picture(state)


def test_a_full_list_outlives_rotations_beside_everything_else_that_a_lock_can_hold():
    events = b"".join([pack_grant(id=n, kind=EVENT, key=KEY, window=23 if n < 3 else 1) for n in range(1, 64)])
    serials = pack_grant(id=64, kind=INTERVAL, key=KEY, serials=128, grace_before=0, grace_after=0, early=0)
    grants = Grants(events + serials)
    nor, state = Nor(3, 4096), State(grants)
    journal = Journal(nor, state, b"journal1", b"m" * 16, nor, 0, 3)
    journal.format()
    for length in range(4, 14):  # eight that grants can have, and two for calls
        journal.write(state.attempt(length, 1, 2, 3, 4))
    for issuer in range(1, MAX_ISSUERS + 1):
        journal.write(state.command(issuer, 1, 99))
    for n in range(1, 64):
        journal.write(state.burn(8, 1, [(n, 0, 22 if n < 3 else 0)]))
    for serial in range(0, 128, 2):
        journal.write(state.burn(8, 1, [(64, serial, 5), (64, serial + 1, 5)]))
    journal.write(state.synchronised(5, 6, 7, 4))
    journal.write(state.outcome(OPENED, 8, 1, 64, (7, b"head")))
    for step in range(100, 132):
        journal.write(state.revoke([(64, 0, step)]))
    erased = sum(nor.erases)
    for _ in range(300):
        journal.write(state.attempt(8, 1, 2, 3, 4))
        journal.tidy()
    assert sum(nor.erases) - erased <= 300 // 3 + 2  # so many records there is always room for, or wear knew no bound
    for _ in range(100):  # nor does a person wait for more than one erase between `#` and the motor
        erased = sum(nor.erases)
        journal.write(state.attempt(8, 1, 2, 3, 4))
        journal.write(state.burn(8, 1, [(64, 127, 5), (64, 126, 5)]))
        assert sum(nor.erases) - erased <= 1
        journal.write(state.outcome(OPENED, 8, 1, 64, (7, b"head")))
    again = State(grants)
    Journal(nor, again, b"journal1", b"m" * 16, nor, 0, 3).mount()
    assert [step for step in range(99, 133) if again.revoked(63, 0, step)] == list(range(100, 132))
    assert picture(again) == picture(state)


# An entry that revokes three codes, and one that burns two.
STEPS = (
    lambda state: state.attempt(8, 1, 2, 3, 4),
    lambda state: state.revoke([(1, 0, 1040), (2, 0, 3), (4, 0, 0)]),
    lambda state: state.outcome(OPENED, 8, 1, 1, (7, b"head")),
    lambda state: state.attempt(8, 1, 2, 3, 4),
    lambda state: state.burn(8, 1, [(3, 0, 5), (1, 1, 1000)]),
    lambda state: state.outcome(OPENED, 8, 1, 1, (7, b"head")),
)


def journal_on(nor):
    state = State(table())
    return Journal(nor, state, b"journal1", b"m" * 16, nor, 0, 3), state


def begun(written):
    """A lock whose journal has so many records, and what is known of it before and after each of STEPS."""
    nor = Nor(3, 512)
    journal, state = journal_on(nor)
    journal.format()
    for n in range(written):
        journal.write(state.clock(0, 0, 0, n))
    other = rebuilt(state)
    pictures = [picture(other)]
    for step in STEPS:
        other.apply(step(other))
        pictures.append(picture(other))
    return nor, journal, state, pictures


def test_a_cut_leaves_all_that_one_record_says_or_nothing_wherever_a_sector_begins():
    rotations = 0
    for written in range(9):
        for tear in ("none", "half", "all_but_bit", "all", "bits"):
            at, done = 0, -1
            while done < len(STEPS):
                at, done = at + 1, 0
                nor, journal, state, pictures = begun(written)
                before = sum(nor.erases)
                nor.cut_at(at, tear, at)
                try:
                    for step in STEPS:
                        journal.write(step(state))
                        done += 1
                    rotations += sum(nor.erases) > before
                except PowerCut:
                    nor.revive()
                journal, found = journal_on(nor)
                journal.mount()
                assert picture(found) in pictures[done : done + 2]
    assert rotations > 5
