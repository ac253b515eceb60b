"""Whatever is typed as a command, and whatever stands in the queue, no lock is left without its gateway."""

import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.net import messages
from firmware.net.orders import COMMANDS
from tests.host.gateways import ID, End, key_file, scripted
from tools.gateway.orders import ORDERS, Order, OrderError, order
from tools.gateway.show import commands

YEAR_S = 366 * 86400
WORDS = st.one_of(
    st.sampled_from([*ORDERS, "on", "off", "7", "1", "unlock,call", "relock_s=5", 'zone="UTC0"', "a=" + "[" * 9000]),
    st.integers(-(2**70), 2**70).map(str),
    st.text(max_size=12),
    st.text(max_size=4000).map(lambda text: f"zone={text!r}"),
)
VALUES = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=9), st.binary(max_size=99)
)


@pytest.mark.parametrize("within", [-1, 0, YEAR_S + 1, 10_000_000_000])
def test_an_absurd_end_is_refused_where_it_is_typed(within):
    with pytest.raises(OrderError, match="must be 1 to 31622400, which are 366 days"):
        order(["unlock"], within=within)


def test_the_longest_end_is_sent(tmp_path):
    with End(key_file(tmp_path)) as end:
        lock = scripted()
        number = end.send("unlock", within=YEAR_S)
        end.check_in(lock)
        assert (lock.done, end.state(number)) == ([("unlock",)], "done")


def test_settings_that_no_message_holds_are_refused_where_they_are_typed():
    assert order(["set", f'zone="{"x" * 1000}"']).text
    with pytest.raises(OrderError, match="1111 bytes, and a message holds 1024"):
        order(["set", f'zone="{"x" * 1100}"'])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.lists(WORDS, max_size=5), st.none() | st.integers(-5, 2**40)), min_size=1, max_size=8))
def test_what_is_taken_as_a_command_can_be_sent(typed):
    with tempfile.TemporaryDirectory() as folder, End(key_file(folder)) as end:
        lock = scripted()
        for words, within in typed:
            try:
                made = order(words, None, within)
            except OrderError:
                continue
            if made.kind != messages.ROTATE:  # which waits for the key file
                with end.store.batch():
                    end.gateway.queue(end.gateway.keys.locks[ID], made)
        end.check_in(lock)
        told = [row["detail"] for row in end.store.all("SELECT detail FROM command WHERE state = 'failed'")]
        assert not [detail for detail in told if "set aside" in detail]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from(sorted([*COMMANDS, messages.SET_SETTINGS])), VALUES),
            VALUES,
            VALUES,
            st.sampled_from(["waiting", "sent"]),
            VALUES,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_row_of_the_queue_stops_the_gateway(rows):
    """Kind, plaintext, end, state and last result of rows that this gateway would not have written."""
    with tempfile.TemporaryDirectory() as folder, End(key_file(folder)) as end:
        lock = scripted()
        with end.store.batch():
            for kind, text, expires, state, word in rows:
                columns = "INSERT OR IGNORE INTO command (lock, kind, text, shown, made, expires, state, word) VALUES "
                end.store.db.execute(columns + "(?, ?, ?, 'a row', 0, ?, ?, ?)", (ID, kind, text, expires, state, word))
        number = end.send("identify")
        end.check_in(lock)
        end.check_in(lock)
        assert ("identify",) in lock.done
        assert end.state(number) == "done"
        assert commands(end.gateway.keys, end.store.all("SELECT * FROM command")).row_count


def test_a_row_that_is_no_command_is_set_aside_and_says_why(tmp_path):
    with End(key_file(tmp_path)) as end:
        lock = scripted()
        with end.store.batch():
            keys = end.gateway.keys.locks[ID]
            bad = end.gateway.queue(keys, Order(messages.UNLOCK_NOW, None, "unlock", 10_000_000_000))
            cut = end.gateway.queue(keys, Order(messages.MUTE, b"", "mute on"))
        end.check_in(lock)
        assert lock.done == []
        assert [end.state(number) for number in (bad, cut)] == ["failed", "failed"]
        assert end.store.command(cut).detail == "set aside, it cannot be sent: size"
        assert "set aside, it cannot be sent" in end.store.command(bad).detail
        assert any(word == "failed" and "mute on: set aside" in text for word, text in end.lines)
