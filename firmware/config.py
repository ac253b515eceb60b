"""Settings and grants as the lock uses them, checked to the last field.

A lock with a setting that is missing, unknown or out of range stays closed: a typing error must show at once, not on the
night when it matters.
"""

import binascii
import json

from firmware.core.grants import GrantError, Grants, check_grants

_RANGES = {
    "relock_s": (1, 120),
    "ajar_s": (10, 3600),
    "battery_min_mv": (3600, 6000),
    "battery_low_mv": (3600, 6400),
}
_HEX = {"lock": 8, "journal": 8, "salt": 16}
_OTHER = ("buckets", "mute")
_LENGTHS = range(6, 13)


class ConfigError(Exception):
    """Something in the settings or grants cannot be used; the text names it."""


class Config:
    """What the vault holds, parsed: `settings` is JSON, `grants` the packed table. Raises ConfigError.

    lock, journal, salt: bytes; buckets: tuples (typed length, burst, refill in seconds per entry); relock_s, ajar_s: s;
    battery_min_mv: below this the motor is not driven, battery_low_mv: below this the log says so; mute: no buzzer.
    """

    def __init__(self, settings, grants):
        fields = _parse(settings)
        for name, size in _HEX.items():
            setattr(self, name, _octets(fields, name, size))
        for name, (low, high) in _RANGES.items():
            setattr(self, name, _number(fields[name], name, low, high))
        if not isinstance(fields["mute"], bool):
            raise ConfigError("mute: must be true or false")
        self.mute = fields["mute"]
        self.buckets = _buckets(fields["buckets"])
        self.grants = _grants(grants)


def _parse(settings):
    try:
        fields = json.loads(bytes(settings).decode())
    except (ValueError, UnicodeError):
        raise ConfigError("settings: not JSON")
    if not isinstance(fields, dict):
        raise ConfigError("settings: not an object")
    known = set(_RANGES) | set(_HEX) | set(_OTHER)
    for name in fields:
        if name not in known:
            raise ConfigError(f"{name}: unknown setting")
    for name in known:
        if name not in fields:
            raise ConfigError(f"{name}: missing")
    return fields


def _octets(fields, name, size):
    value = fields[name]
    try:
        octets = binascii.unhexlify(value)
    except (ValueError, TypeError):
        octets = b""
    if len(octets) != size:
        raise ConfigError(f"{name}: must be {2 * size} hexadecimal digits")
    return octets


def _number(value, name, low, high):
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{name}: must be a whole number from {low} to {high}")
    return value


def _buckets(rows):
    if not isinstance(rows, list):
        raise ConfigError("buckets: must be a list")
    lengths = set()
    buckets = []
    for row in rows:
        if not isinstance(row, list) or len(row) != 3:
            raise ConfigError("buckets: each needs length, burst and refill")
        length = _number(row[0], "buckets: length", _LENGTHS[0], _LENGTHS[-1])
        if length in lengths:
            raise ConfigError(f"buckets: length {length} stands twice")
        lengths.add(length)
        burst = _number(row[1], "buckets: burst", 1, 100)
        buckets.append((length, burst, _number(row[2], "buckets: refill", 60, 2_592_000)))
    return tuple(buckets)


def _grants(packed):
    try:
        grants = Grants(packed)
        check_grants(grants)
    except GrantError as error:
        raise ConfigError(str(error))
    return grants
