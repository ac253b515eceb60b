"""Both ends read what the other one writes, and nothing else: fuzzed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.net import messages as lock
from firmware.net.messages import MessageError
from firmware.net.orders import unpack
from tools.protocol import messages as other_end
from tools.protocol.examples import EXAMPLES, as_given
from tools.protocol.messages import Counter, Nonce
from tools.sentence import plain

U8 = st.integers(0, 255)
U16 = st.integers(0, 2**16 - 1)
U32 = st.integers(0, 2**32 - 1)
NONCES = st.tuples(U32, U32)
MACS = st.binary(min_size=4, max_size=4)
DOWN = [example for example in EXAMPLES if example.kind in other_end.DOWN_TYPES]
UP = [example for example in EXAMPLES if example.kind in other_end.UP_TYPES]


@pytest.mark.parametrize("example", DOWN, ids=lambda example: example.name)
def test_commands_are_packed_as_in_the_vectors(example):
    assert other_end.command(example.kind, *as_given(example)) == example.text


@given(st.sampled_from(range(256)), st.binary(max_size=120))
def test_junk_is_malformed_or_a_command(kind, text):
    try:
        fields = unpack(kind, text)
    except MessageError:
        return
    if kind != lock.SET_SETTINGS:
        assert other_end.command(kind, *fields) == text


@given(st.sampled_from(DOWN), st.data())
def test_a_changed_command_is_malformed_or_a_command(example, data):
    text = bytearray(example.text or b"\0")
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(U8)
    try:
        fields = unpack(example.kind, bytes(text))
    except MessageError:
        return
    if example.kind != lock.SET_SETTINGS:
        assert other_end.command(example.kind, *fields) == text


@given(st.text(alphabet='{}[]":,0123456789.-eEtrufalsn\\ \n\x00é', max_size=60))
def test_settings_are_an_object_or_malformed(text):
    try:
        (settings,) = unpack(lock.SET_SETTINGS, text.encode())
    except MessageError:
        return
    assert isinstance(settings, dict)


@given(
    NONCES, st.tuples(U32, st.sampled_from((1, 2, 3)), U16), st.tuples(U32, MACS), U32, U32, st.tuples(U16, U8),
    st.sampled_from((1, 2, 3, 4)), NONCES, st.tuples(U16, U8), st.tuples(U8, U8, U8),
    st.lists(st.tuples(U8, U8, U32), max_size=32),
)  # fmt: skip
def test_a_hello_arrives(nonce, clock, log, generation, attempts, power, reason, waiting, ignored, version, counters):
    text = lock.pack_hello(nonce, clock, log, generation, attempts, power, reason, waiting, ignored, version, counters)
    assert other_end.read(lock.HELLO, text) == other_end.Hello(
        Nonce(*nonce),
        *clock,
        log,
        generation,
        attempts,
        *power,
        reason,
        Nonce(*waiting) if waiting != (0, 0) else None,
        *ignored,
        version,
        tuple(Counter(*item) for item in counters),
    )


FIRSTS = st.integers(1, 0xFFFFFFFF - 19)


@given(NONCES, FIRSTS, U32, MACS, st.lists(st.binary(min_size=28, max_size=28), min_size=1, max_size=20))
def test_events_arrive(nonce, first, sector, before, events):
    read = other_end.read(lock.EVENTS, lock.pack_events(nonce, first, sector, before, b"".join(events)))
    assert (read.nonce, read.first, read.sector, read.before) == (Nonce(*nonce), first, sector, before)
    assert [body + mac for body, mac in read.records] == events


@pytest.mark.parametrize(("first", "count"), [(0, 1), (0xFFFFFFFF, 2), (0xFFFFFFFF - 18, 20)])
def test_events_of_which_no_lock_has_the_numbers_are_malformed(first, count):
    with pytest.raises(MessageError):
        other_end.read(lock.EVENTS, lock.pack_events((1, 0), first, 1, bytes(4), bytes(28 * count)))


@given(NONCES, U32, st.sampled_from(sorted(other_end.RESULTS)), st.text(max_size=60))
def test_a_result_arrives(nonce, counter, word, detail):
    read = other_end.read(lock.RESULT, lock.pack_result(nonce, counter, word, detail.encode()))
    assert (read.nonce, read.counter, read.word) == (Nonce(*nonce), counter, word)
    assert read.detail == plain(detail.encode()[:200].decode(errors="replace"))


@given(NONCES, U8, U16, U8)
def test_a_bye_arrives(nonce, answered, ignored, why):
    read = other_end.read(lock.BYE, lock.pack_bye(nonce, answered, ignored, why))
    assert read == other_end.Bye(Nonce(*nonce), answered, ignored, why)


@given(st.sampled_from(range(20)), st.binary(max_size=700))
def test_junk_from_a_lock_is_malformed_or_a_message(kind, text):
    try:
        read = other_end.read(kind, text)
    except MessageError:
        return
    assert isinstance(read.nonce, Nonce)


@pytest.mark.parametrize("example", UP, ids=lambda example: example.name)
def test_a_message_of_the_lock_of_another_size_is_malformed(example):
    other_end.read(example.kind, example.text)
    for text in (b"", example.text[:11], example.text + bytes(201)):
        with pytest.raises(MessageError):
            other_end.read(example.kind, text)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (lock.ROTATE, (7, 4, bytes(31))),
        (lock.ROTATE, (7, 256, bytes(32))),
        (lock.ROTATE, (7, 0, bytes(32))),
        (lock.PUT_ISSUER, (7, 1, 1, 0, bytes(32), "thirteen long")),
        (lock.PUT_ISSUER, (7, 1, 65536, 0, bytes(32), "label")),
        (lock.UNLOCK_NOW, (1, 2)),
        (lock.UNLOCK_NOW, (1, 2, -1)),
        (lock.SET_BASE, (0, 5)),
        (lock.HELLO, ()),
        (99, ()),
    ],
)
def test_a_command_out_of_bounds_is_not_packed(kind, fields):
    with pytest.raises(MessageError):
        other_end.command(kind, *fields)
