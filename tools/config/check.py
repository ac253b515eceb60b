"""What the firmware says of settings and buckets, one by one, so that the first mistake hides no other."""

import json

from firmware.config import Config, ConfigError
from firmware.core.schedule import problems
from firmware.core.zone import Zone, ZoneError
from firmware.store.vault import MAX_SETTINGS
from tools.config.schema import DEFAULTS

_STAND_IN = {"lock": "00" * 8, "journal": "00" * 8, "salt": "00" * 16, "mac": "00" * 16}
_APART = {"battery_min_mv": 3600, "battery_low_mv": 6400}
"""Beside these, either is judged by its own bounds alone."""


def of_setting(name, value):
    """What is wrong with one setting; "" if nothing is."""
    if name == "zone":
        try:
            Zone(value)
        except ZoneError as error:
            return f"zone: {error}"
    return _refused({**_APART, name: value})


def of_bucket(row):
    """What is wrong with (typed length, burst, refill) of one bucket; "" if nothing is."""
    return _refused({"buckets": [row]})


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
