"""The demo: a day at the door and one with the radio, played on the MicroPython VM, with a table at their end."""

import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table
from rich.text import Text

from host_sim.session.fields import NOT_ANSWERS
from host_sim.session.palette import ANSWERS, UNKNOWN
from host_sim.session.parser import load
from host_sim.session.player import tell

DAY = Path(__file__).parents[1] / "tests/scenarios/demo_day.txt"
RADIO_DAY = DAY.with_name("radio_day.txt")
RUNTIME = "micropython"
_SAY_VERSION = "import sys; print('the MicroPython VM ' + '.'.join(str(n) for n in sys.implementation.version[:3]))"
_WARNING = """
INSECURE: in this part lock and gateway talk WITHOUT TLS, through a broker on this computer's loopback.
"""
_BY_ITSELF = (*NOT_ANSWERS, "locked", "busy")  # said without an entry, or before its answer


@dataclass
class Scene:
    """What was seen between one heading and the next; `operations` are programs and erases of the flash."""

    title: str
    entries: int = 0
    openings: int = 0
    operations: int = 0
    answers: Counter = field(default_factory=Counter)

    def add(self, happening):
        """Count one happening."""
        kind, text = happening.kind, happening.text
        if kind == "key" and text == "#":
            self.entries += 1
        elif kind == "bolt" and text == "unlocked":
            self.openings += 1
        elif kind == "flash":
            self.operations += 1
        elif kind == "answer" and text not in _BY_ITSELF:
            self.answers[text] += 1


class Tally:
    """A teller that passes everything on to another one and counts, scene by scene."""

    def __init__(self, teller):
        self.scenes = []
        self._teller = teller

    def begin(self, session, runtime):
        """A new lock."""
        self._teller.begin(session, runtime)

    def step(self, step):
        """What came of one line."""
        if step.line.form == "scene":
            self.scenes.append(Scene(step.line.fields["scene"]))
        for happening in step.seen if self.scenes else ():
            self.scenes[-1].add(happening)
        self._teller.step(step)

    def end(self):
        """The session is over."""
        self._teller.end()


def demonstrate(transcript):
    """Play the day and print transcript and table; returns whether everything went as expected."""
    console = transcript.console
    console.print("\n[bold]Dropbolt[/], a day at the door, and a day with the owner at the other end of the radio")
    console.print(f"boot.py, main.py and firmware/ run unmodified on {_version()}, over a board made of software.")
    began, tally, steps = time.monotonic(), Tally(transcript), 0
    for path, warning in ((DAY, ""), (RADIO_DAY, _WARNING)):
        console.print(Text(warning, "bold white on red"), end="\n" if warning else "")
        played, wrong = tell([load(path, path.name)], RUNTIME, tally)
        if wrong:
            console.print(Text(f"\n{wrong.problem}", "bold red"))
            return False
        steps += played
    console.print()
    console.print(_table(tally.scenes))
    seconds = time.monotonic() - began
    console.print(f"\n{steps} steps on the MicroPython VM, all as expected, in {seconds:.1f} s\n")
    return True


def _version():
    """What the VM says it is."""
    told = subprocess.run(
        [Path(sys.executable).with_name("micropython"), "-c", _SAY_VERSION],
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


def _table(scenes):
    table = Table(title="Both days", title_style="bold", expand=True, border_style="bright_black", show_footer=True)
    table.add_column("what happened", footer="in all", ratio=1)
    for name, total in (
        ("entries", sum(scene.entries for scene in scenes)),
        ("openings", sum(scene.openings for scene in scenes)),
        ("in flash", sum(scene.operations for scene in scenes)),
    ):
        table.add_column(name, footer=str(total), justify="right")
    table.add_column("answers")
    for scene in scenes:
        counts = (scene.entries, scene.openings, scene.operations)
        table.add_row(scene.title, *(str(count or "") for count in counts), _answers(scene.answers))
    return table


def _answers(answers):
    lines = []
    for name, count in answers.items():
        style, _ = ANSWERS.get(name, UNKNOWN)
        lines.append(Text(f"{count} × {name}" if count > 1 else name, style))
    return Text("\n").join(lines)
