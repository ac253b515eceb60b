"""Secrets as they may be told and compared, by the lock and by the owner's computer: eight bytes of their SHA-256."""

from binascii import hexlify
from hashlib import sha256

KEY, KEY_END = 45, 77
"""Where a grant's key is within its record (firmware/core/grants.py)."""


def known(octets):
    """By what a secret is compared, in hexadecimal digits."""
    return hexlify(sha256(octets).digest()[:8]).decode()


def masked(grant):
    """A grant's record in hexadecimal digits; of its key what it is known by."""
    head, tail = [hexlify(part).decode() for part in (grant[:KEY], grant[KEY_END:])]
    return head + known(grant[KEY:KEY_END]) + tail
