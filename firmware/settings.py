"""What must be true of settings and grants before a lock works with them.

A lock with a setting that is missing, unknown or out of range stays closed: a typing error must show at once, not on
the night when it matters.
"""

import binascii
import json

from firmware.config import ConfigError
from firmware.core.bounds import MAX_SCHEDULES, GrantError, check_grants
from firmware.core.budget import Budget, BudgetError
from firmware.core.grants import Grants
from firmware.core.schedule import ScheduleError, Schedules
from firmware.core.zone import Zone, ZoneError

_RANGES = {
    "relock_s": (1, 120),
    "ajar_s": (10, 3600),
    "battery_min_mv": (3600, 6000),
    "battery_low_mv": (3600, 6400),
    "hold_s": (60, 43200),
    "risk_one_in": (10, 1000000),
}
_OCTETS = {"lock": 8, "journal": 8, "salt": 16, "mac": 16}

# every setting there is; the log names one by its place
SETTINGS = (
    "lock",
    "journal",
    "salt",
    "buckets",
    "relock_s",
    "ajar_s",
    "battery_min_mv",
    "battery_low_mv",
    "mute",
    "mac",
    "grants",
    "zone",
    "schedules",
    "issuers",
    "hold_s",
    "risk_one_in",
    "command",
)

_COMMAND = "command"  # there once a command by radio has changed the set
_BESIDE = "grants"  # in the vault, and not among the JSON settings

MAX_ROWS = MAX_SCHEDULES  # and of issuers
_LENGTHS = (6, 12)
_REFILL_S = (60, 30 * 86400)


def check(settings, grants):
    """Raise ConfigError unless `settings`, a JSON object, and `grants`, a packed table, are right to the last field."""
    fields = _parse(settings)
    for name, size in _OCTETS.items():
        _octets(fields, name, size)
    for name, (low, high) in _RANGES.items():
        _number(name, "", fields[name], low, high)
    if fields["battery_low_mv"] < fields["battery_min_mv"]:
        raise _wrong("battery_low_mv", "must not be below battery_min_mv")
    if not isinstance(fields["mute"], bool):
        raise _wrong("mute", "must be true or false")
    table = _grants(grants)
    _budget(fields["buckets"], table)
    _schedules(fields, table)
    _command(fields.get(_COMMAND))


def _wrong(setting, text):
    return ConfigError(setting, text, SETTINGS.index(setting) + 1 if setting in SETTINGS else 0)


def _parse(settings):
    try:
        fields = json.loads(bytes(settings).decode())
    except (ValueError, UnicodeError, RuntimeError):  # the last: nested too deeply
        raise _wrong("settings", "not JSON")
    if not isinstance(fields, dict):
        raise _wrong("settings", "not a JSON object")
    for name in fields:
        if name not in SETTINGS or name == _BESIDE:
            raise _wrong(name, "unknown setting")
    for name in SETTINGS:
        if name not in fields and name not in (_BESIDE, _COMMAND):
            raise _wrong(name, "missing")
    return fields


def _octets(fields, name, size):
    value = fields[name]
    try:
        octets = binascii.unhexlify(value)
    except (ValueError, TypeError):
        octets = b""
    if len(octets) != size:
        raise _wrong(name, f"must be {2 * size} hexadecimal digits")


def _number(setting, what, value, low, high):
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise _wrong(setting, f"{what}must be a whole number from {low} to {high}")
    return value


def _budget(rows, grants):
    if not isinstance(rows, list):
        raise _wrong("buckets", "must be a list")
    buckets = {}
    for row in rows:
        if not isinstance(row, list) or len(row) != 3:
            raise _wrong("buckets", "each must be [length, burst, refill]")
        length = _number("buckets", "length ", row[0], *_LENGTHS)
        if length in buckets:
            raise _wrong("buckets", f"length {length} stands twice")
        burst = _number("buckets", "burst ", row[1], 1, 100)
        buckets[length] = (length, burst, _number("buckets", "refill ", row[2], *_REFILL_S))
    try:
        Budget(buckets.values(), grants)
    except BudgetError as error:
        raise _wrong("buckets", str(error))


def _grants(packed):
    try:
        grants = Grants(packed)
        check_grants(grants)
    except GrantError as error:
        raise _wrong("grants", str(error))
    return grants


def _command(mark):
    if mark is None:
        return
    if not isinstance(mark, list) or len(mark) != 3:
        raise _wrong(_COMMAND, "must be [issuer, key epoch, counter]")
    for value, high in zip(mark, (255, 255, 0xFFFFFFFF)):
        _number(_COMMAND, "each ", value, 1, high)


def _schedules(fields, grants):
    for name in ("schedules", "issuers"):
        if not isinstance(fields[name], list) or len(fields[name]) > MAX_ROWS:
            raise _wrong(name, f"must be a list of at most {MAX_ROWS}")
    if not isinstance(fields["zone"], str):
        raise _wrong("zone", "must be text")
    highest = max([grants.schedule(i) for i in range(len(grants))] or [0])
    if not highest:
        return
    if highest > len(fields["schedules"]):
        raise _wrong("schedules", f"there is no schedule {highest}")
    try:
        Schedules(fields["schedules"], Zone(fields["zone"]))
    except ScheduleError as error:
        raise _wrong("schedules", str(error))
    except ZoneError as error:
        raise _wrong("zone", str(error))
