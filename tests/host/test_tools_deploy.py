"""A newer release onto a lock in service, by mpremote against the MicroPython VM: whole, or not at all."""

import os
import pty
import tty
from types import SimpleNamespace

import pytest
from mpremote.transport_serial import SerialTransport
from typer.testing import CliRunner

from host_sim.lock import LockConfig
from tests.host.cabled import Cabled, firmware
from tests.host.cabled import installed as disk_with
from tests.host.serial_lock import BLOCK, SerialLock
from tools.cli import app
from tools.image import Refused, release, vfs
from tools.image.cli import REFUSED
from tools.image.deploy import deploy

BLOCKS = 64
BOOT = "print('boot')\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Who has closed the console here says nothing at once."""
    monkeypatch.setattr("tools.prompt._SILENT_S", 0.1)


def tree(folder, name, module="PADDING = ''", called=None):
    """The Release of a small firmware of two modules that prints `name`, once from each."""
    firmware = folder / name / "firmware"
    firmware.mkdir(parents=True)
    (folder / name / "boot.py").write_text(BOOT)
    (folder / name / "main.py").write_text("from firmware.app import run\nrun()\n")
    app = f"def run():\n    from firmware.assembly import told\n    print('{name}', told())\n"
    (firmware / "app.py").write_text(app)
    (firmware / "assembly.py").write_text(f"{module}\ndef told():\n    return '{name}' + PADDING[:0]\n")
    return release.build(folder / name, called)


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("releases")
    return tree(folder, "old"), tree(folder, "new", f"PADDING = '{'x' * 9000}'\n")


@pytest.fixture
def lock(tmp_path, releases):
    return installed(tmp_path, releases[0])


def installed(folder, made, blocks=BLOCKS):
    """A lock in `folder` with one release on its file system."""
    disk = folder / "disk"
    disk.write_bytes(vfs.build(made, blocks * BLOCK).ljust(blocks * BLOCK, b"\xff"))
    return SerialLock(disk)


OLD = ["boot", "old old"]
NEW = ["boot", "new new"]


def on_disk(lock):
    return sorted(lock.run("for name in os.listdir('/'):\n print(name)\n"))


def only(made):
    return sorted(["boot.py", made.folder, "main.py"])


def test_a_release_replaces_the_one_before(lock, releases):
    old, new = releases
    assert (lock.boot(), on_disk(lock)) == (OLD, only(old))
    told = []
    with lock.plugged() as port:
        assert deploy(port, new, lambda *sent: told.append(sent))
    assert (lock.boot(), on_disk(lock)) == (NEW, only(new))
    total = sum(map(len, new.files.values()))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == (total, total)


def test_what_is_there_already_is_not_sent_again(lock, releases):
    before = lock.disk.read_bytes()
    with lock.plugged() as port:
        assert not deploy(port, releases[0])
    assert lock.disk.read_bytes() == before


def test_power_cut_at_every_change_of_flash_leaves_one_whole_release(lock, releases):
    new = releases[1]
    before = lock.disk.read_bytes()
    with lock.plugged() as port:
        deploy(port, new)
    moments = list(lock.moments(before))
    assert moments[-1] == lock.disk.read_bytes()
    seen = []
    for number, flash in enumerate(moments):
        lock.disk.write_bytes(flash)
        seen.append(lock.boot())
        if number % 40 == 0:
            with lock.plugged() as port:
                deploy(port, new)
            assert (lock.boot(), on_disk(lock)) == (NEW, only(new))
    assert seen == [OLD] * seen.count(OLD) + [NEW] * seen.count(NEW)
    assert min(seen.count(OLD), seen.count(NEW)) > 10


@pytest.mark.parametrize("cut", [1, 40, 80])
def test_a_lock_that_vanishes_is_told(lock, releases, cut):
    with lock.plugged(cut) as port, pytest.raises(Refused, match="whole; plug it in and deploy again"):
        deploy(port, releases[1])
    assert lock.boot() == OLD


class Pulled(SerialTransport):
    """A cable that is pulled at the write number `left`, while the lock has power."""

    left = 0

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._write, self.serial.write = self.serial.write, self.count

    def count(self, data):
        Pulled.left -= 1
        if Pulled.left == 0:
            self._write(data[: len(data) // 2])
            raise OSError(5, "Input/output error")
        return self._write(data)


@pytest.mark.parametrize("start", [1, 2, 3, 5, 8])
def test_cable_pulled_while_the_lock_has_power(lock, releases, monkeypatch, start):
    with lock.plugged() as port:
        pulled = 0
        for left in range(start, 10_000, 23):
            Pulled.left = left
            with monkeypatch.context() as patch:
                patch.setattr("tools.prompt.SerialTransport", Pulled)
                try:
                    deploy(port, releases[1])
                    break
                except Refused:
                    pulled += 1
    assert pulled >= 8
    assert (lock.boot(), on_disk(lock)) == (NEW, only(releases[1]))


def test_a_full_disk_is_told_before_anything_is_sent(tmp_path, releases):
    lock = installed(tmp_path, releases[0], 30)
    with lock.plugged() as port, pytest.raises(Refused, match="bytes free and the new release needs"):
        deploy(port, releases[1])
    assert (lock.boot(), on_disk(lock)) == (OLD, only(releases[0]))


def test_a_disk_of_which_littlefs_counts_more_than_there_is_has_no_room(lock, releases, monkeypatch):
    evaluate = SerialTransport.eval

    def counted(self, code, **options):
        found = evaluate(self, code, **options)
        return (*found[:3], (1 << 32) - 9, *found[4:]) if "statvfs" in code else found

    monkeypatch.setattr(SerialTransport, "eval", counted)
    with lock.plugged() as port, pytest.raises(Refused, match="has 0 bytes free and the new release needs"):
        deploy(port, releases[1])


def test_what_arrives_damaged_is_not_switched_to(lock, releases, monkeypatch):
    write = SerialTransport.fs_writefile
    monkeypatch.setattr(
        SerialTransport,
        "fs_writefile",
        lambda self, path, content, chunk: write(self, path, content.replace(b"xx", b"xy", 1), chunk),
    )
    with lock.plugged() as port, pytest.raises(Refused, match="assembly.mpy cannot be read back"):
        deploy(port, releases[1])
    assert lock.boot() == OLD


def test_a_release_that_the_lock_cannot_load_is_not_switched_to(tmp_path, lock):
    broken = tree(tmp_path, "broken", "import nothing_of_that_name as PADDING\n")
    with lock.plugged() as port, pytest.raises(Refused, match="cannot load the new release .ImportError: no module"):
        deploy(port, broken)
    assert lock.boot() == OLD


def test_another_boot_file_is_refused_before_anything_is_sent(lock, releases):
    before = lock.disk.read_bytes()
    with lock.plugged() as port, pytest.raises(Refused, match="boot.py is another one"):
        deploy(port, releases[1]._replace(boot=b"print('other')\n"))
    assert lock.disk.read_bytes() == before


def test_a_board_without_a_lock_is_refused(tmp_path, releases):
    stray = releases[0]._replace(main=b"print('mine')\n")
    lock = installed(tmp_path, stray)
    with lock.plugged() as port, pytest.raises(Refused, match="no firmware of a lock"):
        deploy(port, releases[1])
    assert lock.boot() == ["boot", "mine"]


@pytest.mark.parametrize("field", ["version=(1, 24, 1), _mpy=2822", "version=(1, 25, 0), _mpy=2821"])
def test_a_micropython_that_cannot_run_the_release_is_refused(lock, releases, field):
    told = f"class Told:\n    {field.replace(', _mpy', '; _mpy')}\nclass Sys:\n    implementation = Told\n"
    told += "real = __import__\nimport builtins\n"
    told += "builtins.__import__ = lambda name, *more: Sys if name == 'sys' else real(name, *more)\n"
    with lock.plugged(more=told) as port, pytest.raises(Refused, match="which cannot run this"):
        deploy(port, releases[1])


def test_an_older_one_is_brought_only_to_who_wants_it(tmp_path, lock):
    newer, older = tree(tmp_path, "newer", called="1.10.0"), tree(tmp_path, "older", called="1.9.3")
    with lock.plugged() as port:
        assert deploy(port, newer)
    before, told = lock.disk.read_bytes(), []
    for agree in ({}, {"agree": told.append}):
        with lock.plugged() as port, pytest.raises(Refused, match="runs Dropbolt 1.10.0, and 1.9.3 is older"):
            deploy(port, older, **agree)
        assert lock.disk.read_bytes() == before
    assert len(told) == 1
    with lock.plugged() as port:
        assert deploy(port, older, agree=lambda told: True)
    assert lock.boot() == ["boot", "older older"]


def test_the_command_asks_before_it_brings_an_older_one(tmp_path, monkeypatch):
    lock = installed(tmp_path, release.build(called="99.0"), 192)
    before = lock.disk.read_bytes()
    with lock.plugged() as port:
        done = CliRunner().invoke(app, ["image", "deploy", port], "n\n")
    assert "The lock runs Dropbolt 99.0, and" in done.output and "Deploy it? [y/N]" in done.output
    assert (done.exit_code, "nothing was changed" in done.stderr) == (REFUSED, True)
    assert lock.disk.read_bytes() == before


class HalfDeployed:
    """A lock with another release on which all of `made` is already but for its largest file, as a cut leaves it."""

    def __init__(self, made):
        self._made = made

    def everything(self):
        made, folder = self._made, "fw-000000000000"
        files = {path.replace(made.folder, folder): content for path, content in made.everything().items()}
        files["main.py"] = made.main.replace(made.folder.encode(), folder.encode())
        largest = max(made.files, key=lambda name: len(made.files[name]))
        there = {f"{made.folder}/{name}": content for name, content in made.files.items() if name != largest}
        return {**there, **files}


def lock_in_service(folder, made):
    return Cabled(disk_with(folder, made, 448), LockConfig([{"label": "couriers", "kind": "event", "check": True}]))


def opens(lock):
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    return lock.run_until(lambda: lock.bolt == "unlocked", 3)


def test_a_lock_in_service_is_reached_with_its_maintenance_key_and_serves_again(tmp_path):
    with lock_in_service(tmp_path, HalfDeployed(firmware())) as cable:
        assert cable.do(opens)
        refused = CliRunner().invoke(app, ["image", "deploy", cable.port])
        assert (refused.exit_code, "hold its maintenance key while it gets power" in refused.stderr) == (REFUSED, True)
        assert cable.replug(held=True)
        cable.do(lambda lock: lock.maintenance_key(False))
        boots = cable.do(lambda lock: lock.boots)
        done = CliRunner().invoke(app, ["image", "deploy", cable.port])
        assert (done.exit_code, "in service, its console closed" in done.stdout) == (0, True), done.output
        assert not cable.restarted(boots)
        assert cable.do(lambda lock: [event["kind"] for event in lock.log()].count("maintenance")) == 1
        assert cable.do(opens)
    assert on_disk(SerialLock(tmp_path / "disk")) == only(firmware())


def test_a_release_that_cannot_read_the_lock_s_keys_is_refused(tmp_path):
    """Every lock that got it would open for nobody."""
    made, folder = firmware(), "fw-111111111111"
    files = made.files | {"prompt/firmware/store/vault.mpy": made.files["prompt/firmware/store/__init__.mpy"]}
    blind = made._replace(folder=folder, main=made.main.replace(made.folder.encode(), folder.encode()), files=files)
    with lock_in_service(tmp_path, made) as cable:
        assert cable.replug(held=True)
        cable.do(lambda lock: lock.maintenance_key(False))
        with pytest.raises(Refused, match="cannot read this lock's keys and codes .* it ran before; take a release"):
            deploy(cable.port, blind)
        assert not cable.replug(held=False)
        assert cable.do(opens)


def test_a_console_that_stays_open_is_told(lock, releases, monkeypatch):
    """The VM here is no chip that could be reset."""
    monkeypatch.setattr("tools.prompt._SILENT_S", 5)
    monkeypatch.setattr("tools.prompt.time", SimpleNamespace(sleep=lambda seconds: None))
    told = "is deployed, but the console of the lock on .* is still open"
    with lock.plugged(more="Machine.reset = len\n") as port, pytest.raises(Refused, match=told):
        deploy(port, releases[1])
    assert lock.boot() == NEW


def test_a_port_that_is_not_there_is_told():
    done = CliRunner().invoke(app, ["image", "deploy", "/dev/no-such-port"])
    assert (done.exit_code, "/dev/no-such-port cannot be opened" in done.stderr) == (REFUSED, True)


def test_a_lock_whose_console_is_closed_is_told(tmp_path, monkeypatch):
    """Nobody answers at the other end."""
    monkeypatch.setattr("tools.prompt._ANSWER_S", 0.1)
    master, slave = pty.openpty()
    tty.setraw(slave)
    done = CliRunner().invoke(app, ["image", "deploy", os.ttyname(slave)])
    os.close(slave)
    os.close(master)
    assert (done.exit_code, "gives no prompt" in done.stderr) == (REFUSED, True)
