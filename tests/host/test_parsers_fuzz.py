"""Every parser of bytes from outside, fuzzed.

What a failure prints in hexadecimal goes into tests/both/corpus.json, so that it is played again on both Pythons.
"""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parsers import PARSERS
from seeds import SEEDS

from firmware.net.messages import MessageError
from host_sim.runtime.image import PROJECT
from tests.host.owners import record
from tools.config.reader import ConfigErrors, parse
from tools.owner.record import RecordError, load_record
from tools.protocol.messages import UP_TYPES, read

EXAMPLES = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
WORDS = (None, True, 0, -1, 2**63, 1e308, "", "\0", "²", "\ud800", "a" * 99, [], [[]], [0], {}, "1.2.3.4", "1.2.3.²")
"""Values that a setting may be given by mistake or by malice."""


def spoilt(seed):
    """The seed with some of its bytes replaced, left out or repeated."""
    edit = st.tuples(st.integers(0, len(seed)), st.integers(0, 4), st.binary(max_size=6))

    def apply(edits):
        data = bytearray(seed)
        for at, gone, put in edits:
            data[at : at + gone] = put
        return bytes(data)

    return st.lists(edit, max_size=5).map(apply)


def objects(seed):
    """The JSON object `seed` with some of its values replaced, left out or added."""
    names, values = st.sampled_from([*json.loads(seed), "other"]), st.sampled_from(WORDS)
    changes = st.dictionaries(names, values | st.lists(values, max_size=4), max_size=3)
    return changes.map(lambda change: json.dumps({**json.loads(seed), **change}).encode())


def inputs(name):
    seeds = SEEDS.get(name, [])
    ways = [st.binary(max_size=600), *map(spoilt, seeds)]
    if name.endswith("settings"):
        ways += [*map(objects, seeds), st.integers(1, 5000).map(lambda depth: b"[" * depth)]
    return st.one_of(ways)


@pytest.mark.parametrize("name", PARSERS)
def test_no_bytes_stop_a_parser(name):
    @EXAMPLES
    @given(inputs(name))
    def holds(data):
        try:
            PARSERS[name](data)
        except Exception as error:
            raise AssertionError(f"{name}: {data.hex()}") from error

    holds()


@pytest.mark.parametrize("name", ["settings", "radio settings"])
def test_no_value_of_a_setting_stops_its_parser(name):
    good = json.loads(SEEDS[name][0])
    for setting in (*good, "command", "other"):
        for word in (*WORDS, *([word] * 4 for word in WORDS), *([[word, word]] for word in WORDS)):
            PARSERS[name](json.dumps({**good, setting: word}).encode())


@EXAMPLES
@given(spoilt((PROJECT / "docs" / "lock.example.toml").read_bytes()))
def test_no_configuration_stops_its_reader(data):
    try:
        parse(data.decode(errors="replace"))
    except ConfigErrors:
        pass


@EXAMPLES
@given(spoilt(record().dumped()) | st.integers(1, 5000).map(lambda depth: b"[" * depth))
def test_no_record_stops_its_reader(data):
    try:
        load_record(data)
    except RecordError:
        pass


@EXAMPLES
@given(st.sampled_from([*UP_TYPES, 0, 16]), st.binary(max_size=600))
def test_nothing_that_a_lock_could_say_stops_its_reader(kind, text):
    try:
        read(kind, text)
    except MessageError:
        pass
