"""Months on four AA cells, from what the runs took and how often each thing happens."""

from dataclasses import dataclass, field, replace

from host_sim.world.figures import MICROAMPS
from tools.energy import runs
from tools.energy.battery import Cells
from tools.energy.runs import CheckIn

_DAY_S = 86_400
FRESH = Cells()
"""Four of them at 21 C, never rested."""
CALL = CheckIn(openings=1, commands=1, listen_s=20)
"""A courier calls and waits: the unlock reaches the lock after 20 s. Then the bolt moves as for an opening."""


@dataclass(frozen=True)
class Days:
    """What happens on each day. `extra_ua`: what the board draws beside the reference board's own, negative for less.

    A check-in takes along what happened since the last, so that openings add no check-ins; `silent` of them find no
    broker, and `asks` of them must ask for an address. `shares`: part -> what is left of its charge, where a part does
    with less.
    """

    openings: float = 10
    check_ins: float = 24
    calls: float = 0
    refusals: float = 1
    how: CheckIn = field(default_factory=CheckIn)
    extra_ua: float = 0
    silent: float = 0
    asks: float = 0
    shares: dict = field(default_factory=dict)

    def charges(self):
        """What each thing takes in a day, in millicoulombs: [(name, mC, load in mA)]."""
        happen = (
            ("openings", self.openings, runs.opening()),
            ("refusals", self.refusals, runs.refused()),
            ("check-ins", self.check_ins - self.silent - self.asks, runs.check_in(self.how)),
            ("check-ins", self.silent, runs.check_in(replace(self.how, silent=True))),
            ("check-ins", self.asks, runs.check_in(replace(self.how, asks=True))),
            ("calls", self.calls, runs.check_in(CALL)),
        )
        asleep_ua = runs.asleep() + self.extra_ua
        found = [("sleep", asleep_ua * _DAY_S / 1000, asleep_ua / 1000)]
        for name, times, run in happen:
            found += [(name, times * mc * self.shares.get(part, 1), ma) for part, mc, ma in _loads(run)]
        return found

    def mean_ma(self):
        """The mean current."""
        return sum(mc for _, mc, _ in self.charges()) / _DAY_S

    def load_ma(self):
        """The current at which the charge flows in the mean: each millicoulomb counts the same."""
        charges = self.charges()
        return sum(mc * ma for _, mc, ma in charges) / sum(mc for _, mc, _ in charges)

    def months(self, cells=FRESH):
        """Until the lock refuses to open."""
        return 12 * cells.years(self.mean_ma(), self.load_ma())


def _loads(run):
    """[(part, mC, mA that the cells give meanwhile)]: everything but the chip is on only beside the chip awake."""
    awake_ma = MICROAMPS["chip", "awake"] / 1000
    for (part, state), (seconds, mc) in run.counts.items():
        own_ma = mc / seconds
        if (part, state) == ("chip", "awake"):
            beside = min(1, run.radio_on / seconds)
            radio_ma = run.mc("radio") / run.radio_on if beside else 0
            yield part, mc * beside, awake_ma + radio_ma
            yield part, mc * (1 - beside), awake_ma
        else:
            yield part, mc, own_ma + (awake_ma if part != "chip" else 0)
