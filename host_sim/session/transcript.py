"""A session as a person reads it: the time, what was pressed, what the lock did and said, and what went to flash.

Everything but headings and names comes from what the world saw. Keys that follow each other share a line, and so do
records programmed one after the other.
"""

from itertools import groupby

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from host_sim.session.fields import utc_text
from host_sim.session.palette import ANSWER_STYLES

_STYLES = {
    "key": "bold",
    "flash": "dim",
    "bolt": "bright_blue",
    "door": "bright_blue",
    "power": "yellow",
    "chip": "dim",
    "issued": "cyan",
}
_JOINTS = {"key": "", "flash": " · ", "bolt": " → "}
_CLICK = ("answer", "key")  # each key is answered by a click: said once, by the key itself
_WHAT = 8  # width of the column that says what the line is about


class Transcript:
    """Prints sessions step by step on `console`."""

    def __init__(self, console=None):
        self._console = console or Console(highlight=False)
        self._day = None

    def begin(self, session, runtime):
        """A new lock."""
        self._day = None
        self._console.print()
        self._console.print(Rule(f"[bold]{session.name}[/] on {runtime}", style="bright_black"))

    def step(self, step):
        """What came of one line."""
        if step.line.form == "scene":
            self._console.print(f"\n  [bold]{step.line.fields['scene']}[/]")
        if step.code:
            label, name = step.line.fields["issue"], step.line.fields["as"]
            self._line(step.began, "issued", f"{step.code} from {label}, called {name}")
        told = [happening for happening in step.seen if (happening.kind, happening.text) != _CLICK]
        for what, happenings in groupby(told, key=lambda happening: happening.kind):
            happenings = list(happenings)
            texts = [happening.text for happening in happenings]
            if what in _JOINTS:
                self._line(happenings[0].t, what, _JOINTS[what].join(texts))
                continue
            for happening in happenings:
                self._line(happening.t, what, happening.text)
        if not step.ok:
            self._console.print(f"  [bold red]✗ {step.problem}[/]")

    def _line(self, unix, what, text):
        day, moment = utc_text(unix).split()
        if day != self._day:
            self._day = day
            self._console.print(f"\n  [bright_black]{day}[/]")
        style = f"bold {ANSWER_STYLES.get(text, 'white')}" if what == "answer" else _STYLES[what]
        self._console.print(Text.assemble((f"  {moment}  ", "bright_black"), (what.ljust(_WHAT), "dim"), (text, style)))
