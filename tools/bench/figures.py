"""What was measured: one figure of ours, what it is compared with, and the goal it should reach."""

from dataclasses import dataclass

AT_MOST = "at most"
TIMES_LESS = "times less, at least"


@dataclass(frozen=True)
class Figure:
    """`ours` and `other` are in `unit`, less is better; `against` names the other, and both are None for none.

    goal: None, or (AT_MOST, limit of `ours` in `unit`) or (TIMES_LESS, least ratio).
    """

    group: str
    name: str
    unit: str
    ours: float
    other: float | None = None
    against: str | None = None
    goal: tuple | None = None

    @property
    def ratio(self):
        """How many times less ours is than the other; None without another, or when ours is nothing at all."""
        return self.other / self.ours if self.other is not None and self.ours else None

    @property
    def met(self):
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        how, value = self.goal
        return self.ours <= value if how == AT_MOST else self.ratio is None or self.ratio >= value

    def as_dict(self):
        """The figure as plain values, for build/bench.json."""
        return {
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
