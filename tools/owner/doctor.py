"""The ways to a lock's condition: by its flash, by its gateway, by the cable. Each loads what it needs alone."""

from functools import partial

from tools.console import console
from tools.image import Refused
from tools.owner.dump import OtherLock

_UNREADABLE = (
    "the lock on {port} answers what no lock's firmware does ({why}): nothing was changed; cells out and in, "
    "`make deploy PORT={port}`, then ask again"
)
_SHAPES = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError)
"""What comes of an answer that is JSON, but not of the shape that on_lock/ gives it."""


def examined(record, others, now, dump_file=None, gateway=None, port=None):
    """The Findings of the dump at the path `dump_file`, of the gateway with the key file `gateway`, or of the lock
    itself at the serial `port`, at unix second `now`. others: Records of the owner's other locks.

    Raises as these do: dump.OtherLock, DumpError, BadLog, KeepError, Refused, OSError.
    """
    if port:
        return _on_the_cable(record, others, now, port)
    if gateway:
        from tools.owner import afar

        return list(afar.findings(record, gateway, now))
    from tools.log import partition
    from tools.owner import dump

    return list(dump.findings(record, partition.load(dump_file), now))


def _on_the_cable(record, others, now, port):
    from rich.progress import BarColumn, Progress

    from tools.image import release
    from tools.owner import beside, cable

    with Progress("reading the lock's flash", BarColumn(), console=console(), transient=True) as bar:
        task = bar.add_task("", total=None)
        seen = _readable(port, cable.look, port, record.lock_id.hex(), partial(_move, bar, task))
    found = beside.findings(record, seen, now, release.build().folder, others)
    return _readable(port, list, found)


def _move(bar, task, done, total):
    bar.update(task, completed=done, total=total)


def _readable(port, ask, *arguments):
    """What `ask` makes of a lock's answers. Raises Refused, and as `ask` does, if it can make nothing of them."""
    try:
        return ask(*arguments)
    except OtherLock:
        raise
    except _SHAPES as error:
        raise Refused(_UNREADABLE.format(port=port, why=type(error).__name__)) from error
