"""What no line of a session shows by itself: order, names and contradictions. Problems are (line number, text)."""

import re

from firmware.core.admission import AdmissionError
from firmware.core.bounds import GrantError
from firmware.core.budget import BudgetError
from firmware.core.words import OWNER
from host_sim.session.fields import CodeOf
from host_sim.session.grammar import SETUP_NAMES
from host_sim.session.setup import (
    GRANT_FORMS,
    NUMBER_DIGITS,
    OWNER_DIGITS,
    Numbers,
    check_set,
    check_table,
    label,
    of_form,
    trial_grant,
)


def order(lines):
    """Set-up comes before everything that is played."""
    problems, first = [], None
    for line in lines:
        if line.form not in SETUP_NAMES:
            first = first or line.number
        elif first:
            problems.append((line.number, f"set-up must come before the first action (line {first})"))
    return problems


def whole(lines):
    """All other problems of a session whose lines are each right by themselves."""
    if not lines:
        return [(1, "an empty session: expected at least a `clock` line")]
    problems = _clock(lines) + _setup(lines) + (_grants(lines) or _table(lines)) + _names(lines)
    return problems or _set(lines)


def _clock(lines):
    clocks = of_form(lines, "clock")
    if not clocks:
        return [(lines[0].number, "expected a line `clock TIME` among the set-up")]
    problems = [(line.number, f"the clock is already set on line {clocks[0].number}") for line in clocks[1:]]
    if clocks[0].fields["clock"].day is None:
        problems.append((clocks[0].number, "the clock needs a date, as in `clock 2026-03-02 08:00`"))
    return problems


def _setup(lines):
    problems, seen = [], {}
    for line in lines:
        if line.form not in SETUP_NAMES:
            continue
        for what in _subjects(line):
            if what in seen:
                problems.append((line.number, f"{what} is already given on line {seen[what]}"))
            seen.setdefault(what, line.number)
    if "the settings" in seen:
        told = f"the settings are missing, by line {seen['the settings']}"
        problems += [(line.number, told) for line in of_form(lines, "setting")]
    return problems


def _subjects(line):
    """What may be said only once in the set-up, and this line says."""
    if line.form in GRANT_FORMS:
        return [f"the grant `{label(line)}`"]
    if line.form == "bucket":
        return [f"the bucket of length {line.fields['bucket']}"]
    if line.form == "setting":
        return [f"the setting `{line.fields['setting']}`"]
    if line.form == "zone":
        return ["the setting `zone`"]
    if line.form in ("issuer", "schedule"):
        return [f"the {line.form} `{line.fields[line.form]}`"]
    if line.form == "no settings":
        return ["the settings"]
    if line.form == "gateway":
        return ["the gateway"]
    if line.form in ("partition", "no partition"):
        return ["the partition"]
    return []


def _grants(lines):
    """What is wrong with each grant by itself."""
    problems, numbers = [], Numbers.of(lines)
    for line in of_form(lines, *GRANT_FORMS):
        problem = _words_of(line) or numbers.unknown(line)
        if problem is None:
            try:
                trial_grant(line, numbers)
            except GrantError as error:
                problem = str(error).split(": ", 1)[1]
        if problem is not None:
            problems.append((line.number, problem))
    return problems


def _words_of(line):
    """What is wrong with a grant's digits and dates as they are written, or None."""
    if line.form == "owner" and not re.fullmatch(rf"\d{{{OWNER_DIGITS}}}", line.fields["owner"]):
        return f"the owner's code must be {OWNER_DIGITS} digits"
    if line.form == "number":
        wanted, there = line.fields.get("last", NUMBER_DIGITS), len(re.sub(r"\D", "", line.fields["number"]))
        if there < wanted:
            return f"expected a number with at least {wanted} digits, but it has {there}"
    for word in ("step", "offset", "max-u"):
        if line.fields.get(word, 0) % 1:
            return f"`{word}` must be whole seconds"
    validity = [(word, line.fields[word]) for word in ("from", "until") if word in line.fields]
    for word, moment in validity:
        if moment.day is None:
            return f"`{word}` needs a date, as in `{word} 2026-03-02 08:00`"
    if len(validity) == 2 and validity[0][1].unix(0) >= validity[1][1].unix(0):
        return "`until` must be later than `from`"
    return None


def _table(lines):
    """What is wrong with all grants and buckets together."""
    try:
        check_table(lines)
    except (GrantError, BudgetError) as error:
        return [_placed(lines, str(error))]
    return []


def _set(lines):
    """What speaks against giving a lock all of this, each told at the line that it is about."""
    try:
        check_set(lines)
    except AdmissionError as error:
        return [_placed(lines, text) for text in error.complaints]
    return []


def _placed(lines, text):
    """(line number, text) of a complaint of the firmware, with the session's names in place of numbers.

    One that is about a grant, an issuer or a schedule is told there, any other at the last line of grants and buckets.
    """
    subjects = {
        "grant": of_form(lines, *GRANT_FORMS),
        "issuer": of_form(lines, "issuer"),
        "schedule": of_form(lines, "schedule"),
    }

    def line_of(found):
        return dict(enumerate(subjects[found[1]], start=1)).get(int(found[2]))

    def name(found):
        line = line_of(found)
        if line is None:
            return found[0]
        return f"{found[1]} {label(line) if found[1] == 'grant' else line.fields[found[1]]}"

    about = re.match(r"(grant|issuer|schedule) (\d+): ", text)
    line = line_of(about) if about else None
    line = line or (of_form(lines, *GRANT_FORMS, "bucket") or lines)[-1]
    return line.number, re.sub(r"(grant|issuer|schedule) (\d+)\b", name, text)


def _names(lines):
    """Names must be given before they are used, and once."""
    grants = {label(line): line for line in of_form(lines, *GRANT_FORMS)}
    names = {name for name, line in grants.items() if line.form in ("number", "owner")}
    issuers, problems = Numbers.of(lines).issuers, _gateway(lines)
    for line in lines:
        if line.form == "issue":
            problems += [(line.number, problem) for problem in _issue(line, grants, names)]
            names.add(line.fields["as"])
        elif line.form == "type":
            wanted = [part.name for part in line.fields["type"] if isinstance(part, CodeOf)]
            problems += [(line.number, f"no code is named `{name}` by here") for name in wanted if name not in names]
        elif line.form == "command":
            problems += [(line.number, problem) for problem in _command(line, grants)]
        elif line.form in ("log", "no log"):
            problems += [(line.number, problem) for problem in _logged(line, grants, issuers)]
    return problems


def _gateway(lines):
    """What is wrong with the other end of the radio, or with lines that need one."""
    needed = of_form(lines, "command", "ended", "check-in", "access point down", "access point up")
    powers = {line.fields["issuer"]: line.fields["may"] for line in of_form(lines, "issuer")}
    for line in of_form(lines, "gateway"):
        name, needed = line.fields["gateway"], []
        if not powers.get(name, 0) & OWNER:
            return [(line.number, f"there is no issuer `{name}` that may `owner`")]
    return [(line.number, "expected a line `gateway LABEL` among the set-up") for line in needed[:1]]


def _command(line, grants):
    name, wanted = line.fields["command"], line.fields.get("for")
    if (name == "revoke") != (wanted is not None):
        return ["`revoke` needs a grant, as in `command revoke for couriers`, and nothing else does"]
    return [] if wanted in {None, *grants} else [f"there is no grant `{wanted}`"]


def _logged(line, grants, issuers):
    problems = []
    if line.fields.get("for") not in {None, *grants}:
        problems.append(f"there is no grant `{line.fields['for']}`")
    if line.fields.get("by") not in {None, *issuers}:
        problems.append(f"there is no issuer `{line.fields['by']}`")
    return problems


def _issue(line, grants, names):
    wanted = line.fields["issue"]
    if wanted not in grants:
        return [f"there is no grant `{wanted}` to issue from"]
    if line.fields["as"] in names:
        return [f"the name `{line.fields['as']}` is already given"]
    kind = grants[wanted].form
    if kind in ("number", "owner"):
        return [f"`{wanted}` is a number chosen elsewhere: type it as <{wanted}>"]
    wrong = [word for word in ("at", "serial") if word in line.fields and kind != "interval"]
    if wrong:
        return [f"`{wrong[0]}` is for interval grants, and `{wanted}` is an event grant"]
    serials = grants[wanted].fields.get("serials", 1)
    if line.fields.get("serial", 0) >= serials:
        return [f"serial {line.fields['serial']} of `{wanted}`, which has {serials} (counted from 0)"]
    return []
