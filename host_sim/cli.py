"""The simulator of the lock: scripted sessions, a demo, and a lock that is live in the terminal."""

import errno
import os
import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from host_sim.demo import demonstrate
from host_sim.dump import write_dump
from host_sim.session.jsonlines import JsonLines
from host_sim.session.parser import SessionError, load
from host_sim.session.player import tell
from host_sim.session.transcript import Transcript

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

WRONG_EXPECTATION = 1
NO_SESSION = 2
WRONG_COMMAND = 2


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
    dump: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", file_okay=False, help="Leave the lock's flash here, as the last session ends."),
    ] = None,
):
    """Play sessions, each on a fresh lock; stop with status 1 at the first wrong expectation.

    Status 2: a file is no session; then nothing is played.
    """
    sessions = _load(files)
    if dump:
        _make(dump)
    teller = JsonLines() if as_json else Transcript()
    steps, wrong = tell(sessions, runtime.value, teller, partial(write_dump, dump) if dump else None)
    if wrong:
        print(wrong.problem, file=sys.stderr)
        raise typer.Exit(WRONG_EXPECTATION)
    told = f"{len(sessions)} sessions, {steps} steps on {runtime.value}: all as expected"
    print(told, file=sys.stderr if as_json else sys.stdout)


@app.command()
def demo():
    """Play a day at the door and a day with the radio on the MicroPython VM."""
    if not demonstrate(Transcript()):
        raise typer.Exit(WRONG_EXPECTATION)


@app.command()
def live(runtime: RuntimeOption = Runtime.CPYTHON):
    """A lock in the terminal, in real time, with the keyboard as its keypad."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("the live lock is a screen with a keyboard: start it in a terminal, without a pipe", file=sys.stderr)
        raise typer.Exit(WRONG_COMMAND)
    from host_sim.live import LiveLock

    LiveLock(runtime.value).run()


def _make(folder):
    """Have the folder there before anything is played."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wrong = None if os.access(folder, os.W_OK) else os.strerror(errno.EACCES)
    except OSError as error:
        wrong = error.strerror
    if wrong:
        print(f"{folder}: {wrong}", file=sys.stderr)
        raise typer.Exit(WRONG_COMMAND)


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
