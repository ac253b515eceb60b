"""HMAC (RFC 2104) with pads made once per key, and the one-time code that RFC 4226 cuts from it.

A time-based code (RFC 6238) is the same code with the number of the time step as its counter. There is no SHA-512: the
chip's hashlib has none, so its rows in RFC 6238 are out of reach.
"""

from micropython import const

_BLOCK = const(64)
_INNER = int.from_bytes(b"\x36" * 64, "big")
_OUTER = int.from_bytes(b"\x5c" * 64, "big")


class Hmac:
    """HMAC under one key; hash objects of MicroPython cannot be copied, so the padded key is kept, not its hash."""

    def __init__(self, key, algorithm):
        """`key`: up to 64 bytes, else ValueError; `algorithm`: hashlib.sha1 or hashlib.sha256."""
        if len(key) > _BLOCK:
            raise ValueError("key of more than 64 bytes")
        padded = int.from_bytes(key + bytes(_BLOCK - len(key)), "big")
        self._algorithm = algorithm
        self._inner = (padded ^ _INNER).to_bytes(_BLOCK, "big")
        self._outer = (padded ^ _OUTER).to_bytes(_BLOCK, "big")

    def digest(self, message):
        """HMAC of `message`: 20 or 32 bytes."""
        algorithm = self._algorithm
        return algorithm(self._outer + algorithm(self._inner + message).digest()).digest()

    def code(self, counter, digits):
        """HOTP value of `counter` (0 to 2**64 - 1) as a number below 10**digits: RFC 4226 5.3."""
        return truncate(self.digest(counter.to_bytes(8, "big"))) % 10**digits


def truncate(digest):
    """31 bits from an HMAC of 20 or 32 bytes: dynamic truncation, RFC 4226 5.3 step 2."""
    at = digest[-1] & 0x0F
    return int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
