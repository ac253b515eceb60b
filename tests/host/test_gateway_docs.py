"""docs/gateway.md says what the gateway does: its commands, states and alarms; its example is a key file."""

import re

from tests.host.vm import ROOT
from tools.gateway import gateway, ledger, store
from tools.gateway.cli import app
from tools.gateway.keyfile import load
from tools.gateway.orders import ORDERS
from tools.log import verify

PAGE = (ROOT / "docs" / "gateway.md").read_text(encoding="utf-8")


def first_cells(heading):
    """The first cell of each row of the table below the line that begins it."""
    rows = PAGE.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [re.split(r"(?<!\\)\|", row)[1].strip().replace("\\|", "|") for row in rows]


def words(cells):
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


def test_every_command_of_a_lock_is_there_as_it_is_written():
    written = dict(each.partition(" ")[::2] for each in words(first_cells("COMMAND")))
    assert written == {name: re.sub(r" \([^)]*\)", "", usage) for name, (_, usage, _) in ORDERS.items()}


def test_every_command_of_the_shell_is_there():
    documented = {each.split()[1] for each in words(first_cells("command"))}
    assert documented | {"run"} == {each.callback.__name__ for each in app.registered_commands}


def test_every_state_is_there():
    states = [store.WAITING, store.SENT, store.DONE, store.FAILED, store.EXPIRED, store.UNANSWERED, store.CANCELLED]
    assert first_cells("state") == states


def test_every_alarm_is_there():
    raised = {gateway.REPLAYED, gateway.FORGED, gateway.FOREIGN, gateway.MALFORMED, gateway.CLOCK, ledger.ROLLED_BACK}
    raised |= {verify.FORKED, verify.REMOVED, verify.CHANGED, verify.UNKEYED_EVENT, verify.MISPLACED}
    assert set(words(first_cells("alarm"))) == raised


def test_the_example_is_a_key_file(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text((ROOT / "docs" / "gateway.example.toml").read_text())
    path.chmod(0o600)
    found = load(path)
    assert (found.clock_ms, found.listen, found.prefix) == (500, 60, "homeassistant")
    assert found.find("front door").home == "off"
