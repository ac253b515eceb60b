"""The owner's folder: nothing in plain, nothing lost, and a next step for whatever is wrong."""

import stat
import subprocess
import sys

import pytest

from firmware.net.keys import Keys
from host_sim.lock import DEFAULT_START, LockConfig
from host_sim.provision import Issuer
from tests.host.owners import CONFIG, NUMBERS, PASSPHRASE, folder, new_record, record, sealed
from tools.image import Refused
from tools.owner.issue import issue
from tools.owner.keep import IDENTITY, Keep, KeepError
from tools.owner.record import RecordError, load_record

ISSUERS = CONFIG + '\n[[issuer]]\nnumber = 3\nlabel = "house"\npermissions = ["unlock"]\nquota = 4\n'


def test_a_record_makes_the_set_that_the_vault_gets():
    kept = record(seed=5)
    issuer = Issuer(LockConfig(grants=kept.grants, settings=kept.settings), 5)
    assert (kept.issuer.packed, kept.issuer.settings) == (issuer.packed, issuer.settings)
    assert (kept.issuer.audit_key, kept.lock_id) == (issuer.audit_key, issuer.lock_id)


def test_every_lock_has_secrets_of_its_own():
    one, other = (new_record(ISSUERS, {}) for _ in range(2))
    assert len({*one.secrets.values(), *other.secrets.values()}) == len(one.secrets) + len(other.secrets)
    assert one.grants[-1]["number"] != other.grants[-1]["number"]
    assert Keys(one.radio_keys()).root(3, 1) == bytes.fromhex(one.secrets["root 3"])


def test_a_set_that_no_lock_may_have_makes_no_record():
    with pytest.raises(Refused, match="risk"):
        new_record(CONFIG.replace("risk_one_in = 100", "risk_one_in = 1000000"))
    for digits in ("7391304", "7391304²", "739130421"):
        with pytest.raises(Refused, match="parcel: must be 8 digits"):
            new_record(CONFIG, NUMBERS | {"parcel": digits})


def test_what_is_kept_comes_back(tmp_path):
    kept = record()
    issue(kept, "couriers", DEFAULT_START, whom="Anna")
    keep = folder(tmp_path / "keep", kept)
    again = Keep(keep.path)
    again.unlock(PASSPHRASE)
    assert again.load("front") == kept
    assert load_record(kept.dumped()).table.key(0) == kept.table.key(0)
    for path in keep.path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.name == IDENTITY
        assert b"Anna" not in path.read_bytes()
        assert kept.secrets["mac"].encode() not in path.read_bytes()


def test_the_identity_is_made_once_and_opens_again(tmp_path):
    keep = Keep(tmp_path / "new")
    keep.create(PASSPHRASE)
    assert stat.S_IMODE((keep.path / IDENTITY).stat().st_mode) == 0o600
    with pytest.raises(KeepError, match="set up already"):
        keep.create("another")
    again = Keep(keep.path)
    again.unlock(PASSPHRASE)
    assert again.recipient == keep.recipient


def test_the_passphrase_is_changed(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.owner.keep.pyrage.passphrase.encrypt", sealed)
    keep = folder(tmp_path, record())
    with pytest.raises(KeepError, match="an empty passphrase keeps nothing"):
        keep.change_passphrase("")
    Keep(tmp_path).unlock(PASSPHRASE)
    keep.change_passphrase("another")
    with pytest.raises(KeepError, match="does not open with this passphrase"):
        Keep(tmp_path).unlock(PASSPHRASE)
    again = Keep(tmp_path)
    again.unlock("another")
    assert again.load("front") == record()


def test_a_change_that_fails_changes_nothing(tmp_path):
    keep = folder(tmp_path, record())
    before = (tmp_path / "front.age").read_bytes()
    with pytest.raises(ZeroDivisionError), keep.change("front") as kept:
        kept.label = "gone"
        raise ZeroDivisionError
    assert (tmp_path / "front.age").read_bytes() == before
    assert not list(tmp_path.glob(".front*"))


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    keep = folder(tmp_path, record())
    before = (tmp_path / "front.age").read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tools.replace.os.fsync", full)
    with pytest.raises(OSError, match="No space"), keep.change("front") as kept:
        issue(kept, "couriers", DEFAULT_START)
    assert (tmp_path / "front.age").read_bytes() == before
    assert {path.suffix for path in tmp_path.iterdir()} == {".age", ".lock"}


def test_two_commands_at_once_take_turns(tmp_path):
    keep = folder(tmp_path, record())
    keep.patience_s = 0.1
    holder = [sys.executable, "-c", "import sys; from filelock import FileLock\n"
              "with FileLock(sys.argv[1]): print('held', flush=True); sys.stdin.read()"]  # fmt: skip
    with subprocess.Popen([*holder, tmp_path / "front.lock"], stdin=-1, stdout=-1) as process:
        process.stdout.readline()
        with pytest.raises(KeepError, match="another command is changing .*wait until"), keep.change("front"):
            raise AssertionError("it did not wait")
        process.communicate()
    with keep.change("front") as kept:
        issue(kept, "couriers", DEFAULT_START)
    assert keep.load("front").next[2] == 1


def test_a_wrong_passphrase_and_broken_files_are_told_apart(tmp_path):
    keep = folder(tmp_path, record())
    whole = (tmp_path / "front.age").read_bytes()
    with pytest.raises(KeepError, match="does not open with this passphrase: try again"):
        Keep(tmp_path).unlock("wrong")
    for damage in (whole[:-9], whole[:40], b"", whole[:-5] + b"xxxxx", b"x" * 500):
        (tmp_path / "front.age").write_bytes(damage)
        with pytest.raises(KeepError, match="cut off or damaged: put your newest copy of it back"):
            keep.load("front")
    (tmp_path / "front.age").write_bytes(folder(tmp_path / "b", record()).path.joinpath("front.age").read_bytes())
    with pytest.raises(KeepError, match="for another computer.*dropbolt join"):
        keep.load("front")
    (tmp_path / IDENTITY).write_bytes((tmp_path / IDENTITY).read_bytes()[:150])
    with pytest.raises(KeepError, match="cut off or is no age file|is cut off"):
        Keep(tmp_path).unlock(PASSPHRASE)


def test_what_is_there_is_not_written_over(tmp_path):
    keep = folder(tmp_path, record())
    with pytest.raises(KeepError, match="there already, and is kept"):
        keep.add(record(seed=2))
    with pytest.raises(KeepError, match="no record of a lock 'frnt' in .*there are: front"):
        keep.load("frnt")
    for label in ("identity", "../front", "", ".front", "a" * 41):
        with pytest.raises(KeepError, match="is no label"):
            keep.load(label)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"dropbolt":"record","format":1}', b"\xff", b'{"dropbolt":"log"}']
)
def test_what_is_no_record_is_told(text):
    with pytest.raises(RecordError, match="it is not the record of a lock"):
        load_record(text)


def test_a_later_format_is_told():
    with pytest.raises(RecordError, match="a later version of dropbolt wrote it"):
        load_record(record().dumped().replace(b'"format":1', b'"format":2'))
