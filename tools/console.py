"""Where the tools print their tables."""

import sys

from rich.console import Console

_WIDTH = 140


def console():
    """As wide as the terminal; wide enough for the tables where there is none."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH)
