"""Power lost at any operation: the modes of the harness on small flash, and cuts while journal and log are begun."""

import powerloss
from life import Life
from nor import TEARS, Nor, PowerCut
from plan import ID, PHASES, SLOT, SMALL, THREE, Broken, Shape
from powerloss import Caught, Chip, Tally

from firmware.store.audit import ENTRY, Audit


def test_without_a_cut_each_ring_begins_a_sector():
    for shape in (SMALL, THREE):
        life = powerloss.begun(shape)
        life.nor.changes = []
        life.boot()
        assert (life.boots, life.opened) == (1, 0b1011)
        headers = [address for address, new, _ in life.nor.changes if not address % shape.size and len(new) == SLOT]
        assert [address >= shape.journal * shape.size for address in sorted(headers)] == [False, True]


def test_one_life_cut_after_more_operations_each_time():
    tally = Tally()
    for tear in TEARS:
        powerloss.linear(SMALL, tear, tally)
        powerloss.linear(THREE, tear, tally)
    assert tally.cuts > 20 * len(TEARS)


def test_one_life_cut_after_twice_as_many_operations_each_time():
    tally = Tally()
    for tear in TEARS:
        powerloss.doubling(SMALL, tear, tally)
        powerloss.doubling(THREE, tear, tally)
    assert tally.cuts >= 8 * len(TEARS)


def test_a_cut_at_every_operation_with_every_tear():
    for shape in (SMALL, THREE):
        tally = Tally()
        powerloss.exhaustive(shape, (len(TEARS),), tally)
        assert tally.cuts > 25 * len(TEARS)


def test_a_cut_at_every_operation_wherever_the_journal_begins_a_sector():
    tally = Tally()
    for later in PHASES:
        powerloss.exhaustive(SMALL.later(later), (2,), tally)
    assert tally.cuts > 25 * 2 * len(PHASES)


def test_two_cuts_at_every_operation():
    tally = Tally()
    powerloss.exhaustive(SMALL, (5, 1), tally)  # `make powerloss` does all tears
    assert tally.cuts > 2000


def test_every_operation_that_fails_without_a_word():
    for shape in (SMALL, THREE):
        tally = Tally()
        powerloss.silent(shape, tally)
        assert tally.boots > 25


def test_a_cut_leaves_what_the_exhaustive_mode_takes_it_to_leave():
    life = powerloss.begun(SMALL)
    flash = bytearray(life.nor.data)
    life.nor.changes = []
    life.boot()
    for (at, tear), left, memory in powerloss.forks(flash, 0, life.nor.changes, 3):
        other = powerloss.begun(SMALL)
        assert powerloss.strike(other, at, tear)
        assert (other.nor.data, other.memory()) == (left, memory)


def test_a_failure_tells_the_cuts_that_replay_it():
    look = Life.look

    def stumbling(life):
        if life.boots == 3:
            raise Broken("log", "seeded")
        look(life)

    Life.look = stumbling
    try:
        cuts = caught_by(lambda: powerloss.exhaustive(SMALL, (2, 2), Tally()))
        assert caught_by(lambda: powerloss.replay(SMALL, cuts)) == cuts == [(1, "none"), (1, "none")]
    finally:
        Life.look = look


def caught_by(run):
    try:
        run()
    except Caught as caught:
        assert caught.check == "log"
        assert "python -m tests.longrun small '1:none 1:none'" in str(caught)
        return caught.cuts
    raise AssertionError("not caught")


def test_a_cut_while_formatting_only_begins_it_again():
    shape = Shape("new", 512, (2, 0), (3, 0))
    at = 0
    struck = True
    while struck:
        at += 1
        for tear in TEARS:
            life = Life(shape, Chip(shape))
            life.nor.cut_at(at, tear, at)
            try:
                life.begin()
                struck = False
            except PowerCut:
                life.nor.revive()
                life = Life(shape, life.nor)
                life.begin()
                life.boot()
    assert at > shape.journal + shape.log


def log_on(nor, acknowledged, cut_at=0, tear="none"):
    """Mount the log, which is begun anew where it must, and append ten events."""
    audit = Audit(nor, ID, 0, nor.blocks)
    nor.cut_at(cut_at, tear, cut_at)
    try:
        lost = audit.mount()
        for _ in range(10):
            audit.append(ENTRY, attempt=len(acknowledged))
            acknowledged.append(audit.last().sequence)
            audit.tidy()
    except PowerCut:
        nor.revive()
        lost = None
    found = [event.sequence for event in Audit(nor, ID, 0, nor.blocks).events()]
    assert found == sorted(set(found))
    assert not acknowledged or acknowledged[-1] in found
    return lost


def test_a_cut_while_the_log_is_begun_anew_only_begins_it_again():
    for tear in TEARS:
        for at in range(1, 6):
            nor = Nor(3, 512)
            acknowledged = []
            log_on(nor, acknowledged, at, tear)
            log_on(nor, acknowledged)
            assert log_on(nor, acknowledged) is None
