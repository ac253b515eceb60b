"""What a page shows of a terminal: in blocks named `console`, `$ ` and a command, then what is on the screen after it.

`…` stands for anything, and spaces and ends of lines count as one space. What a person types stands where it was asked
for, unless it is hidden.
"""

import difflib
import os
import re
import shlex
import shutil
import subprocess
from typing import NamedTuple

from tests.host.vm import ROOT


class Step(NamedTuple):
    """A command of a page and what it shows after it."""

    command: str
    shown: str

    @property
    def words(self):
        """What is run: of `python -m tools` or `./dropbolt`, its words; `make` itself says what it would run."""
        if not self.command.startswith("make "):
            return ["dropbolt", *shlex.split(self.command)[1:]]
        made = shlex.split(said([shutil.which("make"), "--dry-run", *shlex.split(self.command)[1:]]).splitlines()[-1])
        return made[made.index("tools") + 1 :]

    def answers(self, hidden):
        """What is typed, a line each: that after a question for yes or no, and `hidden` by what asks for it."""
        asked = "|".join(map(re.escape, hidden))
        found = re.finditer(rf"\[y/N\]: (\S+)|({asked})[^\n]*:$", self.shown, re.MULTILINE)
        return [match[1] or hidden[match[2]] for match in found]

    def check(self, printed):
        """Raise AssertionError, with the difference, unless that is what the page shows."""
        pattern = re.escape(" ".join(self.shown.split())).replace("…", ".*")
        if not re.fullmatch(pattern, " ".join(printed.split()), re.DOTALL):
            lines = [[line.rstrip() for line in text.strip().splitlines()] for text in (self.shown, printed)]
            shown = "\n".join(difflib.unified_diff(*lines, "the page", self.command, lineterm=""))
            raise AssertionError(f"another screen than the page shows:\n{shown}\n\nprinted was:\n{printed}")


def steps(page):
    """The Steps of a page, in their order."""
    found = []
    for indent, block in re.findall(r"^( *)```console\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL):
        text = re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
        for each in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, shown = each.partition("\n")
            found.append(Step(command, shown))
    return found


def said(command):
    """What a command prints, on both ways out, run in this project; it must succeed."""
    outside_make = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(
        command, cwd=ROOT, env=outside_make, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
