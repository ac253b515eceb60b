"""From the set-up lines of a session to the lock they describe."""

import json
import re
from dataclasses import dataclass

from firmware.config import ConfigError
from firmware.core.bounds import check_grants
from firmware.core.budget import Budget
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.stretch import KEY_SIZE
from firmware.core.words import EVENT, INTERVAL, NUMBER, OWNER, REMOTE, UNLOCK
from host_sim.provision import Issuer, LockConfig
from host_sim.session.other_end import radio

GRANT_FORMS = ("interval", "event", "number", "owner")
OWNER_DIGITS = 12
NUMBER_DIGITS = 10  # of a number chosen elsewhere, unless the line says how many
APPROVAL = "approval"  # as a second part: by radio

_KINDS = {"interval": INTERVAL, "event": EVENT, "number": NUMBER, "owner": NUMBER}
_OTP_KEY_SIZE = 20
_SAME_NAME = ("digits", "check", "sha256", "step", "offset", "serials", "early", "window", "uses", "unpredictable")
_OTHER_NAME = {
    "before": "grace_before",
    "after": "grace_after",
    "max-u": "max_u",
    "may": "permissions",
    "revoked": "revoked",
}


@dataclass(frozen=True)
class Numbers:
    """What the lock calls by a number and a session by a name: grants, issuers and schedules, each counted from 1."""

    grants: dict
    issuers: dict
    schedules: dict

    @classmethod
    def of(cls, lines):
        """Those of the set-up in `lines`."""
        return cls(
            _counted([label(line) for line in of_form(lines, *GRANT_FORMS)]),
            _counted([line.fields["issuer"] for line in of_form(lines, "issuer")]),
            _counted([line.fields["schedule"] for line in of_form(lines, "schedule")]),
        )

    def unknown(self, line):
        """What is wrong with the names that a grant's line refers to, or None."""
        second = line.fields.get("second", APPROVAL)
        if second != APPROVAL and second not in self.grants:
            return f"there is no grant `{second}` to come second"
        if line.fields.get("by", None) not in {None, *self.issuers}:
            return f"there is no issuer `{line.fields['by']}`"
        if line.fields.get("schedule", None) not in {None, *self.schedules}:
            return f"there is no schedule `{line.fields['schedule']}`"
        return None


def _counted(names):
    return {name: number for number, name in enumerate(names, start=1)}


def of_form(lines, *forms):
    """Those of `lines` that have one of `forms`."""
    return [line for line in lines if line.form in forms]


def start(session):
    """The unix second at which the session begins."""
    return _start(session.setup)


def _start(lines):
    return of_form(lines, "clock")[0].fields["clock"].unix(0)


def known_codes(session):
    """Digits by name that need not be issued: numbers chosen elsewhere, and the owner's code."""
    return {label(line): number(line) for line in of_form(session.setup, "number", "owner")}


def grant_ids(session):
    """Number of each grant by its label."""
    return Numbers.of(session.setup).grants


def gateway(session):
    """Number of the issuer who runs the gateway, None for a lock without a radio."""
    for line in of_form(session.setup, "gateway"):
        return Numbers.of(session.setup).issuers[line.fields["gateway"]]
    return None


def checked_lengths(session):
    """Typed lengths at which codes end in a check digit."""
    grants = _trial_table(session.setup)
    return {grants.length(i) for i in range(len(grants)) if grants.check(i)}


def lock_config(session):
    """The lock of the session's set-up."""
    return _lock_config(session.setup)


def _lock_config(setup):
    numbers = Numbers.of(setup)
    config = LockConfig(grants=[_described_grant(line, numbers) for line in of_form(setup, *GRANT_FORMS)])
    config.buckets = buckets(setup) or None
    config.settings = _settings(setup)
    for line in of_form(setup, "gateway"):
        config.radio = radio(numbers.issuers[line.fields["gateway"]])
    if of_form(setup, "no settings"):
        config.settings = None
    for line in of_form(setup, "partition", "no partition"):
        config.sectors = line.fields.get("sectors")
    return config


def buckets(lines):
    """The buckets that `lines` name: (typed length, burst, refill in seconds)."""
    return [tuple(line.fields[word] for word in ("bucket", "burst", "every")) for line in of_form(lines, "bucket")]


def _settings(setup):
    fields = {
        "schedules": [line.fields["windows"] for line in of_form(setup, "schedule")],
        "issuers": [
            [number, line.fields["issuer"], line.fields["may"], line.fields["quota"]]
            for number, line in enumerate(of_form(setup, "issuer"), start=1)
        ],
    }
    for line in of_form(setup, "zone"):
        fields["zone"] = line.fields["zone"]
    return fields | {line.fields["setting"]: _value(line.fields["="]) for line in of_form(setup, "setting")}


def _value(word):
    """A setting as it is written: a number, true or false where it reads as such, else text."""
    try:
        return json.loads(word)
    except ValueError:
        return word


def _described_grant(line, numbers):
    return grant_fields(line, numbers) | ({"number": number(line)} if line.form in ("number", "owner") else {})


def label(line):
    """The label of the grant that a line of set-up describes."""
    return "owner" if line.form == "owner" else line.fields["grant"]


def number(line):
    """The digits that open by a `number` or `owner` line: the last ones of what was named."""
    if line.form == "owner":
        return line.fields["owner"]
    digits = re.sub(r"\D", "", line.fields["number"])
    return digits[-line.fields.get("last", NUMBER_DIGITS) :]


def grant_fields(line, numbers):
    """The grant of one line as keyword arguments of `pack_grant`, all but its key."""
    fields = line.fields
    found = {"kind": _KINDS[line.form], "label": label(line)}
    found |= {name: fields[name] for name in _SAME_NAME if name in fields}
    found |= {name: fields[word] for word, name in _OTHER_NAME.items() if word in fields}
    for word in ("from", "until"):
        if word in fields:
            found["valid_" + word] = fields[word].unix(0)
    if "second" in fields:
        found["second"] = REMOTE if fields["second"] == APPROVAL else numbers.grants[fields["second"]]
    if "by" in fields:
        found["issuer"] = numbers.issuers[fields["by"]]
    if "schedule" in fields:
        found["schedule"] = numbers.schedules[fields["schedule"]]
    if line.form == "owner":
        found |= {"permissions": UNLOCK | OWNER, "uses": 0}
    return found


def trial_grant(line, numbers):
    """The line's grant as a packed record with a key that opens nothing: raises GrantError for what no lock takes."""
    fields = grant_fields(line, numbers) | {"id": numbers.grants[label(line)]}
    if line.form in ("number", "owner"):
        return pack_grant(key=bytes(KEY_SIZE), digits=len(number(line)), **fields)
    return pack_grant(key=bytes(_OTP_KEY_SIZE), **fields)


def check_table(lines):
    """Raise GrantError or BudgetError for grants and buckets that no lock takes together."""
    grants = _trial_table(lines)
    check_grants(grants)
    rules = buckets(lines)
    if rules:
        Budget(rules, grants)


def check_set(lines):
    """Raise AdmissionError for what no lock should be given; settings that are wrong by themselves are the lock's."""
    config = _lock_config(lines)
    if config.settings is None:
        return
    try:
        Issuer(config).admit(_start(lines))
    except ConfigError:
        pass


def _trial_table(lines):
    numbers = Numbers.of(lines)
    return Grants(b"".join(trial_grant(line, numbers) for line in of_form(lines, *GRANT_FORMS)))
