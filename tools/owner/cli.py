"""`dropbolt`: codes for a lock, made without a network, and what became of them."""

import sqlite3
import stat
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tools.console import about, console
from tools.gateway.keyfile import KeyFileError
from tools.gateway.orders import OrderError
from tools.image import Refused
from tools.log.files import read
from tools.log.lines import LineError
from tools.log.partition import DumpError
from tools.log.verify import BadLog
from tools.owner import dump, place, show
from tools.owner.issue import IssueError, digits_of, issue, notes
from tools.owner.keep import Keep, KeepError
from tools.owner.record import RecordError, joined
from tools.owner.when import WhenError, instant_of, span_of
from tools.replace import replace
from tools.sentence import sentence

app = typer.Typer(help=about(__doc__), add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

FAILED, UNWELL = 2, 3
FOLDER = Path(typer.get_app_dir("dropbolt"))
_ERRORS = (KeepError, RecordError, IssueError, WhenError, dump.OtherLock, DumpError, LineError, OSError, sqlite3.Error,
           KeyFileError, OrderError, Refused)  # fmt: skip
_PASSPHRASE_LIMIT = 4096

Lock = Annotated[str, typer.Argument(metavar="LOCK", help="The label under which its record is kept.")]
Grant = Annotated[str, typer.Argument(metavar="GRANT", help="Label or number of the grant; `status` shows them.")]
Folder = Annotated[Path, typer.Option(envvar="DROPBOLT_FOLDER", help="Where the records are.")]
Secret = Annotated[Path | None, typer.Option(metavar="FILE", help="A file with the passphrase; else it is asked for.")]


@app.callback()
def main(context: typer.Context, folder: Folder = FOLDER, passphrase_file: Secret = None):
    """Codes for a lock, made without a network, and what became of them."""
    context.obj = (Keep(folder), passphrase_file)


@contextmanager
def told():
    """What is wrong goes to standard error and ends the command: status 2, of a log that was changed 1."""
    try:
        yield
    except BadLog as error:
        print(f"the log is not as the lock wrote it: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    except _ERRORS as error:
        print(sentence(error), file=sys.stderr)
        raise typer.Exit(FAILED) from error


def typed_passphrase(file, confirm=False):
    """The passphrase in `file`, or as it is typed. Raises PermissionError for a file that others may read."""
    if file:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise PermissionError(f"{file}: others may read it, and it holds the passphrase: chmod 600 {file}")
        return read(file, _PASSPHRASE_LIMIT).decode("utf-8", "replace").rstrip("\r\n")
    return typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)


def unlocked(context):
    """The owner's Keep, opened by the passphrase. Raises KeepError."""
    keep, file = context.obj
    if not keep.exists:
        keep.unlock("")
    keep.unlock(typed_passphrase(file))
    return keep


@app.command()
def setup(context: typer.Context):
    """Make this computer's keys, kept under a passphrase, and print its public one."""
    keep, file = context.obj
    with told():
        if not keep.exists:
            keep.create(typed_passphrase(file, confirm=True))
            print(f"keys made in {keep.path}: without the passphrase nobody can open them, you neither")
        else:
            keep.unlock(typed_passphrase(file))
        print(f"this computer is {keep.recipient}")


@app.command()
def passphrase(context: typer.Context):
    """Change the passphrase. Copies of the folder made before still open with the old one."""
    with told():
        keep = unlocked(context)
        keep.change_passphrase(typer.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True))


@app.command(name="issue")
def issue_code(
    context: typer.Context,
    lock: Lock,
    grant: Grant,
    whom: Annotated[str, typer.Option("--for", metavar="WHOM", help="For whom, as `list` will show it.")] = "",
    when: Annotated[list[str] | None, typer.Option(metavar="TIMES", help='"tomorrow 9-12"; again for more.')] = None,
):
    """Give out a code: its digits, when it opens in the lock's local time, and a text for the delivery notes."""
    now = int(time.time())
    with told():
        with unlocked(context).change(lock) as record:
            spans = [span_of(text, record.zone, now) for text in when or ()]
            made = [issue(record, grant, now, span, whom) for span in spans or [None]]
        for each in made:
            print(f"code    {each.digits}   (number {each.code.number} of `list`)")
            if each.code.until:
                print(f"opens   {place.span(record.zone, each.code.since, each.code.until)}")
            print(f"notes   {notes(record, each)}")


@app.command(name="app")
def to_app(context: typer.Context, lock: Lock, grant: Grant):
    """Give a grant to an authenticator app: a link and a QR code, which hold its key. Its codes are the app's then."""
    from tools.owner import app as apps

    with told():
        with unlocked(context).change(lock) as record:
            link = apps.give(record, grant)
        print(apps.drawn(link))
        print(link)


@app.command(name="list")
def list_codes(
    context: typer.Context,
    lock: Lock,
    digits: Annotated[bool, typer.Option("--digits", help="Show the codes themselves.")] = False,
):
    """Print the codes that were given out here, to whom, and how they stand."""
    with told():
        record = unlocked(context).load(lock)
        console().print(show.codes(record, int(time.time()), digits))
        _print_seen(record)


def _print_seen(record):
    known = place.moment(record.zone, record.seen_at) if record.seen_at else "never"
    print(f"what the lock has seen of them was last read: {known} (`dropbolt log {record.label} DUMP`)")


@app.command()
def revoke(
    context: typer.Context,
    lock: Lock,
    what: Annotated[str, typer.Argument(metavar="NUMBER|GRANT", help="A code of `list`, or a grant, by its label.")],
    gateway: Annotated[Path | None, typer.Option(metavar="FILE", help="The gateway's key file, to send it.")] = None,
):
    """Take a code or a whole grant back: here, and at the lock through its gateway, or by hand at its keypad."""
    from tools.owner.revoke import at_keypad, queued, taken_back

    with told():
        with unlocked(context).change(lock) as record:
            words, grant_id, code = taken_back(record, what)
            sent = queued(gateway, record, words) if gateway else None
        if sent:
            print(f"command {sent} waits for the next check-in of {lock}; until then it still opens")
        else:
            print(at_keypad(grant_id, code and digits_of(record, code)))


@app.command()
def log(
    context: typer.Context,
    lock: Lock,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A dump of the partition, or an exported log.")],
    last: Annotated[int, typer.Option(help="How many events to print.")] = 20,
):
    """Check that a log is whole, print its newest events, and take note of the codes that were used."""
    now = int(time.time())
    with told():
        with unlocked(context).change(lock) as record:
            happened, sound, wrong = dump.take_log(record, file, now)
        console().print(show.events(record, happened[-last:] if last > 0 else ()))
        print(f"{sound.events} events, as the lock wrote them; head {sound.head}")
        if wrong:
            print(f"its memory of used codes cannot be believed ({wrong}): no code was noted as used", file=sys.stderr)


@app.command()
def risk(context: typer.Context, lock: Lock):
    """Print how likely a stranger at the keypad opens the door within a year. Status 1: above the bound."""
    from tools.risk import report

    with told():
        record = unlocked(context).load(lock)
        table, lines, exceeded = report(record.table, record.settings["buckets"], record.settings["risk_one_in"])
        console().print(table, *lines, sep="\n")
    raise typer.Exit(int(exceeded))


@app.command()
def status(
    context: typer.Context, lock: Annotated[str | None, typer.Argument(metavar="LOCK", help="All, if left out.")] = None
):
    """Print a lock's grants and what this computer may give out of them; without LOCK, which locks there are."""
    now = int(time.time())
    with told():
        keep = unlocked(context)
        for label in [lock] if lock else keep.labels():
            record = keep.load(label)
            print(f"{label}: lock {record.lock_id.hex()}, there it is {place.moment(record.zone, now)}")
            if lock:
                console().print(show.grants(record, now))
                print(f"log read up to {record.head or 'nothing yet'}")
                _print_seen(record)


@app.command()
def doctor(
    context: typer.Context,
    lock: Lock,
    code: Annotated[str | None, typer.Option(help="Digits that were typed; `ask` asks for them.")] = None,
    at: Annotated[str, typer.Option(metavar="TIME", help='When: "yesterday 18:00".')] = "now",
    dump_file: Annotated[Path | None, typer.Option("--dump", help="A dump of the partition locklog.")] = None,
    gateway: Annotated[Path | None, typer.Option(metavar="FILE", help="The key file of the lock's gateway.")] = None,
    port: Annotated[
        str | None, typer.Option(metavar="PORT", help="The lock is on the cable, its console open.")
    ] = None,
):
    """Say how the lock would answer digits at a time, and why; or what it tells itself, and what to do about it.

    It tells by its flash, by its gateway, or on the cable, where nothing is changed.
    Status 3: something is wrong with the lock; codes that it refused do not count.
    """
    from tools.owner.answer import answer
    from tools.owner.doctor import examined

    now = int(time.time())
    with told():
        if sum(each is not None for each in (code, dump_file, gateway, port)) != 1:
            raise IssueError("give one of --port PORT, --dump FILE, --gateway FILE and --code DIGITS, with --at TIME")
        keep = unlocked(context)
        record = keep.load(lock)
        others = [keep.load(label) for label in keep.labels() if label != lock]
        if code is None:
            found = examined(record, others, now, dump_file, gateway, port)
            console().print(show.findings(found))
            raise typer.Exit(UNWELL if any(each.of_lock and not each.good for each in found) else 0)
        digits = typer.prompt("Code", hide_input=True, err=True) if code == "ask" else code
        if not (digits.isascii() and digits.isdigit()):
            raise IssueError("a code has digits only")
        t = instant_of(at, record.zone, now)
        found = answer(record, digits, t, others)
        grant = f" ({found.grant})" if found.grant else ""
        print(f"{place.moment(record.zone, t)}: {found.decision}{grant}")
        print(*(f"  {line}" for line in found.why), sep="\n")
        _print_seen(record)


@app.command()
def join(
    context: typer.Context,
    lock: Lock,
    computer: Annotated[str, typer.Argument(metavar="AGE1...", help="The other computer, as its `setup` printed.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to carry there, for its `add`.")],
    give: Annotated[list[str], typer.Option(metavar="GRANT[:SERIALS]", help="What it may give out from now on.")],
):
    """Make the record for a second computer, with grants or serials of its own, which this one gives up."""
    with told():
        keep = unlocked(context)
        if out.exists():
            raise KeepError(f"{out} is there already: name a new file")
        with keep.change(lock) as record:
            other = joined(record, [_share(record, each) for each in give])
            sealed = keep.sealed(other, computer)
        replace(out.absolute(), sealed)
        print(f"carry {out} to the other computer, and there: dropbolt add {out.name}")


def _share(record, text):
    label, _, count = text.partition(":")
    if count and not count.isdecimal():
        raise RecordError(f"{text!r}: write GRANT or GRANT:SERIALS, such as couriers or visitors:4")
    return record.place(label), int(count or 1)


@app.command()
def add(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="What `join` wrote.")]):
    """Take over a record that another computer's `join` made for this one."""
    with told():
        keep = unlocked(context)
        record = keep.read(file)
        keep.add(record)
        print(f"{record.label} is in {keep.path}")
