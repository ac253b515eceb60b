"""Settings and grants as the lock uses them, checked to the last field.

A lock with a setting that is missing, unknown or out of range stays closed: a typing error must show at once, not on
the night when it matters.
"""

import binascii
import json

from firmware.core.bounds import MAX_SCHEDULES, GrantError, check_grants
from firmware.core.budget import Budget, BudgetError
from firmware.core.grants import Grants

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


class ConfigError(ValueError):
    """Settings or grants that cannot be used; the text says what is wrong, `setting` where (None: not known there)."""

    def __init__(self, setting, text):
        super().__init__(f"{setting}: {text}")
        self.setting = setting

    @property
    def place(self):
        """Place of the setting in SETTINGS, from 1; 0 if there is none of that name."""
        return SETTINGS.index(self.setting) + 1 if self.setting in SETTINGS else 0


class Closed:
    """What a lock without usable settings runs on: it locks itself and opens for nobody."""

    journal = None
    relock_s = 5
    ajar_s = 60
    battery_min_mv = 4400
    battery_low_mv = 4800
    mute = False
    hold_s = 60
    schedules = None


class Config:
    """What the vault holds, parsed: `settings` is a JSON object, `grants` the packed table. Raises ConfigError.

    lock, journal (8 bytes), salt (16 bytes): ids and salt of this lock. mac (16 bytes): key that seals the journal.
    buckets: (typed length, burst in entries, refill in seconds per entry). relock_s: from door closed to bolt thrown.
    ajar_s: from bolt open to the warning. battery_min_mv: below it the motor is not driven; battery_low_mv: below it
    the log says so. mute: no buzzer. hold_s: how long a code may hold the bolt open at most. schedules: a
    `core.schedule.Schedules` if a grant has a schedule, else None. command: (issuer, key epoch, counter) of the command
    by radio that made this set, or None. What only concerns whoever changes the set (issuers,
    risk_one_in, a schedule that nobody has) is looked at by `core.admission`, not at a wake.
    """

    def __init__(self, settings, grants):
        fields = _parse(settings)
        for name, size in _OCTETS.items():
            setattr(self, name, _octets(fields, name, size))
        for name, (low, high) in _RANGES.items():
            setattr(self, name, _number(name, name, fields[name], low, high))
        if self.battery_low_mv < self.battery_min_mv:
            raise ConfigError("battery_low_mv", "must not be below battery_min_mv")
        if not isinstance(fields["mute"], bool):
            raise ConfigError("mute", "must be true or false")
        self.mute = fields["mute"]
        self.grants = _grants(grants)
        self.budget = _budget(fields["buckets"], self.grants)
        self.schedules = _schedules(fields, self.grants)
        self.command = _command(fields.get(_COMMAND))


def _parse(settings):
    try:
        fields = json.loads(bytes(settings).decode())
    except (ValueError, UnicodeError):
        raise ConfigError("settings", "not JSON")
    if not isinstance(fields, dict):
        raise ConfigError("settings", "not a JSON object")
    for name in fields:
        if name not in SETTINGS or name == _BESIDE:
            raise ConfigError(name, "unknown setting")
    for name in SETTINGS:
        if name not in fields and name not in (_BESIDE, _COMMAND):
            raise ConfigError(name, "missing")
    return fields


def _octets(fields, name, size):
    value = fields[name]
    try:
        octets = binascii.unhexlify(value)
    except (ValueError, TypeError):
        octets = b""
    if len(octets) != size:
        raise ConfigError(name, f"must be {2 * size} hexadecimal digits")
    return octets


def _number(setting, what, value, low, high):
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(setting, f"{what} must be a whole number from {low} to {high}")
    return value


def _budget(rows, grants):
    if not isinstance(rows, list):
        raise ConfigError("buckets", "must be a list")
    buckets = {}
    for row in rows:
        if not isinstance(row, list) or len(row) != 3:
            raise ConfigError("buckets", "each must be [length, burst, refill]")
        length = _number("buckets", "length", row[0], *_LENGTHS)
        if length in buckets:
            raise ConfigError("buckets", f"length {length} stands twice")
        burst = _number("buckets", "burst", row[1], 1, 100)
        buckets[length] = (length, burst, _number("buckets", "refill", row[2], *_REFILL_S))
    try:
        return Budget(buckets.values(), grants)
    except BudgetError as error:
        raise ConfigError("buckets", str(error))


def _grants(packed):
    try:
        grants = Grants(packed)
        check_grants(grants)
    except GrantError as error:
        raise ConfigError("grants", str(error))
    return grants


def _command(mark):
    if mark is None:
        return None
    if not isinstance(mark, list) or len(mark) != 3:
        raise ConfigError(_COMMAND, "must be [issuer, key epoch, counter]")
    return tuple([_number(_COMMAND, "each", value, 1, high) for value, high in zip(mark, (255, 255, 0xFFFFFFFF))])


def _schedules(fields, grants):
    for name in ("schedules", "issuers"):
        if not isinstance(fields[name], list) or len(fields[name]) > MAX_ROWS:
            raise ConfigError(name, f"must be a list of at most {MAX_ROWS}")
    if not isinstance(fields["zone"], str):
        raise ConfigError("zone", "must be text")
    highest = max([grants.schedule(i) for i in range(len(grants))] or [0])
    if not highest:
        return None
    if highest > len(fields["schedules"]):
        raise ConfigError("schedules", f"there is no schedule {highest}")
    from firmware.core.schedule import ScheduleError, Schedules
    from firmware.core.zone import Zone, ZoneError

    try:
        return Schedules(fields["schedules"], Zone(fields["zone"]))
    except ScheduleError as error:
        raise ConfigError("schedules", str(error))
    except ZoneError as error:
        raise ConfigError("zone", str(error))
