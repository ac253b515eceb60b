"""What the pages promise is there: tests that docs/security.md names, links, commands, the figures of the guesses."""

import re
from pathlib import Path

import pytest
import typer.main

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.risk import risk
from firmware.core.words import EVENT, INTERVAL, NUMBER, OWNER, UNLOCK
from host_sim import cli as simulator
from tools import cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ATTACKS = dict(re.findall(r"^\| (\d+) \| [^|]+ \| [^|]{20,} \| ([^|]+) \|$", SECURITY, re.MULTILINE))
"""Those with attack, defence and tests."""
MODELS = [
    "In-person OTP",
    "In-home delivery",
    "Guest access",
    "Package box",
    "Offline algorithmic code",
    "Managed access",
]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def is_there(name):
    """Whether the test or the scenario of that name exists."""
    path, _, function = name.partition("::")
    file = ROOT / "tests" / path
    if not file.is_file():
        return False
    if not function:
        return file.suffix == ".txt"
    return re.search(rf"^def {function}\(", file.read_text(encoding="utf-8"), re.MULTILINE) is not None


def test_every_attack_has_tests_and_each_of_them_exists():
    assert sorted(map(int, ATTACKS)) == list(range(1, 38))
    for number, tests in ATTACKS.items():
        names = re.findall(r"`([^`]+)`", tests)
        assert names, number
        assert [name for name in names if not is_there(name)] == []


@pytest.mark.parametrize("name", ["both/test_none.py::test_a", "both/test_entry.py::test_none", "scenarios/none.txt"])
def test_a_test_that_is_not_there_would_be_seen(name):
    assert not is_there(name)


def anchors(page):
    """The headings of a page as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith("http"):
            continue
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not heading or heading in anchors(target), link


def named_commands(text):
    """(program, words) of each command that a page names: in backquotes, in a block, indented."""
    found = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE)
    found += "\n".join(re.findall(r"^ *```\w*\n(.*?)```", text, re.MULTILINE | re.DOTALL)).splitlines()
    for each in found:
        for program, words in re.findall(r"(?:^|\s|/)(make|-m tools|-m host_sim|dropbolt)((?: [a-z]+)+)", each):
            yield program, words.split()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_commands_that_are_named_are_there(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    tools = typer.main.get_command(cli.app).commands
    there = {
        "make": targets,
        "-m tools": set(tools),
        "-m host_sim": set(typer.main.get_command(simulator.app).commands),
        "dropbolt": set(tools["dropbolt"].commands),
    }
    for program, words in named_commands(page.read_text(encoding="utf-8")):
        assert words[0] in there[program], (program, words)
        within = getattr(tools.get(words[0]), "commands", None) if program == "-m tools" else None
        assert not within or words[1:2] == [] or words[1] in within, words


def test_every_delivery_model_is_played_by_a_session_of_its_name():
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| \[[^]]+\]\(tests/scenarios/(\w+)\.txt\) \|$", README, re.MULTILINE)
    assert rows == [(model, re.sub(r"\W", "_", model.lower())) for model in MODELS]
    for model, name in rows:
        assert (ROOT / f"tests/scenarios/{name}.txt").read_text(encoding="utf-8").startswith(f"# {model}: ")


def test_the_figures_of_the_guesses_are_those_that_are_computed():
    grants = Grants(
        pack_grant(id=1, kind=INTERVAL, key=b"k" * 20, digits=6, early=0)
        + pack_grant(id=2, kind=EVENT, key=b"k" * 20, check=True, window=32)
        + pack_grant(id=3, kind=NUMBER, key=b"k" * 16, digits=12, uses=0, permissions=UNLOCK | OWNER)
    )
    rows, total = risk(grants, ((6, 5, 48 * 3600), (9, 10, 8 * 3600)))
    found = re.findall(r"^\| .* \| (\d+) \| ([\d,]+) \| ([\d.e-]+) \|$", SECURITY, re.MULTILINE)
    told = [(int(codes), int(count.replace(",", "")), chance) for codes, count, chance in found]
    assert told == [(codes, count, f"{chance:.1e}".replace("e-0", "e-")) for _, codes, count, chance in rows]
    assert f"| together | | | | {total:.1e} |".replace("e-0", "e-") in SECURITY
