"""The courier's page says of each answer what the firmware shows: picture, words and table agree with the patterns."""

import re
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from firmware.drivers.signals import PATTERNS
from host_sim.lock import Lock, LockConfig
from host_sim.session.fields import NOT_ANSWERS
from tests.both.rhythms import flashes, word
from tests.host.radio_lock import GRANTS, radio_lock
from tools import cli, courier

PAGE = courier.FILE.with_suffix(".md").read_text(encoding="utf-8")
LIGHT = {"L": "one long", "wwww": "flicker", "ww": "two winks"}
"""Rhythms that the page puts into words; the others are dots and dashes."""


def test_every_answer_has_a_row_and_no_row_is_of_another_lock():
    assert sorted(row.name for row in courier.ROWS) == sorted(set(PATTERNS) - set(NOT_ANSWERS))
    assert len({row.says for row in courier.ROWS}) == len(courier.ROWS)


def test_the_picture_in_docs_is_drawn_from_the_patterns():
    assert courier.FILE.read_text(encoding="utf-8") == courier.draw()


def test_another_pattern_is_another_picture(monkeypatch):
    drawn = courier.draw()
    monkeypatch.setitem(PATTERNS, "used", PATTERNS["late"])
    assert courier.draw() != drawn


def test_what_is_drawn_is_as_long_as_the_light():
    picture = ElementTree.fromstring(courier.draw())
    lit = [int(each.get("width")) for each in picture.iter() if each.get("fill") == "#ffc400"]
    assert lit == [ms * 150 // 1000 for row in courier.ROWS for ms in flashes(PATTERNS[row.name])]


@pytest.mark.parametrize("row", courier.ROWS, ids=lambda row: row.name)
def test_the_page_says_the_same_in_words(row):
    letters = word(PATTERNS[row.name])
    light = LIGHT.get(letters) or "`" + " ".join(letters).replace("s", ".").replace("L", "-") + "`"
    assert f"| {light} | {row.says} | {row.do} |" in PAGE


def test_the_page_has_no_row_too_many():
    rows = re.findall(r"^\| (?!light|-)", PAGE, re.MULTILINE)
    assert len(rows) == len(courier.ROWS)


def test_page_and_picture_say_how_to_call_and_what_the_lock_answers():
    with radio_lock(peer=False) as (lock, _):
        lock.wait(60)
        for _ in range(4):
            lock.wake()
            lock.type("0#")
            lock.wait(30)
        names = [name for _, name in lock.answers if name in ("accepted", "later")]
    assert names == ["accepted"] * 3 + ["later"]
    with Lock(config=LockConfig(grants=GRANTS[:1])) as lock:
        for _ in range(2):  # at once after power came, and later
            lock.wake()
            lock.type("0#")
            lock.wait(30)
            assert lock.answer == "wrong"
    says = {row.name: row.says for row in courier.ROWS}
    for text in (
        courier.CALL,
        PAGE.partition("No code, or none that opens?")[2].partition("\n\n")[0].replace("\n", " "),
    ):
        assert "0#" in text
        assert [says[name] in text for name in ("accepted", "later", "wrong")] == [True] * 3


def test_the_command_draws_it(tmp_path, monkeypatch):
    monkeypatch.setattr(courier, "FILE", tmp_path / "courier.svg")
    assert CliRunner().invoke(cli.app, ["courier"]).exit_code == 0
    assert courier.FILE.read_text(encoding="utf-8") == courier.draw()
