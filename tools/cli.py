"""Tools for a Dropbolt lock, on your own computer."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from tools.console import console
from tools.gateway import cli as gateway
from tools.image import cli as image
from tools.log import cli as log
from tools.log.cli import UNREADABLE
from tools.owner import cli as owner
from tools.owner.register_cli import introduce, register
from tools.protocol import cli as protocol
from tools.provision.cli import provision
from tools.sentence import sentence

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(gateway.app, name="gateway")
app.add_typer(image.app, name="image")
app.add_typer(log.app, name="log")
owner.app.command()(register)
owner.app.command()(introduce)
app.add_typer(owner.app, name="dropbolt")
app.add_typer(protocol.app, name="protocol")
app.command()(provision)

BENCH_FILE = Path(__file__).parents[1] / "build" / "bench.json"
PLOT_FILE = Path(__file__).parents[1] / "build" / "energy.png"


@app.command()
def bench(
    only: Annotated[list[str] | None, typer.Option(help="A part of it, and nothing is written.")] = None,
    page: Annotated[bool, typer.Option(help="Write the table of docs/performance.md anew.")] = False,
):
    """Measure the lock beside what it is compared with, in one run: a table, build/bench.json, pictures in build/.

    Status 1: a number of the design was not measured, or misses its goal and docs/performance.md does not say why.
    """
    from tools.bench import design, plots
    from tools.bench.measures import MEASURES, all_figures
    from tools.bench.report import in_page, lines, write

    if only:
        if not set(only) <= set(MEASURES):
            raise typer.BadParameter(f"no such part: one of {', '.join(MEASURES)}")
        console().print(*lines(all_figures(only)))
        return
    figures = all_figures()
    write(figures, BENCH_FILE)
    plots.draw(BENCH_FILE.parent)
    text = in_page(figures, design.PAGE.read_text(encoding="utf-8"))
    if page:
        design.PAGE.write_text(text, encoding="utf-8")
    console().print(*lines(figures))
    wrong = [f"not measured: {name}" for name in design.unmeasured(figures)]
    wrong += [f"missed, and {design.PAGE.name} does not say why: {name}" for name in design.unexplained(figures, text)]
    for line in wrong:
        print(line, file=sys.stderr)
    raise typer.Exit(int(bool(wrong)))


@app.command()
def wake():
    """Print, module by module, what a wake loads: bytes of its file, of the heap, and time on this machine."""
    from tools.bench.report import modules
    from tools.bench.wake import watched

    console().print(*modules(watched()))


@app.command()
def courier():
    """Draw docs/courier.svg anew from the firmware's patterns: what the lock says, and what to do."""
    from tools.courier import FILE, draw

    FILE.write_text(draw(), encoding="utf-8")


@app.command()
def energy():
    """Print how many months four AA cells last, by simulated runs, and draw build/energy.png."""
    from tools.energy.plot import draw
    from tools.energy.report import lines

    console().print(*lines(), sep="\n")
    draw(PLOT_FILE)
    console().print(f"\nThe plot is in build/{PLOT_FILE.name}; inputs and their sources: docs/energy.md")


@app.command()
def wiring():
    """Draw docs/wiring.svg anew from the pads in firmware/board.py: which part goes to which pin."""
    from tools.wiring import FILE, draw

    FILE.write_text(draw(), encoding="utf-8")


@app.command()
def risk(file: Annotated[Path, typer.Argument(metavar="CONFIG", help="The lock's configuration, lock.toml.")]):
    """Print how likely a stranger at the keypad opens the door within a year: K, N and P for each typed length.

    Status 1: more likely than the configuration allows; what to change is said. Status 2: it is no configuration.
    """
    from tools.config.reader import ConfigErrors, load
    from tools.risk import report

    try:
        lock = load(file, int(time.time()))
    except ConfigErrors as error:
        print(*(f"{file}:{line}: {text}" for line, text in error.errors), sep="\n", file=sys.stderr)
        raise typer.Exit(UNREADABLE) from error
    except OSError as error:
        print(sentence(error), file=sys.stderr)
        raise typer.Exit(UNREADABLE) from error
    table, lines, exceeded = report(lock.table(), lock.buckets, lock.settings["risk_one_in"])
    console().print(table, *lines, sep="\n")
    raise typer.Exit(int(exceeded))
