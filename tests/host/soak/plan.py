"""What happens at a busy door: a list of steps, random, and the same for the same seed.

A step says when it begins, what it is and from which seed its own choices come, so that it can be played without the
steps before it: that is how a failure is made short.
"""

from collections import namedtuple
from random import Random

Step = namedtuple("Step", "number at kind seed")
"""at: seconds from the beginning. kind: one of RATES. seed: of its choices."""

DAY = 86_400
RATES = {
    "courier": 4.0,
    "slip": 0.5,
    "guest": 3.0,
    "app": 1.0,
    "owner": 0.7,
    "fitter": 0.2,
    "alarm": 0.05,
    "in_home": 0.4,
    "pair": 0.3,
    "hold": 0.1,
    "ended": 0.1,
    "call": 0.4,
    "parcel": 0.1,
    "stranger": 1.5,
    "keys": 0.5,
    "cut": 0.4,
    "pull": 0.15,
    "menu": 0.25,
    "order": 1.6,
    "dark": 0.2,
    "sync": 0.25,
    "misread": 0.1,
    "jump": 0.03,
    "stopped": 0.02,
    "bus": 0.04,
    "coin": 0.02,
    "jam": 0.06,
    "weak": 0.03,
    "ajar": 0.1,
    "broker": 0.25,
    "stall": 0.2,
    "garble": 0.2,
    "slow": 0.2,
    "wifi": 0.1,
    "sector": 0.05,
    "chip": 0.04,
    "full": 0.06,
    "nvs": 0.01,
}
"""How often a day each kind of step comes, on the average: people at the door first, then what goes wrong."""
PEOPLE = (
    "courier",
    "slip",
    "guest",
    "app",
    "owner",
    "fitter",
    "alarm",
    "in_home",
    "pair",
    "hold",
    "ended",
    "call",
    "parcel",
    "keys",
    "ajar",
)
AUDIT_EVERY = 5
"""Days after which the log is held against what was heard."""
_MORNING, _NIGHT = 7 * 3600, 21 * 3600


def plan(seed, days, rates=RATES):
    """The steps of so many days, in their order; `rates`: which kinds of step, and how often."""
    chance = Random(seed)
    found = []
    for day in range(days):
        for kind, rate in rates.items():
            for _ in range(int(rate + chance.random())):
                hours = (_MORNING, _NIGHT) if kind in PEOPLE else (0, DAY)
                found.append((day * DAY + chance.randrange(*hours), kind, chance.getrandbits(32)))
        if day % AUDIT_EVERY == AUDIT_EVERY - 1:
            found.append(((day + 1) * DAY - 1, "audit", 0))
    return [Step(number, *step) for number, step in enumerate(sorted(found))]
