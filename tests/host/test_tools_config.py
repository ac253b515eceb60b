"""The file lock.toml: what it means, and all that is wrong with it at once, each where it stands."""

from pathlib import Path

import pytest

from firmware.core.words import EVENT, INTERVAL, NUMBER, OWNER, REMOTE, UNLOCK
from tools.config import fields
from tools.config.reader import ConfigErrors, load, parse

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "lock.example.toml"

NOW = 1_772_438_400

SMALL = """\
[[bucket]]
length = 9
burst = 10
refill = "8h"

[[grant]]
id = 1
label = "couriers"
kind = "event"
digits = 8
check = true
"""


def errors_of(text):
    with pytest.raises(ConfigErrors) as caught:
        parse(text)
    return caught.value.errors


def test_the_examples_radio_is_one_without_its_signs():
    plain, signs = EXAMPLE.read_text(encoding="utf-8").split("# [radio]\n")
    radio = parse(plain + "[radio]\n" + signs.replace("\n# ", "\n").removeprefix("# "), NOW).radio
    assert (radio["gateway"], radio["security"], radio["often_s"], radio["rarely_s"]) == (1, "certificate", 300, 3600)
    assert len(bytes.fromhex(radio["user"])) == 8


def test_the_example_is_a_lock():
    lock = load(EXAMPLE, NOW)
    grants = lock.table()
    assert [grants.label(i) for i in range(len(grants))] == ["app", "couriers", "locksmith", "owner"]
    assert [grants.kind(i) for i in range(len(grants))] == [INTERVAL, EVENT, EVENT, NUMBER]
    assert [grants.length(i) for i in range(len(grants))] == [6, 9, 9, 12]
    assert (grants.issuer(0), grants.issuer(1), grants.schedule(1)) == (1, 2, 1)
    assert grants.permissions(3) == UNLOCK | OWNER
    assert lock.buckets == ((6, 5, 4 * 86400), (9, 10, 8 * 3600))
    assert lock.settings["schedules"] == [[[31, 420, 1140], [32, 480, 780]]]
    assert lock.settings["issuers"][1] == [2, "carrier", UNLOCK, 32]
    assert lock.settings["risk_one_in"] == 1000


def test_what_is_left_out_has_a_default():
    lock = parse(SMALL)
    assert lock.settings["relock_s"] == 5 and lock.settings["hold_s"] == 14400
    assert lock.table().window(0) == 16


def test_names_become_numbers():
    lock = parse(
        SMALL
        + 'second = "helper"\nvalid_from = 2026-03-02T08:00:00+01:00\nvalid_until = 2026-04-01T00:00:00Z\n'
        + '[[grant]]\nid = 7\nlabel = "helper"\nkind = "event"\ncheck = true\npermissions = ["approve"]\n'
        + '[[grant]]\nid = 9\nlabel = "hall"\nkind = "interval"\ncheck = true\nsecond = "approval"\nstep = "4h"\n'
    )
    grants = lock.table()
    assert (grants.second(0), grants.second(1), grants.second(2)) == (7, 0, REMOTE)
    assert (grants.valid_from(0), grants.valid_until(0)) == (1772434800, 1775001600)
    assert grants.step(2) == 14400


TEN_ERRORS = """\
[settings]
relock_s = "five"
colour = "red"

[schedules]
night = ["fri 22:00-25:00"]

[[issuer]]
number = 1
label = "house"
quota = 4

[[bucket]]
length = 9
burst = 10
refill = "soon"

[[grant]]
id = 1
label = "couriers"
kind = "event"
digits = 8
window = 70

[[grant]]
id = 2
label = "app"
kind = "interval"
issuer = "hose"
key = "3132"
grace_befor = 4

[[grant]]
id = 1
label = "parcel"
kind = "number"
step = "30s"
"""


def test_ten_errors_are_told_at_once_with_their_lines():
    found = errors_of(TEN_ERRORS)
    assert [line for line, _ in found] == [2, 3, 6, 8, 16, 23, 29, 30, 31, 33, 34, 37]
    for part, (_, text) in zip(
        (
            "relock_s: must be a whole number",
            "colour: unknown",
            "night: expected hours such as 08:00-18:00, up to 24:00, but found 'fri 22:00-25:00'",
            "issuer: permissions is missing",
            "refill: must be a duration",
            "grant 1: window 70, must be 1 to 64",
            "issuer: there is no issuer 'hose'; did you mean house?",
            "key: keys and codes never stand in this file",
            "grace_befor: unknown; did you mean grace_before?",
            "grant: digits is missing",
            "id: 1 stands twice",
            "step: means nothing for a grant of kind number",
        ),
        found,
        strict=True,
    ):
        assert part in text


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("[[grant]\n", 1, "no TOML: "),
        ("a = " + "[" * 20_000, 1, "no TOML: nested too deeply"),
        ("a = 1\nb = \n", 2, "no TOML: invalid value"),
        ("grant = 3\n", 1, "grant: write [[grant]] above each"),
        ("\n[[settings]]\nmute = true\n", 2, "settings: write [settings] above its lines"),
        ("[settings]\nrelock_s = 0\n", 2, "relock_s: must be a whole number from 1 to 120"),
        ("[settings]\nbattery_low_mv = 4000\n", 1, "battery_low_mv: must not be below battery_min_mv"),
        ('[settings]\nmute = false\nzone = "Mars"\n', 3, "zone: "),
        ("[schedules]\nnight = [" + '"mon 22:00-23:00",' * 22 + "]\n", 2, "night: must be a list of 1 to 21 windows"),
        (SMALL.replace("burst = 10", "burst = 101"), 3, "burst must be a whole number from 1 to 100"),
        (SMALL.replace('"8h"', '"31d"'), 4, "refill must be a whole number from 60 to"),
        ("[setings]\nmute = true\n", 1, "setings: unknown; did you mean settings?"),
        ("[settings]\nmute = 1\n", 2, "mute: must be true or false"),
        (SMALL.replace('"event"', '"events"'), 9, 'kind: must be one of "interval", "event", "number"'),
        (SMALL.replace("length = 9", "length = 8"), 6, "typed length 9 of grant 1 has no bucket"),
        (SMALL + '[[bucket]]\nlength = 9\nburst = 1\nrefill = "1h"\n', 13, "length: 9 stands twice"),
        (SMALL + "digits = 8\n", 12, "no TOML: "),
        (SMALL + 'second = "friend"\n', 12, "second: there is no grant 'friend'"),
        (SMALL + "valid_until = 2026-03-02\n", 12, "must be a date and time with offset"),
        (SMALL + 'permissions = ["open"]\n', 12, 'permissions: must be a list of "unlock"'),
        (SMALL + 'schedule = "night"\n', 12, "schedule: there is no schedule 'night'"),
        (SMALL + "valid_from = 2026-03-02T08:00:00Z\nvalid_until = 2026-03-02T08:00:00Z\n", 13, "not after valid from"),
        (SMALL.replace("check = true", 'label = "x"'), 11, "no TOML: "),
        (SMALL.replace('"couriers"', '["couriers"]'), 8, "label: must be text in quotes"),
        (SMALL.replace('"couriers"', '"couriers of the north"'), 8, "label: must have at most 12 bytes"),
        (SMALL.replace("digits = 8", "digits = 5"), 10, "grant 1: digits 5, must be 6 to 9"),
        (SMALL.replace("digits = 8", "digits = -1"), 10, "digits: must not be negative"),
    ],
)
def test_a_mistake_is_told_where_it_stands(text, line, part):
    found = errors_of(text)
    assert len(found) == 1
    assert found[0][0] == line
    assert part in found[0][1]


def test_grants_that_do_not_go_together_are_told():
    other = '[[grant]]\nid = 2\nlabel = "others"\nkind = "event"\ndigits = 9\n'
    assert errors_of(SMALL + other) == [(12, "grant 2: 9 digits typed as grant 1, check digit in one only")]


def test_bounds_of_the_firmware_are_told_each_for_itself():
    text = "[settings]\najar_s = 5\nhold_s = 1\nbattery_min_mv = 1\nbattery_low_mv = 9999\nrisk_one_in = 1\n"
    assert [line for line, _ in errors_of(text)] == [2, 3, 4, 5, 6]


def test_a_mistake_hides_no_other_beside_it():
    text = """\
[[issuer]]
number = 999
label = "house"
permissions = ["unlock"]
quota = 1

[[bucket]]
length = 99
burst = 0
refill = "1s"

[[grant]]
id = 1
label = "couriers"
kind = "event"
issuer = "hose"
bogus = 1
digits = 4
window = 99
"""
    found = errors_of(text)
    assert [line for line, _ in found] == [2, 8, 9, 10, 16, 17, 18, 19]
    assert "number must be 1 to" in found[0][1]


def test_more_than_the_lock_can_keep_is_told():
    full = ", ".join(f'"mon-fri {hour:02}:00-{hour:02}:30"' for hour in range(20))
    rows = "".join(f"s{n} = [{full}]\n" for n in range(8))
    assert errors_of("[schedules]\n" + rows)[0][1].endswith("more than 1280 bytes of the lock's flash")


SET = """\
[[issuer]]
number = 3
label = "carrier"
permissions = ["unlock"]
quota = 20

[schedules]
sundays = ["sun 08:00-09:00"]

"""


def test_what_speaks_against_the_set_is_told_at_once():
    text = SET + SMALL + 'issuer = "carrier"\nvalid_until = 2026-02-01T00:00:00Z\n'
    text += '[[grant]]\nid = 2\nlabel = "more"\nkind = "event"\ncheck = true\nissuer = "carrier"\nwindow = 21\n'
    text += 'permissions = ["unlock", "duress"]\n'
    text += '[[grant]]\nid = 3\nlabel = "never"\nkind = "event"\ncheck = true\nschedule = "sundays"\n'
    text += "valid_from = 2026-03-02T00:00:00Z\nvalid_until = 2026-03-03T00:00:00Z\n"
    with pytest.raises(ConfigErrors) as caught:
        parse(text, NOW)
    assert caught.value.errors == [
        (1, "issuer 3: 21 codes outstanding, quota 20"),
        (22, "grant 1: valid until lies in the past"),
        (30, "grant 2: permissions that issuer 3 has not: duress"),
        (36, "grant 3: schedule 1 is closed for as long as the grant is valid"),
    ]


def test_a_file_that_is_no_text_or_too_long_is_told(tmp_path):
    file = tmp_path / "lock.toml"
    file.write_bytes(b"# one\n# two \xff\n")
    with pytest.raises(ConfigErrors, match="line 2: not UTF-8 text"):
        load(file, NOW)
    file.write_bytes(b"#" * (1 << 21))
    with pytest.raises(OSError, match="more than"):
        load(file, NOW)


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        (["mon 08:00-09:30"], [[1, 480, 570]]),
        (["mon-sun 00:00-24:00"], [[127, 0, 1440]]),
        (["sat,sun 10:00-12:00", "tue 00:00-00:01"], [[96, 600, 720], [2, 0, 1]]),
        (["fri-mon 01:00-02:00"], [[113, 60, 120]]),
        (["daily 08:00-12:00 and sat 13:00-14:00"], [[127, 480, 720], [32, 780, 840]]),
        (["sun 22:00-02:00"], [[64, 1320, 1440], [1, 0, 120]]),
        (["fri 22:00-00:00"], [[16, 1320, 1440]]),
    ],
)
def test_windows_of_a_week(value, rows):
    assert fields.windows(value) == rows


@pytest.mark.parametrize(
    "value", ["mon 08:00-09:00", [], ["8-9"], ["mo 08:00-09:00"], ["mon 08:60-09:00"], ["mon 08:00-08:00"], [7], [""]]
)
def test_what_is_no_window_is_refused(value):
    with pytest.raises(fields.FieldError):
        fields.windows(value)


@pytest.mark.parametrize("value", ["8", "8 h", "-1s", "1w", 9, True, None, "", "1.5h", "٣s"])
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(fields.FieldError):
        fields.duration(value)
