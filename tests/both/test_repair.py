"""A single flipped bit, anywhere: put right, told, and written anew; more than one is never guessed at."""

from nor import Nor

from firmware.store import DAMAGED, StorageError
from firmware.store.audit import ENTRY, Audit
from firmware.store.chain import KEY_SIZE, Sealed
from firmware.store.ring import Ring

ID = b"journal1"
SEAL = Sealed(b"m" * 16)
SIZE = 512


def body(n):
    return bytes([1, n]) + bytes([n] * 22)


def worn(records=15):
    """A ring in its second sector or later, the next one erased ahead."""
    nor = Nor(3, SIZE)
    ring = Ring(nor, 0, 3, 7, SEAL, lambda: [body(200), body(201)])
    ring.format(ID)
    for n in range(records):
        ring.append(body(n))
    ring.tidy()
    return nor


def mounted(nor):
    ring = Ring(nor, 0, 3, 7, SEAL, lambda: [body(200), body(201)])
    found = []
    ring.mount(ID, lambda b, _: found.append(b[1]))
    return ring, found


def test_any_flipped_bit_of_the_ring_is_put_right():
    nor = worn()
    ring, found = mounted(nor)
    assert ring.repaired == 0 and found[-1] == 14
    clean = bytes(nor.data)
    repaired = 0
    for bit in range(8 * len(clean)):
        nor.data[bit >> 3] ^= 1 << (bit & 7)
        ring, seen = mounted(nor)
        assert seen == found, bit
        assert ring.repaired < 2
        repaired += ring.repaired
        nor.data[bit >> 3] = clean[bit >> 3]
    written = 1 + len(found) + 1  # the header, the records and the note that a sector was erased ahead
    assert repaired == 256 * written


def test_what_was_put_right_is_written_anew_while_idle():
    nor = worn()
    nor.data[SIZE + 5 * 32 + 7] ^= 4
    nor.data[SIZE + 7 * 32] ^= 1
    ring, found = mounted(nor)
    assert ring.repaired == 2
    ring.append(body(99))
    ring.tidy()
    assert ring.repaired == 0
    ring, after = mounted(nor)
    assert ring.repaired == 0
    assert after == [200, 201]
    erases = sum(nor.erases)
    ring.tidy()
    assert sum(nor.erases) == erases


def test_two_flipped_bits_of_a_record_are_damage():
    clean = bytes(worn().data)
    for first, second in ((0, 1), (3, 200), (64, 231), (7, 255), (192, 193)):
        nor = worn()
        for bit in (first, second):
            nor.data[SIZE + 5 * 32 + (bit >> 3)] ^= 1 << (bit & 7)
        try:
            mounted(nor)
        except StorageError as e:
            assert e.reason == DAMAGED
        else:
            raise AssertionError((first, second))
        assert bytes(nor.data[: SIZE + 160]) == clean[: SIZE + 160]


def test_a_torn_record_that_becomes_readable_hides_none_after_it():
    nor = worn(records=2)
    torn = mounted(nor)[0]
    torn.append(body(50))
    whole = bytes(nor.data)
    at = whole.rfind(body(50))
    nor.data[at : at + 9] = b"\xff" * 9
    ring, found = mounted(nor)
    assert 50 not in found
    ring.append(body(51))
    nor.data[at : at + 32] = whole[at : at + 32]
    nor.data[at + 32 + 12] ^= 16
    ring, found = mounted(nor)
    assert found[-2:] == [50, 51]
    assert ring.repaired == 1
    nor.data[at] ^= 32
    ring, found = mounted(nor)
    assert found[-2:] == [50, 51]


def test_events_with_a_flipped_bit_are_read_and_keep_their_place_in_the_chain():
    nor = Nor(3, SIZE)
    audit = Audit(nor, ID, 0, 3)
    audit.format(b"f" * KEY_SIZE)
    for n in range(25):
        audit.append(ENTRY, attempt=n)
    before = [(event.body, event.mac) for event in audit.events()]
    clean = bytes(nor.data)
    for at in range(0, len(clean), 13):
        nor.data[at] ^= 1 << at % 8
        assert [(event.body, event.mac) for event in Audit(nor, ID, 0, 3).events()] == before, at
        nor.data[at] = clean[at]
    head = audit.head
    nor.data[clean.rfind(before[-1][0]) + 3] ^= 1
    audit = Audit(nor, ID, 0, 3)
    assert audit.mount() is None
    assert (audit.repaired, audit.head) == (1, head)
