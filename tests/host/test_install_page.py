"""docs/install.md: its table and its picture have the firmware's pins, and its commands say what they want."""

import os
import re
import shutil
import subprocess

import pytest

from host_sim import wiring as world
from tests.host.vm import ROOT
from tools import wiring
from tools.config import radio
from tools.config.fields import duration

PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
FORBIDDEN = {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15}
"""Strapping pads, flash, and the serial port."""
ROWS = [
    ("ROWS", "keypad, rows"),
    ("COLUMNS", "keypad, columns"),
    ("MOTOR", "motor bridge"),
    ("LOCKED", "bolt is all out"),
    ("UNLOCKED", "bolt is all in"),
    ("REED", "reed contact"),
    ("BATTERY", "divider"),
    ("SCL", "SCL"),
    ("SDA", "SDA"),
    ("BUZZER", "buzzer"),
    ("LED", "LED"),
    ("MAINTENANCE", "maintenance key"),
]


def test_the_table_has_the_pads_of_the_firmware():
    told = re.findall(r"^\| ([\d, ]+) \| ([^|]+) \|", PAGE, re.MULTILINE)
    pads = wiring.pads()
    assert sorted(pads) == sorted(name for name, _ in ROWS)
    assert len(told) == len(ROWS)
    for (numbers, goes_to), (name, words) in zip(told, ROWS, strict=True):
        assert tuple(map(int, numbers.split(", "))) == pads[name]
        assert words in goes_to


def test_the_picture_is_the_one_that_would_be_drawn():
    assert wiring.FILE.read_text(encoding="utf-8") == wiring.draw(), "run `.venv/bin/python -m tools wiring`"


def test_the_picture_has_each_pad_once_and_none_that_the_chip_needs():
    drawn = [wire.pad for side in wiring.parts() for part in side for wire in part.wires if isinstance(wire.pad, int)]
    assert sorted(drawn) == sorted(pad for pads in wiring.pads().values() for pad in pads)
    assert len(drawn) == len(set(drawn))
    assert not FORBIDDEN & set(drawn)


def test_the_simulated_board_is_wired_the_same():
    pads = wiring.pads()
    assert (pads["ROWS"], pads["COLUMNS"], pads["MOTOR"]) == (world.ROWS, world.COLUMNS, world.MOTOR)
    singles = (
        world.BOLT_LOCKED,
        world.BOLT_UNLOCKED,
        world.REED,
        world.BATTERY,
        world.BUZZER,
        world.LED,
        world.MAINTENANCE,
    )
    names = ("LOCKED", "UNLOCKED", "REED", "BATTERY", "BUZZER", "LED", "MAINTENANCE")
    assert tuple(pads[name][0] for name in names) == singles


def test_every_field_of_a_radio_is_there_with_what_it_is_without():
    table = PAGE.split("\n| `[radio]` | |\n", 1)[1].split("\n\n", 1)[0]
    assert set(re.findall(r"`([a-z]+)`", table)) == set(radio.READERS) | {"owner"}  # a permission
    assert f"| {radio._DEFAULTS['port']};" in table
    told = [duration(text) for text in re.findall(r'`"(\d+[a-z]+)"`', table)]
    assert told == [radio._DEFAULTS["often"], radio._DEFAULTS["rarely"]]


@pytest.mark.parametrize("target", ["image", "flash", "provision", "deploy"])
def test_a_target_without_its_file_or_port_says_what_to_give(target):
    outside_make = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(
        [shutil.which("make"), "--dry-run", target],
        cwd=ROOT,
        env=outside_make,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert re.search(rf"name the .*: make {target} (BASE|PORT)=", done.stderr)
