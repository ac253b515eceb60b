"""The table of root keys: two at most to an issuer, no epoch twice, nothing half changed."""

from keyring import raises

from firmware.net.keys import KEY_SIZE, MAX_KEYS, Keys, KeysError
from firmware.net.messages import BEFORE, FULL, MALFORMED, UNKNOWN, Refused
from firmware.net.rekeying import put, retired, revoked, rotated


def row(number, epoch, letter):
    return bytes((number, epoch)) + letter.encode() * 32


def refusal(call):
    try:
        call()
    except Refused as refused:
        return refused.word
    return None


TABLE = row(1, 1, "a") + row(7, 3, "b") + row(7, 4, "c")


def test_a_key_is_found_by_number_and_epoch():
    keys = Keys(TABLE)
    assert (keys.root(1, 1), keys.root(7, 3), keys.root(7, 4)) == (b"a" * 32, b"b" * 32, b"c" * 32)
    for number, epoch in ((1, 2), (7, 2), (7, 5), (2, 1), (0, 0)):
        assert keys.root(number, epoch) is None
    assert keys.in_use() == [(1, 1), (7, 3), (7, 4)]
    assert [keys.renewed(*pair) for pair in keys.in_use()] == [False, False, True]


def test_a_table_that_cannot_be_is_refused_and_the_old_one_stays():
    keys = Keys(TABLE)
    for packed in (TABLE[1:], TABLE + b"\0", row(0, 1, "a"), row(1, 0, "a"), row(1, 1, "a") * 2):
        assert raises(KeysError, lambda packed=packed: keys.load(packed))
        assert keys.root(7, 3) == b"b" * 32
    full = b"".join(row(number + 1, 1, "a") for number in range(MAX_KEYS))
    assert len(Keys(full).in_use()) == MAX_KEYS == len(full) // KEY_SIZE
    assert raises(KeysError, lambda: Keys(full + row(99, 1, "a"))) == "size"
    assert refusal(lambda: put(Keys(full), 99, 1, b"z" * 32)) == FULL


def test_nothing_changes_before_it_is_loaded():
    keys = Keys(TABLE)
    for packed in (rotated(keys, 1, 2, b"z" * 32), put(keys, 9, 1, b"z" * 32), revoked(keys, 7), retired(keys, 7, 4)):
        assert packed != TABLE
        assert keys.in_use() == [(1, 1), (7, 3), (7, 4)]
    keys.load(retired(keys, 7, 4))
    assert keys.in_use() == [(1, 1), (7, 4)]


def test_the_next_key_stands_beside_the_one_in_use():
    keys = Keys(TABLE)
    keys.load(rotated(keys, 1, 2, b"z" * 32))
    assert (keys.root(1, 1), keys.root(1, 2)) == (b"a" * 32, b"z" * 32)
    assert refusal(lambda: rotated(keys, 1, 2, b"z" * 32)) == BEFORE
    for epoch in (1, 2, 4, 255):
        assert refusal(lambda epoch=epoch: rotated(keys, 1, epoch, b"y" * 32)) == MALFORMED
    keys.load(rotated(keys, 1, 3, b"y" * 32))
    assert keys.in_use() == [(1, 1), (1, 3), (7, 3), (7, 4)]
    assert refusal(lambda: rotated(keys, 2, 1, b"y" * 32)) == UNKNOWN


def test_the_last_epoch_has_no_next():
    keys = Keys(row(1, 255, "a"))
    for epoch in (1, 255):
        assert refusal(lambda epoch=epoch: rotated(keys, 1, epoch, b"z" * 32)) == MALFORMED


def test_a_revoked_issuer_leaves_its_epoch():
    keys = Keys(TABLE)
    keys.load(revoked(keys, 7))
    assert keys.in_use() == [(1, 1)]
    assert keys.root(7, 4) is None
    assert revoked(keys, 7) == revoked(keys, 99) == row(1, 1, "a") + row(7, 4, "\0")
    assert refusal(lambda: rotated(keys, 7, 5, b"z" * 32)) == UNKNOWN
    assert refusal(lambda: put(keys, 7, 4, b"z" * 32)) == MALFORMED
    keys.load(put(keys, 7, 5, b"z" * 32))
    assert keys.in_use() == [(1, 1), (7, 5)]


def test_a_key_that_is_put_is_the_only_one():
    keys = Keys(TABLE)
    assert put(keys, 7, 4, b"c" * 32) == row(1, 1, "a") + row(7, 4, "c")
    assert put(keys, 1, 1, b"a" * 32) == TABLE
    assert put(keys, 7, 9, b"z" * 32) == row(1, 1, "a") + row(7, 9, "z")
    for epoch in (2, 3, 4):
        assert refusal(lambda epoch=epoch: put(keys, 7, epoch, b"z" * 32)) == MALFORMED
