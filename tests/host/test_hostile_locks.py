"""A lock that was opened up has its keys: whatever it says under them, the gateway goes on serving the others."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.seal import UP, Seal
from firmware.net import messages as m
from tests.host.gateways import ID, ROOT, End, key_file, scripted

OTHER = f"{int(ID, 16) + 1:016x}"
MOST = 0xFFFFFFFF


class Liar:
    """Says what it is told to, under the lock's own key and in the nonce of a check-in."""

    def __init__(self, end):
        self.end, self.nonce, self.counter = end, (0, 0), 0

    def say(self, kind, text):
        seal = Seal(ROOT, UP, bytes.fromhex(ID), 1, 1)
        self.end.hear(seal.seal(kind, self.counter, text))
        self.counter += 1

    def hello(self, head, counters=(), t=0, generation=1):
        self.nonce, self.counter = (self.nonce[0] + 1, 0), 0
        said = (self.nonce, (t, 1, 60), head, generation, 1), (5900, 5), m.BY_TIMER, (0, 0), (0, 0), (0, 1, 0)
        self.say(m.HELLO, m.pack_hello(*said[0], *said[1:], list(counters)))

    def events(self, first, sector, count, before=bytes(4)):
        self.say(m.EVENTS, m.pack_events(self.nonce, first, sector, before, bytes(28) * count))

    def raw(self, kind, text):
        self.say(kind, struct.pack("<II", *self.nonce) + text)

    def result(self, counter, word, detail=b""):
        self.say(m.RESULT, m.pack_result(self.nonce, counter, word, detail))

    def bye(self):
        self.say(m.BYE, m.pack_bye(self.nonce, 1, 0, 0))


U32 = st.one_of(st.sampled_from([0, 1, 2, MOST - 1, MOST]), st.integers(0, MOST))
SAID = st.one_of(
    st.tuples(
        st.just("hello"),
        st.tuples(U32, st.binary(min_size=4, max_size=4)),
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), U32), max_size=4),
        U32,
        U32,
    ),
    st.tuples(
        st.just("events"), st.one_of(st.integers(0, 60), U32), st.one_of(st.integers(0, 4), U32), st.integers(1, 20)
    ),
    st.tuples(st.just("result"), st.integers(0, 9), st.integers(0, 12), st.binary(max_size=20)),
    st.tuples(st.just("raw"), st.integers(0, 255), st.binary(max_size=80)),
    st.tuples(st.just("bye")),
)


@settings(max_examples=40)
@given(said=st.lists(st.one_of(SAID, st.just(("wait",)), st.just(("send",))), max_size=25))
def test_whatever_a_lock_says_the_others_are_served(tmp_path_factory, said):
    with End(key_file(tmp_path_factory.mktemp("gateway"), locks=2, home="state")) as end:
        liar = Liar(end)
        for what, *words in [("hello", (5, bytes(4)), (), 0, 1), *said]:
            if what == "wait":
                end.wait(1)
                end.said()
            elif what == "send":
                end.send("mute", "on")
            else:
                getattr(liar, what)(*words)
        assert others_are_served(end)


def others_are_served(end):
    lock = scripted(3, OTHER, ROOT)
    end.begin(lock)
    end.wait(0.4)
    end.go_on(lock)
    return lock.acknowledged == 3


@pytest.fixture
def end(tmp_path):
    with End(key_file(tmp_path, locks=2)) as end:
        yield end


def test_a_lock_that_names_events_beyond_all_numbers(end):
    liar = Liar(end)
    for _ in range(4):
        liar.hello((MOST, bytes(4)))
        liar.events(MOST - 3, 1, 9)
        end.wait(3)
        end.said()
        for counter in range(1, 6):
            liar.result(counter, m.DONE)
        liar.events(MOST - 3, 1, 9)
        liar.bye()
        end.said()
    assert others_are_served(end)
