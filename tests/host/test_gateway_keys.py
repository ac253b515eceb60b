"""The key file: read with all its mistakes at once, by its owner alone; a rotation changes its lock's lines only."""

import pytest

from tests.host.gateways import ID, LOG_KEY, ROOT, key_file
from tools.gateway.keyfile import KeyFileError, finish_rotation, load, stage_rotation

NEXT = b"n" * 32


def test_a_key_file(tmp_path):
    found = load(key_file(tmp_path, locks=3, home="state"))
    assert list(found.locks) == [ID, "240ac4d00b010001", "240ac4d00b010002"]
    lock = found.find("door 0")
    assert lock is found.find(ID) is found.locks[ID]
    assert (lock.issuer, lock.epoch, lock.roots, lock.log_key, lock.home) == (1, 1, {1: ROOT}, LOG_KEY, "state")
    assert (found.listen, found.clock_ms, found.store) == (45, 40, tmp_path / "gateway.db")
    assert found.find("door 9") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused(tmp_path, mode):
    path = key_file(tmp_path)
    path.chmod(mode)
    with pytest.raises(PermissionError, match="chmod 600"):
        load(path)


@pytest.mark.parametrize(
    ("written", "instead", "wrong"),
    [
        ("insecure = true", "", "1: broker: give ca, or say insecure = true and let everybody read along"),
        ('host = "127.0.0.1"', "", "1: broker: host is missing"),
        ('listen = "45s"', 'listen = "2min"', "6: listen: must be 0 to 60"),
        ("issuer = 1", "issuer = 0", "12: issuer: must be 1 to 255"),
        ("issuer = 1\n", "", "9: lock: issuer is missing"),
        (ROOT.hex(), ROOT.hex().upper(), "14: root: must be 64 hex digits in lower case"),
        (
            'home_assistant = "off"',
            'home_assistant = "on"',
            '16: home_assistant: must be one of "off", "state", "unlock"',
        ),
        ("epoch = 1", "epoch = 1\ncolour = 3", "14: colour: unknown"),
        ("[gateway]", "[gatway]", "5: gatway: unknown"),
        ("epoch = 1", 'epoch = 255\nnext_root = "' + "ab" * 32 + '"', "14: next_root: no epoch comes after 255"),
    ],
    ids=lambda value: value.splitlines()[0][:24] if value else "nothing",
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, written, instead, wrong):
    path = key_file(tmp_path)
    text = path.read_text()
    assert written in text
    path.write_text(text.replace(written, instead))
    with pytest.raises(KeyFileError) as caught:
        load(path)
    assert f"{path}:{wrong}" in str(caught.value).splitlines()


@pytest.mark.parametrize("text", [b"\xff", b"[broker\n", b"a = " + b"[" * 20_000], ids=["bytes", "torn", "deep"])
def test_what_is_no_toml_is_told(tmp_path, text):
    path = key_file(tmp_path)
    path.write_bytes(text)
    with pytest.raises(KeyFileError, match="no TOML"):
        load(path)


def test_two_locks_of_one_name_are_told(tmp_path):
    path = key_file(tmp_path, locks=2)
    path.write_text(path.read_text().replace("door 1", "door 0"))
    with pytest.raises(KeyFileError, match="label: 'door 0' stands twice"):
        load(path)


def test_no_key_is_in_what_is_told(tmp_path):
    path = key_file(tmp_path)
    path.write_text(path.read_text().replace(ROOT.hex(), ROOT.hex() + "0"))
    with pytest.raises(KeyFileError) as caught:
        load(path)
    assert ROOT.hex() not in str(caught.value)


def test_a_rotation_changes_the_lines_of_its_lock_alone(tmp_path):
    path = key_file(tmp_path, locks=2)
    before = path.read_text().splitlines()
    stage_rotation(path, "240ac4d00b010001", NEXT)
    assert load(path).locks["240ac4d00b010001"].roots == {1: ROOT, 2: NEXT}
    assert load(path).locks[ID].roots == {1: ROOT}
    finish_rotation(path, "240ac4d00b010001")
    after = path.read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [("epoch = 1", "epoch = 2"), (f'root = "{ROOT.hex()}"', f'root = "{NEXT.hex()}"')]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["gateway.toml"]


def test_a_rotation_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path):
    path = key_file(tmp_path)
    stage_rotation(path, ID, NEXT)
    before = path.read_text()
    with pytest.raises(KeyFileError):  # two next_root
        stage_rotation(path, ID, NEXT)
    assert path.read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["gateway.toml"]
