"""Admission: whether a set of settings and grants may become the lock's, looked at as a whole.

Each grant and each setting is right by itself before it comes here (`bounds.py`, `config.py`). Here they are held
against each other, against the time and against the set that counts so far, and everything that is wrong is told at
once. For whoever changes the set, on a computer, at the keypad or by radio; a wake never loads it.
"""

from micropython import const

from firmware.core.grants import Grants
from firmware.core.newcomer import AdmissionError, chance, identity, issued, quotas, secret, times
from firmware.core.schedule import problems
from firmware.core.zone import Zone, ZoneError

_ISSUERS = const(255)
_LABEL_SIZE = const(12)
_ALL_POWERS = const(127)


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
        own = secret(grants, i)
        about = list(issued(grants, i, powers)) + list(identity(grants, i, before, used, keys.get(own, 0)))
        keys.setdefault(own, grants.id(i))
        about += times(grants, i, settings, now, before, not wrong_times)
        told += [f"grant {grants.id(i)}: {text}" for text in about]
    told += quotas(issuers, grants, now)
    told += chance(settings, grants)
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
