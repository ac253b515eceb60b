"""docs/owner.md has every command of `dropbolt`, with every option, and none that is not there."""

import re

import typer.main

from tests.host.vm import ROOT
from tools.cli import owner

PAGE = (ROOT / "docs" / "owner.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(owner.app).commands


def written():
    """(command, its options as the page writes them) of each command in the table's first column."""
    rows = PAGE.split("\n| command | does |\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [
        (each.split()[0], re.findall(r"--[a-z-]+", each))
        for row in rows
        for each in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]


def test_every_command_is_there():
    assert {name for name, _ in written()} | {"add"} == set(COMMANDS)
    assert "`add OUT` there takes it over" in PAGE


def test_every_option_is_there_and_none_else():
    options = {name: {text for each in command.params for text in each.opts} for name, command in COMMANDS.items()}
    for name, found in written():
        assert set(found) <= options[name], name
    everywhere = {text for texts in options.values() for text in texts if text.startswith("--")} - {"--help"}
    assert everywhere | {"--folder", "--passphrase-file"} <= set(re.findall(r"--[a-z-]+", PAGE))
