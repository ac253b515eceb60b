"""Sealed messages: the standard's counter mode, and the vectors that the other end's code made."""

import json
from binascii import unhexlify

from cryptolib import aes
from keyring import LOCK, raises

from firmware.core.seal import DOWN, MAX_TEXT, OVERHEAD, UP, Seal, SealError, counter_mode, read_header

ROOT = bytes(range(32))
DIRECTIONS = {"up": UP, "down": DOWN}

# NIST SP 800-38A F.5.5: CTR-AES256
KEY = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
COUNTER = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
PLAIN = (
    "6bc1bee22e409f96e93d7e117393172a"
    "ae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52ef"
    "f69f2445df4f9b17ad2b417be66c3710"
)
CIPHER = (
    "601ec313775789a5b7a7f504bbf3d228"
    "f443e3ca4d62b59aca84e990cacaf5c5"
    "2b0930daa23de94ce87017ba2d84988d"
    "dfc9c58db67aada613c2dd08457941a6"
)


def vectors(part):
    """Rows of a part of tests/vectors/seal.json."""
    with open(__file__.rsplit("/", 2)[0] + "/vectors/seal.json") as file:
        rows = json.load(file)[part]
    assert rows
    return rows


def seal_of(row):
    return Seal(
        unhexlify(row["root"]), DIRECTIONS[row["direction"]], unhexlify(row["lock"]), row["sender"], row["epoch"]
    )


def refuses(seal, message):
    return raises(SealError, lambda: seal.open(message)) is not None


def test_counter_mode_of_the_standard():
    plain, cipher = unhexlify(PLAIN), unhexlify(CIPHER)
    for size in (0, 1, 15, 16, 17, 33, 64):
        assert counter_mode(aes(unhexlify(KEY), 1), unhexlify(COUNTER), plain[:size]) == cipher[:size]
        assert counter_mode(aes(unhexlify(KEY), 1), unhexlify(COUNTER), cipher[:size]) == plain[:size]


def test_the_highest_counter_block_is_followed_by_zero():
    key = unhexlify(KEY)
    stream = counter_mode(aes(key, 1), b"\xff" * 16, bytes(48))
    assert stream[16:] == counter_mode(aes(key, 1), bytes(16), bytes(32))


def test_every_sealed_vector_is_made_and_opened():
    for row in vectors("sealed"):
        text, message = unhexlify(row["plaintext"]), unhexlify(row["message"])
        seal = seal_of(row)
        assert seal.seal(row["type"], row["counter"], text) == message, row["name"]
        assert seal.open(message) == text, row["name"]
        fields = row["type"], row["sender"], row["epoch"], row["counter"]
        assert read_header(message, unhexlify(row["lock"])) == fields, row["name"]


def test_every_refused_vector_is_refused():
    for row in vectors("refused"):
        assert refuses(seal_of(row), unhexlify(row["message"])), row["name"]


def test_every_flipped_bit_is_noticed():
    seal = Seal(ROOT, DOWN, LOCK, 1, 1)
    message = seal.seal(17, 1, b"twelve bytes")
    for place in range(8 * len(message)):
        changed = bytearray(message)
        changed[place // 8] ^= 1 << place % 8
        assert refuses(seal, changed), place
    assert seal.open(bytearray(message)) == b"twelve bytes"


def test_size_is_looked_at_before_any_key_is_used():
    seal = Seal(ROOT, DOWN, LOCK, 1, 1)
    seal._mac = seal._aes = None
    longest = bytes((0xDB, 17, 1, 1, 0, 0, 0, 0)) + LOCK
    for size in (0, 1, 15, 16, OVERHEAD - 1, OVERHEAD + MAX_TEXT + 1, 40000):
        message = longest[:size] + bytes(max(0, size - len(longest)))
        assert raises(SealError, lambda message=message: seal.open(message)) == "size"
    assert raises(SealError, lambda: seal.seal(17, 1, bytes(MAX_TEXT + 1))) == "size"


def test_keys_of_the_wrong_size_are_refused():
    for root, lock in ((ROOT[:31], LOCK), (ROOT + b"k", LOCK), (ROOT, LOCK[:7]), (b"", b"")):
        assert raises(ValueError, lambda root=root, lock=lock: Seal(root, DOWN, lock, 1, 1))


def test_the_same_twice_is_the_same_and_another_text_shares_nothing():
    seal = Seal(ROOT, UP, LOCK, 1, 1)
    assert seal.seal(1, 9, b"one text of a message") == seal.seal(1, 9, b"one text of a message")
    one, other = seal.seal(1, 9, b"one text of a message"), seal.seal(1, 9, b"two text of a message")
    assert one[:16] == other[:16]
    assert one[16:32] != other[16:32]
    assert one[32 + 3 :] != other[32 + 3 :]


def test_cryptolib_is_the_same_on_both_pythons():
    cipher = aes(bytes(32), 1)
    blocks = bytearray(32)
    assert cipher.encrypt(bytes(0)) == b""
    assert cipher.encrypt(blocks, blocks) is blocks
    assert blocks == unhexlify("dc95c078a2408989ad48a21492842087") * 2
    assert aes(bytes(32), 1).decrypt(blocks) == bytes(32)
    for wrong, text in (
        (lambda: aes(bytes(31), 1), "key"),
        (lambda: aes(bytes(32), 6), "mode"),
        (lambda: cipher.encrypt(bytes(15)), "blksize % 16"),
        (lambda: cipher.encrypt(bytes(32), bytearray(16)), "output too small"),
        (lambda: cipher.decrypt(bytes(16)), "can't encrypt & decrypt"),
    ):
        assert raises(ValueError, wrong) == text
