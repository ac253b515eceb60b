"""A newer release onto a lock in service, over the cable: afterwards, and after a cut anywhere, one whole release runs.

    ask    MicroPython, boot.py, main.py             nothing is written
    clear  releases that main.py does not name       what cuts have left behind
    copy   the new release into a folder of its own  what is there with the right SHA-256 is not sent again
    check  every SHA-256 again, from flash; import   the lock itself loads the new modules, and reads its keys by them
    switch main.new over main.py                     one rename, which littlefs does wholly or not at all
    clear  the release before                        and restart: then there must be no prompt any more

boot.py stays: it is the same for all releases, and one rename cannot take two files along. NVS and `locklog` are not in
the file system.
"""

import hashlib
import re

from mpremote.transport import TransportExecError

from tools import prompt
from tools.image import Refused, layout
from tools.image.base import OLDEST, dotted
from tools.image.release import PREFIX, PROMPT, older

_CHUNK = 256
_DIRECTORIES = 24 * layout.SECTOR
"""More than littlefs takes for the folders of a release and for the renames."""
_ACTIVE = re.compile(rb'^sys\.path\.insert\(0, "/(' + PREFIX.encode() + rb'[0-9a-f]{12})"\)$', re.MULTILINE)
_FOLDER = 0x4000
_MPY = 6 | 3 << 8
"""Version 6.3 of compiled code, as `sys.implementation._mpy` has it in its lowest ten bits."""
_ASK_MPY = "(lambda s: (tuple(s.version[:3]), s._mpy & 1023))(__import__('sys').implementation)"
_IMPORT = """
import sys
for name in list(sys.modules):
    if name.startswith("firmware"):
        del sys.modules[name]
sys.path.insert(0, "/{folder}")
import {modules}
"""
_READS = """
import sys
for name in list(sys.modules):
    if name.startswith("firmware"):
        del sys.modules[name]
sys.path.insert(0, "/{folder}/{prompt}")
try:
    from esp32 import NVS
    from firmware.store.vault import Vault
    Vault(NVS("dropbolt")).load()
    print("{read}")
except Exception as error:
    print(error)
sys.path.pop(0)
"""
_READ = "it is read"
_CLOSED = (
    "the new release cannot read this lock's keys and codes ({why}) and would open for nobody: the lock runs what it "
    "ran before; take a release that can, or make the lock anew: `make flash PORT={port} ERASE=1`, `make provision`"
)
_NO_ROOM = (
    "the lock's file system has {free:,} bytes free and the new release needs {needed:,}: "
    "use `make flash`, which makes it anew; keys and log stay"
)
_OTHER_BOOT = "boot.py is another one, and no rename switches two files: use `make flash`; keys and log stay"
_BROKEN = "the lock on {port} {why}: it runs the release of before or the new one, whole; plug it in and deploy again"


def deploy(port, release, progress=lambda done, total: None, agree=lambda told: False):
    """Bring the lock at the serial `port` to `release` and restart it; returns whether there was anything to do.

    `progress` is told bytes sent and to send. `agree` is told why not, and says whether an older one may be brought all
    the same. Raises Refused; unless the text says otherwise, the lock then runs
    what it ran before.
    """
    with prompt.opened(port, _BROKEN) as transport:
        lock = _Lock(transport)
        lock.check(release)
        active = lock.active()
        told = older(lock.read("main.py"), release.main)
        if told and not agree(told):
            raise Refused(f"{told}: nothing was changed")
        lock.clear({active, release.folder})
        missing = lock.missing(release)
        lock.copy(missing, progress)
        damaged = lock.missing(release)
        if damaged:
            raise Refused(f"{damaged[0][0]} cannot be read back from the lock's flash: it runs what it ran before")
        changed = lock.read("main.py") != release.main
        if changed:
            lock.rehearse(release)
            if lock.read_by(active) == _READ != (why := lock.read_by(release.folder)):
                raise Refused(_CLOSED.format(why=why, port=port))
            lock.switch(release)
        lock.clear({release.folder})
        closed = prompt.restart(transport)
    if not closed:
        raise Refused(f"{release.folder} is deployed, but {prompt.STILL_OPEN.format(port=port)}")
    return bool(missing) or changed


class _Lock:
    """The lock's file system at the other end of the cable. Paths have no first slash."""

    def __init__(self, transport):
        self._transport = transport

    def check(self, release):
        """Raises Refused unless this board can run `release` and only main.py stands between."""
        version, mpy = self._transport.eval(_ASK_MPY)
        if version[:2] < OLDEST or mpy != _MPY:
            raise Refused(f"the lock has MicroPython {dotted(version)}, which cannot run this: use `make flash`")
        if self.read("boot.py") != release.boot:
            raise Refused(_OTHER_BOOT)

    def active(self):
        """The folder of the release that runs. Raises Refused for a board without one."""
        found = _ACTIVE.search(self.read("main.py"))
        if not found:
            raise Refused("this board has no firmware of a lock: use `make flash`")
        return found[1].decode()

    def read(self, path):
        """The bytes of a file; none where there is none."""
        try:
            return bytes(self._transport.fs_readfile("/" + path))
        except FileNotFoundError:
            return b""

    def clear(self, keep):
        """Remove every release but those in `keep`, and a main.new."""
        for entry in self._transport.fs_listdir("/"):
            if entry.name == "main.new":
                self._transport.fs_rmfile("/main.new")
            elif entry.name.startswith(PREFIX) and entry.name not in keep:
                self._remove("/" + entry.name)

    def _remove(self, folder):
        for entry in self._transport.fs_listdir(folder):
            path = f"{folder}/{entry.name}"
            if entry.st_mode & _FOLDER:
                self._remove(path)
            else:
                self._transport.fs_rmfile(path)
        self._transport.fs_rmdir(folder)

    def missing(self, release):
        """(path, bytes) of each file of the release that the lock does not have as it should be."""
        found = []
        for name, content in release.files.items():
            path = f"{release.folder}/{name}"
            if self._hash(path) != hashlib.sha256(content).digest():
                found.append((path, content))
        return found

    def _hash(self, path):
        try:
            return self._transport.fs_hashfile("/" + path, "sha256", _CHUNK)
        except FileNotFoundError:
            return None

    def copy(self, files, progress):
        """Write files of a release that does not count yet. Raises Refused where there is no room."""
        needed = sum(-(-len(content) // layout.SECTOR) * layout.SECTOR for _, content in files)
        size, _, blocks, free, *_ = self._transport.eval("__import__('os').statvfs('/')")
        room = size * free if free <= blocks else 0  # littlefs counts shared blocks twice: it may be less than nothing
        if files and needed + _DIRECTORIES > room:
            raise Refused(_NO_ROOM.format(free=room, needed=needed + _DIRECTORIES))
        total, done = sum(len(content) for _, content in files), 0
        for path, content in files:
            self._make_folders(path)
            self._write(path, content)
            done += len(content)
            progress(done, total)

    def _make_folders(self, path):
        parts = path.split("/")
        for end in range(1, len(parts)):
            try:
                self._transport.fs_mkdir("/" + "/".join(parts[:end]))
            except FileExistsError:
                pass

    def _write(self, path, content):
        self._transport.fs_writefile("/" + path, content, _CHUNK)

    def rehearse(self, release):
        """Have the lock load the new modules beside the old ones. Raises Refused where it cannot."""
        try:
            self._transport.exec(_IMPORT.format(folder=release.folder, modules=", ".join(release.wakes)))
        except TransportExecError as error:
            why = prompt.last_line(error)
            raise Refused(f"the lock cannot load the new release ({why}): it runs what it ran before") from error

    def read_by(self, folder):
        """What the vault says to the modules of a release, _READ where they read keys and codes in it."""
        return self._transport.exec(_READS.format(folder=folder, prompt=PROMPT, read=_READ)).decode().strip()

    def switch(self, release):
        """From here on the new release counts."""
        self._write("main.new", release.main)
        self._transport.exec("import os\nos.rename('/main.new', '/main.py')")
