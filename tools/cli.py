"""Tools for a Dropbolt lock, on your own computer."""

from pathlib import Path

import typer
from rich.console import Console

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

BENCH_FILE = Path(__file__).parents[1] / "build" / "bench.json"


@app.callback()
def _tools():
    """Tools for a Dropbolt lock, on your own computer."""


@app.command()
def bench():
    """Measure the lock beside what it is compared with, in one run; prints a table and writes build/bench.json."""
    from tools.bench.measures import all_figures
    from tools.bench.report import lines, write

    figures = all_figures()
    write(figures, BENCH_FILE)
    Console().print(*lines(figures))
