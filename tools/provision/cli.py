"""`make provision`: a board with the firmware becomes a lock, and its owner gets a record to issue codes from."""

import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tools.config.reader import ConfigErrors, load
from tools.image import Refused
from tools.owner.cli import FOLDER, Folder, Secret, typed_passphrase
from tools.owner.keep import Keep, KeepError
from tools.owner.record import RecordError
from tools.sentence import sentence

_SLACK_S = 60
REFUSED, UNFIT = 2, 1
_UNTRIED = "not every part was tried with success: mend what the table says, then run the same command again"
_STOPPED = "stopped: run the same command again, it goes on from there; the console is open until the lock is restarted"


def provision(
    port: Annotated[str, typer.Argument(metavar="PORT", help="The serial port of the board, such as /dev/ttyUSB0.")],
    file: Annotated[Path, typer.Argument(metavar="CONFIG", help="The lock's configuration, lock.toml.")],
    label: Annotated[str, typer.Option(metavar="LABEL", help="Name of the lock; CONFIG's without one.")] = "",
    erase: Annotated[bool, typer.Option("--erase", help="The board may be another lock, which is given up.")] = False,
    test: Annotated[bool, typer.Option("--test/--no-test", help="Try keypad, bolt and the rest, guided.")] = True,
    folder: Folder = FOLDER,
    passphrase_file: Secret = None,
):
    """Make the board at PORT the lock that CONFIG describes, or bring such a lock to it; its console must be open.

    Running it again is safe, and goes on after a cut.
    Status 1: it is in service, and a part of it did not do what it should. Status 2: it was not done, and why.
    """
    with _told(file):
        label = label or file.stem
        _check_clock(file)
        config = load(file, int(time.time()))
        keep = _keep(folder, passphrase_file)
        _run(port, file, config, keep, label, erase, test)


def _check_clock(file):
    """Raise Refused if this computer's clock cannot be right: nobody writes a file tomorrow."""
    written = file.stat().st_mtime
    if time.time() < written - _SLACK_S:
        now, then = (time.strftime("%Y-%m-%d %H:%M", time.localtime(t)) for t in (time.time(), written))
        raise Refused(
            f"{file} is of {then}, and this computer says it is {now}: set its clock (`timedatectl` shows it)"
        )


def _run(port, file, config, keep, label, erase, test):
    from tools.image import release
    from tools.provision import books, wireless
    from tools.provision.check import PASSED, check
    from tools.provision.flow import Provisioning
    from tools.provision.lock import connected
    from tools.provision.screen import Screen

    screen = Screen()
    known = keep.load(label) if label in keep.labels() and not erase else None
    numbers = {name: _digits(name, size) for name, size in books.asked_for(known, config)}
    wanted = books.Wanted(config, numbers, wireless.radio(config.radio, known and known.radio, file.parent, _hidden))
    folder = release.build().folder
    with connected(port) as lock:
        lock.check(folder)
        if erase and not typer.confirm(f"What the board on {port} was is forgotten for ever. Erase it?"):
            raise Refused("nothing was changed: the same command without ERASE=1 keeps what the board is")
        work = Provisioning(lock, keep, label, wanted, erase, screen)
        record = work.write()
        results = list(check(lock, record, screen)) if test else []
        lock.restart()
        work.finish()
    if results:
        screen.results(results)
    print(f"{label} is in service, its console closed: lock {record.lock_id.hex()}")
    for own in books.owners(record):
        print(f"your own digits: `./dropbolt issue {label} {own}`")
    if any(result.state != PASSED for result in results):
        print(_UNTRIED)
        raise typer.Exit(UNFIT)


def _digits(label, size):
    """What a person types for a number grant; "" for random ones."""
    return _hidden(f"{size} digits of {label} (none: random)")


def _hidden(question):
    """What a person types twice, alike, and nobody sees; "" for nothing."""
    while True:
        text = typer.prompt(question, default="", show_default=False, hide_input=True)
        if not text or text == typer.prompt("the same again", hide_input=True):
            return text
        print("they differ: once more")


def _keep(folder, file):
    """The owner's folder, unlocked; made where there is none yet."""
    keep = Keep(folder)
    if keep.exists:
        keep.unlock(typed_passphrase(file))
    else:
        print(
            f"the owner's keys are made in {folder}: without the passphrase nobody can open them, you neither",
            flush=True,
        )
        keep.create(typed_passphrase(file, confirm=True))
    return keep


@contextmanager
def _told(file):
    try:
        yield
    except ConfigErrors as error:
        print(*(f"{file}:{line}: {text}" for line, text in error.errors), sep="\n", file=sys.stderr)
        raise typer.Exit(REFUSED) from error
    except (typer.Abort, KeyboardInterrupt) as error:
        print(_STOPPED, file=sys.stderr)
        raise typer.Exit(REFUSED) from error
    except (Refused, KeepError, RecordError, OSError) as error:
        print(sentence(error), file=sys.stderr)
        raise typer.Exit(REFUSED) from error
