import json

from firmware.config import SETTINGS, Config, ConfigError
from firmware.core.packing import pack_grant
from firmware.core.words import EVENT

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
}
GRANTS = pack_grant(id=1, kind=EVENT, key=bytes(range(20)), digits=8, check=True)


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
    assert (config.relock_s, config.ajar_s, config.mute) == (5, 60, False)


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
