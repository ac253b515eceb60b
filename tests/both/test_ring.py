"""The ring by itself: layout, order, rotation, what it skips and what it refuses."""

from nor import Nor, PowerCut

from firmware.store import (
    BLANK,
    CLOSED,
    DAMAGED,
    ERASE,
    FOREIGN,
    FULL,
    MISSING,
    PROGRAM,
    READ,
    SIZE,
    StorageError,
)
from firmware.store.chain import Sealed
from firmware.store.ring import Ring

ID = b"journal1"
SIZE_SMALL = 256
SEAL = Sealed(b"m" * 16)


def body(n):
    return bytes([1, n & 255, n >> 8]) + bytes([n & 255] * 21)


def nothing():
    return ()


def fresh(blocks=3, carry=nothing, size=SIZE_SMALL):
    nor = Nor(blocks, size)
    ring = Ring(nor, 0, blocks, 7, SEAL, carry)
    ring.format(ID)
    return nor, ring


def mounted(nor, journal_id=ID, carry=nothing, blocks=None):
    ring = Ring(nor, 0, blocks or nor.blocks, 7, SEAL, carry)
    found = []
    ring.mount(journal_id, lambda b, _: found.append(b[1] | b[2] << 8))
    return ring, found


def why(action, *args):
    try:
        action(*args)
    except StorageError as e:
        return e.reason
    return None


def spoil(nor, at):
    nor.data[at] ^= 0xA5


def test_records_come_back_in_order():
    nor, ring = fresh()
    for n in range(4):
        ring.append(body(n))
    assert mounted(nor)[1] == [0, 1, 2, 3]


def test_a_mount_programs_nothing():
    nor, ring = fresh()
    for n in range(30):
        ring.append(body(n))
    before = bytes(nor.data)
    mounted(nor)
    assert bytes(nor.data) == before


def test_rotation_carries_forward_and_goes_round():
    newest = []
    nor, ring = fresh(carry=lambda: [body(n) for n in newest[-2:]])
    for n in range(100):
        ring.append(body(n))
        newest.append(n)
        ring, found = mounted(nor, carry=lambda: [body(n) for n in newest[-2:]])
        assert found[-1] == n
        assert n == 0 or found[-2] == n - 1
    assert min(nor.erases) > 5
    assert max(nor.erases) - min(nor.erases) <= 1


def test_slots_of_a_sector_are_used_up():
    nor, ring = fresh(blocks=2, size=4096)
    erases = sum(nor.erases)
    for n in range(124):
        ring.append(body(n))
    assert sum(nor.erases) == erases
    assert len(mounted(nor)[1]) == 124
    ring.append(body(200))
    assert sum(nor.erases) == erases + 1
    assert mounted(nor)[1] == [200]


def test_a_sector_erased_ahead_is_remembered_over_a_mount():
    nor, ring = fresh()
    ring.append(body(1))
    erases = sum(nor.erases)
    ring.tidy()
    assert sum(nor.erases) == erases + 1
    for _ in range(5):
        ring, found = mounted(nor)
        ring.tidy()
    assert found == [1]
    assert sum(nor.erases) == erases + 1
    for n in range(5):
        ring.append(body(n))
    assert sum(nor.erases) == erases + 1


def test_tidy_of_a_full_sector_does_not_erase_at_every_wake():
    nor, ring = fresh()
    for n in range(4):
        ring.append(body(n))
    ring.tidy()
    erases = sum(nor.erases)
    for _ in range(9):
        ring, _ = mounted(nor)
        ring.tidy()
    assert sum(nor.erases) <= erases + 1


def test_a_prepared_sector_that_is_no_longer_blank_is_erased_again():
    nor, ring = fresh()
    ring.append(body(1))
    ring.tidy()
    nor.data[SIZE_SMALL + 77] = 0
    for n in range(9):
        ring.append(body(n + 1))
    assert mounted(nor)[1][-1] == 9


def test_a_sector_that_a_rotation_has_begun_is_erased_again_even_if_it_reads_as_blank():
    nor, ring = fresh()
    for n in range(4):
        ring.append(body(n))
    ring.tidy()
    ring, _ = mounted(nor)
    nor.cut_at(2, "none")
    try:
        ring.append(body(4))
    except PowerCut:
        nor.revive()
    erases = sum(nor.erases)
    ring, found = mounted(nor)
    assert found == [0, 1, 2, 3]
    ring.append(body(4))
    assert sum(nor.erases) == erases + 1
    assert mounted(nor)[1] == [4]


def test_a_record_left_over_from_another_turn_never_passes():
    nor, ring = fresh()
    for n in range(5):
        ring.append(body(n))
    nor.data[SIZE_SMALL + 64 : SIZE_SMALL + 96] = nor.data[64:96]
    ring, found = mounted(nor)
    assert found == [4]
    ring.append(body(5))
    assert mounted(nor)[1] == [4, 5]


def test_a_torn_slot_is_skipped_and_never_programmed_over():
    nor, ring = fresh()
    ring.append(body(1))
    nor.data[64:77] = b"\x0f" * 13
    ring, found = mounted(nor)
    assert found == [1]
    ring.append(body(2))
    assert mounted(nor)[1] == [1, 2]
    assert bytes(nor.data[64:77]) == b"\x0f" * 13


def test_a_lost_record_before_others_is_damage():
    nor, ring = fresh()
    for n in range(4):
        ring.append(body(n))
    spoil(nor, 2 * 32 + 5)
    assert why(mounted, nor) == DAMAGED


def test_a_record_that_has_become_blank_is_damage_too_and_hides_nothing_behind_it():
    nor, ring = fresh(size=512)
    for n in range(8):
        ring.append(body(n))
    keep = bytes(nor.data)
    for slot in range(1, 8):
        nor.data[slot * 32 : (slot + 1) * 32] = b"\xff" * 32
        assert why(mounted, nor) == DAMAGED, slot
        nor.data[:] = keep


def test_a_copy_of_the_newest_sector_is_damage_wherever_it_lies():
    for n in (3, 9, 15):  # the newest sector is the first, the second, the last
        nor, ring = fresh()
        for k in range(n):
            ring.append(body(k))
        newest = max(range(3), key=lambda s: nor.data[s * SIZE_SMALL + 8] % 255)
        copy = bytes(nor.data[newest * SIZE_SMALL : (newest + 1) * SIZE_SMALL])
        ring.append(body(n))
        for other in range(3):
            if other != newest:
                keep = bytes(nor.data)
                nor.data[other * SIZE_SMALL : (other + 1) * SIZE_SMALL] = copy
                assert why(mounted, nor) == DAMAGED, (newest, other)
                nor.data[:] = keep


def test_a_lost_carried_record_is_damage():
    nor, ring = fresh(carry=lambda: [body(7), body(8)])
    spoil(nor, 2 * 32 + 5)
    assert why(mounted, nor) == DAMAGED


def test_a_lost_newest_sector_is_damage_and_never_an_older_state():
    for ruin in (lambda n: bytes(n), lambda n: b"\xff" * n, lambda n: b"\x5a" * n):
        nor, ring = fresh()
        for n in range(12):
            ring.append(body(n))
        newest = max(range(3), key=lambda s: nor.data[s * SIZE_SMALL + 8])
        for size in (32, SIZE_SMALL):
            keep = bytes(nor.data)
            nor.data[newest * SIZE_SMALL : newest * SIZE_SMALL + size] = ruin(size)
            assert why(mounted, nor) == DAMAGED
            nor.data[:] = keep


def test_the_tell_tale_of_a_rotation_is_made_up_for():
    nor, ring = fresh()
    for n in range(4):
        ring.append(body(n))
    keep = bytes(nor.data[SIZE_SMALL - 32 : SIZE_SMALL])
    ring.append(body(4))
    assert bytes(nor.data[SIZE_SMALL - 32 : SIZE_SMALL]) != keep
    nor.data[SIZE_SMALL - 32 : SIZE_SMALL] = keep
    ring, _ = mounted(nor)
    ring.append(body(5))
    assert bytes(nor.data[SIZE_SMALL - 32 : SIZE_SMALL]) != keep
    assert mounted(nor)[1] == [4, 5]


def test_blank_foreign_and_noise_are_told_apart():
    assert why(mounted, Nor(3, 256)) == BLANK
    nor, _ = fresh()
    assert why(mounted, nor, b"another1") == FOREIGN
    nor.data[:] = b"\x5a" * len(nor.data)
    assert why(mounted, nor) == DAMAGED
    ring = Ring(nor, 0, 3, 8, SEAL)
    assert why(ring.mount, ID, None) == DAMAGED


def test_another_ring_does_not_pass():
    nor, ring = fresh()
    ring.append(body(1))
    assert why(Ring(nor, 0, 3, 8, SEAL).mount, ID, None) == DAMAGED


def test_geometry_is_checked():
    assert why(Ring(None, 0, 3, 7, SEAL).mount, ID, None) == MISSING
    assert why(Ring(Nor(2, 256), 0, 3, 7, SEAL).mount, ID, None) == SIZE
    assert why(Ring(Nor(3, 100), 0, 3, 7, SEAL).mount, ID, None) == SIZE
    assert why(Ring(Nor(64, 4096), 16, 49, 7, SEAL).format, ID) == SIZE


def test_device_errors_become_storage_errors_and_close_the_ring():
    for call, reason in (("readblocks", READ), ("writeblocks", PROGRAM)):
        nor, ring = fresh()

        def fail(*args):
            raise OSError(5)

        setattr(nor, call, fail)
        assert why(ring.append, body(1)) == reason
        assert why(ring.append, body(1)) == CLOSED
        assert why(ring.tidy) == CLOSED


def test_a_program_that_does_not_hold_is_noticed():
    nor, ring = fresh()
    nor.writeblocks = lambda n, buf, off: None
    assert why(ring.append, body(1)) == PROGRAM


def test_a_sector_that_does_not_erase_is_passed_over():
    for answer in (-22, 0, OSError(5)):
        nor, ring = fresh(blocks=4)
        for n in range(16):
            ring.append(body(n))
        nor.bad, nor.answer = (2,), answer
        for n in range(60):
            ring.append(body(n))
            if n % 7 == 0:
                ring.tidy()
                ring, _ = mounted(nor)
        assert mounted(nor)[1][-1] == 59


def test_without_any_sector_to_erase_it_refuses_and_keeps_what_it_has():
    nor, ring = fresh()
    for n in range(4):
        ring.append(body(n))
    nor.bad = (0, 1, 2)
    assert why(ring.append, body(4)) == ERASE
    assert mounted(nor)[1] == [0, 1, 2, 3]
    assert why(Ring(nor, 0, 3, 7, SEAL).format, ID) == ERASE


def test_too_much_to_carry_is_refused():
    assert why(fresh, 3, lambda: [body(n) for n in range(4)]) == FULL


def test_only_bodies_are_taken():
    _, ring = fresh()
    for bad in (bytes(24), b"\xf1" * 24, body(1)[:23], body(1) + b"\1"):
        try:
            ring.append(bad)
        except ValueError:
            continue
        raise AssertionError(bad)
    assert why(Ring(Nor(3, 256), 0, 3, 7, SEAL).append, body(1)) == CLOSED


def test_a_read_that_returns_a_number_has_failed():
    nor, ring = fresh()
    ring.append(body(1))
    reads, answers = nor.readblocks, [None]

    def answering(n, buf, off=0):
        reads(n, buf, off)
        return answers[0]

    nor.readblocks = answering
    for answers[0], reason in ((None, None), (0, None), (-5, READ), (5, READ)):
        assert why(Ring(nor, 0, 3, 7, SEAL).mount, ID, lambda body, mac: None) == reason


def test_history_goes_back_over_rotations_and_past_damage():
    nor, ring = fresh()
    for n in range(11):
        ring.append(body(n))
    assert [b[1] for b, _, _ in Ring(nor, 0, 3, 7, SEAL).history(ID)] == list(range(11))
    spoil(nor, SIZE_SMALL + 2 * 32)
    assert [b[1] for b, _, _ in Ring(nor, 0, 3, 7, SEAL).history(None)] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]
    assert list(Ring(nor, 0, 3, 7, SEAL).history(b"another1")) == []


def test_a_mount_reads_headers_and_one_sector():
    nor, ring = fresh(blocks=16, size=4096)
    for n in range(1000):
        ring.append(body(n & 127))
    nor.bytes_read = 0
    mounted(nor)
    assert nor.bytes_read <= 17 * 32 + 4096 + 32
