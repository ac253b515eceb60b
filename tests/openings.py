"""How often one code opens at most, however the power is cut: python -m tests.openings; some minutes.

The demo day on CPython, cut at every operation of flash with twelve kinds of tear and at every write to NVS, then twice
within one entry. Beside it a lock that burns a code only after the bolt has moved, cut within that entry, to show that
the same cuts find a second opening where there is one. Prints JSON: cuts, most, other.
"""

import json
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from host_sim.path import put_shim_first

put_shim_first()

from tests.host.power_cuts import Day  # noqa: E402  (the firmware's `micropython` is on the path only now)
from tests.host.test_power_cuts import BROKEN, FIRST_TEARS, OPENS, broken_copy  # noqa: E402
from tests.host.witness import Witness  # noqa: E402


@contextmanager
def counted():
    """A list whose last item is the most openings of one code that any witness has seen meanwhile."""
    most, grant = [0], Witness._grant

    def counting(witness):
        try:
            grant(witness)
        finally:
            most.append(max(most[-1], *witness.granted.values(), 0))

    Witness._grant = counting
    try:
        yield most
    finally:
        Witness._grant = grant


def ours():
    """(cuts tried, most openings of a code); raises AssertionError where another promise is broken."""
    cuts = 0
    with counted() as most, Day("cpython") as day:
        for visit in day.visits:
            cuts += day.one_cut(visit.begun, day.visit(visit))[1]
        visit = day[OPENS]
        cuts += day.two_cuts(visit.begun, day.visit(visit), FIRST_TEARS["micropython"])[1]
    return cuts, most[-1]


def late():
    """Most openings of a code by the lock that burns late."""
    file, replacements, _ = BROKEN["burn after the bolt"]
    with tempfile.TemporaryDirectory() as folder, counted() as most:
        day = Day("cpython", broken_copy(Path(folder), file, replacements), until=OPENS)
        with day, suppress(AssertionError):  # the witness complains of what is counted here
            day.one_cut(day[OPENS].begun, day.visit(day[OPENS]))
    return most[-1]


if __name__ == "__main__":
    cuts, most = ours()
    print(json.dumps({"cuts": cuts, "most": most, "other": late()}))
