"""A simulated year of a busy door, on one Python or both, from a seed; some minutes.

python -m tests.soak [SEED] [--days N] [--runtime cpython|micropython]      without a seed: another one each time
python -m tests.soak SEED --only 3,17,18      exactly these steps of it, told one by one, as a failure was made short
"""

import argparse
import secrets
import subprocess
import sys
from pathlib import Path

from host_sim.path import put_shim_first

ROOT = Path(__file__).resolve().parents[1]
RUNTIMES = ("cpython", "micropython")
DAYS = 365
_SEEDS = 1_000_000


def arguments(words):
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.splitlines()[0])
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--runtime", choices=RUNTIMES)
    parser.add_argument("--only", type=lambda text: {int(number) for number in text.split(",")}, default=None)
    return parser.parse_args(words)


def soak(asked):
    """Live through it on one runtime; exit status."""
    from tests.host.soak.plan import plan
    from tests.host.soak.run import SoakFailure, live, shortened

    steps = [step for step in plan(asked.seed, asked.days) if asked.only is None or step.number in asked.only]
    story = print if asked.only else None
    try:
        report = live(asked.seed, steps, asked.runtime, story)
    except SoakFailure as failure:
        print(f"seed {asked.seed}, {asked.runtime}: {failure}", *failure.story, sep="\n", flush=True)
        if asked.only is None:
            again = f"make soak SEED={asked.seed} DAYS={asked.days} RUNTIME={asked.runtime}"
            print(f"again: {again}; looking for few steps that do", flush=True)
            least = shortened(asked.seed, steps, failure, asked.runtime)
            print(f"again: {again} ONLY={','.join(str(step.number) for step in least)}")
        return 1
    print(f"seed {asked.seed}, {asked.runtime}: {report}", flush=True)
    return 0


def main(words):
    """Exit status: 0 if all was as it must be."""
    put_shim_first()
    sys.path[1:1] = [str(ROOT / "tests" / "both"), str(ROOT / "lib")]
    asked = arguments(words)
    if asked.seed is None:
        asked.seed = secrets.randbelow(_SEEDS)
        words = [str(asked.seed), *words]
        print(f"seed {asked.seed}", flush=True)
    if asked.runtime:
        return soak(asked)
    command = [sys.executable, "-m", "tests.soak", *words, "--runtime"]
    runs = [subprocess.Popen([*command, runtime], cwd=ROOT) for runtime in RUNTIMES]
    return max([run.wait() for run in runs])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
