"""What takes the harness minutes: `main` prints what each part did; `again` lives through the cuts of one failure."""

import time

import powerloss
from nor import TEARS
from plan import FULL, SHAPES, SMALL, THREE, named

FEW = ("byte", "all_but_bit", "suffix")  # tears on full flash, where a boot takes long

# (what is told, shape, how many tears each depth tries at an operation)
EXHAUSTIVE = (
    ("two cuts", SMALL, (9, 4)),
    ("two cuts", THREE, (9, 1)),
    ("three cuts", SMALL, (5, 1, 1)),
    ("one cut", FULL, (9,)),
)


def growing(shape, tally):
    for tear in FEW if shape is FULL else TEARS:
        powerloss.linear(shape, tear, tally)
        powerloss.doubling(shape, tear, tally)


def timed(what, shape, run):
    """Run and print what it came to."""
    tally = powerloss.Tally()
    began = time.time()
    run(shape, tally)
    seconds = time.time() - began
    told = (what, shape.name, tally.cuts, tally.boots, tally.spared, seconds)
    print("%-20s %-6s %7d cuts %7d replays %6d spared as equal %6.1f s" % told)


def main():
    for shape in (SMALL, THREE, FULL):
        timed("linear and doubling", shape, growing)
        timed("silent failures", shape, powerloss.silent)
    for what, shape, widths in EXHAUSTIVE:
        timed(what, shape, lambda shape, tally, widths=widths: powerloss.exhaustive(shape, widths, tally))


def again(shape, told):
    """`told`: operation and tear, boot by boot, as a failure prints them."""
    cuts = [cut.split(":") for cut in told.split()]
    try:
        chosen = named(shape)
    except (KeyError, ValueError):
        raise SystemExit("shapes: " + ", ".join(sorted(SHAPES)) + ", or +N behind it for N more records")
    life = powerloss.replay(chosen, [(int(at), tear) for at, tear in cuts])
    print("nothing is wrong after %d boots" % life.boots)
