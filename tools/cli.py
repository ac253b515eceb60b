"""Tools for a Dropbolt lock, on your own computer."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

log = typer.Typer(help="The lock's log: from a dump of its flash to a verified list.", no_args_is_help=True)
app.add_typer(log, name="log")

NO_DUMP = 2
_WIDTH = 140
BENCH_FILE = Path(__file__).parents[1] / "build" / "bench.json"


@log.command()
def dump(file: Annotated[Path, typer.Argument(metavar="DUMP", help="A raw image of the partition locklog.")]):
    """Print what a dump of the partition holds: sectors, records of the state journal, events of the log.

    Status 2: the file is no dump.
    """
    from tools.log import dump, partition

    with _told():
        _console().print(*dump.tables(partition.sectors(partition.load(file))))


def _console():
    """As wide as the terminal; wide enough for the tables where there is none."""
    return Console(width=None if sys.stdout.isatty() else _WIDTH)


@contextmanager
def _told():
    """What is wrong with a file goes to standard error, and ends the command with status 2."""
    from tools.log.partition import DumpError

    try:
        yield
    except DumpError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(NO_DUMP) from error


@app.command()
def bench():
    """Measure the lock beside what it is compared with, in one run; prints a table and writes build/bench.json."""
    from tools.bench.measures import all_figures
    from tools.bench.report import lines, write

    figures = all_figures()
    write(figures, BENCH_FILE)
    _console().print(*lines(figures))
