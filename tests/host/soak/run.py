"""Lives through the steps of a seed, and makes what fails short."""

import time
from collections import Counter
from dataclasses import dataclass

from host_sim.world.port import WorldFault
from tests.host.soak.house import House
from tests.host.soak.plan import DAY
from tests.host.soak.steps import Steps

_LAST_LINES = 15
_TRIES = 60  # to leave a step out of a failure


class SoakFailure(AssertionError):
    """Something was not as it must be; `step`: at which Step. `story`: lines of what came before."""

    def __init__(self, step, problem, story):
        super().__init__(f"step {step.number}, {step.kind}, day {step.at / DAY:.2f}: {problem}")
        self.step = step
        self.story = story


@dataclass
class Report:
    """kinds: how often each step was played. words: how often orders of each type ended how. entries: typed. days:
    simulated. seconds: of real time."""

    kinds: Counter
    words: Counter
    entries: int
    check_ins: int
    days: float
    seconds: float

    def __str__(self):
        each = (self.entries + self.check_ins) / self.seconds
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items()))
        words = ", ".join(f"{kind} {word} {count}" for (kind, word), count in sorted(self.words.items()))
        return (
            f"{self.days:.0f} days, {self.entries} entries, {self.check_ins} check-ins in {self.seconds:.0f} s, "
            f"{each:.0f} of them a second; {kinds}; {words}"
        )


def live(seed, steps, runtime="cpython", story=None, **options):
    """Play `steps` at a new lock. Raises SoakFailure at the first thing that must not be.

    story(line): called with each line of what happens. options: of `Lock`.
    """
    began, kinds = time.monotonic(), Counter()
    house = House(seed, runtime, story, **options)
    try:
        player = Steps(house)
        for step in steps:
            try:
                player.play(step)
            except (Exception, WorldFault) as caught:
                problem = caught.__cause__ if isinstance(caught, WorldFault) else caught
                raise SoakFailure(step, f"{type(problem).__name__}: {problem}", house.story[-_LAST_LINES:]) from problem
            kinds[step.kind] += 1
        days = (house.lock.now - house.began) / DAY
        return Report(
            kinds, house.words + house.gateway.words, house.entries, house.check_ins, days, time.monotonic() - began
        )
    finally:
        house.close()


def shortened(seed, steps, failure, *runtime, **options):
    """Few of the steps after which the last one still fails: those just before it, and of them only what is needed."""
    place = steps.index(failure.step)
    least, few = steps[: place + 1], 1
    while few <= place:
        found = steps[place + 1 - few : place + 1]
        if _fails(seed, found, *runtime, **options):
            least = found
            break
        few *= 3
    for step in least[-2 : -2 - _TRIES : -1]:
        fewer = [other for other in least if other is not step]
        if _fails(seed, fewer, *runtime, **options):
            least = fewer
    return least


def _fails(seed, steps, *runtime, **options):
    try:
        live(seed, steps, *runtime, **options)
    except SoakFailure as failure:
        return failure.step is steps[-1]
    return False
