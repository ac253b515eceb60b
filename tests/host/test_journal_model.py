"""State and journal against a plain model under hypothesis, with cuts and remounts; mount against any bytes at all."""

from copy import deepcopy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import EVENT, INTERVAL, NUMBER, OPENED
from firmware.store import StorageError
from firmware.store.audit import Audit
from firmware.store.journal import Journal
from tests.both.nor import TEARS, Nor, PowerCut

ID = b"journal1"
MAC = b"m" * 16
KEY = b"k" * 20
WINDOW = 16
GRANTS = Grants(
    pack_grant(id=1, kind=INTERVAL, key=KEY, serials=2)
    + pack_grant(id=2, kind=EVENT, key=KEY, window=WINDOW)
    + pack_grant(id=3, kind=EVENT, key=KEY, window=64)
    + pack_grant(id=4, kind=NUMBER, key=b"n" * 16, uses=0)
)
SEARCH = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SMALL = st.integers(0, 63)
OPERATIONS = st.one_of(
    st.tuples(st.just("attempt"), st.integers(1, 16), st.integers(0, 2**32 - 1), SMALL),
    st.tuples(st.just("burn"), st.integers(0, 4), SMALL, st.integers(0, 4), SMALL),
    st.tuples(st.just("outcome"), st.integers(1, 14), SMALL),
    st.tuples(st.just("clock"), st.integers(0, 2**32 - 1), SMALL),
    st.tuples(st.just("tidy")),
    st.tuples(st.just("remount")),
    st.tuples(st.just("cut"), st.integers(1, 24), st.sampled_from(TEARS), st.integers(0, 2**30)),
)


class Model:
    """The rules in the plainest words: sets of used codes, never forgotten."""

    def __init__(self):
        self.attempts = self.boots = self.floor = 0
        self.buckets = {}
        self.pending = False
        self.steps = {0: {}, 1: {}}
        self.events = {2: [0, set(), WINDOW], 3: [0, set(), 64]}
        self.uses = 0

    def attempt(self, length, level, stamp):
        self.attempts += 1
        self.buckets[length] = (level, stamp)

    def burn(self, items):
        self.pending = True
        for grant, serial, value in items:
            if grant == 1:
                self.steps[serial][value] = True
            elif grant == 4:
                self.uses = value
            elif grant in self.events:
                self._burn_counter(self.events[grant], value)

    @staticmethod
    def _burn_counter(event, counter):
        event[1].add(counter)
        event[0] = max(event[0], counter - 3 * event[2] // 4 + 1)
        while event[0] in event[1]:
            event[0] += 1

    def matches(self, state):
        return (
            (self.attempts, self.boots, self.floor) == (state.attempts, state.boots, state.floor)
            and all(state.bucket(n) == self.buckets.get(n) for n in range(1, 17))
            and self.pending == (state.pending is not None)
            and self.uses == state.number_uses(3)
            and all(self._steps_match(state, serial) for serial in self.steps)
            and all(self._events_match(state, i) for i in (1, 2))
        )

    def _steps_match(self, state, serial):
        used = self.steps[serial]
        top = max(used, default=0)
        return state.interval_top(0, serial) == top and all(
            state.interval_used(0, serial, step) == (step in used or step < max(1, top - 32))
            for step in range(max(0, top - 40), top + 5)
        )

    def _events_match(self, state, i):
        base, used, window = self.events[i + 1]
        return state.event_base(i) == base and all(
            state.event_used(i, counter) == (counter in used or counter < base - 16)
            for counter in range(max(0, base - 20), base + window)
        )


class Machine:
    """The real journal beside the model; `run` does one operation to both."""

    def __init__(self, sectors):
        self.nor = Nor(sectors, 512)
        self.model = Model()
        self.mount(format=True)

    def mount(self, format=False):
        self.state = State(GRANTS)
        self.journal = Journal(self.nor, self.state, ID, MAC, self.nor, 0, self.nor.blocks)
        if format:
            self.journal.format()
        else:
            self.journal.mount()

    def run(self, operation):
        kind, *values = operation
        after = deepcopy(self.model)
        try:
            getattr(self, kind)(after, *values)
        except PowerCut:
            self.nor.revive()
            self.mount()
            assert self.model.matches(self.state) or after.matches(self.state)
            self.model = self.model if self.model.matches(self.state) else after
        else:
            self.model = after
            assert self.model.matches(self.state)

    def attempt(self, model, length, level, stamp):
        body = self.state.attempt(length, level, stamp, 0, model.floor)
        model.attempt(length, level, stamp)
        self.journal.write(body)

    def burn(self, model, first, first_value, second, second_value):
        items = [self.code(first, first_value)]
        if second and second != first:
            items.append(self.code(second, second_value))
        bucket = self.state.bucket(8) or (0, 0)
        body = self.state.burn(8, bucket[0], items)
        model.burn(items)
        self.journal.write(body)

    def code(self, grant, value):
        """A code of that grant that may be burnt; grant 0 is one that is gone."""
        if grant == 1:
            serial = value & 1
            return 1, serial, max(1, self.state.interval_top(0, serial) - 32 + value)
        if grant in (2, 3):
            window = GRANTS.window(grant - 1)
            counter = self.state.event_base(grant - 1) + value % window
            return grant, 0, counter
        return (4, 0, self.state.number_uses(3) + 1) if grant else (9, 0, value)

    def outcome(self, model, decision, level):
        length = max(model.buckets, default=8)
        body = self.state.outcome(decision, length, level, 0, (1, MAC[:4]))
        if length in model.buckets:
            model.buckets[length] = (level, model.buckets[length][1])
        model.pending = False
        self.journal.write(body)

    def clock(self, model, credit, boots):
        model.boots = max(model.boots, boots)
        model.floor = credit // 2
        self.journal.write(self.state.clock(credit, 0, credit // 2, boots))

    def tidy(self, model):
        self.journal.tidy()

    def remount(self, model):
        self.mount()

    def cut(self, model, at, tear, seed):
        self.nor.cut_at(at, tear, seed)


@SEARCH
@given(st.integers(2, 4), st.lists(OPERATIONS, max_size=120))
def test_the_journal_agrees_with_the_plain_model(sectors, operations):
    machine = Machine(sectors)
    for operation in operations:
        machine.run(operation)
    machine.nor.revive()
    machine.mount()
    assert machine.model.matches(machine.state)


def worked_on(nor):
    """Mount, and go on working if it lets us: StorageError is the only refusal."""
    state = State(GRANTS)
    journal = Journal(nor, state, ID, MAC, nor, 0, 3)
    try:
        journal.mount()
        for n in range(30):
            journal.write(state.attempt(8, n, n, 0, 0))
            journal.write(state.burn(8, n, [(4, 0, state.number_uses(3) + 1)]))
            journal.write(state.outcome(OPENED, 8, n, 4, (n, MAC[:4])))
            journal.tidy()
    except StorageError as e:
        assert e.reason
        return None
    return state


@SEARCH
@given(st.binary(min_size=0, max_size=3 * 512), st.booleans())
def test_any_bytes_mount_or_are_refused(noise, repeated):
    nor = Nor(6, 512)
    filled = noise * (len(nor.data) // max(1, len(noise))) if repeated else noise
    nor.data[: len(filled)] = filled
    worked_on(nor)
    audit = Audit(nor, ID, 3, 3)
    list(audit.events())
    audit.mount()
    audit.append(1)
    assert audit.last().sequence >= 1


def lived(records):
    """The flash of a journal with so many attempts."""
    nor = Nor(3, 512)
    state = State(GRANTS)
    journal = Journal(nor, state, ID, MAC, nor, 0, 3)
    journal.format()
    for n in range(records):
        journal.write(state.attempt(8, n, n, 0, 0))
    return nor


@SEARCH
@given(
    st.integers(1, 60),
    st.lists(st.tuples(st.integers(0, 3 * 512 - 1), st.binary(min_size=1, max_size=80)), min_size=1, max_size=4),
)
def test_a_journal_with_spoilt_bytes_mounts_or_is_refused(records, spots):
    nor = lived(records)
    for at, noise in spots:
        end = min(at + len(noise), len(nor.data))
        nor.data[at:end] = noise[: end - at]
    worked_on(nor)


@SEARCH
@given(st.integers(1, 60), st.integers(0, 3 * 512 * 8 - 1))
def test_one_flipped_bit_is_nothing_or_the_newest_record_or_closed(records, bit):
    nor = lived(records)
    nor.data[bit // 8] ^= 1 << bit % 8
    found = State(GRANTS)
    try:
        Journal(nor, found, ID, MAC, nor, 0, 3).mount()
    except StorageError:
        return
    assert found.attempts >= records - 1
