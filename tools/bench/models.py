"""Figures that come from other parts of the project: power cuts from its tests, months from its model of the batteries.

The tests are run as a program of their own, since no tool imports them.
"""

import json
import subprocess
import sys
from dataclasses import replace

from firmware.core import stretch as stretched
from firmware.core.grants import Grants
from firmware.core.state import State
from firmware.core.verify import Verifier
from host_sim.runtime.image import PROJECT
from host_sim.world.figures import SHA256_US
from tools.bench import tables
from tools.bench.figures import AT_LEAST, AT_MOST, Figure
from tools.energy import runs
from tools.energy.report import GOALS

_STRETCH_MS = 150
_ENTRIES = ("00000000", "12345678", "0000000000", "9876543210", "123456789012")
_ROWS = "hourly", "calls"
_A_DAY_S = 86_400


def openings():
    """Most openings of one code, with the power cut in every way; some minutes."""
    command = [sys.executable, "-m", "tests.openings"]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=True)
    seen = json.loads(done.stdout)
    group = f"One-time codes, the power cut {seen['cuts']:,} times"
    against = "burnt after the bolt has moved"
    return [Figure(group, "openings", "at most", seen["most"], seen["other"], against, (AT_MOST, 1), "openings")]


def stretch():
    """What every entry pays after `#`, counted in rounds of SHA-256, and what that takes on the chip."""
    rounds = [_rounds(digits.encode()) for digits in _ENTRIES]
    group = "The stretch of an entry, five lengths and kinds"
    goals = (AT_MOST, _STRETCH_MS), (AT_MOST, 0)
    return [
        Figure(group, "time", "ms", max(rounds) * SHA256_US / 1000, goal=goals[0], row="stretch"),
        Figure(group, "rounds that differ", "rounds", max(rounds) - min(rounds), goal=goals[1], row="stretch differs"),
    ]


def _rounds(digits):
    """Calls of SHA-256 by which an entry is stretched."""
    calls, real = [], stretched.sha256

    def counting(data):
        calls.append(data)
        return real(data)

    grants = Grants(tables.sixty_four())
    verifier = Verifier(grants, State(grants), bytes(8), bytes(16))
    verifier.begin(tables.NOW)
    stretched.sha256 = counting
    try:
        verifier.match(digits, len(digits), tables.NOW)
    finally:
        stretched.sha256 = real
    return len(calls)


def life():
    """Months on four AA, beside a lock that is the same but checks in as a sketch with umqtt does."""
    figures = []
    for (text, least, days), row in zip(GOALS, _ROWS, strict=True):
        other = with_umqtt(days).months()
        goal = AT_LEAST, least
        figures.append(Figure(f"Four AA, {text}", "life", "months", days.months(), other, "umqtt by itself", goal, row))
    return figures


def with_umqtt(days):
    """The energy model's Days of a lock whose check-ins are by plain umqtt: each event is acknowledged by itself.

    An opening is two events, a refusal one.
    """
    ours = runs.check_in()
    alone = runs.by_umqtt(ours.events, 0)
    an_event_mc = runs.by_umqtt(ours.events + 1, 0).mc() - alone.mc()
    more_mc = (days.check_ins + days.calls) * (alone.mc() - ours.mc())
    more_mc += (2 * days.openings + days.refusals) * an_event_mc
    return replace(days, extra_ua=days.extra_ua + more_mc / _A_DAY_S * 1000)
