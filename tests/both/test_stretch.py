"""The stretch of a number: salted, of a fixed cost, and paid by every entry that is compared."""

from hashlib import sha256

from keyring import SALT, Door, event, number

from firmware.core import stretch
from firmware.core.stretch import ROUNDS, number_key


def test_the_stretch_is_salted_and_counted():
    assert len(number_key(SALT, b"12345678")) == 16
    assert number_key(SALT, b"12345678") != number_key(bytes(16), b"12345678")
    assert number_key(SALT, b"12345678") != number_key(SALT, b"012345678")
    value = sha256(SALT + b"12345678").digest()
    for _ in range(999):
        value = sha256(value + SALT).digest()
    assert number_key(SALT, b"12345678") == value[:16]


def test_every_compared_entry_pays_the_stretch():
    counted = []
    real = stretch.sha256

    def counting(data):
        counted.append(len(data))
        return real(data)

    door = Door(event(digits=6), number(b"1234567890"))
    stretch.sha256 = counting
    try:
        for entry in ("000000", door.code(0, 0), "1234567890", "0000000000", "123456789012"):
            del counted[:]
            door.hits(entry)
            assert len(counted) == ROUNDS
            assert max(counted) <= 55  # one block of SHA-256 a round
    finally:
        stretch.sha256 = real
