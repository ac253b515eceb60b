"""The ways to a lock's condition: by its flash, by its gateway, by the cable. Each loads what it needs alone."""

from tools.console import console


def examined(record, others, now, dump_file=None, gateway=None, port=None):
    """The Findings of the dump at the path `dump_file`, of the gateway with the key file `gateway`, or of the lock
    itself at the serial `port`, at unix second `now`. others: Records of the owner's other locks.

    Raises as these do: dump.OtherLock, DumpError, BadLog, KeepError, Refused, OSError.
    """
    if port:
        return list(_on_the_cable(record, others, now, port))
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
        seen = cable.look(port, record.lock_id.hex(), lambda done, total: bar.update(task, completed=done, total=total))
    return beside.findings(record, seen, now, release.build().folder, others)
