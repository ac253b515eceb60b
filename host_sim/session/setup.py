"""From the set-up lines of a session to the lock they describe."""

import re

from firmware.core.grants import pack_grant
from firmware.core.words import EVENT, INTERVAL, NUMBER, OWNER, UNLOCK

GRANT_FORMS = ("interval", "event", "number", "owner")
OWNER_DIGITS = 12
NUMBER_DIGITS = 10  # of a number chosen elsewhere, unless the line says how many

_KINDS = {"interval": INTERVAL, "event": EVENT, "number": NUMBER, "owner": NUMBER}
_SAME_NAME = ("digits", "check", "sha256", "step", "offset", "serials", "early", "window", "uses")


def label(line):
    """The label of the grant that a line of set-up describes."""
    return "owner" if line.form == "owner" else line.fields["grant"]


def number(line):
    """The digits that open by a `number` or `owner` line: the last ones of what was named."""
    if line.form == "owner":
        return line.fields["owner"]
    digits = re.sub(r"\D", "", line.fields["number"])
    return digits[-line.fields.get("last", NUMBER_DIGITS) :]


def grant_fields(line, grant_id):
    """The grant of one line as keyword arguments of `pack_grant`, all but its key."""
    found = {"id": grant_id, "kind": _KINDS[line.form], "label": label(line)}
    found |= {name: line.fields[name] for name in _SAME_NAME if name in line.fields}
    for word, name in (("before", "grace_before"), ("after", "grace_after")):
        if word in line.fields:
            found[name] = line.fields[word]
    for word in ("from", "until"):
        if word in line.fields:
            found["valid_" + word] = line.fields[word].unix(0)
    if line.form in ("number", "owner"):
        found["digits"] = len(number(line))
    if line.form == "owner":
        found |= {"permissions": UNLOCK | OWNER, "uses": 0}
    return found


def trial_grant(line, grant_id):
    """The line's grant as a packed record with a key that opens nothing: raises GrantError for what no lock takes."""
    size = 16 if line.form in ("number", "owner") else 20
    return pack_grant(key=bytes(size), **grant_fields(line, grant_id))
