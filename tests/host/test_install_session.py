"""The session of docs/install.md, played from a stock image and a bare board: every screen is the one that it shows."""

from typer.testing import CliRunner

from tests.host import stock
from tests.host.cabled import Cabled
from tests.host.serial_chip import SerialChip
from tests.host.transcript import said, steps
from tests.host.vm import ROOT
from tools.cli import app
from tools.image import base, join, layout, release, vfs

PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
PORT = "/dev/ttyUSB0"
IMAGE = "build/dropbolt.bin"


class Install:
    """A board on the cable, and the computer of whoever makes it a lock, with its files in `path`."""

    def __init__(self, path):
        self.path = path
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

    def _older(self):
        """Another release of the firmware than this tree's."""
        made = release.build()
        folder = release.PREFIX + "0" * 12
        main = made.main.replace(made.folder.encode(), folder.encode())
        older = made._replace(folder=folder, main=main, files=made.files | {"firmware/unused.mpy": b"M"})
        self.disk.write_bytes(vfs.build(older, _vfs().size).ljust(_vfs().size, b"\xff"))


def _vfs():
    return layout.table().by_name("vfs")


def _tools(*words):
    """What `python -m tools` prints, esptool included."""
    return said([str(ROOT / ".venv" / "bin" / "python"), "-m", "tools", *words])


def test_the_session_of_the_page(tmp_path):
    stock.stock_image()
    install = Install(tmp_path)
    played = []
    for step in steps(PAGE):
        step.check(install.play(step))
        played.append(step.command.split()[1])
    assert played == ["image", "flash", "deploy"]
