"""Sealed messages between the lock and those who may command it: header, tag, ciphertext (docs/protocol.md).

The tag is the first 16 bytes of HMAC-SHA-256 over header and plaintext, and also the first counter block of
AES-256-CTR: a synthetic IV, as in RFC 5297. So nothing rests on random numbers: what is sealed twice under one counter
tells no more than whether it was the same twice. Each direction has a key to authenticate and one to encrypt, made from
the sender's root key, the lock's id and the key's epoch.
"""

import struct
from hashlib import sha256

from cryptolib import aes
from micropython import const

from firmware.core.hotp import Hmac

UP = b"up"  # from the lock
DOWN = b"down"  # to the lock

ROOT_SIZE = const(32)
OVERHEAD = const(32)  # bytes of header and tag
MAX_TEXT = const(1024)

_HEADER = "<BBBBI8s"  # magic, type, sender, epoch, counter, lock's id
_HEADER_SIZE = const(16)
_MAGIC = const(0xDB)
_LOCK_SIZE = const(8)
_BLOCK = const(16)
_ECB = const(1)


class SealError(ValueError):
    """What was to be opened is no message of this sender to this lock, or what was to be sealed is too long."""


def read_header(message, lock):
    """(type, sender, epoch, counter) that an unopened message claims: nothing of it is proven yet.

    Raises SealError unless it has the size and the first byte of a message, and is about the lock with the id `lock`.
    """
    if not OVERHEAD <= len(message) <= OVERHEAD + MAX_TEXT:
        raise SealError("size")
    magic, kind, sender, epoch, counter, addressee = struct.unpack_from(_HEADER, message, 0)
    if magic != _MAGIC or addressee != lock:
        raise SealError("not for this lock")
    return kind, sender, epoch, counter


class Seal:
    """Seals and opens messages of one direction, UP or DOWN, between one sender and one lock, in one key epoch.

    root: the sender's 32 bytes. lock: its id, 8 bytes. sender: issuer's number, 1 to 255. epoch: 1 to 255.
    """

    def __init__(self, root, direction, lock, sender, epoch):
        if len(root) != ROOT_SIZE or len(lock) != _LOCK_SIZE:
            raise ValueError("size of root key or lock id")
        self._lock = bytes(lock)
        self._sender = sender
        self._epoch = epoch
        derive = Hmac(root, sha256).digest
        whose = self._lock + bytes((epoch,))
        self._mac = Hmac(derive(b"dropbolt/" + direction + b" mac" + whose), sha256)
        self._aes = aes(derive(b"dropbolt/" + direction + b" key" + whose), _ECB)

    def seal(self, kind, counter, text):
        """The message: 32 bytes and as many as `text` has, at most 1024. Raises SealError for more.

        kind: type of the message, u8. counter: u32.
        """
        if len(text) > MAX_TEXT:
            raise SealError("size")
        header = struct.pack(_HEADER, _MAGIC, kind, self._sender, self._epoch, counter, self._lock)
        tag = self._mac.digest(header + text)[:_BLOCK]
        return header + tag + counter_mode(self._aes, tag, text)

    def open(self, message):
        """The plaintext of a message. Raises SealError: it is not this sender's, or not as it was sealed."""
        _, sender, epoch, _ = read_header(message, self._lock)
        if sender != self._sender or epoch != self._epoch:
            raise SealError("not of this sender")
        tag = bytes(message[_HEADER_SIZE:OVERHEAD])
        text = counter_mode(self._aes, tag, message[OVERHEAD:])
        if not _same(tag, self._mac.digest(bytes(message[:_HEADER_SIZE]) + text)[:_BLOCK]):
            raise SealError("forged")
        return text


def counter_mode(cipher, block, data):
    """`data` in counter mode, NIST SP 800-38A 6.5: encrypts and decrypts, any number of bytes.

    cipher: `cryptolib.aes` in ECB mode. block: the first counter block, 16 bytes, counted up as one big-endian number.
    """
    size = len(data)
    stream = bytearray((size + _BLOCK - 1) // _BLOCK * _BLOCK)
    block = bytearray(block)
    for at in range(0, size, _BLOCK):
        stream[at : at + _BLOCK] = block
        _increment(block)
    if size:
        cipher.encrypt(stream, stream)
    mask = int.from_bytes(memoryview(stream)[:size], "big")
    return (int.from_bytes(data, "big") ^ mask).to_bytes(size, "big")


def _increment(block):
    """Count a big-endian counter block up in its place; the highest one is followed by zero."""
    at = _BLOCK - 1
    while at >= 0:
        block[at] = block[at] + 1 & 0xFF
        if block[at]:
            return
        at -= 1


def _same(a, b):
    """Whether two tags are equal, in a time that does not depend on where they differ."""
    difference = 0
    for k in range(_BLOCK):
        difference |= a[k] ^ b[k]
    return difference == 0
