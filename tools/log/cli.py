"""`python -m tools log`: the lock's log, from a dump of its flash to a list that is known to be whole."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from firmware.store.chain import KEY_SIZE
from tools.console import about, console
from tools.log import dump as dumps
from tools.log import partition
from tools.log.export import export as export_log
from tools.log.files import read
from tools.log.lines import LineError, read_head
from tools.log.verify import BadLog, NoLog
from tools.log.verify import verify as verify_log
from tools.log.words import Names
from tools.replace import write
from tools.sentence import sentence

app = typer.Typer(help=about(__doc__), no_args_is_help=True)

BAD_LOG = 1
UNREADABLE = 2

_KEY_LIMIT = 4096
_EXPORT_LIMIT = 8 << 20
"""Four times what the fullest log takes."""

Dump = Annotated[Path, typer.Argument(metavar="DUMP", help="A raw image of the partition locklog.")]


class _Unreadable(ValueError):
    """A file or an option is not what the command needs; the text says why."""


@app.command()
def dump(
    file: Dump,
    config: Annotated[
        Path | None, typer.Option(metavar="CONFIG", help="The lock's configuration, lock.toml, for names.")
    ] = None,
):
    """Print what a dump of the partition holds: sectors, records of the state journal, events of the log.

    Status 2: the file is no dump, or CONFIG no configuration.
    """
    with _told():
        names = None if config is None else _names(config)
        console().print(*dumps.tables(partition.sectors(partition.load(file)), names))


def _names(path):
    from tools.config.reader import ConfigErrors, load

    try:
        lock = load(path, 0)
    except ConfigErrors as error:
        raise _Unreadable("\n".join(f"{path}:{line}: {text}" for line, text in error.errors)) from error
    grants = {grant["id"]: grant["label"] for grant in lock.grants}
    return Names(grants, {number: label for number, label, *_ in lock.settings["issuers"]})


@app.command()
def export(file: Dump, out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")]):
    """Write the log in a dump to a file, one line of JSON for each event, and print its head.

    Status 2: the file is no dump, or has no log.
    """
    with _told():
        text, whole, remains = export_log(partition.sectors(partition.load(file)))
        write(out, text.encode())
    if remains:
        print(f"{remains} older events left out: the log has given up others after them")
    print(f"{whole.events} events; head {whole.head}")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="EXPORT", help="An exported log.")],
    key_file: Annotated[Path, typer.Option(metavar="K0", help="The log's first key, in hex: docs/log.md.")],
    expect: Annotated[str | None, typer.Option(metavar="SEQ:MAC", help="A head that was written down before.")] = None,
):
    """Check that an exported log is as the lock wrote it, and print its head to write down.

    Status 1: it is not; the first bad record is named. Status 2: nothing could be checked.
    """
    with _told():
        key, expected = _key(key_file), None if expect is None else read_head(expect)
        content = read(file, _EXPORT_LIMIT)
        try:
            sound = verify_log(content.decode(errors="replace"), key, expected)
        except NoLog as error:
            hint = (
                "; it has the size of a dump: log export makes a log of one" if len(content) == partition.SIZE else ""
            )
            raise _Unreadable(f"{file}: {error}{hint}") from error
        except BadLog as bad:
            print(f"{file}: {bad}", file=sys.stderr)
            raise typer.Exit(BAD_LOG) from bad
    print(f"{sound.events} events from {sound.first} on, as the lock wrote them; head {sound.head}")


def _key(path):
    try:
        key = bytes.fromhex(read(path, _KEY_LIMIT).decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        raise _Unreadable(f"{path}: not a key, which has {2 * KEY_SIZE} hex digits")
    return key


@contextmanager
def _told():
    """What is wrong with a file or an option goes to standard error, and ends the command with status 2."""
    try:
        yield
    except (OSError, partition.DumpError, LineError, _Unreadable) as error:
        print(sentence(error), file=sys.stderr)
        raise typer.Exit(UNREADABLE) from error
