"""The audit log: events as they were appended, newest kept, going on where the journal would stay closed."""

from nor import Nor

from firmware.core.words import OPENED, WRONG
from firmware.store import BLANK, DAMAGED, FOREIGN, MISSING, StorageError
from firmware.store.audit import BOOT, CUT, ENTRY, KINDS, Audit
from firmware.store.chain import KEY_SIZE, Chained
from firmware.store.ring import Ring

ID = b"journal1"
FIRST = b"f" * KEY_SIZE


def fresh(blocks=4, size=512):
    nor = Nor(blocks, size)
    audit = Audit(nor, ID, 0, blocks)
    audit.format(FIRST)
    return nor, audit


def events(nor, journal_id=ID):
    return list(Audit(nor, journal_id, 0, nor.blocks).events())


def test_an_event_keeps_all_its_fields():
    nor, audit = fresh()
    audit.append(
        ENTRY,
        decision=WRONG,
        t=1790000000,
        grant=65535,
        issuer=3,
        length=9,
        count=1000,
        attempt=4000000000,
        mv=5900,
        quality=2,
        detail=7,
    )
    event = events(nor)[0]
    assert (event.kind, event.decision, event.t, event.sequence) == (ENTRY, WRONG, 1790000000, 1)
    assert (event.grant, event.issuer, event.length, event.count) == (65535, 3, 9, 1000)
    assert (event.attempt, event.mv, event.quality, event.detail) == (4000000000, 5900, 2, 7)
    assert KINDS[event.kind] == "entry"


def test_events_are_numbered_over_mounts_and_rotations():
    nor, audit = fresh()
    for n in range(200):
        audit.append(ENTRY, attempt=n)
        if n % 7 == 0:
            audit = Audit(nor, ID, 0, 4)
            assert audit.mount() is None
        if n % 5 == 0:
            audit.tidy()
    found = events(nor)
    assert [event.sequence for event in found] == list(range(found[0].sequence, 201))
    assert [event.attempt + 1 for event in found] == [event.sequence for event in found]
    assert len(found) >= 2 * 12


def test_the_partition_of_the_lock_keeps_four_thousand_events():
    nor = Nor(48, 4096)
    audit = Audit(nor, ID, 0, 48)
    audit.format(FIRST)
    for _ in range(6100):
        audit.append(ENTRY)
        audit.tidy()
    assert sum(1 for _ in Audit(nor, ID, 0, 48).events()) >= 4000


def test_the_last_event_is_known_after_a_mount():
    nor, audit = fresh()
    assert audit.last() is None
    audit.append(BOOT, detail=4)
    audit.append(CUT, grant=9)
    audit = Audit(nor, ID, 0, 4)
    audit.mount()
    assert (audit.last().kind, audit.last().grant, audit.last().sequence) == (CUT, 9, 2)


def test_damage_costs_no_event_that_can_be_read():
    nor, audit = fresh()
    for n in range(30):
        audit.append(ENTRY, attempt=n)
    newest = events(nor)[-1].sequence
    place = bytes(nor.data).find(b"\x1c\x00\x00\x00", 512)
    nor.data[place] ^= 0xA5
    audit = Audit(nor, ID, 0, 4)
    assert audit.mount() == DAMAGED
    audit.append(ENTRY, decision=OPENED)
    found = events(nor)
    assert len(found) == 30
    assert found[-1].sequence > newest
    assert found[-1].decision == OPENED


def test_a_blank_a_foreign_and_a_noisy_log_are_begun_anew():
    noise = Nor(4, 512)
    noise.data[:] = b"\x5a" * len(noise.data)
    foreign, audit = fresh()
    audit.append(ENTRY)
    for nor, journal_id, reason in ((Nor(4, 512), ID, BLANK), (noise, ID, DAMAGED), (foreign, b"another1", FOREIGN)):
        audit = Audit(nor, journal_id, 0, 4)
        assert audit.mount() == reason
        audit.append(BOOT)
        audit = Audit(nor, journal_id, 0, 4)
        assert audit.mount() is None
        assert [event.kind for event in events(nor, journal_id)] == [BOOT]


def test_without_settings_the_log_goes_on_under_the_id_it_finds():
    nor, audit = fresh()
    audit.append(ENTRY)
    audit = Audit(nor, None, 0, 4)
    assert audit.mount() is None
    audit.append(BOOT)
    assert [event.kind for event in events(nor)] == [ENTRY, BOOT]
    nor = Nor(4, 512)
    assert Audit(nor, None, 0, 4).mount() == BLANK
    assert Audit(nor, None, 0, 4).mount() is None


def test_without_a_partition_it_raises():
    try:
        Audit(None, ID).mount()
    except StorageError as e:
        assert e.reason == MISSING
        return
    raise AssertionError("mounted")


def test_numbers_at_the_end_of_32_bits_stop_nothing():
    nor, audit = fresh()
    ring = Ring(nor, 0, 4, 2, Chained())
    ring.mount(ID, lambda body, mac: None)
    ring.append(b"\1\0\0\0\0\0\xff\xff\xff\xff" + bytes(14))
    audit = Audit(nor, ID, 0, 4)
    audit.mount()
    for _ in range(40):
        audit.append(BOOT)
    assert audit.last().sequence == 39


def test_the_newest_sectors_alone_can_be_read():
    nor, audit = fresh(blocks=6)
    for n in range(60):
        audit.append(ENTRY, attempt=n)
    every = [event.sequence for event in audit.events()]
    for sectors in (1, 2, 3):
        newest = [event.sequence for event in audit.events(sectors)]
        assert newest == every[-len(newest) :]
        assert 11 * (sectors - 1) < len(newest) <= 13 * sectors
    audit.append(ENTRY, attempt=60)
    assert [event.sequence for event in events(nor)][-1] == 61, "the log goes on after it was read"
