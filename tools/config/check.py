"""What the firmware says of settings and buckets, one by one, so that the first mistake hides no other."""

import json

from firmware.config import Config, ConfigError
from firmware.core.admission import AdmissionError, admit
from firmware.core.grants import Grants
from firmware.core.schedule import problems
from firmware.core.zone import Zone, ZoneError
from firmware.store.vault import MAX_SETTINGS
from tools.config.schema import DEFAULTS

_STAND_IN = {"lock": "00" * 8, "journal": "00" * 8, "salt": "00" * 16, "mac": "00" * 16}
_APART = {"battery_min_mv": 3600, "battery_low_mv": 6400}
"""Beside these, either is judged by its own bounds alone."""
_BUCKET = {"length": 9, "burst": 10, "refill": 28800}
"""Likewise."""


def of_setting(name, value):
    """What is wrong with one setting; "" if nothing is."""
    if name == "zone":
        try:
            Zone(value)
        except ZoneError as error:
            return f"zone: {error}"
    return _refused({**_APART, name: value})


def of_bucket(key, value):
    """What is wrong with one field of a bucket; "" if nothing is."""
    return _refused({"buckets": [[*(_BUCKET | {key: value}).values()]]})


def of_issuer(row):
    """What is wrong with (number, label, permissions, quota) of one issuer, a list."""
    try:
        admit(
            {"issuers": [list(row)], "schedules": [], "buckets": [], "zone": "UTC0", "risk_one_in": 1}, Grants(b""), 0
        )
    except AdmissionError as error:
        return error.complaints
    return []


def of_schedule(name, windows):
    """What is wrong with the windows of the schedule called `name`; "" if nothing is."""
    return "".join(f"{name}: {problem}" for problem in problems(windows)[:1])


def of_settings(settings):
    """What is wrong with settings that are right by themselves; "" if nothing is."""
    if len(_written(settings)) > MAX_SETTINGS:
        return f"settings, schedules, issuers and buckets take more than {MAX_SETTINGS} bytes of the lock's flash"
    return _refused(settings)


def _refused(settings):
    try:
        Config(_written(settings), b"")
    except ConfigError as error:
        return str(error)
    return ""


def _written(settings):
    return json.dumps({"buckets": [], "schedules": [], "issuers": []} | _STAND_IN | DEFAULTS | settings).encode()
