"""What the gateway has heard of a lock, beside the owner's record: keys, clock, batteries, bolt, commands, log."""

from contextlib import closing

from firmware.net.messages import HELLO
from firmware.store.audit import Event
from tools.gateway.keyfile import load
from tools.gateway.store import FAILED, Store
from tools.owner import advice, place
from tools.owner.finding import Finding, clock, of_log
from tools.owner.keep import KeepError
from tools.owner.record import ROOT_SIZE
from tools.protocol.messages import read

_DAY = 86400
_JAMMED = 8


def lock_keys(record, path):
    """(KeyFile at `path`, LockKeys of the record's lock). Raises KeepError: that gateway does not know it."""
    keys = load(path)
    lock = keys.find(record.lock_id.hex())
    if lock is None:
        raise KeepError(f"{path} has no lock {record.lock_id.hex()}: that gateway cannot tell {record.label}")
    return keys, lock


def findings(record, path, now):
    """Yield the Findings of the gateway whose key file is at `path`, at unix second `now`.

    Raises KeepError, and what the gateway's own files raise.
    """
    keys, lock = lock_keys(record, path)
    with closing(Store(keys.store)) as store, store.batch():
        yield from _keys(record, lock)
        row = store.lock(lock.id)
        if not row["hello"]:
            yield Finding(False, "it has never checked in", "0# at its keypad calls; then see docs/gateway.md")
            return
        yield from _hello(record, read(HELLO, row["hello"]), row["heard"], now)
        yield from _queue(store, lock)
        happened = [Event(each["body"], each["mac"], each["sector"]) for each in store.events(lock.id)]
        yield from of_log(record, happened, now)


def _keys(record, lock):
    """Whether the gateway has the keys that this lock was made with; later epochs are its own."""
    issuers = [row[0] for row in record.settings["issuers"]]
    if lock.issuer not in issuers:
        yield Finding(False, f"the gateway is issuer {lock.issuer}, which the lock does not know", _MISMATCH)
    elif 1 in lock.roots and lock.roots[1] != record.secret(f"root {lock.issuer}", ROOT_SIZE):
        yield Finding(False, f"the gateway's root key is not that of issuer {lock.issuer}", _MISMATCH)
    if lock.log_key != record.issuer.audit_key:
        yield Finding(False, "the gateway checks the log with another lock's first key", _MISMATCH)


_MISMATCH = "put this lock's issuer, root and log_key into the gateway's key file"


def _hello(record, hello, heard, now):
    late = now - heard > 2 * _DAY
    do = "0# at its keypad calls; batteries? Wi-Fi?" if late else ""
    yield Finding(not late, f"last heard {place.moment(record.zone, int(heard))}", do)
    off = hello.t - heard
    do = f"python -m tools gateway send {record.lock_id.hex()} set-time"
    yield from clock(record, hello.quality, hello.uncertainty, off, "the gateway's", now, do)
    if hello.door & _JAMMED:
        yield Finding(False, "the bolt jams: the door may be closed and not locked", advice.JAM)
    if hello.ignored:
        do = "keys that differ? a command of another sender? `python -m tools gateway alarms`"
        yield Finding(False, f"it ignored {hello.ignored} messages as not valid at the check-in before", do)


def _queue(store, lock):
    waiting = len(store.open_commands(lock.id))
    if waiting:
        yield Finding(True, f"{waiting} commands wait for its next check-in")
    failed = store.one("SELECT count(*) FROM command WHERE lock = ? AND state = ?", lock.id, FAILED)[0]
    if failed:
        yield Finding(False, f"{failed} commands failed", "`python -m tools gateway queue` says why")
    alarms = store.one("SELECT count(*) FROM alarm WHERE lock = ? AND NOT seen", lock.id)[0]
    if alarms:
        yield Finding(False, f"{alarms} alarms", "`python -m tools gateway alarms`")
