"""Sealed messages as docs/protocol.md has them, by PyPI's `cryptography`: shares no code with the lock's own."""

import hmac
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

UP = "up"
"""From the lock."""
DOWN = "down"
"""To the lock."""

MAGIC = 0xDB
HEADER = struct.Struct("<BBBBI8s")
TAG_SIZE = 16
OVERHEAD = HEADER.size + TAG_SIZE
MAX_TEXT = 1024


class SealError(ValueError):
    """Not a message of this direction, sender and lock, or not as it was sealed; or too long to be sealed."""


@dataclass(frozen=True)
class Header:
    """What stands in plain before the tag: type, number and key epoch of the issuer, counter, id of the lock."""

    kind: int
    sender: int
    epoch: int
    counter: int
    lock: bytes

    @classmethod
    def of(cls, message):
        """The header that a message claims, proven by nothing yet. Raises SealError for what is no message."""
        if not OVERHEAD <= len(message) <= OVERHEAD + MAX_TEXT:
            raise SealError(f"{len(message)} bytes are no message")
        magic, *fields = HEADER.unpack_from(message)
        if magic != MAGIC:
            raise SealError("not a message of this protocol")
        return cls(*fields)

    def packed(self):
        """Its 16 bytes."""
        return HEADER.pack(MAGIC, self.kind, self.sender, self.epoch, self.counter, self.lock)


class Channel:
    """One sender's key epoch at one lock, both directions.

    root: 32 bytes. lock: 8 bytes. sender: issuer's number. epoch: from 1.
    """

    def __init__(self, root, lock, sender, epoch):
        if len(root) != 32 or len(lock) != 8:
            raise ValueError("a root key has 32 bytes, a lock id 8")
        self.lock = lock
        self.sender = sender
        self.epoch = epoch
        self._root = root
        self._keys = {}

    def key(self, direction, purpose):
        """32 bytes for a direction (UP or DOWN) and a purpose (`mac` or `key`)."""
        key = self._keys.get((direction, purpose))
        if key is None:
            message = f"dropbolt/{direction} {purpose}".encode() + self.lock + bytes([self.epoch])
            key = self._keys[direction, purpose] = _hmac(self._root, message)
        return key

    def seal(self, direction, kind, counter, text):
        """The message of this type and counter. Raises SealError for more than 1024 bytes."""
        if len(text) > MAX_TEXT:
            raise SealError(f"{len(text)} bytes are too many")
        header = Header(kind, self.sender, self.epoch, counter, self.lock).packed()
        tag = _hmac(self.key(direction, "mac"), header + text)[:TAG_SIZE]
        return header + tag + _ctr(self.key(direction, "key"), tag, text)

    def open(self, direction, message):
        """(Header, plaintext) of a message. Raises SealError for one that is not this channel's, or is forged."""
        header = Header.of(message)
        if (header.sender, header.epoch, header.lock) != (self.sender, self.epoch, self.lock):
            raise SealError("of another sender, key epoch or lock")
        tag = message[HEADER.size : OVERHEAD]
        text = _ctr(self.key(direction, "key"), tag, message[OVERHEAD:])
        if not hmac.compare_digest(tag, _hmac(self.key(direction, "mac"), header.packed() + text)[:TAG_SIZE]):
            raise SealError("forged, or damaged")
        return header, text


def _hmac(key, data):
    return hmac.digest(key, data, "sha256")


def _ctr(key, block, data):
    return Cipher(algorithms.AES(key), modes.CTR(block)).encryptor().update(data)
