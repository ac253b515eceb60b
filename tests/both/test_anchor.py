"""The anchor: an earlier state of the journal is never taken for the newest, however the partition came to it."""

from nor import Nor, PowerCut, Random

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import EVENT, NUMBER, OPENED, WRONG
from firmware.store import CLOSED, PROGRAM, READ, REVERTED, StorageError
from firmware.store.anchor import Anchor, name_after
from firmware.store.audit import Audit
from firmware.store.journal import Journal

ID = b"journal1"
MAC = b"m" * 16
SECTORS = 3
SIZE = 512
SLOT = 32
HEAD = (7, b"head")
GRANTS = Grants(pack_grant(id=1, kind=EVENT, key=b"k" * 20) + pack_grant(id=2, kind=NUMBER, key=b"n" * 16, uses=0))


def journal_on(nor):
    """A journal, and behind it on the same flash a log."""
    state = State(GRANTS)
    return Journal(nor, state, ID, MAC, nor, 0, SECTORS), state


def fresh():
    nor = Nor(2 * SECTORS, SIZE)
    journal, state = journal_on(nor)
    journal.format()
    Audit(nor, ID, SECTORS, SECTORS).format(b"f" * 18)
    return nor, journal, state


def guess(journal, state):
    journal.write(state.attempt(8, 5, 5, 0, 0))
    journal.write(state.outcome(WRONG, 8, 5, 0, HEAD))


def enter(journal, state, counter):
    journal.write(state.attempt(8, 5, 5, 0, 0))
    journal.write(state.burn(8, 6, [(1, 0, counter)]))
    journal.write(state.outcome(OPENED, 8, 6, 1, HEAD))


def lived(entries=20):
    nor, journal, state = fresh()
    for counter in range(entries):
        guess(journal, state)
        enter(journal, state, counter)
        journal.tidy()
    return nor, journal, state


def why(run, *values):
    try:
        run(*values)
    except StorageError as error:
        return error.reason
    return None


def mounted(nor):
    journal, state = journal_on(nor)
    return why(journal.mount), state


def number(nor):
    """What the anchor says."""
    [value] = nor.numbers.values()
    return value


def test_it_is_raised_by_what_must_not_be_taken_back_and_by_nothing_else():
    nor, journal, state = fresh()
    bodies = (
        lambda: state.clock(1, 0, 0, 1),
        lambda: state.attempt(8, 5, 5, 0, 0),
        lambda: state.outcome(WRONG, 8, 5, 0, HEAD),
        lambda: state.attempt(8, 5, 5, 0, 0),
        lambda: state.burn(8, 6, [(1, 0, 3)]),
        lambda: state.outcome(OPENED, 8, 6, 1, HEAD),
        lambda: state.revoke([(1, 0, 4)]),
        lambda: state.burn(8, 6, [(2, 0, 1)]),
    )
    seen = [number(nor)]
    for body in bodies:
        journal.write(body())
        seen.append(number(nor))
    raised = [after != before for before, after in zip(seen, seen[1:])]
    assert raised == [False, True, False, True, True, False, True, True]


def test_it_stands_where_the_journal_was_found():
    nor, _, state = lived()
    assert mounted(nor)[0] is None
    nor.numbers = {key: value + 3 for key, value in nor.numbers.items()}  # an outcome and two notes may be behind it
    assert mounted(nor)[0] == REVERTED
    nor.numbers = {key: value - 3 for key, value in nor.numbers.items()}
    [key] = nor.numbers
    assert key == "j6a6f75726e616c" and len(key) == 15


def test_an_earlier_image_of_the_partition_is_not_taken_for_the_newest():
    nor, journal, state = lived()
    images = []
    for run in (lambda: guess(journal, state), lambda: enter(journal, state, 20), journal.tidy):
        images.append(bytes(nor.data))
        run()
    newest = bytes(nor.data)
    for image in images[:2]:
        nor.data[:] = image
        assert mounted(nor)[0] == REVERTED
    nor.data[:] = newest
    assert mounted(nor)[0] is None


def test_a_journal_that_was_refused_takes_nothing():
    nor, _, state = lived()
    nor.numbers = {"j6a6f75726e616c": number(nor) + SLOT}
    journal, found = journal_on(nor)
    assert why(journal.mount) == REVERTED
    programs = nor.programs
    assert why(guess, journal, found) == CLOSED
    assert why(journal.tidy) == CLOSED
    assert nor.programs == programs


def test_without_an_anchor_nothing_is_believed():
    nor, _, _ = lived()
    nor.numbers = {}
    assert mounted(nor)[0] == REVERTED


def test_an_nvs_that_cannot_be_read_closes():
    nor, _, _ = lived()

    def fails(key):
        raise OSError(-0x1101)

    nor.get_i32 = fails
    assert mounted(nor)[0] == READ


def test_an_nvs_that_cannot_be_written_or_does_not_keep_what_it_took_refuses_and_closes():
    def fails(key, value):
        raise OSError(-0x1105)

    for broken in (fails, lambda key, value: None):
        nor, *lock = lived()
        nor.set_i32 = broken
        assert why(guess, *lock) == PROGRAM
        assert why(guess, *lock) == CLOSED


def test_names_count_and_tell_records_apart_and_fit_an_i32():
    assert name_after(0, b"\x12\x34\x56\x78") == 0x11234
    assert name_after(0x11234, b"\xff\xff\xff\xff") == 0x2FFFF
    assert name_after(0x7FFF1234, bytes(4)) == 0
    nor = Nor(2, SIZE)
    Anchor(nor, ID).write(name_after(0x7FFE1234, b"\xff" * 4))
    assert Anchor(nor, ID).read() == number(nor) == 0x7FFFFFFF


def test_a_torn_record_that_becomes_readable_is_not_counted():
    """Whether the one that a cut tore is whole at a mount or not: the anchor is about those that came after."""
    for next_one in (lambda state: state.clock(0, 0, 0, 1), lambda state: state.attempt(9, 5, 5, 0, 0)):
        nor, _, _ = lived(3)
        begun = bytes(nor.data)
        cut_before_the_anchor(nor)
        [start] = [at for at in range(0, len(begun), SLOT) if nor.data[at : at + SLOT] != begun[at : at + SLOT]]
        whole = bytes(nor.data[start : start + SLOT])
        torn = whole[:12] + b"\xff" * 20
        nor.data[start : start + SLOT] = torn
        for _ in range(3):
            journal, state = journal_on(nor)
            journal.mount()
            journal.write(next_one(state))
            guess(journal, state)
            for left in (whole, torn):
                nor.data[start : start + SLOT] = left
                assert mounted(nor)[0] is None


def test_a_cut_between_record_and_anchor_leaves_it_one_behind_and_the_lock_open():
    for at in range(1, 30):
        nor, journal, state = lived(3)
        nor.cut_at(at, "all")
        try:
            guess(journal, state)
            enter(journal, state, 3)
            return
        except PowerCut:
            nor.revive()
        before = number(nor)
        journal, found = journal_on(nor)
        assert why(journal.mount) is None
        guess(journal, found)
        assert number(nor) > before
    raise AssertionError("never done")


def test_a_journal_that_went_another_way_is_not_taken_for_the_newest():
    """Boots alone make a journal long: kept aside, it must not pass for one in which since then a code opened."""
    for entries in (3, 20):
        nor, journal, state = lived(entries)
        begun = bytes(nor.data)
        aside = []
        for boots in range(30):
            journal.write(state.clock(0, 0, 0, boots))
            aside.append(bytes(nor.data))
        nor.data[:] = begun
        journal, state = journal_on(nor)
        journal.mount()
        enter(journal, state, entries)
        newest = bytes(nor.data)
        for image in aside:
            nor.data[:] = image
            assert mounted(nor)[0] == REVERTED
        nor.data[:] = newest
        assert mounted(nor)[0] is None


def cut_before_the_anchor(nor):
    """Mount and guess; power is lost when the attempt is in flash and the anchor does not know of it."""
    journal, state = journal_on(nor)
    journal.mount()
    programs, raised = nor.programs, nor.set_i32

    def set_i32(key, value):
        if nor.programs > programs:
            raise PowerCut
        raised(key, value)

    nor.set_i32 = set_i32
    try:
        guess(journal, state)
    except PowerCut:
        nor.set_i32 = raised
        return
    raise AssertionError("not cut")


def test_an_attempt_that_a_cut_kept_from_the_anchor_does_not_pass_for_another():
    nor, _, _ = lived(7)
    begun = bytes(nor.data)
    cut_before_the_anchor(nor)
    aside = bytes(nor.data)
    nor.data[:] = begun
    journal, state = journal_on(nor)
    journal.mount()
    journal.write(state.attempt(9, 5, 5, 0, 0))
    nor.data[:] = aside
    assert mounted(nor)[0] == REVERTED


def test_cuts_before_the_anchor_do_not_add_up():
    nor, _, _ = lived(7)
    images = []
    for _ in range(20):
        images.append(bytes(nor.data))
        cut_before_the_anchor(nor)
        reason, state = mounted(nor)
        assert reason is None
        assert state.attempts == 14 + len(images)
    newest = bytes(nor.data)
    for image in images[:-1]:  # on the last one nothing rested yet
        nor.data[:] = image
        assert mounted(nor)[0] == REVERTED
    nor.data[:] = newest
    journal, _ = journal_on(nor)
    journal.mount()
    journal.tidy()
    nor.data[:] = images[-1]
    assert mounted(nor)[0] == REVERTED


def test_a_full_nvs_keeps_a_journal_that_is_ahead_as_it_is():
    nor, _, _ = lived(7)
    cut_before_the_anchor(nor)

    def full(key, value):
        raise OSError(-0x1105)

    set_i32, nor.set_i32 = nor.set_i32, full
    programs = nor.programs
    for run in (lambda journal, state: guess(journal, state), lambda journal, _: journal.tidy()):
        journal, state = journal_on(nor)
        assert why(journal.mount) is None
        assert why(run, journal, state) == PROGRAM
    assert nor.programs == programs
    nor.set_i32 = set_i32
    journal, state = journal_on(nor)
    journal.mount()
    guess(journal, state)
    assert mounted(nor)[0] is None


def used_up(state, entries):
    return state.attempts >= 2 * entries and all(state.event_used(0, counter) for counter in range(entries))


def test_however_many_of_the_newest_records_are_blanked_no_used_code_opens():
    for entries in (1, 4, 5, 6, 13, 20):
        nor, _, _ = lived(entries)
        noise = Random(entries)
        log = SECTORS * SIZE
        headers = [at for at in range(0, log, SIZE) if nor.data[at] == ord("D")]
        order = sorted(headers, key=lambda at: nor.data[at + 8])
        slots = [at + k for at in order for k in range(0, SIZE, SLOT)]
        closed = 0
        for at in reversed(slots):
            nor.data[at : at + SLOT] = b"\xff" * SLOT
            nor.data[log:] = noise.bytes(len(nor.data) - log)
            reason, found = mounted(nor)
            assert reason or used_up(found, entries)
            closed += reason is not None
            Audit(nor, ID, SECTORS, SECTORS).mount(found.head[0])
        assert closed


def test_each_slot_blanked_by_itself_lets_no_used_code_open():
    nor, _, _ = lived(13)
    clean = bytes(nor.data)
    for at in range(0, SECTORS * SIZE, SLOT):
        nor.data[:] = clean
        nor.data[at : at + SLOT] = b"\xff" * SLOT
        reason, found = mounted(nor)
        assert reason or used_up(found, 13)
