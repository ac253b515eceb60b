"""Records right in CRC and MAC and absurd in what they say: a mount takes or refuses them, and never stumbles."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware.core import records
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import EVENT, INTERVAL, NUMBER, OPENED
from firmware.store import StorageError
from firmware.store.audit import ENTRY, Audit
from firmware.store.chain import KEY, NO_MAC, Sealed
from firmware.store.journal import Journal
from firmware.store.sectors import ANNOUNCED, Sectors
from tests.both.nor import Nor

ID = b"journal1"
MAC = b"m" * 16
SECTORS = 3
SIZE = 512
SLOTS = SIZE // 32
GRANTS = Grants(
    pack_grant(id=1, kind=INTERVAL, key=b"k" * 20, serials=2)
    + pack_grant(id=2, kind=EVENT, key=b"k" * 20, window=64)
    + pack_grant(id=3, kind=NUMBER, key=b"n" * 16, uses=0)
)
SEARCH = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

U32 = st.sampled_from([0, 1, 2, 3, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]) | st.integers(0, 2**32 - 1)
FEW = st.sampled_from([0, 1, 2, 3])
STATE_TYPES = st.sampled_from(list(range(records.ATTEMPT, records.COUNTERS + 1)) * 3 + [0, 200, KEY, 0xF0, 0xF1, 0xFF])
LOG_TYPES = st.sampled_from([*range(14), 200, KEY, KEY, 0xF1, 0xFF])


def bodies(types):
    """Absurd bodies: extreme numbers, and ids and lengths that exist among them."""
    fields = st.lists(U32 | FEW, min_size=5, max_size=5)
    numbers = st.builds(lambda values: b"".join(value.to_bytes(4, "little") for value in values), fields)
    two = st.binary(min_size=2, max_size=2)
    payload = st.binary(min_size=22, max_size=22) | st.builds(lambda first, rest: first + rest, two, numbers)
    return st.builds(lambda kind, aux, rest: bytes([kind, aux]) + rest, types, st.integers(0, 17), payload)


def sectors(types):
    """(carried, sequence, mark, [(slots left out before, ordinals left out before, body)], announced, left)."""
    record = st.tuples(st.sampled_from([0, 0, 0, 1]), st.sampled_from([0, 0, 0, 0, 1]), bodies(types))
    sequence = st.sampled_from([0, 1, 2, 3, 7, 2**32 - 2, 2**32 - 1])
    carried = st.sampled_from([0, 0, 1, 2, 65535])
    filled = st.lists(record, max_size=SLOTS - 3)
    body = st.tuples(carried, sequence, U32, filled, st.booleans(), st.booleans())
    return st.lists(st.none() | body, min_size=SECTORS, max_size=SECTORS)


def write(nor, first, ring_id, seal, contents):
    """Program sectors like that, each record sealed as it should be."""
    writer = Sectors(nor, first, SECTORS, ring_id, seal)
    writer.measure()
    for sector, content in enumerate(contents):
        if content is None:
            continue
        carried, sequence, mark, bodies_of_it, announced, left = content
        writer.aim(sequence, ID)
        writer.program_header(sector, carried, sequence, ID, mark)
        slot, ordinal = 1, 0
        for skipped, missing, body in bodies_of_it:
            slot, ordinal = slot + skipped, ordinal + missing
            if slot >= SLOTS - 2:
                break
            writer.body[:] = body
            writer.program(sector, slot, ordinal)
            slot, ordinal = slot + 1, ordinal + 1
        if announced:
            writer.program_note(sector, SLOTS - 2, ANNOUNCED, 0xF2, 200)
        if left:
            writer.wipe(sector, SLOTS - 1)


class Unchained:
    """Seals as somebody does who does not care about the chain."""

    def mac(self, seed, body):
        return NO_MAC

    def accepts(self, seed, body, mac):
        return True


def used(state):
    """Some of what the decisions ask."""
    return [
        state.pending,
        [state.bucket(length) for length in range(1, 17)],
        [state.interval_used(0, serial, step) for serial in (0, 1) for step in (0, 1, 5, 2**32 - 1)],
        [state.event_used(1, counter) for counter in (0, 1, 2**32 - 1)],
        state.number_uses(2),
    ]


@SEARCH
@given(sectors(STATE_TYPES))
def test_absurd_state_is_taken_or_refused(contents):
    nor = Nor(SECTORS, SIZE)
    write(nor, 0, 1, Sealed(MAC), contents)
    state = State(GRANTS)
    journal = Journal(nor, state, ID, MAC, nor, 0, SECTORS)
    nor.get_i32 = lambda _: journal._ring.mark  # an anchor that never keeps the rest from being tried
    try:
        journal.mount()
        used(state)
        for n in range(20):
            attempts = state.attempts
            journal.write(state.clock(state.credit + n, state.ref + n, state.floor + n, state.boots + 1))
            journal.write(state.attempt(8, n, state.credit, 0, state.floor))
            assert state.attempts in (attempts + 1, 2**32 - 1)
            journal.write(state.burn(8, n, [(1, 1, state.interval_top(0, 1)), (2, 0, state.event_base(1))]))
            journal.write(state.outcome(OPENED, 8, n, 4, state.head))
            journal.tidy()
        again = State(GRANTS)
        Journal(nor, again, ID, MAC, nor, 0, SECTORS).mount()
    except StorageError as error:
        assert error.reason
        return
    assert used(again) == used(state)


@SEARCH
@given(sectors(LOG_TYPES), U32)
def test_an_absurd_log_goes_on_or_is_refused(contents, known):
    nor = Nor(SECTORS, SIZE)
    write(nor, 0, 2, Unchained(), contents)
    audit = Audit(nor, ID, 0, SECTORS)
    assert all(len(event.body) == 24 for event in audit.events())
    try:
        audit.mount(known)
        for _ in range(30):
            audit.append(ENTRY, attempt=audit.attempts)
            audit.tidy()
    except StorageError as error:
        assert error.reason
        return
    again = Audit(nor, ID, 0, SECTORS)
    assert again.mount() is None
    assert again.head == audit.head
    assert again.attempts == audit.attempts
