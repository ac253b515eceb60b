"""Four alkaline AA cells in series: what they give until the lock refuses to open, by load, cold, cut-off and years."""

import math
from dataclasses import dataclass

from host_sim.provision import DEFAULT_SETTINGS
from host_sim.world import figures

HOURS_A_YEAR = 8_766


@dataclass(frozen=True)
class Cells:
    """Cells at `celsius` that are empty to the lock at `cutoff_mv` for all four, while its chip is awake.

    rested: they recover between one load and the next, as a manufacturer measures them; else what they give without a
    rest counts, which is less. The lock's loads last for seconds and the rests for minutes: the truth lies in between.
    """

    celsius: float = 21
    cutoff_mv: int = DEFAULT_SETTINGS["battery_min_mv"]
    rested: bool = False

    def capacity_mah(self, load_ma):
        """What they give to a load of so many milliamperes: no more to a smaller one than the smallest measured."""
        points = figures.CELL_RESTED_MAH if self.rested else figures.CELL_MAH
        by_load = _between([(math.log(ma), mah) for ma, mah in points], math.log(max(load_ma, points[0][0])))
        return by_load * self.usable() * _between(figures.COLD_PERCENT, self.celsius) / 100

    def usable(self):
        """The part of their charge that is drawn before the cut-off.

        The curve has its time at constant power: while it falls by some percent, the charge is as much larger as the
        voltage is lower.
        """
        least, most = figures.CELL_LEFT_PERCENT[0][0], figures.CELL_LEFT_PERCENT[-1][0]
        cutoff = min(max(self.cutoff_mv / figures.CELLS, least), most)
        return 1 - _charge(least, cutoff) / _charge(least, most)

    def years(self, mean_ma, load_ma):
        """How long they last when `mean_ma` flow in the mean, most of them by loads of `load_ma`."""
        lost = figures.SELF_DISCHARGE_PERCENT / 100
        drawn = mean_ma * HOURS_A_YEAR
        return math.log1p(lost * self.capacity_mah(load_ma) / drawn) / lost


def _charge(low, high, step=10):
    """Between two voltages of the curve, in some unit."""
    edges = [low + step * index for index in range(math.ceil((high - low) / step))] + [high]
    left = [_between(figures.CELL_LEFT_PERCENT, mv) for mv in edges]
    pieces = zip(edges, edges[1:], left, left[1:], strict=False)
    return sum((percent_b - percent_a) * 2 / (mv_a + mv_b) for mv_a, mv_b, percent_a, percent_b in pieces)


def _between(points, x):
    """Straight between the points, and level beyond the outer ones."""
    if x <= points[0][0]:
        return points[0][1]
    for (x_a, y_a), (x_b, y_b) in zip(points, points[1:], strict=False):
        if x <= x_b:
            return y_a + (y_b - y_a) * (x - x_a) / (x_b - x_a)
    return points[-1][1]
