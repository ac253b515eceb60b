"""The image of a lock, made from the official MicroPython: what is in it, that a lock runs from it, what is refused."""

import ast
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from host_sim.lock import Lock, LockConfig
from host_sim.runtime.image import chip_image
from host_sim.wiring import LOCKLOG_ADDRESS, LOCKLOG_SIZE, LOCKLOG_SUBTYPE, LOCKLOG_TYPE
from tests.host import stock
from tests.host.vm import MICROPYTHON, ROOT
from tools.cli import app
from tools.image import Refused, base, join, layout, release, vfs
from tools.image.cli import REFUSED

VFS = 0x240000
VFS_SIZE = 0x1C0000


def build(*words):
    return CliRunner().invoke(app, ["image", "build", *map(str, words)])


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The path of an image made by the command, and what the command printed."""
    stock.stock_image()
    path = tmp_path_factory.mktemp("image") / "deep" / "dropbolt.bin"
    done = build(stock.ESP32, path)
    assert done.exit_code == 0, done.output
    return path, done.stdout


def test_the_partition_table_is_the_one_that_the_firmware_expects(image):
    table = image[0].read_bytes()[0x7000:0x8000]
    parts = stock.partitions(table)
    assert parts == [
        (1, 2, 0x9000, 0x6000, "nvs"),
        (1, 1, 0xF000, 0x1000, "phy_init"),
        (0, 0, 0x10000, 0x1F0000, "factory"),
        (LOCKLOG_TYPE, LOCKLOG_SUBTYPE, LOCKLOG_ADDRESS, LOCKLOG_SIZE, "locklog"),
        (1, 0x81, VFS, VFS_SIZE, "vfs"),
    ]
    for (_, _, address, size, _), (_, _, following, _, _) in zip(parts, parts[1:], strict=False):
        assert address + size == following
    assert VFS + VFS_SIZE == 4 << 20


def test_what_was_built_is_printed(image):
    path, said = image
    for text in ("locklog", "0x200000", "0x240000", "MicroPython 1.25.0", f"{path.stat().st_size:,} bytes"):
        assert text in said


def test_bootloader_and_application_are_those_of_the_stock_image_and_nothing_else_is_set(image):
    made, plain = image[0].read_bytes(), stock.stock_image()
    assert made[:0x7000] == plain[:0x7000]
    assert made[stock.APPLICATION : len(plain)] == plain[stock.APPLICATION :]
    for start, end in ((0x9000, 0x10000), (0x1000 + len(plain), VFS)):
        assert set(made[start - 0x1000 : end - 0x1000]) == {0xFF}


@pytest.mark.parametrize("part", ["bootloader", "application"])
def test_esptool_finds_both_images_valid(image, tmp_path, part):
    content = image[0].read_bytes()[0 if part == "bootloader" else stock.APPLICATION :]
    (tmp_path / "part.bin").write_bytes(content)
    command = [sys.executable, "-m", "esptool", "image-info", tmp_path / "part.bin"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "NO_COLOR": "1"})
    assert "Detected image type: ESP32\n" in done.stdout
    assert done.stdout.count("(valid)") == 2


LIST = """
import hashlib, json, os, sys
sys.path.insert(0, "FOLDER")
execfile("FOLDER/mount.py")
found = {}
def look(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + name
        if kind == 0x4000:
            if path != "/host":
                look(path + "/")
        else:
            with open(path, "rb") as file:
                found[path] = hashlib.sha256(file.read()).digest().hex()
look("/")
print(json.dumps(found))
"""


def test_micropython_mounts_the_file_system_and_finds_every_file(image, tmp_path):
    root = stock.rooted(tmp_path, image[0].read_bytes()[VFS - 0x1000 :], VFS_SIZE // 4096)
    (tmp_path / "mount.py").write_text((root / "boot.py").read_text().replace('execfile("boot.py")', ""))
    (tmp_path / "list.py").write_text(LIST.replace("FOLDER", str(tmp_path)))
    command = [MICROPYTHON, "-X", "heapsize=4M", tmp_path / "list.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    made = release.build()
    expected = {f"/{path}": hashlib.sha256(content).hexdigest() for path, content in made.everything().items()}
    assert json.loads(done.stdout) == expected
    assert {"/boot.py", "/main.py", f"/{made.folder}/firmware/app.mpy", f"/{made.folder}/lib/umqtt/simple.mpy"} <= set(
        expected
    )


@pytest.fixture(scope="module")
def root(image, tmp_path_factory):
    return stock.rooted(tmp_path_factory.mktemp("root"), image[0].read_bytes()[VFS - 0x1000 :], VFS_SIZE // 4096)


def test_a_lock_runs_from_the_image(root):
    config = LockConfig(grants=[{"label": "door", "kind": "event", "digits": 8}])
    with Lock(runtime="micropython", config=config, root=root, heap="4M") as lock:
        code = lock.issue("door")
        lock.wake()
        lock.type(code + "#")
        assert lock.run_until(lambda: lock.bolt == "unlocked", 3)
        lock.wait(30)
        lock.wake()
        lock.type(code + "#")
        lock.wait(3)
        assert (lock.answer, lock.openings) == ("used", 1)


def test_a_lock_whose_release_is_damaged_sleeps_and_opens_nothing(tmp_path):
    made = release.build()
    files = {name: content for name, content in made.files.items() if name != "firmware/app.mpy"}
    root = stock.rooted(tmp_path, vfs.build(made._replace(files=files), VFS_SIZE), VFS_SIZE // 4096)
    with Lock(runtime="micropython", config=LockConfig(), root=root, heap="4M") as lock:
        lock.wait(400)
        assert (lock.world.chip.state, lock.openings) == ("asleep", 0)


def test_the_same_tree_gives_the_same_bytes(image, tmp_path):
    for name in ("boot.py", "main.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("firmware", "lib"):
        shutil.copytree(ROOT / name, tmp_path / name, copy_function=shutil.copyfile)
    script = (
        "import sys; from pathlib import Path; from host_sim.path import put_shim_first; put_shim_first()\n"
        "from tools.image import base, join, release, vfs\n"
        f"system = vfs.build(release.build(Path(sys.argv[1])), {VFS_SIZE})\n"
        "sys.stdout.buffer.write(join.join(base.read(Path(sys.argv[2]).read_bytes()), system))"
    )
    for seed in ("1", "2"):
        command = [sys.executable, "-c", script, tmp_path, stock.ESP32]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True)
        assert done.stdout == image[0].read_bytes(), done.stderr.decode()


def test_another_main_is_another_release(tmp_path):
    (tmp_path / "firmware").mkdir()
    (tmp_path / "boot.py").write_text("")
    folders = set()
    use = "from firmware.a import A\n"
    for main, module in ((use, "A = [1]"), (use + "pass", "A = [1]"), (use, "A = [2]")):
        (tmp_path / "main.py").write_text(main)
        (tmp_path / "firmware" / "a.py").write_text(module)
        made = release.build(tmp_path)
        assert f'"/{made.folder}"'.encode() in made.main
        folders.add(made.folder)
    assert len(folders) == 3


def with_bytes(image, start, *values):
    return image[:start] + bytes(values) + image[start + len(values) :]


def moved_factory():
    """The stock image with another name for its application's partition, and a table that fits."""
    image = bytearray(stock.stock_image())
    image[0x7000 + 64 + 12 : 0x7000 + 64 + 19] = b"actory\0"
    image[0x7000 + 128 + 16 : 0x7000 + 160] = hashlib.md5(image[0x7000 : 0x7000 + 128]).digest()
    return bytes(image)


WRONG = {
    "empty": (lambda: b"", "no image for the ESP32"),
    "text": (lambda: b"MicroPython v1.25.0 on 2025-04-15\n" * 100, "no image for the ESP32"),
    "random": (lambda: random.Random(3).randbytes(100_000), "no image for the ESP32"),
    "esp8266": (lambda: stock.ESP8266.read_bytes(), "no image for the ESP32"),
    "esp32s3": (lambda: with_bytes(stock.stock_image(), 12, 9), "for the ESP32S3, the lock needs an ESP32"),
    "application only": (lambda: stock.stock_image()[stock.APPLICATION :], "no partition table"),
    "cut in the bootloader": (lambda: stock.stock_image()[:5000], "no partition table"),
    "cut in the table": (lambda: stock.stock_image()[:0x7040], "no partition table"),
    "cut in the application": (lambda: stock.stock_image()[:900_000], "application in this image is cut off"),
    "one byte short": (lambda: stock.stock_image()[:-1], "application in this image is cut off"),
    "damaged application": (lambda: with_bytes(stock.stock_image(), 500_000, 0x55), "damaged, its SHA-256 differs"),
    "flipped bit in the bootloader": (
        lambda: with_bytes(stock.stock_image(), 0x2000, 0x55),
        "bootloader in this image",
    ),
    "no factory": (moved_factory, "no application at 0x10000 called factory"),
    "2 MiB of flash": (lambda: with_bytes(stock.stock_image(), 3, 0x10), "for 2 MiB of flash, the lock needs 4"),
    "1.20": (lambda: stock.other_version(b"1.20.0"), "MicroPython 1.20.0, the lock needs 1.25 or later"),
    "1.99": (lambda: stock.other_version(b"1.99.0"), "MicroPython 1.99.0, and mpy-cross here compiles for up to 1."),
    "not MicroPython": (
        lambda: stock.sealed(stock.stock_image().replace(b"MicroPython v", b"MacroPython v")),
        "not MicroPython",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_image_is_told_and_nothing_is_written(tmp_path, kind):
    make, expected = WRONG[kind]
    (tmp_path / "base.bin").write_bytes(make())
    out = tmp_path / "out.bin"
    out.write_bytes(b"what was there")
    done = build(tmp_path / "base.bin", out)
    assert done.exit_code == REFUSED
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert out.read_bytes() == b"what was there"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_version_that_the_compiler_knows_is_taken():
    assert base.read(stock.other_version(b"1.26.1")).version == (1, 26, 1)


@pytest.mark.parametrize("name", ["missing.bin", "."])
def test_a_file_that_cannot_be_read_is_told(tmp_path, name):
    done = build(tmp_path / name, tmp_path / "out.bin")
    assert (done.exit_code, name.strip(".") in done.stderr) == (REFUSED, True)


def test_a_file_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path):
    (tmp_path / "out.bin").mkdir()
    done = build(stock.ESP32, tmp_path / "out.bin")
    assert (done.exit_code, "out.bin" in done.stderr) == (REFUSED, True)
    assert [path.name for path in tmp_path.iterdir()] == ["out.bin"]


def test_a_release_too_large_for_the_partition_is_refused():
    made = release.build()
    with pytest.raises(Refused, match="does not fit"):
        vfs.build(made, 40 * layout.SECTOR)


def test_a_module_that_does_not_compile_is_named(tmp_path):
    (tmp_path / "boot.py").write_text("")
    (tmp_path / "main.py").write_text("from firmware.bad import run\n")
    (tmp_path / "firmware").mkdir()
    for source in ("def run():\n    match 1:\n        case 1: pass\n", "def run(:\n"):
        (tmp_path / "firmware" / "bad.py").write_text(source)
        with pytest.raises(Refused, match="mpy-cross cannot compile the firmware: (?s:.*)firmware/bad.py"):
            release.build(tmp_path)


def test_a_module_that_cannot_be_linked_is_named(tmp_path):
    (tmp_path / "boot.py").write_text("")
    (tmp_path / "main.py").write_text("from firmware.bad import run\n")
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "bad.py").write_text("print('loaded')\n")
    with pytest.raises(Refused, match="cannot be linked: firmware/bad.py:1: a module that does something"):
        release.build(tmp_path)


def test_a_release_has_the_modules_that_are_imported_at_the_prompt_and_no_others(tmp_path):
    files = {name: data for name, data in release.build().files.items() if name.startswith("prompt/")}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    loaded, path = set(), f"{chip_image().numbered()}:{tmp_path / 'prompt'}:.frozen"
    for script in (ROOT / "tools").glob("*/on_lock/*.py"):
        imports = [ast.unparse(node) for node in ast.parse(script.read_bytes()).body if "import" in ast.unparse(node)]
        told = "print([m.__file__ for name, m in sys.modules.items() if name.startswith('firmware')])"
        command = [MICROPYTHON, "-c", "\n".join(["import sys", *imports, told])]
        options = {"cwd": tmp_path, "env": {**os.environ, "MICROPYPATH": path}, "text": True}
        done = subprocess.run(command, **options, capture_output=True, check=False)
        assert not done.returncode, (script.name, done.stdout)
        loaded.update(ast.literal_eval(done.stdout))
    assert {str(Path(name).relative_to(tmp_path)) for name in loaded} == set(files)


def test_an_image_comes_apart_into_what_it_was_made_of(image):
    content = image[0].read_bytes()
    assert [part.address for part in join.split(content)] == [0x1000, 0x8000, 0x10000, VFS]
    for address, part in join.split(content):
        assert content[address - 0x1000 :][: len(part)] == part


@pytest.mark.parametrize("cut", [len, lambda image: VFS - 0x1000])
def test_only_an_image_of_a_lock_comes_apart(image, cut):
    content = stock.stock_image()
    if cut is not len:
        content = image[0].read_bytes()[: cut(content)]
    with pytest.raises(Refused, match="no image of a lock"):
        join.split(content)
