"""The owner's record before, during and after provisioning: which secrets a board gets.

    none --begin--> pending, with the number of one board --finish--> in service
                        ^                                                 | renew: another configuration
                        '-------------------------------------------------'

Invariants: a record is on disk, and names its board, before anything of it is on the board; secrets of what stays never
change; an id that a grant had is never another's; what decides a grant's digits never changes under its id.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from firmware.config import Config, ConfigError
from firmware.core.admission import AdmissionError, admit
from firmware.core.words import EVENT, NUMBER, OWNER
from host_sim.provision import Issuer, LockConfig
from tools.image import Refused
from tools.owner.record import ROOT_SIZE, Record

_DECIDES = ("kind", "digits", "check", "sha256", "step", "offset")
_LABEL_SIZE = 25


def _random(_name, size):
    return secrets.token_bytes(size)


class Wanted(NamedTuple):
    """What a lock is to be. config: a tools.config LockFile. numbers: digits by label of number grants that are new, ""
    for random ones. radio: as a Record has it, None: it has no radio. secret: (name, size) -> bytes of what is new."""

    config: object
    numbers: dict
    radio: dict | None = None
    secret: Callable = _random


def begun(wanted, label, now, board):
    """A new Record, pending, for the board of that number (hex), as of unix second `now`. Raises Refused."""
    return _made(Record(label, {}, [], {}, {}, board=board, pending=True), wanted, now, {}, None)


def renewed(record, wanted, now, revoked):
    """The Record of the same lock with another set, pending if it is another. Raises Refused: what may not change.

    revoked: ids of grants that the lock holds as revoked. What is revoked stays so, and what was registered stays.
    """
    config = wanted.config
    known = {grant["id"]: grant for grant in record.grants}
    table, new = record.table, config.table()
    for i in range(len(new)):
        j = table.index(new.id(i))
        changed = [name for name in _DECIDES if j >= 0 and getattr(table, name)(j) != getattr(new, name)(i)]
        if changed:
            raise Refused(
                f"grant {new.id(i)} ({new.label(i)}): {', '.join(changed)} cannot change, since its codes would "
                f"be others: take a new id, above {max(record.used)}"
            )
    stays = [known[grant_id] for grant_id in _standing(record, now)]
    gone = {*revoked, *(grant["id"] for grant in record.grants if grant.get("revoked"))}
    grants = [grant | {"revoked": True} if grant["id"] in gone else grant for grant in (*config.grants, *stays)]
    return _made(record, wanted._replace(config=replace(config, grants=tuple(grants))), now, known, record.table)


def _standing(record, now):
    """Ids of grants that were registered, which no configuration has, and are not over at unix second `now`."""
    return [grant["id"] for grant in record.grants if grant["id"] in record.registered and grant["valid_until"] > now]


def asked_for(record, config):
    """(label, digits) of each number grant of `config` that has no digits in `record`, which may be None, yet."""
    known = {grant["id"] for grant in record.grants} if record else set()
    return [
        (each["label"], each["digits"]) for each in config.grants if each["kind"] == NUMBER and each["id"] not in known
    ]


def owners(record):
    """Labels of the owner's own numbers."""
    table = record.table
    return [table.label(i) for i in range(len(table)) if table.kind(i) == NUMBER and table.permissions(i) & OWNER]


def finished(record, now):
    """The Record of a lock in service since unix second `now`."""
    return replace(record, pending=False, provisioned=now)


def retired(record):
    """The Record of a lock that was given up, under another label: its codes and its log stay to be looked up."""
    return replace(record, label=f"{record.label[:_LABEL_SIZE].strip()} {record.lock_id.hex()[:8]}")


def settings_for(record, command):
    """The settings as they go into the vault, with what the lock holds of its last command, None for nothing."""
    fields = dict(record.settings) if command is None else record.settings | {"command": command}
    return _issuer(record.grants, fields, record.secret).settings


def _made(record, wanted, now, known, before):
    """`record` with the set that is wanted: keys of the grants `known` by id stay, what is new gets new ones."""
    config, numbers, radio, secret = wanted
    kept = {name: octets for name, octets in record.secrets.items() if not name.startswith("key ")}
    for grant in config.grants:
        if grant["id"] in known:
            kept[f"key {grant['label']}"] = record.secrets[f"key {known[grant['id']]['label']}"]

    def keep(name, size):
        if name not in kept:
            kept[name] = secret(name, size).hex()
        return bytes.fromhex(kept[name])

    grants = [_with_number(grant, known.get(grant["id"]), numbers) for grant in config.grants]
    settings = config.settings | {"buckets": [list(row) for row in config.buckets]}
    issuer = _issuer(grants, settings, keep)
    for row in settings["issuers"]:
        keep(f"root {row[0]}", ROOT_SIZE)
    _admit(settings, issuer, now, before, record.used)
    ids = {grant["id"] for grant in grants}
    made = replace(
        record,
        settings=settings,
        grants=grants,
        secrets=kept,
        share=_share(record, issuer.grants, known),
        next=_next(record, issuer.grants),
        apps=[grant_id for grant_id in record.apps if grant_id in ids],
        codes=[code for code in record.codes if code.grant in ids],
        used=sorted({*record.used, *ids}),
        registered=[grant_id for grant_id in record.registered if grant_id in ids],
        radio=radio,
    )
    return made if made == record else replace(made, pending=True)


def _issuer(grants, settings, secret):
    return Issuer(LockConfig(grants=[dict(grant) for grant in grants], settings=settings), secret=secret)


def _with_number(grant, before, numbers):
    """The grant, of kind number with its digits: those of before, of `numbers` by its label, or random ones."""
    if grant["kind"] != NUMBER:
        return grant
    grant = dict(grant)
    size = grant.pop("digits", 0)
    if before and "number" in before:
        return grant | {"number": before["number"]}
    digits = numbers.get(grant["label"]) or f"{secrets.randbelow(10**size):0{size}}"
    if len(digits) != size or not (digits.isascii() and digits.isdigit()):
        raise Refused(f"{grant['label']}: must be {size} digits")
    return grant | {"number": digits}


def _admit(settings, issuer, now, before, used):
    try:
        Config(issuer.settings, issuer.packed)
        admit(settings, issuer.grants, int(now), before, used)
    except AdmissionError as error:
        raise Refused("\n".join(error.complaints)) from error
    except ConfigError as error:
        raise Refused(str(error)) from error


def _share(record, table, known):
    """What this computer may issue: of a grant that is new everything, of another one's serials those that are new."""
    share = {}
    for i in range(len(table)):
        grant_id, serials = table.id(i), range(table.serials(i))
        if grant_id not in known:
            share[grant_id] = list(serials)
            continue
        had = record.table.serials(record.table.index(grant_id))
        mine = [serial for serial in record.share.get(grant_id, []) if serial in serials]
        share[grant_id] = mine + [serial for serial in serials if serial >= had]
    return share


def _next(record, table):
    events = [table.id(i) for i in range(len(table)) if table.kind(i) == EVENT]
    kept = {grant_id: record.next.get(grant_id, 0) for grant_id in events if grant_id in record.share}
    return kept | {grant_id: 0 for grant_id in events if grant_id not in kept and grant_id not in record.used}
