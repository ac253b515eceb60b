"""Test vectors of the protocol, made by the other end's code, for the lock and for whoever writes another one.

Each file is a JSON object; bytes are hexadecimal. The values are fixed: made again, the files are the same.
"""

import json
from hashlib import sha256

from firmware.net import messages as lock
from tools.protocol import examples
from tools.protocol.messages import DOWN_TYPES
from tools.protocol.seal import DOWN, HEADER, OVERHEAD, UP, Channel

LOCK = bytes.fromhex("0102030405060708")
SENDER = 7
EPOCH = 3

_CARRIES = 151962  # the counter under which a message below has a tag that ends in ffff
_SIZES = (0, 1, 15, 16, 17, 22, 80, 255, 1024)
_FIELDS = (("first byte", 0), ("type", 1), ("sender", 2), ("epoch", 3), ("counter", 4), ("lock id", 8), ("tag", 16))


def root(name):
    """A root key for vectors: of no use to anybody, since everybody can make it."""
    return sha256(f"dropbolt test vector {name}".encode()).digest()


def channel(**changes):
    """The channel that vectors are sealed by, but for `changes`."""
    return Channel(**({"root": root("root"), "lock": LOCK, "sender": SENDER, "epoch": EPOCH} | changes))


def files():
    """File name -> text of each file of vectors."""
    return {
        "seal.json": _text({"sealed": sealed(), "refused": refused()}),
        "messages.json": _text({"messages": examples.rows(), "malformed": malformed()}),
        "check-in.json": _text({"root": root("root").hex(), "messages": check_in()}),
    }


def write(folder):
    """Write all files of vectors into `folder`, which is made where there is none; returns their names."""
    folder.mkdir(parents=True, exist_ok=True)
    made = files()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(made)


def sealed():
    """Messages with their keys, of several lengths in both directions."""
    rows = [_sealed(f"{size} bytes {way}", way, 17, 5, _plain(size)) for way in (DOWN, UP) for size in _SIZES]
    carry = _plain(40)
    rows.append(_sealed("highest counter, type, sender, epoch", DOWN, 255, 2**32 - 1, carry, sender=255, epoch=255))
    rows.append(_sealed("another root key", DOWN, 17, 5, carry, root=root("other")))
    rows.append(_sealed("counter block that carries over two bytes", DOWN, 17, _CARRIES, carry))
    return rows


def refused():
    """Messages that whoever holds the keys of `sealed` must refuse, and why."""
    text = _plain(22)
    good = channel().seal(DOWN, 17, 5, text)
    rows = [_refused(f"bit 0 of {name} flipped", _flipped(good, at, 1)) for name, at in _FIELDS]
    rows += [
        _refused(f"last bit of {name} flipped", _flipped(good, at, 128)) for name, at in (("tag", 31), ("all", -1))
    ]
    rows += [_refused("first bit of ciphertext flipped", _flipped(good, OVERHEAD, 1))]
    rows += [_refused(f"cut to {size} bytes", good[:size]) for size in (0, 1, HEADER.size, OVERHEAD - 1, OVERHEAD, 53)]
    rows += [_refused("a byte too many", good + b"\0")]
    rows += [_refused("1025 bytes of ciphertext", good[:OVERHEAD] + bytes(1025))]
    for name, changes in (
        ("root key", {"root": root("other")}),
        ("sender", {"sender": SENDER + 1}),
        ("epoch", {"epoch": EPOCH + 1}),
        ("lock", {"lock": bytes(8)}),
    ):
        rows.append(_refused(f"sealed for another {name}", channel(**changes).seal(DOWN, 17, 5, text)))
    rows.append(_refused("sealed for the other direction", channel().seal(UP, 17, 5, text)))
    rows.append(_refused("header of one message, rest of another", good[:16] + channel().seal(DOWN, 17, 6, text)[16:]))
    return rows


def malformed():
    """Plaintexts that no command has, and why."""
    return [{"name": name, "type": kind, "plaintext": text.hex()} for name, kind, text in examples.malformed()]


def check_in():
    """A check-in as the broker sees it: what each message is, and its bytes."""
    by_kind = {example.kind: example for example in examples.EXAMPLES}
    order = (lock.HELLO, lock.EVENTS, lock.REPLY, lock.APPROVE_ENTRY, lock.REVOKE_GRANT, lock.RESULT, lock.BYE)
    counters = {UP: 0, DOWN: 4}
    rows = []
    for kind in order:
        direction = DOWN if kind in DOWN_TYPES else UP
        example = by_kind[kind]
        message = channel().seal(direction, kind, counters[direction], example.text)
        rows.append({"name": example.name, "direction": direction, "type": kind, "counter": counters[direction]})
        rows[-1] |= {"plaintext": example.text.hex(), "message": message.hex()}
        counters[direction] += 1
    return rows


def _sealed(name, direction, kind, counter, text, **changes):
    values = {"root": root("root"), "lock": LOCK, "sender": SENDER, "epoch": EPOCH} | changes
    made = Channel(**values)
    return {
        "name": name,
        "direction": direction,
        "root": values["root"].hex(),
        "lock": values["lock"].hex(),
        "sender": made.sender,
        "epoch": made.epoch,
        "mac key": made.key(direction, "mac").hex(),
        "encryption key": made.key(direction, "key").hex(),
        "type": kind,
        "counter": counter,
        "plaintext": text.hex(),
        "message": made.seal(direction, kind, counter, text).hex(),
    }


def _refused(name, message):
    return {
        "name": name,
        "direction": DOWN,
        "root": root("root").hex(),
        "lock": LOCK.hex(),
        "sender": SENDER,
        "epoch": EPOCH,
        "message": message.hex(),
    }


def _plain(size):
    return bytes(k * 7 & 0xFF for k in range(size))


def _flipped(message, at, bit):
    changed = bytearray(message)
    changed[at] ^= bit
    return bytes(changed)


def _text(value):
    return json.dumps(value, indent=1) + "\n"
