"""A number that is known already, such as that on a parcel: registered from afar, by a sealed command of the gateway.

It becomes a grant of its own, with an id that no grant had: in the record, and at the lock with its next check-in.
"""

import secrets
from contextlib import closing
from dataclasses import replace

from firmware.core.admission import AdmissionError, admit
from firmware.core.grants import GRANT_SIZE
from firmware.core.words import KINDS, NUMBER, OWNER
from firmware.net.messages import PUT_GRANT
from tools.gateway.store import Store
from tools.owner.afar import lock_keys
from tools.owner.issue import IssueError, check_on_lock, issue
from tools.protocol.messages import command

_USUAL, _USUAL_S = 10, 14 * 86400
_SHORTEST, _LONGEST = 8, 12
_KEY_SIZE = 20
_ELSEWHERE = "{label} was provisioned from another computer, which alone gives new grants their ids: register it there"
_NO_LENGTH = (
    "{label} takes no numbers of {lengths} digits: that wants a [[bucket]] of this length in its configuration, with "
    "no grant of a check digit or of the owner's at it; then `make provision` again"
)


def registered(record, text, now, span=None, whom="", last=None, unpredictable=6):
    """(Record with the new grant, the Issued of it for `whom`) for the last digits of `text`.

    span: (since, until) in unix s in which it opens, once; None: from `now` on for two weeks. last: how many digits,
    None: ten, or as many as the lock takes. unpredictable: how many of them nobody can guess. Raises IssueError.
    """
    check_on_lock(record)
    if not record.board:
        raise IssueError(_ELSEWHERE.format(label=record.label))
    known = "".join(letter for letter in text if letter.isascii() and letter.isdigit())
    size = _size(record, len(known), last)
    since, until = span or (0, now + _USUAL_S)
    grant_id = 1 + max([*record.used, *(grant["id"] for grant in record.grants)])
    grant = {
        "id": grant_id,
        "label": f"parcel {grant_id}",
        "kind": KINDS[NUMBER],
        "number": known[-size:],
        "unpredictable": min(unpredictable, size),
        "valid_from": since,
        "valid_until": until,
    }
    made = replace(
        record,
        grants=[*record.grants, grant],
        secrets=record.secrets | {f"key {grant['label']}": secrets.token_hex(_KEY_SIZE)},  # as every grant's has one
        share=record.share | {grant_id: [0]},
        codes=list(record.codes),
        used=sorted({*record.used, grant_id}),
        registered=[*record.registered, grant_id],
    )
    try:
        admit(made.settings, made.table, now, record.table, record.used)
    except AdmissionError as error:
        raise IssueError("; ".join(error.complaints)) from error
    return made, issue(made, grant["label"], now, whom=whom)


def _size(record, there, last):
    """How many digits are typed."""
    table = record.table
    taken = {table.length(i) for i in range(len(table)) if table.check(i) or table.permissions(i) & OWNER}
    free = {row[0] for row in record.settings["buckets"]} - taken
    lengths = [n for n in range(_SHORTEST, _LONGEST + 1) if n in free] if last is None else [last]
    fit = [n for n in lengths if n <= there and n in free]
    if not free.intersection(lengths):
        raise IssueError(_NO_LENGTH.format(label=record.label, lengths=last or f"{_SHORTEST} to {_LONGEST}"))
    if not fit:
        raise IssueError(f"that number has {there} digits, and {record.label} takes the last {min(lengths)} of one")
    return _USUAL if _USUAL in fit else max(fit)


def queued(record, path):
    """Queue the newest grant of `record` at the gateway whose key file is at `path`; returns the command's number."""
    keys, lock = lock_keys(record, path)
    owners = [row[0] for row in record.settings["issuers"] if row[2] & OWNER]
    if lock.issuer not in owners:
        raise IssueError(f"the gateway is issuer {lock.issuer}, who may not register anything: it must be an owner")
    grant = record.issuer.packed[-GRANT_SIZE:]
    with closing(Store(keys.store)) as store, store.batch():
        return store.queue(lock.id, PUT_GRANT, command(PUT_GRANT, grant), f"put-grant {record.grants[-1]['label']}")
