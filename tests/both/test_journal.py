"""The journal: flash and picture agree, rotation evicts nothing, and a mount that cannot trust flash says why."""

from nor import Nor

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.records import StateError
from firmware.core.state import State
from firmware.core.words import EVENT, INTERVAL, NUMBER, OPENED
from firmware.store import BLANK, CLOSED, DAMAGED, ERASE, FOREIGN, StorageError
from firmware.store.chain import Sealed
from firmware.store.journal import Journal
from firmware.store.ring import Ring

ID = b"journal1"
MAC = b"m" * 16
KEY = b"k" * 20
HEAD = (7, b"head")


def table(count=3):
    packed = pack_grant(id=1, kind=INTERVAL, key=KEY, serials=2) + pack_grant(id=2, kind=EVENT, key=KEY)
    packed += b"".join([pack_grant(id=3 + n, kind=NUMBER, key=b"n" * 16, uses=0) for n in range(count - 2)])
    return Grants(packed)


def journal_on(nor, grants=None, journal_id=ID):
    state = State(grants or table())
    return Journal(nor, state, journal_id, MAC, nor, 0, nor.blocks), state


def fresh(blocks=3, size=512):
    nor = Nor(blocks, size)
    journal, state = journal_on(nor)
    journal.format()
    return nor, journal, state


def mounted(nor, grants=None):
    journal, state = journal_on(nor, grants)
    journal.mount()
    return journal, state


def picture(state):
    return [bytes(body) for body in state.snapshot()]


def enter(journal, state, n):
    """One entry, as the lock writes it."""
    journal.write(state.attempt(8, n, 1000 + n, 0, 0))
    journal.write(state.burn(8, n + 1, [(1, n & 1, 100 + n), (2, 0, n)]))
    journal.write(state.outcome(OPENED, 8, n + 2, 1, HEAD))


def why(nor, journal_id=ID):
    try:
        journal_on(nor, None, journal_id)[0].mount()
    except StorageError as e:
        return e.reason
    return None


def test_what_was_written_is_there_after_a_mount():
    nor, journal, state = fresh()
    for n in range(3):
        enter(journal, state, n)
    assert picture(mounted(nor)[1]) == picture(state)


def test_a_thousand_records_evict_nothing():
    nor, journal, state = fresh()
    journal.write(state.attempt(8, 0, 0, 0, 0))
    journal.write(state.burn(8, 0, [(3, 0, 1)]))
    journal.write(state.outcome(OPENED, 8, 0, 3, HEAD))
    for n in range(1000):
        journal.write(state.attempt(9, 0, 0, 0, 0))
        if n % 50 == 0:
            journal.tidy()
            journal, state = mounted(nor)
    _, found = mounted(nor)
    assert found.number_uses(2) == 1
    assert found.attempts == 1001
    assert picture(found) == picture(state)


def test_a_burn_without_outcome_is_found_by_a_mount_also_after_rotation():
    nor, journal, state = fresh()
    enter(journal, state, 1)
    journal.write(state.attempt(8, 5, 1005, 0, 0))
    journal.write(state.burn(8, 6, [(2, 0, 9)]))
    assert mounted(nor)[1].pending == (2, 8, 6, 2)
    for _ in range(40):
        journal.write(state.clock(1006, 0, 0, 1))
    journal, state = mounted(nor)
    assert state.pending == (2, 8, 6, 2)
    journal.write(state.outcome(OPENED, 8, 6, 2, HEAD))
    assert mounted(nor)[1].pending is None


def test_a_refused_write_changes_nothing_and_closes():
    nor, journal, state = fresh()
    enter(journal, state, 1)
    before = picture(state)
    body = state.attempt(8, 5, 1005, 0, 0)
    nor.writeblocks = lambda n, buf, off: None
    for reason in ("program", CLOSED):
        try:
            journal.write(body)
        except StorageError as e:
            assert e.reason == reason
            continue
        raise AssertionError("written")
    assert picture(state) == before


def test_what_is_on_flash_but_could_not_be_applied_closes_and_is_there_after_a_mount():
    nor, journal, state = fresh()

    def full(*_):
        raise MemoryError

    state.revoke_code = full
    try:
        journal.write(state.revoke([(1, 0, 100)]))
        raise AssertionError("a revocation that nobody heeds")
    except MemoryError:
        pass
    try:
        journal.write(state.attempt(8, 0, 0, 0, 0))
        raise AssertionError("entries are judged without it")
    except StorageError as e:
        assert e.reason == CLOSED
    assert mounted(nor)[1].revocations


def test_a_body_that_no_mount_would_take_is_never_written():
    nor, journal, _ = fresh()
    programs = nor.programs
    try:
        journal.write(b"\x40" + bytes(23))
    except StateError:
        assert nor.programs == programs
        return
    raise AssertionError("written")


def test_a_journal_that_was_not_begun_for_this_lock_is_refused():
    assert why(Nor(3, 512)) == BLANK
    nor, _, _ = fresh()
    assert why(nor, b"another1") == FOREIGN


def test_a_record_that_no_state_takes_is_damage():
    nor, _, _ = fresh()
    ring = Ring(nor, 0, 3, 1, Sealed(MAC))
    ring.mount(ID, lambda body, mac: None)
    ring.append(b"\x40" + bytes(23))
    assert why(nor) == DAMAGED


def test_a_removed_grant_stays_removed_and_the_rest_stays():
    nor, journal, state = fresh()
    enter(journal, state, 1)
    journal, state = mounted(nor, Grants(pack_grant(id=2, kind=EVENT, key=KEY)))
    assert state.event_used(0, 1)
    for _ in range(40):
        journal.write(state.attempt(8, 0, 0, 0, 0))
    _, found = mounted(nor)
    assert found.event_used(1, 1)
    assert found.interval_top(0, 1) == 0


def test_sixty_four_grants_fit_the_partition_of_the_lock():
    nor = Nor(16, 4096)
    journal, state = journal_on(nor, table(64))
    journal.format()
    for n in range(64):
        journal.write(state.attempt(8, n, n, 0, 0))
        journal.write(state.burn(8, n, [(1 + n, 0, 7)]))
        journal.write(state.outcome(OPENED, 8, n, 1 + n, HEAD))
    nor.bytes_read = 0
    _, found = mounted(nor, table(64))
    assert picture(found) == picture(state)
    assert nor.bytes_read < 5000


def test_two_sectors_that_do_not_erase_are_passed_over_round_after_round():
    for answer in (-22, 0, OSError(5)):
        nor, journal, state = fresh(blocks=6)
        for n in range(25):
            enter(journal, state, n)
        nor.bad, nor.answer = (2, 3), answer
        for n in range(25, 200):
            enter(journal, state, n)
            if n % 3 == 0:
                journal.tidy()
            if n % 5 == 0:
                before = picture(state)
                journal, state = mounted(nor)
                assert picture(state) == before
        assert min(nor.erases) > 20
        assert state.event_used(1, 199) and not state.event_used(1, 200)


def test_three_in_a_row_that_do_not_erase_close_the_journal_and_lose_nothing():
    nor, journal, state = fresh(blocks=6)
    for n in range(40):
        enter(journal, state, n)
    nor.bad = (2, 3, 4)
    try:
        for n in range(40, 90):
            enter(journal, state, n)
    except StorageError as e:
        assert e.reason == ERASE
        before = picture(state)
        for _ in range(3):
            journal, state = mounted(nor)
            assert picture(state) == before
        return
    raise AssertionError("went on")
