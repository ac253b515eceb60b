"""What the lock keeps of digits that were chosen elsewhere: never themselves, only this hash of them."""

from hashlib import sha256

from micropython import const

ROUNDS = const(1000)  # about 0.13 s on the chip; every compared entry pays them, whatever it is
KEY_SIZE = const(16)


def number_key(salt, digits):
    """16 bytes from the lock's `salt` (16 bytes) and ASCII `digits` by 1,000 rounds of SHA-256, one block each."""
    value = sha256(salt + digits).digest()
    for _ in range(ROUNDS - 1):
        value = sha256(value + salt).digest()
    return value[:KEY_SIZE]
