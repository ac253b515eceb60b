"""A lock on the cable, looked at and left as it is: what `dropbolt doctor --port` knows of it.

The console must be open (docs/install.md). What runs at the lock's end is in on_lock/, on the lock's own modules.
"""

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from mpremote.transport import TransportExecError

from tools import prompt
from tools.image.release import PREFIX

SECTOR = 4096
_FOLDER = Path(__file__).with_name("on_lock")
_SCRIPTS = {name: (_FOLDER / f"{name}.py").read_bytes() for name in ("hidden", "bench", "examine", "radio")}
_RELEASE = re.compile(r'^sys\.path\.insert\(0, "/(' + PREFIX + r'[0-9a-f]+)"\)$', re.MULTILINE)
_VERSION = re.compile(r"^# Dropbolt ([0-9.]+)$", re.MULTILINE)
_BROKEN = "the lock on {port} {why}: nothing was changed; plug it in, open its console, and ask again"


@dataclass
class Seen:
    """What a lock told.

    version, release: of its firmware, and the folder that this is in; "" where that cannot be made out. told: lists by
    name, each as on_lock/ tells it, in their order. broken: "" or why its own modules could not be asked. second:
    (unix s by its clock, unix s by this computer's at the same instant), None where there is no time. dump: the bytes
    of its partition. closed: whether its console was closed again in the end.
    """

    version: str = ""
    release: str = ""
    told: dict = field(default_factory=dict)
    broken: str = ""
    second: tuple | None = None
    dump: bytes = b""
    closed: bool = True

    def one(self, name, default=None):
        """What was told last by this name, as a list; `default` if nothing was."""
        return self.told[name][-1] if name in self.told else default


def look(port, lock, progress=lambda done, total: None):
    """What the lock at the serial `port` tells; then it starts anew, in service. Raises tools.image.Refused; whatever
    comes, nothing has changed there.

    lock: id in hex; of another lock, if it says so, the flash is not read. `progress` is told the sectors that are read
    and all there are.
    """
    with prompt.opened(port, _BROKEN) as transport:
        seen = _Asked(transport).seen(lock, progress)
        seen.closed = prompt.restart(transport)
    return seen


class _Asked:
    def __init__(self, transport):
        self._transport = transport
        self._seen = Seen()

    def seen(self, lock, progress):
        found = self._seen
        main = self._transport.exec("print(open('/main.py').read())").decode(errors="replace").replace("\r", "")
        released, version = _RELEASE.search(main), _VERSION.search(main)
        found.release, found.version = (each[1] if each else "" for each in (released, version))
        self._ask("import json, sys\nprint(json.dumps(('micropython',) + tuple(sys.implementation.version[:3])))")
        try:
            self._examine()
        except TransportExecError as error:
            found.broken = prompt.last_line(error)
        if dict(found.told.get("setting", ())).get("lock", lock) == lock:
            self._read(progress)
        return found

    def _examine(self):
        """Ask the lock's own modules, a part at a time: its memory has no room for all of them."""
        self._fresh("hidden", "bench", "examine")
        self._ask("room = None\nclock = examine(board)")
        self._ask("look(board, clock)")
        if "second" in self._seen.told:
            self._seen.second = self._seen.one("second")[0], time.time()
        self._fresh("hidden", "bench", "radio")
        self._ask("room = None\nradio(board)")

    def _read(self, progress):
        """Have the bytes of the partition, by no module of the lock's."""
        self._fresh()
        self._ask(_PARTITION)
        total = self._seen.one("sectors")[0]
        for number in range(total):
            self._ask(f"sector({number})")
            for (text,) in self._seen.told.pop("content"):
                self._seen.dump += bytes.fromhex(text).ljust(_PIECE, b"\xff")
            progress(number + 1, total)

    def _fresh(self, *scripts):
        """Begin a part with an empty memory, and with these scripts.

        What they read is larger than any gap that loading them leaves, so there is room for it beforehand.
        """
        self._transport.exec("globals().clear()")
        prompt.name_modules(self._transport, self._seen.release)
        self._transport.exec(f"room = bytearray({_ROOM})")
        for name in scripts:
            self._transport.exec(_SCRIPTS[name])

    def _ask(self, code):
        for line in self._transport.exec(code).decode().splitlines():
            name, *what = json.loads(line)
            self._seen.told.setdefault(name, []).append(what)


_PIECE = 512
_ROOM = 8192
_PARTITION = f"""
from binascii import hexlify
from esp32 import Partition
found = Partition.find(Partition.TYPE_DATA, label="locklog")
piece = bytearray({_PIECE})

def sector(number):
    for at in range(0, {SECTOR}, {_PIECE}):
        found[0].readblocks(number, piece, at)
        end = {_PIECE}
        while end and piece[end - 1] == 0xFF:
            end -= 1
        print('["content", "' + hexlify(memoryview(piece)[:end]).decode() + '"]')

print('["sectors", %d]' % (found[0].ioctl(4, 0) if found else 0))
"""
"""What is in a piece of a sector is told without its blank end."""
