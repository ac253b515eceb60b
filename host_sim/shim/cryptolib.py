"""MicroPython's `cryptolib`, as far as firmware uses it, for CPython: AES in ECB mode, by PyPI's `cryptography`.

It stands for the chip's module as well. The VM has its own.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_ECB = 1
_MOST_KEPT = 64


class _Updates(dict):
    """(key, whether it encrypts) -> what does that to whole blocks: no block knows of another, so it is made once."""

    BEGUN_ANEW = True  # a boot finds here what it would make

    def __missing__(self, use):
        key, encrypts = use
        if len(self) >= _MOST_KEPT:
            self.clear()
        cipher = Cipher(algorithms.AES(key), modes.ECB())
        update = self[use] = (cipher.encryptor() if encrypts else cipher.decryptor()).update
        return update


_updates = _Updates()


class aes:
    """`key`: 16 or 32 bytes, else ValueError; an object encrypts or decrypts, whichever it did first."""

    def __init__(self, key, mode):
        if mode != _ECB:
            raise ValueError("mode")
        if len(key) not in (16, 32):
            raise ValueError("key")
        self._key = bytes(key)
        self._encrypts = None
        self._update = None

    def encrypt(self, data, out=None):
        """`data`, whole blocks of 16 bytes, encrypted: returned, or written to `out`, which may be `data`."""
        return self._process(True, data, out)

    def decrypt(self, data, out=None):
        """The reverse of `encrypt`."""
        return self._process(False, data, out)

    def _process(self, encrypts, data, out):
        if len(data) % 16:
            raise ValueError("blksize % 16")
        if self._encrypts is None:
            self._encrypts = encrypts
            self._update = _updates[self._key, encrypts]
        if self._encrypts != encrypts:
            raise ValueError("can't encrypt & decrypt")
        done = self._update(bytes(data))
        if out is None:
            return done
        if len(out) < len(done):
            raise ValueError("output too small")
        out[: len(done)] = done
        return out
