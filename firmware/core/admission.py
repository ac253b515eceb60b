"""Admission: whether a set of settings and grants may become the lock's, looked at as a whole.

Each grant and each setting is right by itself before it comes here (`bounds.py`, `config.py`). Here they are held
against each other, against the time and against the set that counts so far, and everything that is wrong is told at
once. For whoever changes the set, on a computer, at the keypad or by radio; a wake never loads it.
"""

from micropython import const

from firmware.core.budget import misfits
from firmware.core.grants import Grants
from firmware.core.risk import exceeds, risk
from firmware.core.schedule import Schedules, problems
from firmware.core.words import NUMBER, PERMISSIONS
from firmware.core.zone import Zone, ZoneError

_DAY = const(86400)
_ISSUERS = const(255)
_LABEL_SIZE = const(12)
_ALL_POWERS = const(127)


class AdmissionError(ValueError):
    """A set that must not become the lock's; `complaints` are texts that tell all that is wrong with it."""

    def __init__(self, complaints):
        super().__init__("; ".join(complaints))
        self.complaints = complaints


def admit(settings, grants, now, before=None, used=()):
    """Raise AdmissionError if anything speaks against the set at unix second `now`.

    settings: dictionary as `Config` reads it, right by itself; grants: table that has passed `check_grants`. before:
    the grants that count so far, None for none: what they were admitted for may be over by now. used: ids ever given.
    """
    told = list(_issuers(settings["issuers"]))
    issuers = [row for row in settings["issuers"] if _has_shape(row)]
    powers = {row[0]: row[2] for row in issuers}
    wrong_times = list(_schedules(settings))
    told += wrong_times
    before = Grants(b"") if before is None else before
    keys = {}
    for i in range(len(grants)):
        about = list(_issued(grants, i, powers)) + list(_identity(grants, i, before, used, keys))
        about += _times(grants, i, settings, now, before, not wrong_times)
        told += [f"grant {grants.id(i)}: {text}" for text in about]
    told += _quotas(issuers, grants, now)
    told += _risk(settings, grants)
    if told:
        raise AdmissionError(told)


def _has_shape(row):
    return isinstance(row, list) and [type(value) for value in row] == [int, str, int, int]


def _issuers(rows):
    """What is wrong with the issuers by themselves: [number, label, permissions, quota] each."""
    numbers, labels = set(), set()
    for place, row in enumerate(rows, 1):
        if not _has_shape(row):
            yield f"issuers: row {place} must be [number, label, permissions, quota]"
            continue
        number, label, powers, quota = row
        if not 1 <= number <= _ISSUERS:
            yield f"issuer {number}: number must be 1 to {_ISSUERS}"
        if number in numbers:
            yield f"issuer {number}: is there twice"
        if not 1 <= len(label.encode()) <= _LABEL_SIZE:
            yield f"issuer {number}: label must have 1 to {_LABEL_SIZE} bytes"
        if label in labels:
            yield f"issuer {number}: label {label} is there twice"
        if not 1 <= powers <= _ALL_POWERS:
            yield f"issuer {number}: permissions {powers}, must be 1 to {_ALL_POWERS}"
        if quota < 0:
            yield f"issuer {number}: quota {quota}, must not be negative"
        numbers.add(number)
        labels.add(label)


def _schedules(settings):
    """What is wrong with the time zone and the schedules, also with those that no grant has."""
    try:
        Zone(settings["zone"])
    except ZoneError as error:
        yield f"zone: {error}"
    for number, windows in enumerate(settings["schedules"], 1):
        for text in problems(windows):
            yield f"schedule {number}: {text}"


def _issued(grants, i, powers):
    """Whether the issuer of grant `i` is known and may give what it gives; the owner, number 0, may give all."""
    issuer = grants.issuer(i)
    if not issuer or grants.revoked(i):
        return
    if issuer not in powers:
        yield f"there is no issuer {issuer}"
        return
    beyond = grants.permissions(i) & ~powers[issuer]
    names = [name for bit, name in enumerate(PERMISSIONS) if beyond >> bit & 1]
    if names:
        yield f"permissions that issuer {issuer} has not: " + ", ".join(names)


def _identity(grants, i, before, used, keys):
    """Whether it is a grant of its own: `keys` holds the secrets of those before it in the table, with their ids.

    Two that share a key, or a number, would open by the same digits. HMAC fills a short key up with zeros (RFC 2104 2).
    """
    secret = (grants.kind(i) == NUMBER, grants.key(i).rstrip(b"\0"))
    if secret in keys:
        yield f"same {'number' if secret[0] else 'key'} as grant {keys[secret]}: one code would be of both"
    keys.setdefault(secret, grants.id(i))
    j = before.index(grants.id(i))
    if j >= 0 and (before.kind(j), before.key(j)) != (grants.kind(i), grants.key(i)):
        yield "its id belongs to another grant"
    if j < 0 and grants.id(i) in used:
        yield "its id was used before"


def _times(grants, i, settings, now, before, known):
    """Whether any of its codes can ever open, for a grant that is new or has changed its times.

    known: whether schedules and zone are right, so that it can be said when they are open.
    """
    since, until, number = grants.valid_from(i), grants.valid_until(i), grants.schedule(i)
    if number > len(settings["schedules"]):
        yield f"there is no schedule {number}"
        return
    j = before.index(grants.id(i))
    if grants.revoked(i) or j >= 0 and (before.valid_until(j), before.schedule(j)) == (until, number):
        return
    if until and until <= now:
        yield "valid until lies in the past"
    elif until and number and known:
        zone = Zone(settings["zone"])
        if not _opens(settings["schedules"][number - 1], zone, max(since, now), until):
            yield f"schedule {number} is closed for as long as the grant is valid"


def _opens(windows, zone, since, until):
    """Whether the windows are open at any unix second from `since` to before `until`.

    If they are, then at `since`, where a window begins, or at the change of the clocks that a window is cut short by.
    """
    if until - since >= 8 * _DAY:
        return True
    schedules = Schedules([windows], zone)
    instants = [since, zone.next_change(since) or since]
    for day in range(since // _DAY - 1, until // _DAY + 2):
        for offset in (zone.offset(since), zone.offset(until)):
            instants += [day * _DAY + window[1] * 60 - offset for window in windows]
    return any(since <= t < until and schedules.allows(1, t) for t in instants)


def _quotas(issuers, grants, now):
    """Which issuers have more codes outstanding than they may."""
    quotas = {number: max(0, quota) for number, _, _, quota in issuers}
    for number in sorted(quotas):
        codes = 0
        for i in range(len(grants)):
            past = 0 < grants.valid_until(i) <= now
            if grants.issuer(i) == number and not grants.revoked(i) and not past:
                codes += grants.candidates(i)
        if codes > quotas[number]:
            yield f"issuer {number}: {codes} codes outstanding, quota {quotas[number]}"


def _risk(settings, grants):
    """Whether each typed length has its bucket, and a stranger's chance of a year keeps to the bound."""
    unfit = list(misfits([row[0] for row in settings["buckets"]], grants))
    if unfit:
        return unfit
    total = risk(grants, settings["buckets"])[1]
    if exceeds(total, settings["risk_one_in"]):
        return ["risk: a stranger opens with a chance of %.1e a year, above 1 in %d" % (total, settings["risk_one_in"])]
    return []
