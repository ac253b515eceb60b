"""Tools for a Dropbolt lock, on your own computer."""

from pathlib import Path

import typer

from tools.console import console
from tools.log import cli as log
from tools.protocol import cli as protocol

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(log.app, name="log")
app.add_typer(protocol.app, name="protocol")

BENCH_FILE = Path(__file__).parents[1] / "build" / "bench.json"


@app.command()
def bench():
    """Measure the lock beside what it is compared with, in one run; prints a table and writes build/bench.json."""
    from tools.bench.measures import all_figures
    from tools.bench.report import lines, write

    figures = all_figures()
    write(figures, BENCH_FILE)
    console().print(*lines(figures))


@app.command()
def courier():
    """Draw docs/courier.svg anew from the firmware's patterns: what the lock says, and what to do."""
    from tools.courier import FILE, draw

    FILE.write_text(draw(), encoding="utf-8")
