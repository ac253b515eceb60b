"""`python -m tools gateway`: the owner's end of the locks, beside a broker."""

import secrets
import signal
import sqlite3
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from firmware.net.messages import ROTATE
from tools.console import about, console
from tools.gateway import show
from tools.gateway.keyfile import KeyFileError, load, stage_rotation
from tools.gateway.orders import ORDERS, OrderError, order
from tools.gateway.store import CANCELLED, Store
from tools.log.cli import UNREADABLE
from tools.replace import write
from tools.sentence import sentence

app = typer.Typer(help=about(__doc__), no_args_is_help=True)

Keys = Annotated[Path, typer.Option("--keys", metavar="FILE", help="The key file.")]
Name = Annotated[str, typer.Argument(metavar="LOCK", help="Its id, or its label in the key file.")]
Last = Annotated[int, typer.Option(metavar="N", help="How many.")]
KEYS = Path("gateway.toml")


class _Unknown(ValueError):
    """What was named is not there; the text says what."""


@contextmanager
def _told():
    """What is wrong goes to standard error, and ends the command with status 2."""
    try:
        yield
    except (OSError, sqlite3.Error, KeyFileError, OrderError, _Unknown) as error:
        print(sentence(error), file=sys.stderr)
        raise typer.Exit(UNREADABLE) from error


@contextmanager
def _opened(path, name=None):
    """(KeyFile, Store, LockKeys of `name`)."""
    with _told():
        keys = load(path)
        lock = None if name is None else keys.find(name)
        if name is not None and lock is None:
            raise _Unknown(f"{path} has no lock {name!r}")
        with closing(Store(keys.store)) as store, store.batch():
            yield keys, store, lock


@app.command()
def run(keys: Keys = KEYS):
    """Serve the locks until stopped: print what happens, answer, keep the log."""
    from tools.gateway.service import Service

    def stop(_signal, _frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    with _told():
        service = Service(keys, show.Lines(console()))
        with closing(service):
            try:
                while True:
                    service.step()
            except KeyboardInterrupt:
                pass


@app.command()
def send(
    lock: Name,
    words: Annotated[list[str], typer.Argument(metavar="COMMAND...", help=", ".join(ORDERS))],
    keys: Keys = KEYS,
    within: Annotated[int | None, typer.Option(metavar="SECONDS", help="Give up unless it was sent by then.")] = None,
):
    """Queue a command for a lock; it is sent at its next check-in, and again until the lock answers.

    Status 2: it is no command, or there is no such lock.
    """
    with _opened(keys, lock) as (_, store, found):
        made = order(words, store.lock(found.id)["hello"], within)
        if words[0] == "rotate":
            _stage(keys, store, found)
        number = store.queue(found.id, made.kind, made.text, made.shown, made.within and time.time() + made.within)
    print(f"command {number} waits for the next check-in of {found.label}")


def _stage(path, store, lock):
    """Have the next root key in the key file before anything can send it; one that is there already is used."""
    if any(waits.kind == ROTATE for waits in store.open_commands(lock.id)):
        raise _Unknown(f"{lock.label}: a rotation is under way already")
    if lock.epoch == 255:
        raise _Unknown(f"{lock.label}: no epoch comes after 255: another issuer must be its gateway (`make provision`)")
    if lock.next_epoch is None:
        stage_rotation(path, lock.id, secrets.token_bytes(32))


@app.command()
def cancel(number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `queue` shows it.")], keys: Keys = KEYS):
    """Take a command out of the queue. One that was sent already may still arrive."""
    with _opened(keys) as (_, store, _lock):
        waits = store.command(number)
        if waits is None or waits.ended is not None:
            raise _Unknown(f"no command {number} waits")
        store.end(number, CANCELLED)


@app.command()
def locks(keys: Keys = KEYS):
    """Print every lock as it last said."""
    with _opened(keys) as (found, store, _):
        console().print(show.locks(found, store))


@app.command()
def queue(keys: Keys = KEYS, last: Last = 20):
    """Print the newest commands, and how they ended."""
    with _opened(keys) as (found, store, _):
        rows = store.all("SELECT * FROM command ORDER BY number DESC LIMIT ?", last)
        console().print(show.commands(found, rows[::-1]))


@app.command()
def alarms(
    keys: Keys = KEYS,
    seen: Annotated[bool, typer.Option(help="Mark them as seen: they are not shown again.")] = False,
):
    """Print alarms that nobody has marked as seen. Status 1: there are some."""
    with _opened(keys) as (found, store, _):
        rows = store.all("SELECT * FROM alarm WHERE NOT seen ORDER BY number")
        console().print(show.alarms(found, rows))
        if seen:
            store.db.execute("UPDATE alarm SET seen = 1 WHERE NOT seen")
    raise typer.Exit(int(bool(rows) and not seen))


@app.command()
def log(lock: Name, keys: Keys = KEYS, last: Last = 20):
    """Print the newest events of a lock's log."""
    with _opened(keys, lock) as (_, store, found):
        console().print(show.events(store.events(found.id)[-last:]))


@app.command()
def export(
    lock: Name, out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")], keys: Keys = KEYS
):
    """Write a lock's log as held here to a file, for `tools log verify`, and print its head."""
    from tools.gateway.export import export as text_of

    with _opened(keys, lock) as (_, store, found):
        text, whole = text_of(store, found.id)
        write(out, text.encode())
    print(f"{whole.events} events; head {whole.head}")


@app.command()
def trust(lock: Name, keys: Keys = KEYS):
    """Take a lock as it is now, after flash was put back or this computer's clock was wrong: its next hello counts.

    Look at its alarms first. What was held of its log stays.
    """
    with _opened(keys, lock) as (_, store, found):
        store.lock(found.id)
        store.set_lock(found.id, boots=-1, check_in=-1, counter=-1, hello=None)
        store.db.execute("DELETE FROM check_in WHERE lock = ?", (found.id,))
        store.db.execute("UPDATE lock SET heard = min(heard, ?)", (time.time(),))
