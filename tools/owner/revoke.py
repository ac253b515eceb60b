"""Codes and grants taken back: in the record, by a sealed command through the gateway, or by hand at the keypad."""

from contextlib import closing

from firmware.core.words import OWNER
from tools.gateway.orders import order
from tools.gateway.store import Store
from tools.owner.afar import lock_keys
from tools.owner.record import WITHDRAWN, RecordError


def taken_back(record, what):
    """Mark a code, by its number in `list`, or a grant, by its label, as taken back.

    Returns (words of the gateway's command, grant's id, the Code or None for the whole grant). Raises RecordError.
    """
    if what.isdecimal():
        code = record.code(int(what))
        _check_owner(record, record.table.index(code.grant))
        code.state = WITHDRAWN
        return ["revoke-code", str(code.grant), str(code.serial), str(code.value)], code.grant, code
    i = record.place(what)
    _check_owner(record, i)
    grant_id = record.table.id(i)
    for code in record.codes:
        if code.grant == grant_id:
            code.state = WITHDRAWN
    for grant in record.grants:
        if grant["id"] == grant_id:
            grant["revoked"] = True
    return ["revoke", str(grant_id)], grant_id, None


def _check_owner(record, i):
    if record.table.permissions(i) & OWNER:
        raise RecordError(
            f"{record.table.label(i)} is the owner's: the lock would obey nobody; provision it anew instead"
        )


def queued(path, record, words):
    """Queue the command at the gateway whose key file is at `path`; returns its number. Raises as its parts do."""
    keys, lock = lock_keys(record, path)
    with closing(Store(keys.store)) as store, store.batch():
        made = order(words, store.lock(lock.id)["hello"])
        return store.queue(lock.id, made.kind, made.text, made.shown)


def at_keypad(grant_id, digits):
    """How the owner does it at the door; digits: of the code, None for the whole grant."""
    function = f"81#, then {grant_id}#" if digits is None else f"83#, then {digits}#"
    return (
        f"taken back here, but the lock is not told yet: at its keypad type your own code and #, then {function}, and "
        "wait for Right; or send it through its gateway with --gateway FILE"
    )
