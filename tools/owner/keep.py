"""The owner's folder: records of locks, each a file in the format of `age` (age-encryption.org/v1), which opens it.

    identity.age   this computer's age identity, encrypted with the owner's passphrase by scrypt
    LABEL.age      the record of a lock, encrypted to that identity: `age -d -i identity.age LABEL.age` shows it

A file is replaced as a whole, written beside it and synced first; LABEL.lock keeps two commands from changing a record
at once. Nothing is written in plain, and everything is readable by its owner alone.
"""

import re
from contextlib import contextmanager
from pathlib import Path

import pyrage
from filelock import FileLock, Timeout

from tools.log.files import read
from tools.owner.record import RecordError, load_record
from tools.replace import replace

IDENTITY = "identity.age"
_LIMIT = 16 << 20
_PATIENCE_S = 10
_LABEL = re.compile(r"[^\W_][\w .-]{0,39}")
_RECIPIENT = re.compile(r"age1[0-9a-z]{58}")


class KeepError(ValueError):
    """A file of the folder cannot be used; the text says why, and what to do next."""


class Keep:
    """The folder at `path`, locked until `unlock` or `create`. patience_s: how long a change waits for another one."""

    def __init__(self, path):
        self.path = Path(path)
        self._identity = None
        self.patience_s = _PATIENCE_S

    @property
    def exists(self):
        """Whether it has an identity."""
        return (self.path / IDENTITY).exists()

    @property
    def recipient(self):
        """This computer's public age key, by which others can encrypt to it."""
        return str(self._identity.to_public())

    def create(self, passphrase):
        """Make the folder and its identity. Raises KeepError for one that is there, or an empty passphrase."""
        if self.exists:
            raise KeepError(f"{self.path} is set up already")
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        identity = pyrage.x25519.Identity.generate()
        self._wrap(identity, passphrase)
        self._identity = identity

    def change_passphrase(self, passphrase):
        """Encrypt the identity, which is unlocked, with another passphrase. Raises KeepError for an empty one."""
        self._wrap(self._identity, passphrase)

    def _wrap(self, identity, passphrase):
        if not passphrase:
            raise KeepError("an empty passphrase keeps nothing: choose one")
        replace(self.path / IDENTITY, pyrage.passphrase.encrypt(str(identity).encode(), passphrase))

    def unlock(self, passphrase):
        """Open the identity. Raises KeepError; nothing has changed then."""
        if not self.exists:
            raise KeepError(f"{self.path} holds no keys yet: run `dropbolt setup`, or name the folder with --folder")
        content = read(self.path / IDENTITY, _LIMIT)
        try:
            text = pyrage.passphrase.decrypt(content, passphrase).decode()
            self._identity = pyrage.x25519.Identity.from_str(text.strip())
        except (pyrage.DecryptError, pyrage.IdentityError, ValueError) as error:
            if not content.startswith(b"age-encryption.org/v1\n-> scrypt ") or len(content) < 200:
                why = "is cut off or no age file: put your copy of it back"
            else:
                why = "does not open with this passphrase: try again; if it is forgotten, see docs/owner.md"
            raise KeepError(f"{self.path / IDENTITY} {why}") from error

    def labels(self):
        """Labels of the locks whose records are here."""
        return sorted(path.stem for path in self.path.glob("*.age") if path.name != IDENTITY)

    def load(self, label):
        """The Record of a lock. Raises KeepError."""
        path = self._file(label)
        if not path.exists():
            there = ", ".join(self.labels()) or "none"
            raise KeepError(f"there is no record of a lock {label!r} in {self.path}; there are: {there}")
        return self.read(path)

    def read(self, path):
        """The Record in a file that is encrypted to this computer. Raises KeepError."""
        try:
            return load_record(pyrage.decrypt(read(Path(path), _LIMIT), [self._identity]))
        except pyrage.DecryptError as error:
            raise KeepError(f"{path} {_broken(str(error))}") from error
        except RecordError as error:
            raise KeepError(f"{path}: {error}") from error

    def add(self, record):
        """Keep a new record under its label. Raises KeepError where one of that label is there."""
        path = self._file(record.label)
        with self._alone(path):
            if path.exists():
                raise KeepError(f"{path} is there already, and is kept: choose another label")
            replace(path, self.sealed(record, self.recipient))

    @contextmanager
    def change(self, label):
        """The Record of a lock, written back when the block ends well. Raises KeepError."""
        path = self._file(label)
        with self._alone(path):
            record = self.load(label)
            yield record
            replace(path, self.sealed(record, self.recipient))

    def replace(self, label, change):
        """Keep `change(record)`, a Record, in place of the one of a lock, and return it. Raises KeepError."""
        path = self._file(label)
        with self._alone(path):
            record = change(self.load(label))
            replace(path, self.sealed(record, self.recipient))
            return record

    def sealed(self, record, recipient):
        """The bytes of a file that only `recipient`, an age public key, can open. Raises KeepError."""
        if not _RECIPIENT.fullmatch(recipient):
            raise KeepError(f"{recipient!r} is no age key; `dropbolt setup` on the other computer prints it: age1...")
        try:
            key = pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError as error:
            raise KeepError(f"{recipient!r} has a slip in it: copy it again from the other computer") from error
        return pyrage.encrypt(record.dumped(), [key])

    def _file(self, label):
        if not _LABEL.fullmatch(label) or f"{label}.age" == IDENTITY:
            raise KeepError(f"{label!r} is no label: letters, digits, spaces, points and dashes, at most 40")
        return self.path / f"{label}.age"

    @contextmanager
    def _alone(self, path):
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with FileLock(path.with_suffix(".lock"), timeout=self.patience_s, mode=0o600):
                yield
        except Timeout as error:
            raise KeepError(f"another command is changing {path}: wait until it has ended") from error


def _broken(why):
    if "No matching keys" in why:
        return "is for another computer: open it there, or have `dropbolt join` make one for this one"
    return "is cut off or damaged: put your newest copy of it back, then run `dropbolt log` with a dump of the lock"
