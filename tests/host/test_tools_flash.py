"""An image onto a board by the real esptool, which talks to a loader made of software: what stays, what is refused."""

import os
import pty
import tty

import pytest
from typer.testing import CliRunner

from tests.host import stock
from tests.host.serial_chip import SECTOR, SerialChip
from tools.cli import app
from tools.image import base, join, release, vfs
from tools.image.cli import REFUSED

SIZE = 4 << 20
NVS, LOCKLOG, VFS = 0x9000, 0x200000, 0x240000
KEPT = set(range(NVS // SECTOR, 0x10000 // SECTOR)) | set(range(LOCKLOG // SECTOR, VFS // SECTOR))
"""Sectors of nvs, phy_init and locklog."""
ESP32_S2 = 0x000007C6
NAMESPACE = b"\x00\x01\x01\xff\xaa\xbb\xcc\xdd" + b"dropbolt".ljust(16, b"\0") + b"\x01" + b"\xff" * 7
"""How NVS keeps the name of a namespace (ESP-IDF, NVS, "Structure of entry")."""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "dropbolt.bin"
    path.write_bytes(join.join(base.read(stock.small_image()), vfs.build(release.build(), SIZE - VFS)))
    return path


def run(chip, image, *words, answer=None):
    """What the command said, with what esptool said put in front by the terminal."""
    return CliRunner().invoke(app, ["image", "flash", chip.name, str(image), *words], input=answer)


def placed(image, flash):
    """Whether the image is in the flash but for where the lock keeps its own."""
    content = image.read_bytes()
    return all(flash[part.address :][: len(part.content)] == part.content for part in join.split(content))


def lock(image, table=True):
    """The flash of a lock in service: an older file system, keys, a log."""
    flash = bytearray(b"\xff" * SIZE)
    flash[0x1000 : 0x1000 + image.stat().st_size] = image.read_bytes()
    flash[VFS : VFS + 64] = b"an older release".ljust(64)
    flash[NVS + 64 : NVS + 96] = NAMESPACE
    flash[LOCKLOG : LOCKLOG + 32] = b"a record of a code that was used"
    if not table:
        flash[0x8000:0x9000] = b"\xff" * 0x1000
    return flash


def kept(flash):
    return bytes(flash[NVS:0x10000]), bytes(flash[LOCKLOG:VFS])


def test_a_bare_board_is_erased_and_gets_everything(image):
    with SerialChip(bytearray(b"\x5a" * SIZE)) as chip:
        done = run(chip, image)
        assert (done.exit_code, "whole board is erased" in done.stdout) == (0, True), done.output
        content = image.read_bytes()
        assert chip.flash == b"\xff" * 0x1000 + content + b"\xff" * (SIZE - 0x1000 - len(content))


@pytest.mark.parametrize("table", [True, False], ids=["whole", "after a write that broke off in the table"])
def test_a_lock_keeps_its_keys_and_its_log(image, table):
    with SerialChip(lock(image, table)) as chip:
        before = kept(chip.flash)
        done = run(chip, image)
        assert (done.exit_code, "keys, codes and log stay" in done.stdout) == (0, True), done.output
        assert kept(chip.flash) == before
        assert not chip.erased & KEPT
        assert placed(image, chip.flash)


def test_a_lock_that_has_no_keys_yet_is_a_lock(image):
    flash = lock(image)
    flash[NVS : NVS + SECTOR] = b"\xff" * SECTOR
    with SerialChip(flash) as chip:
        assert run(chip, image).exit_code == 0
        assert not chip.erased & KEPT


@pytest.mark.parametrize(("answer", "status"), [("\n", 1), ("y\n", 0)])
def test_a_lock_is_erased_only_after_a_question(image, answer, status):
    with SerialChip(lock(image)) as chip:
        before = bytes(chip.flash)
        done = run(chip, image, "--erase", answer=answer)
        assert done.exit_code == status, done.output
        assert "for ever" in done.stdout
        if status:
            assert chip.flash == before
        else:
            assert set(chip.flash[NVS:0x10000] + chip.flash[LOCKLOG:VFS]) == {0xFF}
            assert placed(image, chip.flash)


def called(version):
    """The release of this tree under another version."""
    made = release.build()
    return made._replace(
        main=made.main.replace(f"# Dropbolt {release.version()}".encode(), f"# Dropbolt {version}".encode())
    )


def runs(image, version):
    """The flash of a lock that runs that version."""
    flash = lock(image)
    system = vfs.build(called(version), SIZE - VFS)
    flash[VFS : VFS + len(system)] = system
    return flash


@pytest.mark.parametrize(
    ("version", "answer", "status"), [("99.0.1", "\n", 1), ("99.0.1", "y\n", 0), ("0.0.9", None, 0)]
)
def test_an_older_image_comes_to_a_lock_only_after_a_question(image, version, answer, status):
    with SerialChip(runs(image, version)) as chip:
        before, keys = bytes(chip.flash), kept(chip.flash)
        done = run(chip, image, answer=answer)
        assert done.exit_code == status, done.output
        asked = f"The lock runs Dropbolt 99.0.1, and {release.version()} is older" in done.stdout
        assert asked == (answer is not None)
        assert kept(chip.flash) == keys
        assert placed(image, chip.flash) if status == 0 else chip.flash == before


@pytest.mark.parametrize("writes", [0, 2])
def test_a_cable_pulled_while_writing_costs_no_key_and_no_log(image, writes):
    with SerialChip(lock(image)) as chip:
        before = kept(chip.flash)
        chip.fail_after = writes
        done = run(chip, image)
        assert (done.exit_code, "write it again" in done.stderr) == (REFUSED, True)
        chip.fail_after = None
        assert run(chip, image).exit_code == 0
        assert (kept(chip.flash), placed(image, chip.flash)) == (before, True)


def test_another_chip_is_refused(image):
    with SerialChip(bytearray(b"\x5a" * SIZE), magic=ESP32_S2) as chip:
        done = run(chip, image)
        assert (done.exit_code, "This chip is ESP32-S2, not ESP32" in done.stderr) == (REFUSED, True)
        assert "take a board with an ESP32" in done.stderr
        assert not chip.erased


def test_a_board_with_less_flash_is_refused(image):
    with SerialChip(bytearray(b"\x5a" * (SIZE // 2))) as chip:
        done = run(chip, image)
        assert done.exit_code == REFUSED
        assert not chip.erased


def test_a_port_that_is_not_there_is_told(image):
    done = CliRunner().invoke(app, ["image", "flash", "/dev/no-such-port", str(image)])
    assert (done.exit_code, done.stderr.count("\n")) == (REFUSED, 1)
    assert "Could not open /dev/no-such-port" in done.stderr
    assert "is the cable plugged in" in done.stderr


def test_a_board_that_does_not_answer_is_told(image):
    master, slave = pty.openpty()
    tty.setraw(slave)
    done = CliRunner().invoke(app, ["image", "flash", os.ttyname(slave), str(image)])
    os.close(slave)
    os.close(master)
    assert (done.exit_code, "hold GPIO 0 at GND" in done.stderr) == (REFUSED, True)


@pytest.mark.parametrize(
    ("at", "left"), [("is_lock", "nothing was written"), ("write", "written in part: run the same")]
)
def test_a_ctrl_c_is_told_with_what_it_leaves(image, monkeypatch, at, left):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.image.flash.is_lock", lambda port: True)
    monkeypatch.setattr("tools.image.flash.older", lambda port, image: "")
    monkeypatch.setattr(f"tools.image.flash.{at}", interrupted)
    done = CliRunner().invoke(app, ["image", "flash", "/dev/ttyUSB0", str(image)])
    assert (done.exit_code, done.stderr.startswith("stopped: "), left in done.stderr) == (REFUSED, True, True)


def test_a_ctrl_c_in_a_deployment_is_told(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.image.deploy.deploy", interrupted)
    done = CliRunner().invoke(app, ["image", "deploy", "/dev/ttyUSB0"])
    assert (done.exit_code, "its console is open: run the same command again" in done.stderr) == (REFUSED, True)


def test_an_image_that_was_not_made_yet_is_told(tmp_path):
    done = CliRunner().invoke(app, ["image", "flash", "/dev/no-such-port", str(tmp_path / "none.bin")])
    assert (done.exit_code, "make it with `make image BASE=...`" in done.stderr) == (REFUSED, True)


def test_what_is_no_image_of_a_lock_is_refused_before_the_board_is_touched():
    done = CliRunner().invoke(app, ["image", "flash", "/dev/no-such-port", str(stock.ESP32)])
    assert (done.exit_code, "no image of a lock" in done.stderr) == (REFUSED, True)
