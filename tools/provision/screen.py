"""What whoever provisions a lock sees, and is asked."""

from contextlib import contextmanager

import typer
from rich.text import Text

from tools.console import console, table
from tools.provision.check import FAILED, PASSED, SKIPPED

_STYLES = {PASSED: "green", FAILED: "bold red", SKIPPED: "yellow"}


class Screen:
    """The terminal, or what stands for it."""

    def __init__(self):
        self._console = console()

    def tell(self, line):
        """Say what was done."""
        self._console.print(f"  {line}", highlight=False)

    def ask(self, question):
        """True for yes."""
        return typer.confirm(f"  {question}")

    @contextmanager
    def waiting(self, text):
        """While a person does `text`; `update(text)` of what it gives says what is still to do."""
        if not self._console.is_terminal:
            self.tell(text)
        with self._console.status(text, spinner="dots") as status:
            yield status

    def results(self, results):
        """A table of how each part did."""
        made = table("Self-test", "part", "state", "seen", "what to do")
        for part, state, seen, todo in results:
            made.add_row(part, Text(state, _STYLES[state]), seen, todo)
        self._console.print(made)
