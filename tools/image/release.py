"""A release: the files of one version of the firmware as they are on the lock's file system, compiled.

    /boot.py                  as in this tree
    /main.py                  as in this tree, after lines that say which version it is and put its folder on the path
    /fw-0123456789ab/         firmware/ linked (tools/linker) and compiled; named by the hash of everything in it
    /fw-0123456789ab/lib/     lib/ compiled; looked at last, so that what MicroPython has frozen comes before it
    /fw-0123456789ab/prompt/  those of firmware/ that are asked for by name at the prompt, compiled one by one

A release never changes, it is replaced: main.py alone says which folder counts, so one rename of one file switches from
one release to the next. The same tree gives the same bytes.
"""

import hashlib
import re
import tomllib
from typing import NamedTuple

from host_sim.runtime.image import PROJECT, firmware_image
from tools.image import Refused
from tools.image.base import dotted
from tools.linker import LinkError
from tools.linker.program import Program

PREFIX = "fw-"
PROMPT = "prompt"
_DIGITS = 12
_SCRIPTS = sorted((PROJECT / "tools").glob("*/on_lock/*.py"))
_PATH_LINES = """\
# Dropbolt {version}

import micropython

micropython.kbd_intr(-1)

import sys

sys.path.insert(0, "/{folder}")
sys.path.append("/{folder}/lib")
"""
_VERSION = re.compile(rb"^# Dropbolt ([0-9.]+)$", re.MULTILINE)
_OLDER = "the lock runs Dropbolt {there}, and {here} is older: what was mended since then would be back"


class Release(NamedTuple):
    """`folder`: its name, without a slash. `files`: path within the folder -> bytes, sorted. `boot`, `main`: bytes."""

    folder: str
    files: dict
    boot: bytes
    main: bytes

    @property
    def wakes(self):
        """Names of the modules that a wake by a key loads, but for the board's, which wants the chip's own."""
        names = ("app", "assembly")
        return [f"firmware.{name}" for name in names if f"firmware/{name}.mpy" in self.files]

    def everything(self):
        """Path on the lock's file system, without the first slash -> bytes; main.py comes last."""
        inside = {f"{self.folder}/{name}": content for name, content in self.files.items()}
        return {**inside, "boot.py": self.boot, "main.py": self.main}


def version():
    """The version of this tree, as pyproject.toml has it: numbers with dots between."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def older(there, here):
    """Why not to put one firmware in the place of another, each by its main.py; "" where it is not older."""
    before, after = _called(there), _called(here)
    return _OLDER.format(there=dotted(before), here=dotted(after)) if before > after else ""


def _called(main):
    """The numbers of the version that a main.py says it is; none where it says nothing."""
    found = _VERSION.search(main)
    return tuple(int(number) for number in found[1].split(b".") if number) if found else ()


def build(root=PROJECT, called=None):
    """The Release of boot.py, main.py, firmware/ and lib/ under `root`.

    called: its version; None: that of this tree. Raises Refused: it cannot be linked, or mpy-cross cannot compile it.
    """
    image = firmware_image(root)
    try:
        files = _read(image.linked())
        modules = _read(image.separate())
        needed = _at_prompt(Program({name: source for name, (_, source) in image.files.items()}))
    except LinkError as error:
        raise Refused(f"the firmware cannot be linked: {error}") from error
    except ValueError as error:
        raise Refused(f"mpy-cross cannot compile the firmware: {error}") from error
    boot, main = files.pop("boot.py"), files.pop("main.py")
    files = {name if name.startswith("firmware/") else f"lib/{name}": content for name, content in files.items()}
    files |= {f"{PROMPT}/{name}": modules[name] for name in needed}
    files = dict(sorted(files.items()))
    digest = hashlib.sha256(main)
    for name, content in files.items():
        digest.update(f" {name} {len(content)} ".encode() + content)
    folder = PREFIX + digest.hexdigest()[:_DIGITS]
    return Release(folder, files, boot, _PATH_LINES.format(folder=folder, version=called or version()).encode() + main)


def _read(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*py")}


def _at_prompt(program):
    """The compiled modules that what provisioning and the doctor run at the prompt imports by their names."""
    scripts = [path.read_bytes() for path in _SCRIPTS]
    return {file.removesuffix(".py") + ".mpy" for script in scripts for file in program.files(script)}
