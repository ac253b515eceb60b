"""What was measured: one figure of ours, what it is compared with, and the goal it should reach."""

from dataclasses import dataclass

AT_MOST = "at most"
AT_LEAST = "at least"
TIMES_LESS = "times less, at least"


@dataclass(frozen=True)
class Figure:
    """`ours` and `other` are in `unit`; `against` names the other, and both are None for none.

    goal: None, or (AT_MOST or AT_LEAST, limit of `ours` in `unit`) or (TIMES_LESS, least ratio). Less is better, but
    where the goal is AT_LEAST. row: to which of design.ROWS it belongs, None for none.
    """

    group: str
    name: str
    unit: str
    ours: float
    other: float | None = None
    against: str | None = None
    goal: tuple | None = None
    row: str | None = None

    @property
    def ratio(self):
        """How many times better ours is than the other; None without another, or when what divides is nothing."""
        if self.other is None:
            return None
        better, worse = (self.other, self.ours) if self.goal and self.goal[0] == AT_LEAST else (self.ours, self.other)
        return worse / better if better else None

    @property
    def met(self):
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        how, value = self.goal
        if how == TIMES_LESS:
            return self.ratio is None or self.ratio >= value
        return self.ours <= value if how == AT_MOST else self.ours >= value

    def as_dict(self):
        """The figure as plain values, for build/bench.json."""
        return {
            "row": self.row,
            "group": self.group,
            "figure": self.name,
            "unit": self.unit,
            "ours": self.ours,
            "other": self.other,
            "against": self.against,
            "ratio": self.ratio,
            "goal": None if self.goal is None else {"is": self.goal[0], "value": self.goal[1]},
            "met": self.met,
        }
