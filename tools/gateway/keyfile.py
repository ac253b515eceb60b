"""The gateway's key file: which broker, which locks, and the keys that it shares with each of them.

TOML, readable by its owner alone, since whoever has it can command every lock in it. A rotation writes two lines of a
lock anew, and leaves the rest of the file as its owner wrote it. docs/gateway.example.toml has the fields.
"""

import re
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from firmware.store.chain import KEY_SIZE
from tools.config import fields
from tools.config.lines import Lines
from tools.log.files import read
from tools.protocol.seal import Channel
from tools.replace import replace

_LIMIT = 16 << 20
_HIGHEST_EPOCH = 255
OFF, STATE, UNLOCK = "off", "state", "unlock"
"""What Home Assistant is offered of a lock: nothing, its state, or also a button that opens."""


class KeyFileError(ValueError):
    """The file is no key file; the text has a line for each mistake."""


@dataclass(frozen=True)
class Broker:
    """Where it listens, and how the gateway shows who it is. ca: file with the authority's certificate, PEM."""

    host: str
    port: int = 8883
    user: str | None = None
    password: str | None = None
    ca: Path | None = None
    insecure: bool = False


@dataclass(frozen=True)
class LockKeys:
    """A lock, and what the gateway shares with it.

    id: 16 hex digits. issuer: number of the gateway's own issuer at this lock. roots: key epoch -> root key, 32 bytes;
    two while a rotation is under way. log_key: the log's first key. home: OFF, STATE or UNLOCK.
    """

    id: str
    label: str
    issuer: int
    epoch: int
    roots: dict
    log_key: bytes
    home: str = OFF

    def channel(self, epoch):
        """The Channel of a key epoch, None if the gateway has no key of it."""
        root = self.roots.get(epoch)
        return None if root is None else Channel(root, bytes.fromhex(self.id), self.issuer, epoch)

    @property
    def next_epoch(self):
        """The epoch that a rotation under way brings, None without one."""
        return self.epoch + 1 if self.epoch + 1 in self.roots else None


@dataclass(frozen=True)
class KeyFile:
    """What a file says. store: where the gateway keeps what it knows. clock_ms: how wrong this computer's clock may be.

    listen: seconds that a lock waits for more when somebody called or an entry waits. prefix: of topics that Home
    Assistant reads. labels: label -> id.
    """

    broker: Broker
    locks: dict
    store: Path
    clock_ms: int = 500
    listen: int = 60
    prefix: str = "homeassistant"
    labels: dict = field(default_factory=dict)

    def find(self, name):
        """The LockKeys of an id or a label, None if there is none."""
        return self.locks.get(name) or self.locks.get(self.labels.get(name))


def _hex(size):
    def reader(value):
        if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value):
            raise fields.FieldError(f"must be {2 * size} hex digits in lower case")
        return bytes.fromhex(value)

    return reader


def _between(low, high):
    def reader(value):
        if not low <= fields.whole(value) <= high:
            raise fields.FieldError(f"must be {low} to {high}")
        return value

    return reader


def _home(value):
    if value not in (OFF, STATE, UNLOCK):
        raise fields.FieldError(f'must be one of "{OFF}", "{STATE}", "{UNLOCK}"')
    return value


def _topic(value):
    if re.search(r"[+#\0]", fields.text(value)):
        raise fields.FieldError("must be a topic without + and #")
    return value


def _listen(value):
    return _between(0, 60)(fields.duration(value))


_BROKER = {
    "host": fields.text,
    "port": _between(1, 65535),
    "user": fields.text,
    "password": fields.text,
    "ca": fields.text,
    "insecure": fields.boolean,
}
_GATEWAY = {"store": fields.text, "clock_ms": _between(0, 60_000), "listen": _listen, "prefix": _topic}
_LOCK = {
    "id": _hex(8),
    "label": fields.text,
    "issuer": _between(1, 255),
    "epoch": _between(1, _HIGHEST_EPOCH),
    "root": _hex(32),
    "log_key": _hex(KEY_SIZE),
    "home_assistant": _home,
    "next_root": _hex(32),
}
_OPTIONAL = ("home_assistant", "next_root")


def load(path):
    """The KeyFile at `path`. Raises KeyFileError; OSError for a file that cannot be read, or that others can."""
    mode = path.stat().st_mode
    if not stat.S_ISDIR(mode) and mode & 0o077:
        raise PermissionError(f"{path}: others may read it, and it holds keys: chmod 600 {path}")
    try:
        text = read(path, _LIMIT).decode()
        tables = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KeyFileError(f"{path}: no TOML: {error}") from error
    except RecursionError:
        raise KeyFileError(f"{path}: no TOML: nested too deeply") from None
    errors = []
    found = _key_file(tables, path.parent, lambda where, why: errors.append((where, why)))
    if errors:
        lines = Lines(text)
        said = sorted({(lines.of(*where), why) for where, why in errors})
        raise KeyFileError("\n".join(f"{path}:{line}: {why}" for line, why in said))
    return found


def _key_file(tables, folder, wrong):
    for name in tables.keys() - {"broker", "gateway", "lock"}:
        wrong((name, 0, ""), f"{name}: unknown")
    broker = _table(tables.get("broker", {}), "broker", 0, _BROKER, ("host",), wrong)
    gateway = _table(tables.get("gateway", {}), "gateway", 0, _GATEWAY, (), wrong)
    if bool(broker.get("ca")) == bool(broker.get("insecure")):
        wrong(("broker", 0, ""), "broker: give ca, or say insecure = true and let everybody read along")
    rows = tables.get("lock", [])
    if not isinstance(rows, list) or not rows:
        wrong(("lock", 0, ""), "lock: write [[lock]] above each")
        rows = []
    locks = [_lock(row, place, wrong) for place, row in enumerate(rows)]
    locks = [lock for lock in locks if lock]
    for name in ("id", "label"):
        _once([getattr(lock, name) for lock in locks], name, wrong)
    if broker.get("ca"):
        broker["ca"] = folder / broker["ca"]
    gateway["store"] = folder / gateway.get("store", "gateway.db")
    if "host" not in broker:
        return None
    by_id = {lock.id: lock for lock in locks}
    return KeyFile(Broker(**broker), by_id, **gateway, labels={lock.label: lock.id for lock in locks})


def _lock(row, place, wrong):
    found = _table(row, "lock", place, _LOCK, [name for name in _LOCK if name not in _OPTIONAL], wrong)
    if not all(name in found for name in _LOCK if name not in _OPTIONAL):
        return None
    roots = {found["epoch"]: found["root"]}
    if "next_root" in found:
        if found["epoch"] == _HIGHEST_EPOCH:
            wrong(("lock", place, "next_root"), "next_root: no epoch comes after 255")
        roots[found["epoch"] + 1] = found["next_root"]
    home = found.get("home_assistant", OFF)
    return LockKeys(found["id"].hex(), found["label"], found["issuer"], found["epoch"], roots, found["log_key"], home)


def _table(row, table, place, readers, required, wrong):
    if not isinstance(row, dict):
        wrong((table, place, ""), f"{table}: write [{table}] above its lines")
        return {}
    found = {}
    for key, value in row.items():
        if key not in readers:
            wrong((table, place, key), f"{key}: unknown")
            continue
        try:
            found[key] = readers[key](value)
        except fields.FieldError as error:
            wrong((table, place, key), f"{key}: {error}")
    for key in required:
        if key not in row:
            wrong((table, place, ""), f"{table}: {key} is missing")
    return found


def _once(values, name, wrong):
    seen = set()
    for place, value in enumerate(values):
        if value in seen:
            wrong(("lock", place, name), f"{name}: {value!r} stands twice")
        seen.add(value)


def stage_rotation(path, lock_id, root):
    """Have the next root key of a lock in the file, before it is sent. Raises as `load`, and changes nothing then."""

    def change(lines, at):
        line = at("root")
        lines.insert(line + 1, f'next_root = "{root.hex()}"')

    _rewrite(path, lock_id, change)


def finish_rotation(path, lock_id):
    """Make the next root key of a lock its only one: the lock has taken a message under it."""
    keys = load(path).locks[lock_id]

    def change(lines, at):
        lines[at("root")] = f'root = "{keys.roots[keys.next_epoch].hex()}"'
        lines[at("epoch")] = f"epoch = {keys.next_epoch}"
        del lines[at("next_root")]

    _rewrite(path, lock_id, change)


def _rewrite(path, lock_id, change):
    """Change lines of one lock's table; the old file stays until the new one is whole, on disk, and reads well."""
    text = path.read_text()
    ids = [row["id"] for row in tomllib.loads(text)["lock"]]
    known, place = Lines(text), ids.index(lock_id)
    lines = text.splitlines()
    change(lines, lambda key: known.of("lock", place, key) - 1)
    replace(path, ("\n".join(lines) + "\n").encode(), load)
