"""The session of docs/install.md, played from a stock image and a bare board: every screen is the one that it shows."""

import os
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

from typer.testing import CliRunner

from host_sim.lock import DEFAULT_START
from tests.host import stock
from tests.host.cabled import Cabled
from tests.host.owners import PASSPHRASE, sealed
from tests.host.serial_chip import SerialChip
from tests.host.test_provision_check import act
from tests.host.transcript import said, steps
from tests.host.vm import ROOT
from tools.cli import app
from tools.image import base, join, layout, release, vfs
from tools.provision.screen import Screen

PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
PORT = "/dev/ttyUSB0"
IMAGE = "build/dropbolt.bin"


HIDDEN = {"Passphrase": PASSPHRASE, "Repeat for confirmation": PASSPHRASE, "12 digits of owner": ""}
CONFIG = ROOT / "docs" / "lock.example.toml"


class Install:
    """A board on the cable, and the computer of whoever makes it a lock, with its files in `path`.

    `patch`, a MonkeyPatch, gives the computer the time of the world; `stack` keeps a lock that was provisioned.
    """

    def __init__(self, path, patch, stack):
        self.path = path
        self.patch = patch
        self.stack = stack
        self.cable = None
        self.image = path / "dropbolt.bin"
        self.disk = path / "disk"
        """The board's file system, once it was flashed."""

    def play(self, step):
        """Do what a step says; returns what is on the screen."""
        kind, *words = step.words
        return getattr(self, f"_{kind}")(step, words)

    def _image(self, step, words):
        return {"build": self._build, "flash": self._flash, "deploy": self._at_prompt}[words[0]](step, words)

    def _build(self, step, words):
        words = [str(stock.ESP32) if word == stock.ESP32.name else word for word in words]
        return _tools("image", *words, str(self.image)).replace(str(self.path), "build")

    def _flash(self, step, words):
        """The stock application is left out: it takes a minute to write to a simulated chip."""
        self.image.write_bytes(join.join(base.read(stock.small_image()), vfs.build(release.build(), _vfs().size)))
        with SerialChip(bytearray(b"\x5a" * (4 << 20))) as chip:
            printed = _tools("image", *[chip.name if word == PORT else word for word in words], str(self.image))
            self.disk.write_bytes(chip.flash[_vfs().offset :][: _vfs().size])
        return printed.replace(chip.name, PORT)

    def _at_prompt(self, step, words):
        """`make deploy`, on a lock that runs an older release."""
        self._older()
        with Cabled(self.disk, held=True) as cable:
            assert cable.settle()
            cable.do(lambda lock: lock.maintenance_key(False))
            words = [cable.port if word == PORT else word for word in words]
            done = CliRunner().invoke(app, ["image", *words])
        assert done.exit_code == 0, done.output
        return done.output

    def _provision(self, step, words):
        """`make provision`, on the board as it was flashed, with somebody at it who does what the screen says."""
        self.cable = cable = self.stack.enter_context(Cabled(self.disk, held=True))
        assert cable.settle()
        cable.do(lambda lock: lock.maintenance_key(False))
        config = self.path / "front.toml"
        config.write_bytes(CONFIG.read_bytes())
        os.utime(config, (DEFAULT_START, DEFAULT_START))
        computer = SimpleNamespace(time=self._time, monotonic=self._time, sleep=lambda seconds: None)
        for module in ("provision.cli", "provision.flow", "provision.lock", "prompt", "owner.cli"):
            self.patch.setattr(f"tools.{module}.time", computer)
        self.patch.setattr("tools.prompt._SILENT_S", 0.2)
        self.patch.setattr("tools.owner.keep.pyrage.passphrase.encrypt", sealed)
        self.patch.setattr("tools.provision.screen.Screen", lambda: Guided(cable))
        words = [{PORT: cable.port, "front.toml": str(config)}.get(word, word) for word in words]
        return self._typed(step, "provision", "--folder", self.path / "keep", *words)

    def _time(self):
        return self.cable.do(lambda lock: lock.now)

    def _dropbolt(self, step, words):
        return self._typed(step, "dropbolt", "--folder", self.path / "keep", *words)

    def _typed(self, step, *words):
        """The screen of a command at which somebody types what the page shows, and what it hides."""
        typed = "".join(f"{answer}\n" for answer in step.answers(HIDDEN))
        done = CliRunner().invoke(app, [str(word) for word in words], typed)
        assert done.exit_code == 0, done.output
        return done.output

    def opens(self, digits):
        """Whether the lock that was provisioned opens."""
        return self.cable.do(lambda lock: _typed_at(lock, digits)) == "opened"

    def _older(self):
        """Another release of the firmware than this tree's."""
        made = release.build()
        folder = release.PREFIX + "0" * 12
        main = made.main.replace(made.folder.encode(), folder.encode())
        older = made._replace(folder=folder, main=main, files=made.files | {"firmware/unused.mpy": b"M"})
        self.disk.write_bytes(vfs.build(older, _vfs().size).ljust(_vfs().size, b"\xff"))


class Guided(Screen):
    """The screen, with somebody at the lock who does what it says."""

    def __init__(self, cable):
        super().__init__()
        self._cable = cable

    @contextmanager
    def waiting(self, text):
        self._cable.do(lambda lock: act(lock.world, text))
        with super().waiting(text) as status:
            yield status


def _typed_at(lock, digits):
    lock.wait(30)
    lock.wake()
    lock.type(digits + "#")
    lock.wait(4)
    return lock.answer


def _vfs():
    return layout.table().by_name("vfs")


def _tools(*words):
    """What `python -m tools` prints, esptool included."""
    return said([str(ROOT / ".venv" / "bin" / "python"), "-m", "tools", *words])


def test_the_session_of_the_page(tmp_path, monkeypatch):
    stock.stock_image()
    screens = {}
    with ExitStack() as stack:
        install = Install(tmp_path, monkeypatch, stack)
        for step in steps(PAGE):
            name = step.command.split()[1]
            screens[name] = install.play(step)
            step.check(screens[name])
            if name == "issue":
                assert install.opens(screens[name].split()[2])
    assert list(screens) == ["image", "flash", "provision", "issue", "deploy"]
