"""After `#` the work does not depend on the digits: opcodes executed by `match`, counted one by one."""

import gc
import sys

import pytest

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.stretch import number_key
from firmware.core.verify import Verifier, otp_code
from firmware.core.words import EVENT, INTERVAL, NUMBER

LOCK = bytes(range(8))
SALT = bytes(range(16))
NOW = 1_900_000_000
NUMBER_DIGITS = "40671835"


class Opcodes:
    """Counts the opcodes of all Python frames that run while it is entered.

    No collection runs meanwhile: it would bring in what others have hung on it (hypothesis, a finalizer), at an
    instant that depends on the objects of all tests before.
    """

    def __enter__(self):
        self.count = 0
        self._before = sys.gettrace()
        self._collects = gc.isenabled()
        gc.disable()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_):
        sys.settrace(self._before)
        if self._collects:
            gc.enable()

    def _trace(self, frame, event, _):
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            self.count += 1
        return self._trace


def lock(check):
    """A verifier with every candidate computed, and the codes in its windows."""
    grants = Grants(
        pack_grant(id=1, kind=EVENT, key=b"e" * 20, digits=8, check=check, window=16)
        + pack_grant(id=2, kind=INTERVAL, key=b"i" * 32, digits=8, check=check, sha256=True, step=86400, serials=4)
        + pack_grant(id=3, kind=EVENT, key=b"s" * 20, digits=6)
        + pack_grant(id=4, kind=NUMBER, key=number_key(SALT, NUMBER_DIGITS.encode()), digits=8)
    )
    verifier = Verifier(grants, State(grants), LOCK, SALT)
    verifier.begin(NOW)
    while verifier.work():
        gc.disable()
    return grants, verifier


def opcodes(verifier, code):
    """(opcodes of the match, hits)"""
    digits = bytearray(code.encode())
    with Opcodes() as work:
        hits = verifier.match(digits, len(digits), NOW)
    return work.count, hits


def with_same_digits(code, same, from_the_left):
    """A code that has `same` digits of `code`, at one end, and none of the others."""
    changed = "".join(str((int(digit) + 5) % 10) for digit in code)
    if from_the_left:
        return code[:same] + changed[same:]
    return changed[: len(code) - same] + code[len(code) - same :]


@pytest.mark.parametrize("from_the_left", [True, False])
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(("i", "serial"), [(0, 0), (1, 0), (1, 3)])
def test_opcodes_equal_for_0_to_8_matching_digits(i, serial, check, from_the_left):
    grants, verifier = lock(check)
    value = 7 if i == 0 else grants.step_at(1, NOW)
    code = otp_code(grants, i, serial, value, LOCK)
    counts = set()
    for same in range(len(code) + 1):
        count, hits = opcodes(verifier, with_same_digits(code, same, from_the_left))
        assert hits == ([(i, serial, value)] if same == len(code) else [])
        counts.add(count)
    assert len(counts) == 1
    assert counts.pop() > 1000


def test_opcodes_equal_wherever_the_code_lies():
    grants, verifier = lock(check=False)
    codes = [otp_code(grants, 0, 0, counter, LOCK) for counter in range(17)]
    codes += [otp_code(grants, 1, serial, grants.step_at(1, NOW), LOCK) for serial in range(5)]
    codes += ["00000000", "99999999", "12345678", NUMBER_DIGITS]
    found = [opcodes(verifier, code) for code in codes]
    assert len({count for count, _ in found}) == 1
    assert sum(bool(hits) for _, hits in found) == 16 + 4 + 1


def test_opcodes_equal_for_up_to_four_hits():
    """As many codes with the same digits as chance may ever bring about, and more."""
    counts = []
    for hits in range(5):
        keys = [(b"s" if k < hits else bytes([k])) * 20 for k in range(8)]
        grants = Grants(b"".join(pack_grant(id=k + 1, kind=EVENT, key=key, digits=6) for k, key in enumerate(keys)))
        verifier = Verifier(grants, State(grants), LOCK, SALT)
        verifier.match(b"000000", 6, NOW)
        seed = Grants(pack_grant(id=1, kind=EVENT, key=b"s" * 20, digits=6))
        count, found = opcodes(verifier, otp_code(seed, 0, 0, 3, LOCK))
        assert len(found) == hits
        counts.append(count)
    assert len(set(counts)) == 1


def test_opcodes_equal_where_nothing_was_laid_out_before():
    grants, _ = lock(check=False)
    codes = ["00000000", "99999999", NUMBER_DIGITS, otp_code(grants, 0, 0, 7, LOCK)]
    codes += [with_same_digits(codes[-1], same, from_the_left=True) for same in range(8)]
    found = [opcodes(Verifier(grants, State(grants), LOCK, SALT), code) for code in codes]
    assert len({count for count, _ in found}) == 1
    assert sum(bool(hits) for _, hits in found) == 2


def test_the_count_is_of_the_lock_alone():
    def at_each_collection(phase, info):
        return phase, info

    _, verifier = lock(check=False)
    threshold = gc.get_threshold()
    gc.callbacks.append(at_each_collection)
    gc.set_threshold(1)
    try:
        counts = {opcodes(verifier, NUMBER_DIGITS)[0] for _ in range(100)}
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(at_each_collection)
    assert len(counts) == 1


def test_the_count_would_show_a_comparison_that_stops_early():
    def stops_early(code, typed):
        return all(a == b for a, b in zip(code, typed, strict=True))

    counts = set()
    for same in range(9):
        with Opcodes() as work:
            stops_early("12345678", "12345678"[:same] + "x" * (8 - same))
        counts.add(work.count)
    assert len(counts) == 9
