"""The long run of the power-loss harness on both runtimes at once, or the cuts that one failure told.

python -m tests.longrun                                 everything; some minutes
python -m tests.longrun SHAPE 'OPERATION:TEAR ...'      exactly these cuts, one for each boot
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATH = f"{ROOT}/host_sim/shim:{ROOT}:{ROOT}/tests/both"
RUNTIMES = {
    "cpython": ([sys.executable, "-u"], {"PYTHONPATH": PATH}),
    "micropython": (
        [str(Path(sys.executable).parent / "micropython"), "-X", "heapsize=256M"],
        {"MICROPYPATH": f"{ROOT}:{ROOT}/tests/both:.frozen"},
    ),
}


def started(runtime, call):
    """The runtime at work on a call of `powerloss_long`, and who passes on what it says."""
    command, paths = RUNTIMES[runtime]
    process = subprocess.Popen(
        [*command, "-c", f"import powerloss_long; powerloss_long.{call}"],
        cwd=ROOT,
        env={**os.environ, **paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return process, threading.Thread(target=pass_on, args=(runtime, process))


def pass_on(runtime, process):
    for line in process.stdout:
        print(f"{runtime:<11} {line}", end="", flush=True)


def main(args):
    """Exit status: 0 if both runtimes kept every promise."""
    if len(args) not in (0, 2):
        print(__doc__, file=sys.stderr)
        return 2
    call = f"again(*{args!r})" if args else "main()"
    runs = [started(runtime, call) for runtime in RUNTIMES]
    for _, teller in runs:
        teller.start()
    for _, teller in runs:
        teller.join()
    return int(any(process.wait() for process, _ in runs))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
