"""A record that another computer has made: whatever stands in it, it is refused, or everything can be shown of it."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from host_sim.lock import DEFAULT_START
from tests.host.owners import record
from tools.owner import show
from tools.owner.issue import issue
from tools.owner.record import RecordError, load_record

VALUES = st.one_of(
    st.sampled_from([None, True, 0, -1, 2**32, 2**63, 1.5, 1e300, "", "²", "\ud800", "../x", [], [[]], {}, "a" * 99]),
    st.integers(),
    st.text(max_size=5),
)


def given_out():
    """A record of which some codes were given out, as it is kept."""
    made = record()
    for label in ("couriers", "visitors"):
        issue(made, label, DEFAULT_START, whom="Ben")
    return json.loads(made.dumped())


GOOD = given_out()


def changed(value, where, word):
    """`value` with what stands at a path replaced; steps go round, and end where they lead nowhere."""
    if not where or not isinstance(value, dict | list) or not value:
        return word
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = keys[where[0] % len(keys)]
    made = value.copy()
    made[key] = changed(value[key], where[1:], word)
    return made


def shown(made):
    """All that the commands show of a record."""
    show.codes(made, DEFAULT_START, True)
    show.grants(made, DEFAULT_START)
    made.schedules.allows(1, DEFAULT_START)
    made.radio_keys()


def test_the_record_is_shown():
    shown(load_record(json.dumps(GOOD)))


@settings(max_examples=150)
@given(st.lists(st.tuples(st.lists(st.integers(0, 30), min_size=1, max_size=4), VALUES), min_size=1, max_size=2))
def test_whatever_stands_in_a_record_it_is_refused_or_shown(changes):
    fields = GOOD
    for where, word in changes:
        fields = changed(fields, where, word)
    try:
        made = load_record(json.dumps(fields))
    except RecordError as error:
        assert str(error)
        return
    shown(made)
