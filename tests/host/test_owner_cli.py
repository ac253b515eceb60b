"""The command `dropbolt`: an owner's week, from the first code to the log, and each thing that goes wrong."""

import subprocess
from pathlib import Path

import pytest
from freezegun import freeze_time
from typer.testing import CliRunner

from firmware.core.words import WRONG
from firmware.store.audit import ENTRY
from tests.host.gateways import ID, LOG_KEY, ROOT, End, key_file, scripted
from tests.host.owners import CONFIG, PASSPHRASE, folder, lock_of, record, run
from tools.cli import app
from tools.gateway.keyfile import load
from tools.gateway.store import Store
from tools.owner.cli import UNWELL
from tools.owner.keep import Keep

PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def frozen():
    with freeze_time("2026-03-02 08:00:30", ignore=["_pytest.timing"]) as clock:
        yield clock


@pytest.fixture
def keep(tmp_path):
    return folder(tmp_path / "keep", record(), record(seed=2, label="garage"))


def digits_of(done):
    return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("code ")]


def fails(done, *texts, status=2):
    assert done.exit_code == status, done.output
    for text in texts:
        assert text in done.stderr


def test_an_owners_day(keep, tmp_path, frozen):
    done = run(keep, "issue", "front", "couriers", "--for", "Ben")
    assert (done.exit_code, "Door code: " in done.stdout) == (0, True)
    ben = digits_of(done)[0]
    both = run(keep, "issue", "front", "visitors", "--when", "tomorrow 9-10", "--when", "fri 14-15")
    assert len(set(digits_of(both))) == 2
    assert "opens   Tue 3 Mar 2026 08:00 to 11:00 (UTC+1)" in both.stdout
    assert ben not in run(keep, "list", "front").stdout
    assert ben in run(keep, "list", "front", "--digits").stdout
    with lock_of(record()) as lock:
        lock.wake()
        lock.type(ben + "#")
        lock.wait(20)
        assert lock.openings == 1
        (tmp_path / "dump").write_bytes(lock.flash)
    frozen.tick(3600)
    log = run(keep, "log", "front", tmp_path / "dump")
    assert "opened" in log.stdout
    assert "as the lock wrote them; head" in log.stdout
    listed = run(keep, "list", "front").stdout
    assert [word for word in ("Ben", "used", "not yet") if word not in listed] == []
    doctor = run(keep, "doctor", "front", "--dump", tmp_path / "dump")
    assert abs(float(doctor.stdout.partition("batteries ")[2].split()[0]) - 6) < 0.02
    for text in ("time zone CET-1CEST", "clock set Mon 2 Mar 2026 09:00", "nothing was refused"):
        assert text in doctor.stdout
    assert doctor.exit_code == 0


def test_a_log_of_before_is_told(keep, tmp_path):
    with lock_of(record()) as lock:
        lock.wake()
        lock.wait(15)
        old = lock.flash
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        lock.wait(20)
        (tmp_path / "new").write_bytes(lock.flash)
    (tmp_path / "old").write_bytes(old)
    assert run(keep, "log", "front", tmp_path / "new").exit_code == 0
    fails(run(keep, "log", "front", tmp_path / "old"), "not as the lock wrote it", "truncated", status=1)
    fails(run(keep, "log", "garage", tmp_path / "new"), "this is not the flash of garage: take that lock's record")
    fails(run(keep, "log", "front", tmp_path / "none"), "No such file")


def test_an_exported_log_is_read_too(keep, tmp_path):
    with lock_of(record()) as lock:
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        lock.wait(20)
        (tmp_path / "dump").write_bytes(lock.flash)
    words = ["log", "export", str(tmp_path / "dump"), str(tmp_path / "log.jsonl")]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert "opened" in run(keep, "log", "front", tmp_path / "log.jsonl").stdout
    fails(run(keep, "log", "garage", tmp_path / "log.jsonl"), "is not the log of garage")
    (tmp_path / "text").write_text("hello\n")
    fails(run(keep, "log", "front", tmp_path / "text"), "neither a dump of the lock's log", "name one of those")


def test_revoking_says_what_to_type(keep):
    digits = digits_of(run(keep, "issue", "front", "couriers"))[0]
    assert f"83#, then {digits}#" in run(keep, "revoke", "front", "1").stdout
    assert "81#, then 2#" in run(keep, "revoke", "front", "couriers").stdout
    fails(run(keep, "issue", "front", "couriers"), "couriers is revoked")
    fails(run(keep, "revoke", "front", "9"), "no code 9 was given out here; `list` shows")
    fails(run(keep, "revoke", "front", "owner"), "is the owner's")


def test_what_was_taken_back_at_the_keypad_does_not_open(keep):
    digits = digits_of(run(keep, "issue", "front", "couriers"))[0]
    words = run(keep, "revoke", "front", "1").stdout
    with lock_of(record()) as lock:
        lock.wake()
        lock.type("314159265358#")
        lock.run_until(lambda: lock.answer == "opened", 40)
        for part in ("83#", digits + "#"):
            assert part in words
            lock.type(part)
            lock.wait(2)
        lock.wait(60)
        before = lock.openings
        lock.wake()
        lock.type(digits + "#")
        lock.wait(20)
        assert (lock.openings, lock.log()[-1]["decision"]) == (before, "revoked")


def test_revoking_goes_through_the_gateway(keep, tmp_path):
    run(keep, "issue", "front", "couriers")
    path = key_file(tmp_path)
    fails(run(keep, "revoke", "front", "1", "--gateway", path), "that gateway cannot tell front")
    assert "open" in run(keep, "list", "front").stdout
    text = path.read_text().replace(next(iter(load(path).locks)), record().lock_id.hex())
    path.write_text(text)
    assert "command 1 waits for the next check-in" in run(keep, "revoke", "front", "1", "--gateway", path).stdout
    assert Store(load(path).store).command(1).shown == "revoke-code 2 0 0"
    assert "withdrawn" in run(keep, "list", "front").stdout


def test_the_app_takes_a_grant_over(keep):
    done = run(keep, "app", "front", "app")
    assert "otpauth://totp/Dropbolt:front%20app?secret=" in done.stdout
    assert "█" in done.stdout
    assert run(keep, "app", "front", "app").stdout == done.stdout
    fails(run(keep, "issue", "front", "app"), "made by an authenticator app")
    fails(run(keep, "app", "front", "visitors"), "no authenticator app", "steps of 30 or 60", "serials", "check digit")
    fails(run(keep, "app", "front", "couriers"), "do not go by the time")


def test_a_second_computer_has_codes_of_its_own(keep, tmp_path):
    there = folder(tmp_path / "there")
    out = tmp_path / "front.age"
    words = ("join", "front", there.recipient, out, "--give", "visitors:2", "--give", "couriers")
    assert run(keep, *words).exit_code == 0
    fails(run(keep, *words), "is there already")
    assert run(there, "add", out).exit_code == 0
    fails(run(there, "add", out), "there already, and is kept")
    fails(run(keep, "add", out), "for another computer")
    mine = digits_of(run(keep, "issue", "front", "visitors"))
    theirs = digits_of(run(there, "issue", "front", "visitors")) + digits_of(run(there, "issue", "front", "couriers"))
    assert len({*mine, *theirs}) == 3
    fails(run(keep, "issue", "front", "couriers"), "another computer's to give out")
    fails(run(keep, "join", "front", "age1x", tmp_path / "x", "--give", "days"), "is no age key")
    slip = there.recipient[:-1] + ("q" if there.recipient[-1] != "q" else "p")
    fails(run(keep, "join", "front", slip, tmp_path / "x", "--give", "days"), "has a slip in it")
    assert run(keep, "issue", "front", "days").exit_code == 0


def test_wrong_times_give_out_nothing(keep):
    fails(run(keep, "issue", "front", "visitors", "--when", "9-5"), "9:00 to 17:00, or overnight")
    fails(run(keep, "issue", "front", "visitors", "--when", "tomorrow 9-10", "--when", "soon"), "what day is `soon`")
    assert "visitors" not in run(keep, "list", "front").stdout


def test_passphrases(keep, tmp_path):
    fails(run(keep, "status", passphrase="wrong"), "does not open with this passphrase: try again")
    fails(run(Keep(tmp_path / "none"), "status"), "run `dropbolt setup`")
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    words = ["dropbolt", "--folder", str(keep.path), "--passphrase-file", str(tmp_path / "passphrase"), "status"]
    fails(CliRunner().invoke(app, words), "others may read it", "chmod 600")
    (tmp_path / "passphrase").chmod(0o600)
    done = CliRunner().invoke(app, words)
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["front", "garage"]


def test_setup_prints_the_computers_key(keep):
    assert run(keep, "setup").stdout.strip().endswith(f"this computer is {keep.recipient}")


def test_doctor_asks_for_what_it_needs(keep):
    fails(run(keep, "doctor", "front"), "give one of --port PORT")
    fails(run(keep, "doctor", "front", "--code", "12a"), "digits only")
    digits = digits_of(run(keep, "issue", "front", "visitors"))[0]
    done = run(keep, "doctor", "garage", "--code", digits)
    assert "it is a code of another lock, front: it is a code of visitors" in done.stdout
    assert (
        "opened (visitors)"
        in run(keep, "doctor", "front", "--code", "ask", passphrase=f"{PASSPHRASE}\n{digits}").stdout
    )


def test_risk_and_status(keep):
    done = run(keep, "risk", "front")
    assert (done.exit_code, "The bound of 1 in 100 is held." in done.stdout) == (0, True)
    assert "3 of 3 serials" in run(keep, "status", "front").stdout


def test_it_runs_from_any_folder(tmp_path):
    done = subprocess.run([PROJECT / "dropbolt", "--folder", tmp_path / "none", "status"], cwd=tmp_path, check=False,
                          capture_output=True, text=True)  # fmt: skip
    assert (done.returncode, "run `dropbolt setup`" in done.stderr) == (2, True)
    done = subprocess.run([PROJECT / "dropbolt", "issue"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, "Usage: dropbolt issue " in done.stderr) == (2, True)


ISSUER = '\n[[issuer]]\nnumber = 1\nlabel = "house"\npermissions = ["unlock", "owner"]\nquota = 40\n'


@pytest.fixture
def heard(tmp_path):
    """(Keep, key file of the gateway, ScriptedLock): a lock with a radio, at its owner's computer and its gateway."""
    kept = record(config=CONFIG + ISSUER)
    path = key_file(tmp_path)
    own = {ID: kept.lock_id.hex(), ROOT.hex(): kept.secrets["root 1"], LOG_KEY.hex(): kept.issuer.audit_key.hex()}
    text = path.read_text()
    for other, mine in own.items():
        text = text.replace(other, mine)
    path.write_text(text)
    lock = scripted(3, kept.lock_id.hex(), bytes.fromhex(kept.secrets["root 1"]), kept.issuer.audit_key)
    lock.record(ENTRY, WRONG, length=9)
    return folder(tmp_path / "radio", kept), path, lock


def test_doctor_asks_the_gateway(heard):
    keep, path, lock = heard
    silent = run(keep, "doctor", "front", "--gateway", path)
    assert ("it has never checked in" in silent.stdout, silent.exit_code) == (True, UNWELL)
    with End(path) as end:
        end.check_in(lock)
    send = ["gateway", "send", "door 0", "mute", "on", "--keys", str(path)]
    assert CliRunner().invoke(app, send).exit_code == 0
    with freeze_time("2026-11-22 11:00:00", ignore=["_pytest.timing"]):
        said = " ".join(run(keep, "doctor", "front", "--gateway", path).stdout.split())
    for text in ("last heard Sun 22 Nov 2026 11:00", "clock stale, wrong by up to 60 s", "set-time", "batteries 5.90 V",
                 "1 commands wait", "wrong, 9 digits: no code"):  # fmt: skip
        assert text in said
    assert "issuer" not in said


def test_doctor_finds_the_gateways_keys_mixed_up(heard):
    keep, path, _ = heard
    whole = path.read_text()
    kept = record(config=CONFIG + ISSUER)
    for old, new, told in (
        ("issuer = 1", "issuer = 9", "the gateway is issuer 9, which the lock does not know"),
        (kept.secrets["root 1"], "00" * 32, "the gateway's root key is not that of issuer 1"),
        (kept.issuer.audit_key.hex(), "00" * 18, "another lock's first key"),
    ):
        path.write_text(whole.replace(old, new))
        assert told in " ".join(run(keep, "doctor", "front", "--gateway", path).stdout.split())


def test_a_number_is_given_out_once(keep):
    assert digits_of(run(keep, "issue", "front", "parcel", "--for", "Tom")) == ["73913042"]
    fails(run(keep, "issue", "front", "parcel"), "opens once, and was given out as number 1")
    run(keep, "revoke", "front", "1")
    fails(run(keep, "issue", "front", "parcel"), "used up or taken back")


def test_weekly_hours_are_told(tmp_path):
    scheduled = CONFIG.replace("window = 8", 'window = 8\nschedule = "workdays"')
    keep = folder(tmp_path, record(config=scheduled))
    assert "It opens Mon-Fri 08:00-18:00." in run(keep, "issue", "front", "couriers").stdout


def test_a_memory_that_was_tampered_with_is_not_believed(keep, tmp_path):
    digits = digits_of(run(keep, "issue", "front", "couriers"))[0]
    with lock_of(record()) as lock:
        lock.wake()
        lock.type(digits + "#")
        lock.wait(20)
        dump = bytearray(lock.flash)
    dump[32 + 4 : 64] = bytes(28)
    (tmp_path / "dump").write_bytes(dump)
    done = run(keep, "log", "front", tmp_path / "dump")
    assert (done.exit_code, "memory of used codes cannot be believed" in done.stderr) == (0, True)
    assert "open" in run(keep, "list", "front").stdout
    doctor = run(keep, "doctor", "front", "--dump", tmp_path / "dump")
    assert ("cannot be believed" in " ".join(doctor.stdout.split()), doctor.exit_code) == (True, UNWELL)
