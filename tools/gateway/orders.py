"""Commands as a person types them, `unlock`, `revoke 7`, and what the lock is told by them (docs/protocol.md).

What names a check-in, or has the time in it, is made when it is sent; everything else when it is queued.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from firmware.core.words import PERMISSIONS
from firmware.net import messages as lock
from firmware.net.orders import COMMANDS
from tools.log.files import read
from tools.protocol.messages import Hello, MessageError, command
from tools.protocol.messages import read as read_message
from tools.protocol.seal import MAX_TEXT
from tools.sentence import sentence

_WITHIN_S = 600
_LONGEST_S = 366 * 86400
_HEX_LIMIT = 4096
_LABEL_SIZE = 12
# Of an issuer: what is typed, its lowest and its highest value.
_NUMBER = ("NUMBER", 1, 255)
_QUOTA = ("QUOTA", 0, 0xFFFF)
_EPOCH = ("EPOCH", 1, 255)
_BOUND = (lock.UNLOCK_NOW, lock.SET_TIME, lock.ROTATE)
"""Made when they are sent."""


class OrderError(ValueError):
    """What was typed is no command for this lock; the text says what would be."""


@dataclass(frozen=True)
class Order:
    """kind: type of the message. text: its plaintext, None if it is made when it is sent. shown: it in words.

    within: seconds in which it must have been sent, None for no end.
    """

    kind: int
    text: bytes | None
    shown: str
    within: int | None = None


def order(words, hello=None, within=None):
    """The Order that `words` say; hello: plaintext of the lock's last one. Raises OrderError.

    within: seconds, 1 to 366 days, or None.
    """
    if within is not None and not 1 <= within <= _LONGEST_S:
        raise OrderError(f"within {within} s: must be 1 to {_LONGEST_S}, which are 366 days")
    name, *rest = words or ("",)
    if name not in ORDERS:
        raise OrderError(f"no command {name!r}: one of {', '.join(ORDERS)}")
    kind, usage, reader = ORDERS[name]
    try:
        fields = reader(rest, hello)
        text = None if kind in _BOUND else command(kind, *fields)
    except (OrderError, OSError) as error:
        raise OrderError(f"{name}: {sentence(error)}") from error
    except (ValueError, RecursionError) as error:
        why = f": {error}" if isinstance(error, MessageError) else ""
        raise OrderError(f"write: {' '.join((name, usage)).strip()}{why}") from error
    if text and len(text) > MAX_TEXT:
        raise OrderError(f"{name}: {len(text)} bytes, and a message holds {MAX_TEXT}: send it in parts")
    if kind == lock.UNLOCK_NOW:
        return Order(kind, text, "unlock", _WITHIN_S if within is None else within)
    secret = kind in (lock.PUT_GRANT, lock.PUT_ISSUER)
    return Order(kind, text, f"{name} {rest[0]}" if secret else " ".join(words), within)


def _none(words, _):
    if words:
        raise ValueError
    return ()


def _numbers(kind, *names):
    """A reader of the fields of a command that has numbers alone, within the lock's own bounds."""
    bounds = [bound or (0, 0xFFFFFFFF) for bound in COMMANDS[kind][1]]

    def reader(words, _):
        return tuple(_number(word, name, *bound) for word, name, bound in zip(words, names, bounds, strict=True))

    return reader


def _number(word, name, lowest, highest):
    number = int(word)
    if not lowest <= number <= highest:
        raise OrderError(f"{name} {number}: must be {lowest} to {highest}")
    return number


def _entry(words, hello):
    """The nonce of the entry that waits, so that no later one is meant."""
    _none(words, hello)
    said = read_message(lock.HELLO, hello) if hello else None
    if not isinstance(said, Hello) or said.waiting is None:
        raise OrderError("no entry waits for approval")
    return said.waiting.boots, said.waiting.number


def _put(words, _):
    (file,) = words
    return (_hex(file, 80),)


def _issuer(words, _):
    number, permissions, quota, label, *key = words
    mask = sum(1 << PERMISSIONS.index(word) for word in set(permissions.split(",")))
    if len(label.encode()) > _LABEL_SIZE:
        raise OrderError(f"LABEL {label}: must be at most {_LABEL_SIZE} bytes")
    epoch, root = 0, bytes(32)
    if key:
        place, file = key
        epoch, root = _number(place, *_EPOCH), _hex(file, 32)
    return _number(number, *_NUMBER), mask, _number(quota, *_QUOTA), epoch, root, label


def _hex(file, size):
    octets = bytes.fromhex(read(Path(file), _HEX_LIMIT).decode())
    if len(octets) != size:
        raise OrderError(f"{file}: must hold {2 * size} hex digits")
    return octets


def _settings(words, _):
    pairs = [re.fullmatch(r"(\w+)=(.+)", word) for word in words]
    if not pairs or not all(pairs):
        raise ValueError
    return ({pair[1]: json.loads(pair[2]) for pair in pairs},)


def _mute(words, _):
    (word,) = words
    return (("off", "on").index(word),)


ORDERS = {
    "unlock": (lock.UNLOCK_NOW, "", _none),
    "approve": (lock.APPROVE_ENTRY, "", _entry),
    "refuse": (lock.REFUSE_ENTRY, "", _entry),
    "put-grant": (lock.PUT_GRANT, "FILE (the record in hex)", _put),
    "revoke": (lock.REVOKE_GRANT, "GRANT", _numbers(lock.REVOKE_GRANT, "GRANT")),
    "revoke-code": (
        lock.REVOKE_CODE,
        "GRANT SERIAL VALUE",
        _numbers(lock.REVOKE_CODE, "GRANT", "SERIAL", "VALUE"),
    ),
    "set-base": (lock.SET_BASE, "GRANT COUNTER", _numbers(lock.SET_BASE, "GRANT", "COUNTER")),
    "put-issuer": (lock.PUT_ISSUER, "NUMBER PERMISSION,... QUOTA LABEL [EPOCH FILE (its root key in hex)]", _issuer),
    "revoke-issuer": (lock.REVOKE_ISSUER, "NUMBER", _numbers(lock.REVOKE_ISSUER, "NUMBER")),
    "set-time": (lock.SET_TIME, "", _none),
    "set": (lock.SET_SETTINGS, "NAME=JSON ...", _settings),
    "mute": (lock.MUTE, "on|off", _mute),
    "send-log": (lock.SEND_LOG, "FIRST", _numbers(lock.SEND_LOG, "FIRST")),
    "identify": (lock.IDENTIFY, "", _none),
    "rotate": (lock.ROTATE, "", _none),
}
"""Name -> (type, how it is written, reader of its words)."""

KINDS = {kind for kind, _, _ in ORDERS.values()}
"""Types of all commands."""
