"""From the set-up lines of a session to the lock they describe."""

import json
import re

from firmware.core.bounds import check_grants
from firmware.core.budget import Budget
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.stretch import KEY_SIZE
from firmware.core.words import EVENT, INTERVAL, NUMBER, OWNER, UNLOCK
from host_sim.lock import LockConfig

GRANT_FORMS = ("interval", "event", "number", "owner")
OWNER_DIGITS = 12
NUMBER_DIGITS = 10  # of a number chosen elsewhere, unless the line says how many

_KINDS = {"interval": INTERVAL, "event": EVENT, "number": NUMBER, "owner": NUMBER}
_OTP_KEY_SIZE = 20
_SAME_NAME = ("digits", "check", "sha256", "step", "offset", "serials", "early", "window", "uses")


def of_form(lines, *forms):
    """Those of `lines` that have one of `forms`."""
    return [line for line in lines if line.form in forms]


def start(session):
    """The unix second at which the session begins."""
    return of_form(session.setup, "clock")[0].fields["clock"].unix(0)


def known_codes(session):
    """Digits by name that need not be issued: numbers chosen elsewhere, and the owner's code."""
    return {label(line): number(line) for line in of_form(session.setup, "number", "owner")}


def checked_lengths(session):
    """Typed lengths at which codes end in a check digit."""
    grants = _trial_table(of_form(session.setup, *GRANT_FORMS))
    return {grants.length(i) for i in range(len(grants)) if grants.check(i)}


def lock_config(session):
    """The lock of the session's set-up."""
    setup = session.setup
    config = LockConfig(grants=[_described_grant(line) for line in of_form(setup, *GRANT_FORMS)])
    config.buckets = buckets(setup) or None
    config.settings = {line.fields["setting"]: _value(line.fields["="]) for line in of_form(setup, "setting")}
    if of_form(setup, "no settings"):
        config.settings = None
    for line in of_form(setup, "partition", "no partition"):
        config.sectors = line.fields.get("sectors")
    return config


def buckets(lines):
    """The buckets that `lines` name: (typed length, burst, refill in seconds)."""
    return [tuple(line.fields[word] for word in ("bucket", "burst", "every")) for line in of_form(lines, "bucket")]


def _value(word):
    """A setting as it is written: a number, true or false where it reads as such, else text."""
    try:
        return json.loads(word)
    except ValueError:
        return word


def _described_grant(line):
    return grant_fields(line) | ({"number": number(line)} if line.form in ("number", "owner") else {})


def label(line):
    """The label of the grant that a line of set-up describes."""
    return "owner" if line.form == "owner" else line.fields["grant"]


def number(line):
    """The digits that open by a `number` or `owner` line: the last ones of what was named."""
    if line.form == "owner":
        return line.fields["owner"]
    digits = re.sub(r"\D", "", line.fields["number"])
    return digits[-line.fields.get("last", NUMBER_DIGITS) :]


def grant_fields(line):
    """The grant of one line as keyword arguments of `pack_grant`, all but its key."""
    found = {"kind": _KINDS[line.form], "label": label(line)}
    found |= {name: line.fields[name] for name in _SAME_NAME if name in line.fields}
    for word, name in (("before", "grace_before"), ("after", "grace_after")):
        if word in line.fields:
            found[name] = line.fields[word]
    for word in ("from", "until"):
        if word in line.fields:
            found["valid_" + word] = line.fields[word].unix(0)
    if line.form == "owner":
        found |= {"permissions": UNLOCK | OWNER, "uses": 0}
    return found


def trial_grant(line, grant_id):
    """The line's grant as a packed record with a key that opens nothing: raises GrantError for what no lock takes."""
    fields = grant_fields(line) | {"id": grant_id}
    if line.form in ("number", "owner"):
        return pack_grant(key=bytes(KEY_SIZE), digits=len(number(line)), **fields)
    return pack_grant(key=bytes(_OTP_KEY_SIZE), **fields)


def check_table(lines):
    """Raise GrantError or BudgetError for grants and buckets that no lock takes together."""
    grants = _trial_table(of_form(lines, *GRANT_FORMS))
    check_grants(grants)
    rules = buckets(lines)
    if rules:
        Budget(rules, grants)


def _trial_table(lines):
    return Grants(b"".join(trial_grant(line, grant_id) for grant_id, line in enumerate(lines, start=1)))
