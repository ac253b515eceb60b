"""The simulator of the lock: scripted sessions, a demo, and a lock that is live in the terminal."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from host_sim.session.parser import SessionError, load

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

WRONG_EXPECTATION = 1
NO_SESSION = 2


class Runtime(StrEnum):
    """What runs the firmware."""

    CPYTHON = "cpython"
    MICROPYTHON = "micropython"


RuntimeOption = Annotated[Runtime, typer.Option(help="What runs the firmware.")]


@app.command()
def play(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Sessions, as docs/simulator.md describes.")],
    runtime: RuntimeOption = Runtime.CPYTHON,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each step.")] = False,
):
    """Play sessions, each on a fresh lock; stop with status 1 at the first wrong expectation.

    Status 2: a file is no session; then nothing is played.
    """
    from host_sim.session.player import play as play_session
    from host_sim.session.transcript import Transcript

    sessions = _load(files)
    transcript = None if as_json else Transcript()
    steps = 0
    for session in sessions:
        if transcript:
            transcript.begin(session, runtime.value)
        for step in play_session(session, runtime.value):
            steps += 1
            if transcript:
                transcript.step(step)
            else:
                print(json.dumps(step.as_dict()), flush=True)
            if not step.ok:
                print(step.problem, file=sys.stderr)
                raise typer.Exit(WRONG_EXPECTATION)
    told = f"{len(sessions)} sessions, {steps} steps on {runtime.value}: all as expected"
    print(told, file=sys.stderr if as_json else sys.stdout)


@app.command()
def demo():
    """Play two days at the door on the MicroPython VM."""
    from host_sim.demo import run

    raise typer.Exit(run())


@app.command()
def live(runtime: RuntimeOption = Runtime.CPYTHON):
    """A lock in the terminal, in real time, with the keyboard as its keypad."""
    from host_sim.live import LiveLock

    LiveLock(runtime.value).run()


def _load(files):
    """All sessions; where some are none, every problem of every file is told, and nothing is played."""
    sessions, problems = [], []
    for file in files:
        try:
            sessions.append(load(file))
        except SessionError as error:
            problems += error.problems
    if problems:
        print("\n".join(problems), file=sys.stderr)
        raise typer.Exit(NO_SESSION)
    return sessions
