"""`python -m tools protocol`: test vectors of the messages between the lock and those who command it."""

from pathlib import Path
from typing import Annotated

import typer

from tools.console import about
from tools.protocol import vectors as made

app = typer.Typer(help=about(__doc__), no_args_is_help=True)

VECTORS = Path(__file__).parents[2] / "tests" / "vectors"

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write them.")]


@app.callback()
def protocol():
    """Messages between the lock and those who command it."""


@app.command()
def vectors(folder: Folder = VECTORS):
    """Write the test vectors of docs/protocol.md, one JSON file for each part."""
    for name in made.write(folder):
        print(folder / name)
