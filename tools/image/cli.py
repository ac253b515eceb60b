"""`python -m tools image`: the image of a lock, onto a board, and a newer firmware onto a lock in service."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from tools.console import about, console
from tools.image import Refused
from tools.log.files import read
from tools.sentence import sentence

app = typer.Typer(help=about(__doc__), no_args_is_help=True)

REFUSED = 2
IMAGE = Path("build/dropbolt.bin")
_KEEPS = "the board is a lock: keys, codes and log stay"
_ERASES = "the whole board is erased"
_UNREAD = "nothing was written"
_IN_PART = "the board is written in part: run the same command again before it is used"
_EITHER = (
    "the lock has the release of before or the new one, whole, and its console is open: run the same command again, "
    "or take the lock's power away for a moment"
)

Port = Annotated[str, typer.Argument(metavar="PORT", help="The serial port of the board, such as /dev/ttyUSB0.")]


@app.command()
def build(
    stock: Annotated[Path, typer.Argument(metavar="BASE", help="A stock MicroPython image for the ESP32.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")] = IMAGE,
):
    """Make the one file that makes a board a lock, and print what is where in it.

    Status 2: BASE is no image for the lock, or OUT cannot be written; OUT is then as it was.
    """
    from tools.image import base, join, layout, release, vfs

    with _told():
        checked = base.read(read(stock, base.LIMIT))
        made = release.build()
        system = vfs.build(made, layout.table().by_name("vfs").size)
        image = join.join(checked, system)
        join.write(out, image)
    used = {"factory": len(checked.application), "vfs": len(system)}
    console().print(
        _map(layout.table(), used),
        f"MicroPython {base.dotted(checked.version)}, release {made.folder}",
        sep="\n",
    )
    print(f"{out}: {len(image):,} bytes, for flash address {layout.BOOTLOADER:#x}")


@app.command()
def flash(
    port: Port,
    file: Annotated[Path, typer.Argument(metavar="IMAGE", help="What `build` made.")] = IMAGE,
    erase: Annotated[bool, typer.Option("--erase", help="Also forget keys, codes and log, after a question.")] = False,
):
    """Write an image to a board and verify it. A board that is a lock keeps its keys, its codes and its log.

    It asks before it brings a lock an older firmware.
    Status 2: it was not written, and why. Status 1: a question was answered with no.
    """
    from tools.image import flash as flasher
    from tools.image import join

    with _told():
        if not file.exists():
            raise Refused(f"{file} is not there: make it with `make image BASE=...`")
        image = read(file, 4 << 20)
        join.split(image)
        with _stopped(_UNREAD):
            lock = flasher.is_lock(port)
            told = flasher.older(port, image) if lock else ""
        if lock and erase:
            typer.confirm(f"The lock on {port} forgets its keys, its codes and its log for ever. Erase it?", abort=True)
        if told:
            typer.confirm(f"{_opening(told)}. Write it?", abort=True)
        keep = lock and not erase
        print(_KEEPS if keep else _ERASES, flush=True)  # before what esptool says
        with _stopped(_IN_PART):
            flasher.write(port, image, keep)


@app.command()
def deploy(
    port: Annotated[str, typer.Argument(metavar="PORT", help="The serial port of the lock, such as /dev/ttyUSB0.")],
):
    """Bring the firmware of a lock in service to this tree's, over the cable; keys, codes and log stay.

    It wants the lock's console: hold the maintenance key while the lock gets power, until its LED stays lit.
    A cable pulled in the middle leaves the firmware of before or the new one.
    Status 2: it was not deployed, and why.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress

    from tools.image import release
    from tools.image.deploy import deploy as deploy_to

    with _told():
        made = release.build()

        def agree(told):
            bar.stop()
            return typer.confirm(f"{_opening(told)}. Deploy it?")

        with Progress("copying", BarColumn(), DownloadColumn(), console=console()) as bar:
            task = bar.add_task("", total=None, visible=False)

            def show(sent, total):
                bar.update(task, completed=sent, total=total, visible=True)

            with _stopped(_EITHER):
                done = deploy_to(port, made, show, agree)
    print(f"{made.folder} {'is deployed' if done else 'was there already'}: the lock is in service, its console closed")


@contextmanager
def _stopped(left):
    """Have a Ctrl-C told: what it leaves behind, and the next step. A no to a question is none."""
    try:
        yield
    except KeyboardInterrupt:
        raise Refused(f"stopped: {left}") from None


def _opening(told):
    """What goes on to a question, as the beginning of a sentence."""
    return told[0].upper() + told[1:]


def _map(partitions, used):
    """The partition map; `used`: bytes in a partition by its name."""
    table = Table(title="Flash")
    table.add_column("partition")
    table.add_column("kind")
    for heading in ("from", "to", "KiB", "used, KiB"):
        table.add_column(heading, justify="right")
    for part in partitions:
        end = part.offset + part.size
        filled = f"{used[part.name] / 1024:.1f}" if part.name in used else ""
        kind = f"{part.type_name} {part.subtype_name}"
        table.add_row(part.name, kind, f"{part.offset:#x}", f"{end:#x}", str(part.size // 1024), filled)
    return table


@contextmanager
def _told():
    try:
        yield
    except (Refused, OSError) as error:
        print(sentence(error), file=sys.stderr)
        raise typer.Exit(REFUSED) from error
