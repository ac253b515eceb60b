"""The rules of house_rules.py hold for the whole project, and each of them can complain."""

import os
import re
import subprocess

import pytest

from tests.host import house_rules as rules

DEVICE = rules.device_files()
NO_TESTS = DEVICE + [path for folder in ("host_sim", "tools") for path in sorted((rules.ROOT / folder).rglob("*.py"))]


def test_the_device_files_are_found():
    names = {path.relative_to(rules.ROOT).as_posix() for path in DEVICE}
    assert {"boot.py", "main.py", "firmware/app.py", "firmware/board.py", "firmware/core/words.py"} <= names


@pytest.mark.parametrize(
    ("checker", "files"),
    [
        (rules.import_directions, DEVICE),
        (rules.prints, DEVICE),
        (rules.runtime_questions, DEVICE),
        (rules.effects_of_import, [path for path in DEVICE if path.parent != rules.ROOT]),
        (rules.compiles_for_the_chip, DEVICE),
        (rules.asserts, NO_TESTS),
        (rules.lengths, NO_TESTS),
        (rules.private_names, rules.project_files()),
    ],
    ids=lambda value: getattr(value, "__name__", "on"),
)
def test_rule_holds(checker, files):
    assert files
    found = rules.complaints(checker, files)
    assert not found, "\n".join(found)


LONG_FUNCTION = "def long():\n" + "    pass\n" * 39


@pytest.mark.parametrize(
    ("checker", "path", "text", "complaint"),
    [
        (
            rules.import_directions,
            "firmware/core/a.py",
            "from firmware.store import ring",
            "imports firmware.store.ring",
        ),
        (rules.import_directions, "firmware/core/b.py", "from firmware import corelike", "imports firmware.corelike"),
        (
            rules.import_directions,
            "firmware/store/a.py",
            "def f():\n    import firmware.app",
            "a.py:2: imports firmware.app",
        ),
        (rules.import_directions, "firmware/drivers/a.py", "from machine import Pin", "imports machine.Pin"),
        (rules.import_directions, "firmware/app.py", "from firmware import board", "imports firmware.board"),
        (rules.import_directions, "firmware/app.py", "import host_sim.lock", "imports host_sim.lock"),
        (rules.import_directions, "firmware/core/c.py", "from .words import OPENED", "imports .words.OPENED"),
        (rules.import_directions, "firmware/board.py", "from dataclasses import field", "imports dataclasses.field"),
        (rules.import_directions, "main.py", "import esp32", "imports esp32"),
        (rules.import_directions, "firmware/radio/a.py", "", "no rule says"),
        (rules.prints, "firmware/app.py", "def f(code):\n    print(code)", "app.py:2: print"),
        (rules.asserts, "firmware/app.py", "def f(a):\n    assert a", "app.py:2: assert"),
        (
            rules.runtime_questions,
            "boot.py",
            "import sys\nif sys.platform == 'esp32': pass",
            "boot.py:2: asks sys.platform",
        ),
        (rules.runtime_questions, "firmware/app.py", "from sys import implementation", "asks sys.implementation"),
        (rules.effects_of_import, "firmware/app.py", "KEYPAD = Keypad()", "runs when imported"),
        (rules.effects_of_import, "firmware/app.py", "start()", "runs when imported"),
        (rules.effects_of_import, "firmware/app.py", "for i in range(3): pass", "runs when imported"),
        (rules.compiles_for_the_chip, "firmware/a.py", "match 1:\n    case 1: pass", "mpy-cross: "),
        (rules.lengths, "firmware/a.py", "\n" * 300, "300 lines, must be at most 299"),
        (rules.lengths, "main.py", "\n" * 40, "40 lines, must be at most 39"),
        (rules.lengths, "firmware/a.py", LONG_FUNCTION, "long has 40 lines, at most 39"),
        (rules.private_names, "docs/a.md", "see\n`" + "/".join(("", "work", "notes.md")) + "`", "a.md:2: /"),
        (rules.private_names, "Makefile", "pip --index-url https://py" + "pi.org/simple", "Makefile:1: py"),
    ],
)
def test_rule_can_complain(checker, path, text, complaint):
    found = checker(path, text)
    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("checker", "path", "text"),
    [
        (rules.import_directions, "firmware/store/a.py", "from firmware.core.words import OPENED\nimport struct"),
        (rules.import_directions, "firmware/board.py", "import machine, time"),
        (rules.import_directions, "main.py", "from firmware.board import Board"),
        (rules.effects_of_import, "firmware/a.py", '"""Doc."""\nimport struct\nN = const(struct.calcsize("<I"))'),
        (rules.lengths, "firmware/a.py", "\n" * 299),
        (rules.private_names, "docs/a.md", "firmware/work/a.py and https://example.org/work/"),
    ],
)
def test_rule_lets_pass(checker, path, text):
    assert checker(path, text) == []


def phony_targets(makefile):
    """Names on the .PHONY line of a makefile's text."""
    return re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)[1].split()


def test_make_help_lists_every_target():
    targets = phony_targets((rules.ROOT / "Makefile").read_text(encoding="utf-8"))
    outside_make = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    shown = subprocess.run(
        ["make", "help"], cwd=rules.ROOT, env=outside_make, check=True, capture_output=True, text=True
    ).stdout
    assert sorted(targets) == sorted(re.findall(r"^  make (\S+)  +\w.*$", shown, re.MULTILINE))
