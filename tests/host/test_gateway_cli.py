"""`python -m tools gateway` from a shell: queue, tables, alarms, and what it says to nonsense."""

import pytest
from typer.testing import CliRunner

from firmware.net.messages import BY_ENTRY, REFUSED, Refused
from tests.host.gateways import ID, LOG_KEY, End, key_file, scripted
from tools.cli import app
from tools.gateway.keyfile import load


@pytest.fixture
def end(tmp_path):
    with End(key_file(tmp_path, locks=2)) as end:
        yield end


def gateway(end, *words):
    """Run a command; what it printed, and its status."""
    done = CliRunner().invoke(app, ["gateway", *words, "--keys", str(end.path)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output, done.exit_code


def test_a_command_is_queued_done_and_shown(end):
    lock = scripted(2)
    said, status = gateway(end, "send", "door 0", "revoke", "7")
    assert (said, status) == ("command 1 waits for the next check-in of door 0\n", 0)
    assert "waiting" in gateway(end, "queue")[0]
    end.check_in(lock)
    assert lock.done == [("revoke grant", 7)]
    row = next(line for line in gateway(end, "queue")[0].splitlines() if "revoke 7" in line)
    assert row.split()[-2:] == ["done", "done"]
    shown = gateway(end, "locks")[0]
    assert "locked" in next(line for line in shown.splitlines() if "door 0" in line)
    assert "never" in next(line for line in shown.splitlines() if "door 1" in line)
    assert gateway(end, "log", "door 0")[0].count("opened") == 2


@pytest.mark.parametrize("detail", ["no [/such] tag", "[link=http://x]", "\x1b[2J\x9b2J\x07", "two\n12:00:00  door 1"])
def test_what_a_hostile_lock_says_is_shown_as_text(end, monkeypatch, detail):
    lock = scripted()

    def refuse(on, mark):
        raise Refused(REFUSED, detail.encode())

    monkeypatch.setattr(lock, "mute", refuse)
    end.send("mute", "on")
    end.check_in(lock)
    said, status = gateway(end, "queue")
    shown = detail.translate(dict.fromkeys((0x07, 0x0A, 0x1B, 0x9B), "?"))
    assert (f"refused: {shown}" in said, status) == (True, 0)
    assert ("failed", f"mute on: refused ({shown})") in end.lines


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["unlck"], "no command 'unlck': one of unlock, approve"),
        (["revoke"], "write: revoke GRANT"),
        (["revoke", "seven"], "write: revoke GRANT"),
        (["revoke", "0"], "revoke: GRANT 0: must be 1 to 65534"),
        (["revoke", "70000"], "revoke: GRANT 70000: must be 1 to 65534"),
        (["revoke-code", "1", "128", "0"], "revoke-code: SERIAL 128: must be 0 to 127"),
        (["set-base", "1", "1000000001"], "set-base: COUNTER 1000000001: must be 0 to 1000000000"),
        (["send-log", "4294967296"], "send-log: FIRST 4294967296: must be 0 to 4294967295"),
        (["set-base", "1"], "write: set-base GRANT COUNTER"),
        (["mute", "maybe"], "write: mute on|off"),
        (["unlock", "now"], "write: unlock"),
        (["approve"], "approve: no entry waits for approval"),
        (["set", "relock_s"], "write: set NAME=JSON ..."),
        (["set", "relock_s=five"], "write: set NAME=JSON ..."),
        (["put-grant", "nowhere"], "put-grant: nowhere: No such file or directory: compare its name"),
        (["put-issuer", "9", "fly", "3", "x"], "write: put-issuer NUMBER"),
        (["put-issuer", "300", "unlock", "3", "x"], "put-issuer: NUMBER 300: must be 1 to 255"),
        (["put-issuer", "9", "unlock", "3", "x" * 13], "put-issuer: LABEL xxxxxxxxxxxxx: must be at most 12 bytes"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_no_command_is_told_and_queues_nothing(end, words, told):
    said, status = gateway(end, "send", ID, *words)
    assert (status, said[: len(told)]) == (2, told)
    assert end.store.open_commands(ID) == []


def test_a_lock_that_is_not_there_is_told(end):
    said, status = gateway(end, "send", "door 5", "identify")
    assert (status, said) == (2, f"{end.path} has no lock 'door 5'\n")


def test_a_command_can_be_taken_back_once(end):
    gateway(end, "send", ID, "identify")
    assert gateway(end, "cancel", "1") == ("", 0)
    assert gateway(end, "cancel", "1") == ("no command 1 waits\n", 2)
    lock = scripted()
    end.check_in(lock)
    assert lock.done == []


def test_an_approval_from_the_shell(end):
    lock = scripted()
    lock.waiting = (1, 5)
    end.begin(lock, BY_ENTRY)
    end.go_on(lock)
    assert gateway(end, "send", "door 0", "approve")[1] == 0
    end.go_on(lock)
    assert lock.done == [("approve", (1, 5))]


def test_alarms_are_shown_until_they_were_seen(end):
    assert gateway(end, "alarms")[1] == 0
    lock = scripted(1)
    end.check_in(lock)
    bye = lock.bye()
    for _ in range(2):
        end.hear(bye)
    said, status = gateway(end, "alarms")
    assert status == 1
    assert "replayed: a message of an earlier check-in" in said
    assert gateway(end, "alarms", "--seen")[1] == 0
    assert gateway(end, "alarms")[1] == 0
    end.hear(bye)
    assert gateway(end, "alarms")[1] == 1


def test_an_export_is_what_the_log_tools_verify(end, tmp_path):
    end.check_in(scripted(150))
    out, key = tmp_path / "log.jsonl", tmp_path / "k0"
    key.write_text(LOG_KEY.hex())
    said, _ = gateway(end, "export", "door 0", str(out))
    head = said.split()[-1]
    done = CliRunner().invoke(app, ["log", "verify", str(out), "--key-file", str(key), "--expect", head])
    assert (done.exit_code, done.output.split(",")[0]) == (0, "150 events from 1 on")


def test_a_lock_whose_flash_was_put_back_answers_again_once_it_is_trusted(end):
    lock = scripted(3)
    lock.boots = 9
    end.check_in(lock)
    lock.boots = 2
    end.send("identify")
    end.check_in(lock)
    assert lock.done == []
    assert gateway(end, "trust", "door 0") == ("", 0)
    end.check_in(lock)
    assert lock.done == [("identify",)]


def test_a_rotation_is_in_the_key_file_before_it_is_queued(end):
    assert gateway(end, "send", "door 0", "rotate")[1] == 0
    staged = load(end.path).locks[ID].roots[2]
    said, status = gateway(end, "send", "door 0", "rotate")
    assert (status, "under way already" in said) == (2, True)
    gateway(end, "cancel", "1")
    assert gateway(end, "send", "door 0", "rotate")[1] == 0
    assert load(end.path).locks[ID].roots[2] == staged


def test_no_key_file_is_told(tmp_path):
    done = CliRunner().invoke(app, ["gateway", "locks", "--keys", str(tmp_path / "none.toml")])
    assert done.exit_code == 2
    assert "none.toml" in done.output
