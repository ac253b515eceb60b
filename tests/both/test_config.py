import json

from firmware.config import Config, ConfigError
from firmware.core.packing import pack_grant
from firmware.core.words import EVENT
from firmware.settings import SETTINGS

GOOD = {
    "lock": "0011223344556677",
    "journal": "8899aabbccddeeff",
    "salt": "00112233445566778899aabbccddeeff",
    "buckets": [[9, 10, 28800]],
    "relock_s": 5,
    "ajar_s": 60,
    "battery_min_mv": 4400,
    "battery_low_mv": 4800,
    "mute": False,
    "mac": "ffeeddccbbaa99887766554433221100",
    "zone": "CET-1CEST,M3.5.0,M10.5.0/3",
    "schedules": [[[31, 480, 1080]], [[64, 0, 1440]]],
    "issuers": [[1, "parcels", 1, 16]],
    "hold_s": 14400,
    "risk_one_in": 1000,
}
KEY = bytes(range(20))
GRANTS = pack_grant(id=1, kind=EVENT, key=KEY, digits=8, check=True)
SCHEDULED = pack_grant(id=1, kind=EVENT, key=KEY, digits=8, check=True, schedule=2)


def complaint(grants=GRANTS, without=None, **changed):
    """The setting that is complained of, or None."""
    settings = dict(GOOD)
    settings.update(changed)
    if without:
        del settings[without]
    try:
        Config(json.dumps(settings).encode(), grants)
    except ConfigError as error:
        assert error.place == (SETTINGS.index(error.setting) + 1 if error.setting in SETTINGS else 0)
        return error.setting
    return None


def test_good_settings_are_read():
    config = Config(json.dumps(GOOD).encode(), GRANTS)
    assert config.lock == b"\x00\x11\x22\x33\x44\x55\x66\x77"
    assert len(config.salt) == 16 and len(config.grants) == 1
    assert (config.relock_s, config.ajar_s, config.mute, config.hold_s) == (5, 60, False, 14400)


def test_schedules_are_made_only_for_a_grant_that_has_one():
    settings = json.dumps(GOOD).encode()
    assert Config(settings, GRANTS).schedules is None
    schedules = Config(settings, SCHEDULED).schedules
    sunday = 1772924400  # 2026-03-07 23:00 UTC, when Sunday begins in Berlin
    assert (schedules.allows(2, sunday - 1), schedules.allows(2, sunday)) == (False, True)


def test_each_missing_setting_is_named():
    for name in GOOD:
        assert complaint(without=name) == name


def test_an_unknown_setting_is_an_error():
    assert complaint(relock_seconds=5) == "relock_seconds"


def test_values_out_of_range_or_of_another_kind_are_named():
    for name, values in {
        "lock": ("", "00", "zz11223344556677", 5, None),
        "salt": ("0011223344556677", []),
        "mac": ("", "ffeeddccbbaa9988", None),
        "relock_s": (0, 121, "5", 5.0, True, None),
        "ajar_s": (9, 3601),
        "battery_min_mv": (3599, 6001),
        "battery_low_mv": (0, 10000, 4399),
        "mute": (0, 1, "no", None),
        "zone": (0, None, []),
        "schedules": ({}, None, [[[127, 0, 1440]]] * 17),
        "issuers": ("", None, [[1, "parcels", 1, 16]] * 17),
        "hold_s": (59, 43201, True),
        "risk_one_in": (9, 1000001, 0.001),
    }.items():
        for value in values:
            assert complaint(**{name: value}) == name, (name, value)


def test_buckets_are_checked():
    for rows in (5, [5], [[9, 10]], [[5, 10, 28800]], [[9, 0, 28800]], [[9, 10, 59]], [[9, 10, 28800]] * 2, []):
        assert complaint(buckets=rows) == "buckets", rows


def test_what_is_no_json_object_is_an_error():
    for settings in (b"", b"{", b"\xff\xfe", b"[]", b"5", b"null"):
        try:
            Config(settings, GRANTS)
        except ConfigError as error:
            assert error.setting == "settings"
            continue
        raise AssertionError(settings)


def test_grants_that_cannot_be_used_are_an_error():
    assert complaint(grants=GRANTS[:-1]) == "grants"
    assert complaint(grants=GRANTS + GRANTS) == "grants"


def test_a_schedule_that_a_grant_has_must_be_there_and_right():
    for schedules in ([], [[[127, 0, 1440]]], [[[127, 0, 1440]], []], [[[127, 0, 1440]], [[127, 480, 480]]]):
        assert complaint(SCHEDULED, schedules=schedules) == "schedules", schedules
    for zone in ("", "CET", "CET-1CEST", "Europe/Berlin"):
        assert complaint(SCHEDULED, zone=zone) == "zone", zone


def test_what_no_grant_needs_keeps_nobody_out():
    assert complaint(schedules=[[]], zone="", issuers=["?"]) is None


def test_the_command_that_made_the_set_is_read_where_there_is_one():
    assert Config(json.dumps(GOOD).encode(), GRANTS).command is None
    settings = dict(GOOD)
    settings["command"] = [7, 2, 0xFFFFFFFF]
    assert Config(json.dumps(settings).encode(), GRANTS).command == (7, 2, 0xFFFFFFFF)
    for wrong in ([7, 2], [0, 2, 5], [7, 256, 5], [7, 2, 0x100000000], [7, 2, "5"], "7", 7, {}):
        assert complaint(command=wrong) == "command"
