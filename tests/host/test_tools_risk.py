"""`make risk`: the figures, the refusal above the bound, and that following its advice ends it."""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.risk import exceeds, risk
from firmware.core.words import EVENT, INTERVAL, NUMBER, OWNER, UNLOCK
from tools.risk import advice, report

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "lock.example.toml"
HOUR = 3600
UNITS = {"d": 24 * HOUR, "h": HOUR}


def app(digits=6, serials=1, **fields):
    return pack_grant(id=1, kind=INTERVAL, key=b"k" * 20, digits=digits, serials=serials, early=0, **fields)


def couriers(digits=8, window=64):
    return pack_grant(id=2, kind=EVENT, key=b"k" * 20, digits=digits, check=True, window=window)


def parcel(digits=10, unpredictable=4):
    return pack_grant(id=3, kind=NUMBER, key=b"k" * 16, digits=digits, unpredictable=unpredictable)


OWNERS = pack_grant(id=4, kind=NUMBER, key=b"o" * 16, digits=12, permissions=UNLOCK | OWNER, uses=0)

ABOVE = [
    ((app(serials=4), couriers(), OWNERS), ((6, 5, 48 * HOUR), (9, 10, 8 * HOUR))),
    ((app(), couriers()), ((6, 100, 60), (9, 10, HOUR))),
    ((app(digits=9), parcel(unpredictable=5)), ((9, 10, 8 * HOUR), (10, 5, 24 * HOUR))),
    ((couriers(),), ((9, 100, 60),)),
]


def command(*words):
    return subprocess.run(
        [sys.executable, "-m", "tools", "risk", *map(str, words)],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "140"},
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_example_is_below_its_bound():
    done = command(EXAMPLE)
    assert done.returncode == 0
    rows = [re.split(r"\s{2,}", line.strip())[:5] for line in done.stdout.splitlines()]
    assert ["6", "3", "1.00e-06", "97", "2.91e-04"] in rows
    assert ["9", "36", "1.02e-08", "1,106", "4.08e-04"] in rows
    assert ["12", "1", "1.00e-12", "2,103,796", "2.10e-06"] in rows
    assert ["whole", "7.01e-04", "1 in 1,426"] in rows
    assert "The bound of 1 in 1,000 is held." in done.stdout


def test_above_the_bound_it_refuses_and_says_what_to_change(tmp_path):
    file = tmp_path / "lock.toml"
    file.write_text(EXAMPLE.read_text().replace('"4d"', '"1d"'))
    done = command(file)
    assert done.returncode == 1
    assert "The bound of 1 in 1,000 is exceeded." in done.stdout
    assert "Typed length 6: any of K 1" in done.stdout
    file.write_text(file.read_text().replace("risk_one_in = 1000", "risk_one_in = 500"))
    assert command(file).returncode == 0


def test_what_is_no_configuration_is_told_with_its_lines(tmp_path):
    file = tmp_path / "lock.toml"
    file.write_text('[settings]\nmute = 3\nrelock_s = "x"\n')
    done = command(file)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"{file}:2: mute: must be true or false",
        f"{file}:3: relock_s: must be a whole number",
    ]
    assert command(tmp_path / "none.toml").returncode == 2


def followed(line, grants, buckets, change):
    """Grants and buckets once the change of one kind that a line of advice names is made; None if it names none."""
    length = int(re.match(r"Typed length (\d+):", line)[1])
    if change == "bucket":
        found = re.search(r"burst (\d+) and refill (\d+)([dh])", line)
        if not found:
            return None
        rule = (length, int(found[1]), int(found[2]) * UNITS[found[3]])
        return grants, tuple(rule if bucket[0] == length else bucket for bucket in buckets)
    found = re.search(r" K (\d+) ", line)
    at = next(at for at, grant in enumerate(grants) if Grants(grant).length(0) == length)
    if not found or Grants(grants[at]).kind(0) != EVENT:
        return None
    fewer = couriers(window=int(found[1]))
    return grants[:at] + (fewer,) + grants[at + 1 :], buckets


@pytest.mark.parametrize("change", ["bucket", "codes"])
@pytest.mark.parametrize(("grants", "buckets"), ABOVE)
def test_who_follows_the_advice_comes_below_the_bound(grants, buckets, change):
    assert exceeds(risk(Grants(b"".join(grants)), buckets)[1], 1000)
    made = 0
    lines = advice(Grants(b"".join(grants)), buckets, 1000)
    for line in lines:
        after = followed(line, grants, buckets, change) or followed(line, grants, buckets, "bucket")
        grants, buckets = after
        made += 1
    total = risk(Grants(b"".join(grants)), buckets)[1]
    assert not exceeds(total, 1000)
    assert total > 1 / 2000
    assert made == len(lines) > 0


def test_more_digits_are_advised_where_they_help_and_fit():
    assert "1 more digit " in advice(Grants(app(serials=4)), ((6, 5, 48 * HOUR),), 1000)[0]
    assert not exceeds(risk(Grants(app(digits=7, serials=4)), ((7, 5, 48 * HOUR),))[1], 1000)
    assert "more digit" not in advice(Grants(app(digits=9, serials=128)), ((9, 100, 60),), 100_000)[0]


def test_where_nothing_helps_it_says_so():
    assert advice(Grants(OWNERS), (), 1_000_000) == [
        "Typed length 12: nothing but fewer grants or another risk_one_in."
    ]


def test_a_lock_without_codes_has_no_risk():
    table, lines, exceeded = report(Grants(b""), (), 1000)
    shown = StringIO()
    Console(width=140, file=shown).print(table)
    assert "nothing can open" in shown.getvalue()
    assert not exceeded
    assert lines == ["The bound of 1 in 1,000 is held."]


def test_the_default_buckets_hold_the_bound():
    """Of an app of six digits with three codes and of couriers' eight with 32, as the rules have them."""
    grants = Grants(app() + couriers(window=32) + OWNERS)
    assert not report(grants, ((6, 5, 48 * HOUR), (9, 10, 8 * HOUR)), 1000)[2]
