"""`dropbolt register` and `dropbolt introduce`: what goes to the gateway, and what a person says and is told of it."""

import time
from pathlib import Path
from typing import Annotated

import typer

from tools.owner import place
from tools.owner.cli import Lock, told, unlocked
from tools.owner.when import span_of


def register(
    context: typer.Context,
    lock: Lock,
    gateway: Annotated[Path, typer.Option(metavar="FILE", help="The gateway's key file, to send it.")],
    number: Annotated[str | None, typer.Argument(metavar="NUMBER", help="Asked for, if left out.")] = None,
    whom: Annotated[str, typer.Option("--for", metavar="WHOM", help="For whom, as `list` will show it.")] = "",
    when: Annotated[str | None, typer.Option(metavar="TIMES", help="Two weeks from now on, if left out.")] = None,
    last: Annotated[int | None, typer.Option(metavar="N", help="How many of its last digits are typed.")] = None,
    unpredictable: Annotated[int, typer.Option(metavar="N", help="How many of these nobody can guess.")] = 6,
):
    """Have the lock open once for a number that is known already, such as that on a parcel."""
    from tools.owner.register import queued, registered

    now = int(time.time())
    with told():
        keep = unlocked(context)
        text = typer.prompt("Number", err=True) if number is None else number
        sent = []

        def with_it(record):
            span = span_of(when, record.zone, now) if when else None
            made, issued = registered(record, text, now, span, whom, last, unpredictable)
            sent[:] = [issued, queued(made, gateway)]
            return made

        record = keep.replace(lock, with_it)
        issued, command = sent
        code = issued.code
        print(f"code    {issued.digits}   (number {code.number} of `list`)")
        print(f"opens   {place.span(record.zone, code.since or now, code.until)}, once")
        print(f"notes   Door: the last {len(issued.digits)} digits of the number on the parcel, then #.")
        print(f"command {command} waits for the next check-in of {lock}; until then it opens nothing")


def introduce(
    context: typer.Context,
    lock: Lock,
    gateway: Annotated[Path, typer.Argument(metavar="FILE", help="The gateway's key file.")],
):
    """Give the gateway this lock's keys: whoever can read its key file can command the lock."""
    from tools.owner import introduce as keys

    with told():
        keys.introduce(unlocked(context).load(lock), gateway)
        print(f"{lock} is in {gateway}: a gateway that runs notices it")
