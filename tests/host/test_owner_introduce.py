"""`dropbolt introduce`: the gateway's key file gets a lock's keys, reads well then, and loses nothing."""

import stat

import pytest

from tests.host.gateways import ID, LOG_KEY, ROOT, key_file
from tests.host.owners import CONFIG, folder, record, run
from tools.gateway.keyfile import load

ISSUER = '\n[[issuer]]\nnumber = 3\nlabel = "house"\npermissions = ["owner", "unlock"]\nquota = 4\n'


@pytest.fixture
def keep(tmp_path):
    return folder(tmp_path / "keep", record(config=CONFIG + ISSUER), record(seed=2, label="shed"))


def test_the_gateway_gets_the_keys_of_the_lock(keep, tmp_path):
    path = key_file(tmp_path)
    before = path.read_text()
    done = run(keep, "introduce", "front", path)
    assert done.exit_code == 0, done.output
    keys, front = load(path), keep.load("front")
    made = keys.find("front")
    assert (made.id, made.issuer, made.epoch, made.log_key) == (front.lock_id.hex(), 3, 1, front.issuer.audit_key)
    assert made.roots == {1: bytes.fromhex(front.secrets["root 3"])}
    assert (keys.find("door 0").id, keys.find("door 0").log_key) == (ID, LOG_KEY)
    assert keys.find("door 0").roots == {1: ROOT}
    assert path.read_text().startswith(before.rstrip("\n"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert front.secrets["root 3"] not in done.output


def test_what_cannot_be_is_told_and_the_file_stays(keep, tmp_path):
    path = key_file(tmp_path)
    run(keep, "introduce", "front", path)
    before = path.read_bytes()
    for lock, file, why in (
        ("front", path, "has front already"),
        ("shed", path, 'no issuer of shed has the permission "owner"'),
        ("front", tmp_path / "none.toml", "No such file"),
    ):
        done = run(keep, "introduce", lock, file)
        assert done.exit_code == 2
        assert why in done.stderr
    assert path.read_bytes() == before
    (tmp_path / "broken.toml").write_text("[broker]\nhost = 7\n")
    done = run(keep, "introduce", "front", tmp_path / "broken.toml")
    assert "host: must be text" in done.stderr
    assert (tmp_path / "broken.toml").read_text() == "[broker]\nhost = 7\n"
