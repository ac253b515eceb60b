"""A session as a person reads it: the time, what was pressed, what the lock did and said, and what went to flash.

Everything but headings and the names of codes comes from what the world saw. Keys that follow each other share a line,
and so do records programmed one after the other; the clicks that answer keys are left out.
"""

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from host_sim.session.fields import NOT_ANSWERS, utc_text
from host_sim.session.palette import ANSWERS, UNKNOWN

_STYLES = {
    "key": "bold",
    "flash": "bright_black",
    "bolt": "bright_blue",
    "door": "bright_blue",
    "power": "yellow",
    "radio": "blue",
}
_JOINTS = {"key": "", "flash": " · ", "bolt": " → "}
_TOGETHER_S = 15  # what is further apart has a line and a time of its own
_VISIT_S = 300  # what is further apart has nothing to do with each other


class Transcript:
    """Prints sessions step by step on `console`."""

    def __init__(self, console=None):
        self.console = console or Console(highlight=False)
        self._day = None
        self._last = None  # unix seconds of the last line, None after a heading
        self._gathered = []  # happenings that share a line

    def begin(self, session, runtime):
        """A new lock."""
        self._day = self._last = None
        self.console.print()
        self.console.print(Rule(f"[bold]{session.name}[/] on {runtime}", style="bright_black"))

    def step(self, step):
        """What came of one line."""
        if step.line.form == "scene":
            self._heading(step.line.fields["scene"])
        if step.code:
            self._end_line()
            label, name = step.line.fields["issue"], step.line.fields["as"]
            self._print(step.began, "issued", Text(f"{step.code} from {label}, called {name}", "cyan"))
        for happening in step.seen:
            if happening.kind != "answer" or happening.text not in NOT_ANSWERS:
                self._gather(happening)
        if not step.ok:
            self._end_line()
            self.console.print(Text(f"\n  line {step.line.number}, {step.line.text}: {step.instead}", "bold red"))

    def end(self):
        """The session is over."""
        self._end_line()

    def _heading(self, title):
        self._end_line()
        self._last = None
        self.console.print(Text(f"\n  {title}", "bold bright_white"))

    def _gather(self, happening):
        if self._gathered:
            last = self._gathered[-1]
            if happening.kind != last.kind or happening.kind not in _JOINTS or happening.t - last.t > _TOGETHER_S:
                self._end_line()
        self._gathered.append(happening)

    def _end_line(self):
        if not self._gathered:
            return
        first, self._gathered, happenings = self._gathered[0], [], self._gathered
        texts = [happening.text for happening in happenings]
        if first.kind == "answer":
            text = _answer(first.text)
        else:
            words = _JOINTS.get(first.kind, " ").join(_without_repetition(texts))
            text = Text(words, _STYLES.get(first.kind, "bright_black"))
        self._print(first.t, first.kind, text)

    def _print(self, unix, what, text):
        day, moment = utc_text(unix).split()
        if day != self._day:
            self._day = day
            self.console.print(Text(f"\n  {day} UTC", "bright_black"))
        elif self._last is not None and unix - self._last > _VISIT_S:
            self.console.print()
        line = Table.grid(padding=(0, 1))
        line.add_column(width=10, justify="right")
        line.add_column(width=6)
        line.add_column(overflow="fold")
        shown = "" if self._last is not None and int(unix) == int(self._last) else moment
        line.add_row(Text(shown, "bright_black"), Text(what, "bright_black"), text)
        self._last = unix
        self.console.print(line)


def _answer(name):
    style, meaning = ANSWERS.get(name, UNKNOWN)
    return Text.assemble((name.upper(), f"bold {style}"), (f"  {meaning}", style))


def _without_repetition(texts):
    """Records of one attempt name it once: `attempt 3: 9 digits`, `burnt couriers`."""
    subject = None
    for text in texts:
        about, _, rest = text.partition(": ")
        yield rest if rest and about == subject else text
        subject = about if rest else None
