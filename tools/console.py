"""Where the tools print their tables, what these look like, and what a group of commands says of itself."""

import sys

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

_WIDTH = 140


def console():
    """As wide as the terminal; wide enough for the tables where there is none. Text has no markup: who knows whose it
    is?"""
    return Console(width=None if sys.stdout.isatty() else _WIDTH, markup=False)


def table(title, *columns, numbers=()):
    """An empty table; the columns that are named among the `numbers` stand at the right."""
    made = Table(title=title, title_style="bold", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in numbers else "left")
    return made


def about(doc):
    """What `--help` says of a group of commands whose module begins with its name and a colon."""
    text = doc.partition(": ")[2]
    return text[0].upper() + text[1:]
