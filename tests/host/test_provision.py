"""`make provision` by mpremote against the MicroPython VM on the real image: a bare board becomes a lock that opens."""

import os

import pytest
from typer.testing import CliRunner

from tests.host.cabled import Cabled, installed
from tests.host.owners import CONFIG, PASSPHRASE, folder, run
from tests.host.test_provision_full import AFTER, BEFORE, fill
from tools.cli import app
from tools.owner.keep import Keep
from tools.provision.lock import Lock as AtPrompt

YES = "y\n"
NO_NUMBERS = "\n\n"
"""Random digits for the parcel and the owner."""


class Site:
    """A board, a cable, and an owner's computer in `path`. It is what its programs take for the module `time`."""

    def __init__(self, path, cable):
        self.cable = cable
        self.ahead_s = 0
        """By how much the computer's clock is ahead of the world's."""
        self.keep = folder(path / "keep")
        self.config = path / "front.toml"
        self.write(CONFIG)

    def write(self, config):
        """Save the configuration now."""
        self.config.write_text(config)
        os.utime(self.config, (self.time(), self.time()))

    def time(self):
        return self.cable.do(lambda lock: lock.now) + self.ahead_s

    def monotonic(self):
        return self.time()

    def sleep(self, seconds):
        """A simulated lock that says nothing at once says nothing later."""

    def provision(self, *answers, words=(), port=None, held=True):
        """(status, what is on the screen) of one run at a console that is opened before; the key is let go of then."""
        assert self.cable.replug(held) == held
        self.cable.do(lambda lock: lock.maintenance_key(False))
        command = ["provision", "--no-test", "--folder", self.keep.path, *words, port or self.cable.port, self.config]
        done = CliRunner().invoke(app, [str(word) for word in command], f"{PASSPHRASE}\n{''.join(answers)}")
        return done.exit_code, done.output

    def record(self):
        keep = Keep(self.keep.path)
        keep.unlock(PASSPHRASE)
        return keep.load("front")

    def nvs(self):
        """What the lock keeps of its own."""
        kept = self.cable.do(lambda lock: lock.world.nvs.snapshot()[0])
        return {names: value for names, value in kept.items() if names[0] == "dropbolt"}

    def code(self, *words):
        """The digits that `dropbolt issue` prints."""
        told = run(self.keep, "issue", "front", *words).output.split()
        return told[told.index("code") + 1]

    def answer(self, digits):
        """What the lock says to an entry."""
        return self.cable.do(lambda lock: _typed(lock, digits))


def _typed(lock, digits):
    lock.wait(20)
    lock.wake()
    lock.type(digits + "#")
    lock.wait(4)
    return lock.answer


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("disk"))


@pytest.fixture
def site(tmp_path, disk, monkeypatch):
    monkeypatch.setattr("tools.prompt._SILENT_S", 0.2)
    with Cabled(disk) as cable:
        made = Site(tmp_path, cable)
        for module in ("provision.cli", "provision.flow", "provision.lock", "prompt", "owner.cli"):
            monkeypatch.setattr(f"tools.{module}.time", made)
        yield made


def test_a_bare_board_becomes_a_lock_that_opens(site):
    status, told = site.provision(NO_NUMBERS, YES)
    assert status == 0, told
    assert not site.cable.settle()
    record = site.record()
    assert (record.pending, record.board) == (False, "240ac4d00b01")
    assert site.answer(site.code("couriers")) == "opened"
    assert site.answer(site.code("visitors")) == "opened"
    assert site.answer(site.code("owner")) == "opened"
    shown = "".join(path.read_text(errors="replace") for path in site.keep.path.iterdir()) + told
    hidden = [octets for name, octets in record.secrets.items() if name != "lock"] + [record.grants[-1]["number"]]
    assert not [secret for secret in hidden if secret in shown]


def test_no_port_or_no_console_is_told_and_nothing_is_kept(site, monkeypatch):
    monkeypatch.setattr("tools.prompt._ANSWER_S", 0.5)
    for port, held, why in (
        ("/dev/none", True, "/dev/none cannot be opened: is the cable plugged in"),
        (None, False, "gives no prompt: hold its maintenance key"),
    ):
        status, told = site.provision(NO_NUMBERS, YES, port=port, held=held)
        assert status == 2
        assert why in told.splitlines()[-1]
        assert "b''" not in told
        assert not (site.keep.path / "front.age").exists()
        assert site.nvs() == {}


def test_power_lost_while_it_erases_is_told_and_resumed(site, monkeypatch):
    begin = AtPrompt.begin

    def cut(lock):
        site.cable.do(lambda lock: lock.world.flash.cut_at(20))
        begin(lock)

    with monkeypatch.context() as patch:
        patch.setattr("tools.provision.lock._ERASE_S", 1)
        patch.setattr(AtPrompt, "begin", cut)
        status, told = site.provision(NO_NUMBERS, YES)
    assert status == 2
    assert "stopped answering: plug it in, open its console, and run the same command again" in told
    before = site.record()
    assert before.pending
    status, told = site.provision(YES)
    assert status == 0, told
    assert site.record().secrets == before.secrets
    assert site.answer(site.code("couriers")) == "opened"


def test_twice_is_safe(site):
    status, told = site.provision(NO_NUMBERS, YES)
    assert status == 0, told
    code = site.code("couriers")
    assert site.answer(code) == "opened"
    before, nvs = site.record(), site.nvs()
    status, told = site.provision(YES)
    assert status == 0, told
    after = site.record()
    assert after.provisioned >= before.provisioned
    before.provisioned = after.provisioned
    assert after == before
    assert site.nvs() == nvs
    assert "in flash already" in told
    assert site.answer(code) == "used"


def test_a_change_of_64_grants_goes_there_piece_by_piece_on_the_vm_too(site):
    site.cable.do(fill)
    site.write(BEFORE)
    status, told = site.provision("\n", YES)
    assert status == 0, told
    before = site.record().issuer.packed
    site.write(AFTER)
    status, told = site.provision(YES, YES)
    assert status == 0, told
    after = site.record().issuer.packed
    assert len(after) == len(before) and after != before
    assert "set 10" in told, "eight pieces, and the settings"
    assert site.answer(site.code("courier 101")) == "opened"
