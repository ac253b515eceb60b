"""A lock's keys for the gateway that is to command it: a table of its own at the end of the gateway's key file."""

import json

from firmware.core.words import OWNER
from tools.gateway.keyfile import load
from tools.log.files import read
from tools.owner.keep import KeepError
from tools.owner.record import ROOT_SIZE
from tools.replace import replace

_LIMIT = 16 << 20


def introduce(record, path):
    """Have the lock of `record` in the key file at `path`, which only its owner can read from then on.

    The gateway is the issuer whom the radio's settings name, or else the first owner. Raises KeepError: it is there
    already, or no issuer may command; KeyFileError for a file that does not read well with it; OSError.
    """
    text = read(path, _LIMIT).decode("utf-8", "replace")
    lock = record.lock_id.hex()
    if f'"{lock}"' in text:
        raise KeepError(f"{path} has {record.label} already: its keys there may be newer, by a rotation, and stay")
    owners = [row[0] for row in record.settings["issuers"] if row[2] & OWNER]
    number = record.radio["settings"]["gateway"] if record.radio else next(iter(owners), 0)
    if number not in owners:
        raise KeepError(f'no issuer of {record.label} has the permission "owner", which a gateway wants')
    fields = {
        "id": lock,
        "label": record.label,
        "issuer": number,
        "epoch": 1,
        "root": record.secret(f"root {number}", ROOT_SIZE).hex(),
        "log_key": record.issuer.audit_key.hex(),
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
    made = "\n".join([text.rstrip("\n"), "", "[[lock]]", *lines, ""])
    replace(path, made.encode(), load)
