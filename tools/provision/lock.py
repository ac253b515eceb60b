"""The lock at the other end of the cable, at MicroPython's prompt: asked and written by `on_lock/install.py`.

Secrets go over the cable and nowhere else: no answer has one, and what the lock says when it fails is its last line.
"""

import base64
import hashlib
import json
import re
import time
from contextlib import contextmanager
from pathlib import Path

from tools import prompt
from tools.image import Refused
from tools.sentence import plain

_ANSWER_S = 5
_ERASE_S = 60
"""64 sectors at the 400 ms that each may take (W25Q64), and as much again."""
_REPLACE_S = 30
"""A set that differs in all of 64 grants, which then go there piece by piece."""
_PIECE = 384
_SCRIPTS = Path(__file__).with_name("on_lock")
_ACTIVE = re.compile(r'^sys\.path\.insert\(0, "/(fw-[0-9a-f]+)"\)$', re.MULTILINE)
_BROKEN = (
    "the lock on {port} {why}: plug it in, open its console, and run the same command again; it goes on from there"
)
_THEN = "; then open its console once more and run the same command again; it goes on from there"
_NO_FIRMWARE = (
    "the board on {port} ({machine}) has no firmware of a lock: take another port, or `make flash PORT={port}`"
)


class Failed(Exception):
    """The lock could not do what it was told; `word` is the last line of what it said."""

    def __init__(self, word):
        super().__init__(word)
        self.word = word


@contextmanager
def connected(port):
    """The Lock at a serial `port` whose console is open. Raises Refused; the same command goes on from there."""
    with prompt.opened(port, _BROKEN) as transport:
        yield Lock(transport, port)


class Lock:
    """A board at its prompt. Methods raise Failed for what the board cannot do, TransportError when it is gone."""

    def __init__(self, transport, port):
        self._transport = transport
        self.port = port
        self.board = ""
        """The chip's own number in hex, once `check` has seen it."""

    def check(self, folder):
        """Raise Refused unless it runs the release `folder`, on the flash of a lock."""
        try:
            main = bytes(self._transport.fs_readfile("/main.py")).decode("utf-8", "replace")
        except OSError:
            main = ""
        active = _ACTIVE.search(main)
        if not active:
            machine = self._transport.eval("__import__('sys').implementation._machine")
            raise Refused(_NO_FIRMWARE.format(port=self.port, machine=machine))
        if active[1] != folder:
            raise Refused(
                f"the lock runs the firmware {active[1]}, and this computer has {folder}: "
                f"run `make deploy PORT={self.port}` first"
            )
        prompt.name_modules(self._transport, folder)
        self.load("install")
        self.board, fits = self.ask("about()")
        if not fits:
            raise Refused(
                f"the flash of the board on {self.port} has no partition of a lock: run `make flash PORT={self.port}`"
            )

    def load(self, script):
        """Define the functions of a script of on_lock/ there."""
        self._run((_SCRIPTS / f"{script}.py").read_text(encoding="utf-8"))

    def ask(self, call, timeout_s=_ANSWER_S):
        """What a function of the scripts answers, a list."""
        return json.loads(self._run(call, timeout_s))

    def _run(self, code, timeout_s=_ANSWER_S):
        said, wrong = self._transport.exec_raw(code, timeout=timeout_s)
        if wrong:
            raise Failed(plain(wrong.decode(errors="replace").strip().rpartition("\n")[2].strip()))
        return said

    def send(self, **parts):
        """Have the bytes `parts` there, by name."""
        for name, octets in parts.items():
            self._run(f"take({name!r}, '')")
            for at in range(0, len(octets), _PIECE):
                self._run(f"take({name!r}, {base64.b64encode(octets[at : at + _PIECE]).decode()!r})")

    def whose(self):
        """The Found of its vault."""
        return Found(*self.ask("whose()"))

    def forget(self):
        """Make it a bare board."""
        self.ask("forget()")

    def begin(self):
        """Begin journal and log, by what was sent as settings, grants and log."""
        self.ask("begin()", _ERASE_S)

    def replace(self):
        """Have the set there that was sent; its generation."""
        return self.ask("replace()", _REPLACE_S)[0]

    def set_clock(self, uncertainty_ms, reset_floor):
        """Set its clock to this computer's; returns why it refused that time, "" if it did not.

        uncertainty_ms: of this computer's clock. What the cable takes is measured, and done again if it was long.
        """
        for _ in range(3):
            time.sleep(-time.time() % 1)
            began = time.monotonic()
            (word,) = self.ask(f"set_clock({round(time.time())}, {uncertainty_ms + 500}, {reset_floor})")
            if word or time.monotonic() - began < 1:
                break
        return word

    def restart(self):
        """Start it anew, as a lock in service; raises Refused if it gives a prompt all the same."""
        if not prompt.restart(self._transport):
            raise Refused(prompt.STILL_OPEN.format(port=self.port) + _THEN)


class Found:
    """What the vault of a board holds. word: why there is no set that can be read, "" if there is one.

    lock: its id, hex. fingerprint: SHA-256 over ids, salt and key, hex. generation. fields: the settings without those.
    digest: SHA-256 of the grants, hex. rows: (id, revoked, label) of each grant.
    """

    def __init__(self, first, fingerprint="", generation=0, fields=None, digest="", rows=()):
        self.word = "" if fingerprint else first
        self.lock = first if fingerprint else ""
        self.fingerprint = fingerprint
        self.generation = generation
        self.fields = fields or {}
        self.digest = digest
        self.rows = [tuple(row) for row in rows]

    @property
    def bare(self):
        """Whether it never was a lock, or forgot."""
        return self.word == "blank"

    @property
    def command(self):
        """What it holds of the last command by radio that changed the set, which a new set has to hold as well."""
        return self.fields.get("command")

    def is_of(self, record):
        """Whether it is the lock of this record."""
        return self.fingerprint == fingerprint(record)

    def holds(self, settings, packed):
        """Whether its set says the same as these bytes, but for the command."""
        wanted = {name: value for name, value in json.loads(settings).items() if name not in _SECRET}
        return (self.fields | {"command": 0}, self.digest) == (
            wanted | {"command": 0},
            hashlib.sha256(packed).hexdigest(),
        )


_SECRET = ("lock", "journal", "salt", "mac")


def fingerprint(record):
    """The fingerprint that the lock of `record` has."""
    return hashlib.sha256("".join(record.secrets[name] for name in _SECRET).encode()).hexdigest()
