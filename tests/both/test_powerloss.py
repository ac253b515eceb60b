"""Power cut at every operation of a small journal and a small log, with every tear; of the journal two cuts deep.

The workload is reentrant: each boot mounts, checks the picture against what was acknowledged, and goes on. At every
mount the picture must be what was acknowledged, or that plus the one record in flight. After each reboot other data is
written than before, or torn records would hide behind equal bytes.
"""

from nor import TEARS, Nor, PowerCut

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import EVENT, OPENED
from firmware.store import StorageError
from firmware.store.audit import ENTRY, Audit
from firmware.store.journal import Journal

ID = b"journal1"
GRANTS = Grants(pack_grant(id=1, kind=EVENT, key=b"k" * 20))
SECTOR = 512
ENTRIES = 4


def picture(state):
    return b"".join([bytes(body) for body in state.snapshot()])


class Run:
    """One lock's life on one flash: `boot` until the work is done, over however many cuts."""

    def __init__(self, sectors):
        self.nor = Nor(sectors, SECTOR)
        self.sectors = sectors
        self.state = State(GRANTS)  # what was acknowledged last
        self.flight = None  # the body whose write has not returned
        self.boots = 0
        self.burnt = 0  # codes acknowledged as burnt: bit n

    def copy(self):
        other = Run(self.sectors)
        other.nor.data[:] = self.nor.data
        other.state, other.flight, other.boots, other.burnt = self.state, self.flight, self.boots, self.burnt
        return other

    def format(self):
        Journal(self.nor, self.state, ID, 0, self.sectors).format()

    def check(self, found):
        """`found` is what was acknowledged, or that plus the record in flight; no burn is missing."""
        if picture(found) != picture(self.state):
            assert self.flight
            expected = State(GRANTS)
            for body in self.state.snapshot():
                expected.apply(body)
            expected.apply(self.flight)
            assert picture(found) == picture(expected)
        for counter in range(ENTRIES):
            assert not self.burnt >> counter & 1 or found.event_used(0, counter)

    def boot(self):
        """Mount, check, work on. Raises PowerCut where one was armed."""
        state = State(GRANTS)
        journal = Journal(self.nor, state, ID, 0, self.sectors)
        journal.mount()
        self.check(state)
        self.state, self.flight = state, None
        self.boots += 1
        if state.pending:
            self.write(journal, state.outcome(OPENED, 8, self.boots, 1, 0))
        journal.tidy()
        for counter in range(ENTRIES):
            if not state.event_used(0, counter):
                self.write(journal, state.attempt(8, self.boots, counter, self.boots, 0))
                self.write(journal, state.burn(8, self.boots + 1, [(1, 0, counter)]))
                self.burnt |= 1 << counter
                self.write(journal, state.outcome(OPENED, 8, self.boots + 2, 1, 0))

    def write(self, journal, body):
        self.flight = body
        journal.write(body)
        self.flight = None


def cut(run, at, tear, seed):
    """Whether the cut at operation `at` struck before the work was done."""
    run.nor.cut_at(at, tear, seed)
    try:
        run.boot()
    except PowerCut:
        run.nor.revive()
        return True
    return False


def finish(run):
    run.nor.revive()
    run.boot()
    state = State(GRANTS)
    Journal(run.nor, state, ID, 0, run.sectors).mount()
    run.check(state)
    assert all(state.event_used(0, counter) for counter in range(ENTRIES))
    assert state.attempts >= ENTRIES


def exhaust(run, depth, first_tears, tears, cuts):
    """Every operation, every tear, `depth` cuts deep; returns how many lives were lived."""
    lived = 0
    at = 0
    struck = True
    while struck:
        at += 1
        for tear in first_tears:
            life = run.copy()
            path = cuts + [(at, tear)]
            try:
                struck = cut(life, at, tear, 7 * at + len(cuts))
                if struck and depth > 1:
                    lived += exhaust(life, depth - 1, tears, tears, path)
                elif struck:
                    finish(life)
            except Exception:
                print("cuts that replay it:", path)
                raise
            lived += 1
            if not struck:
                break
    return lived


def begun(sectors):
    run = Run(sectors)
    run.format()
    return run


def test_one_cut_at_every_operation_with_every_tear():
    for sectors in (2, 3):
        assert exhaust(begun(sectors), 1, TEARS, TEARS, []) > 150


def test_two_cuts_at_every_operation():
    for n, tear in enumerate(TEARS):
        # each first tear meets two second ones; over all first tears every second one is met
        second = [TEARS[(n + k) % len(TEARS)] for k in (0, 3)]
        assert exhaust(begun(2 + n % 2), 2, (tear,), second, []) > 500


def test_a_cut_while_formatting_never_leaves_a_journal_that_lost_something():
    done = False
    at = 0
    while not done:
        at += 1
        for tear in TEARS:
            run = Run(2)
            run.nor.cut_at(at, tear, at)
            try:
                run.format()
                done = True
            except PowerCut:
                run.nor.revive()
                state = State(GRANTS)
                try:
                    Journal(run.nor, state, ID, 0, 2).mount()
                    assert picture(state) == picture(State(GRANTS))
                except StorageError:
                    pass
                run.format()
                run.boot()


def log_on(nor, acknowledged, cut_at=0, tear="none"):
    """Mount the log and append ten events; what was acknowledged before must be there."""
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


def test_a_cut_anywhere_in_the_log_loses_no_acknowledged_event():
    for tear in TEARS:
        for at in range(1, 40):
            nor = Nor(3, SECTOR)
            Audit(nor, ID, 0, 3).format()
            acknowledged = []
            log_on(nor, acknowledged)
            log_on(nor, acknowledged, at, tear)
            assert log_on(nor, acknowledged) is None


def test_a_cut_while_the_log_is_begun_anew_only_begins_it_again():
    for tear in TEARS:
        for at in range(1, 6):
            nor = Nor(3, SECTOR)
            acknowledged = []
            log_on(nor, acknowledged, at, tear)
            log_on(nor, acknowledged)
            assert log_on(nor, acknowledged) is None
