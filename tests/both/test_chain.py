"""MACs and keys: what the owner can check of a log, and what whoever reads the chip out can no longer compute."""

from hashlib import sha256

from nor import TEARS, Nor, PowerCut

from firmware.core.grants import Grants
from firmware.core.state import State
from firmware.store import BLANK, DAMAGED, FORGED, FULL, StorageError
from firmware.store import chain as chains
from firmware.store.audit import ENTRY, Audit
from firmware.store.chain import KEY_SIZE, MAC_SIZE, UNKEYED, Sealed, event_mac, next_key
from firmware.store.journal import Journal
from firmware.store.ring import Ring
from firmware.store.sectors import Sectors

ID = b"journal1"
FIRST = bytes(range(1, KEY_SIZE + 1))
MAC = b"m" * 16
SECTOR = 512
KEY_AT = 32 + 6  # in a sector: slot 1, behind type, zero and attempts


def keys(count):
    """Keys of the sectors 1 to `count`."""
    made = [FIRST]
    for _ in range(count):
        made.append(next_key(made[-1]))
    return made


def check(nor, blocks=4):
    """Verify all events as the owner does, the first one's MAC taken as it is; returns how many there are."""
    made = keys(200)
    before = None
    count = 0
    for event in Audit(nor, ID, 0, blocks).events():
        if before:
            assert event.sequence == before[0] + 1
            assert event.mac == event_mac(made[event.sector], before[1], event.body), event.sequence
        before = event.sequence, event.mac
        count += 1
    return count


def worn(count=80):
    nor = Nor(4, SECTOR)
    audit = Audit(nor, ID, 0, 4)
    audit.format(FIRST)
    for n in range(count):
        audit.append(ENTRY, attempt=n)
        if n % 5 == 0:
            audit.tidy()
        if n % 7 == 0:
            audit = Audit(nor, ID, 0, 4)
            assert audit.mount() is None
    return nor, audit


def test_a_mac_is_what_the_format_says():
    body = bytes(range(24))
    assert next_key(FIRST) == sha256(b"dropbolt/audit" + FIRST).digest()[:18]
    assert event_mac(FIRST, b"link", body) == sha256(FIRST + b"link" + body).digest()[:4]
    assert Sealed(MAC).mac(bytes(15), body) == sha256(MAC + bytes(15) + body).digest()[:4]
    assert MAC_SIZE == 4 and next_key(UNKEYED) == UNKEYED


def test_the_owner_can_check_every_event():
    nor, audit = worn()
    assert check(nor) > 20
    last = list(Audit(nor, ID, 0, 4).events())[-1]
    assert audit.head == (last.sequence, last.mac) == (80, last.mac)
    audit = Audit(nor, ID, 0, 4)
    audit.mount()
    assert audit.head == (last.sequence, last.mac)


def test_only_the_newest_sector_holds_a_key():
    nor, audit = worn()
    held = [sector for sector in range(4) if any(nor.data[sector * SECTOR + 32 : sector * SECTOR + 64])]
    holding = [s for s in held if bytes(nor.data[s * SECTOR + 32 : s * SECTOR + 64]) != b"\xff" * 32]
    assert len(holding) == 1
    at = holding[0] * SECTOR + KEY_AT
    newest = max(event.sector for event in Audit(nor, ID, 0, 4).events())
    assert bytes(nor.data[at : at + KEY_SIZE]) == keys(newest)[newest]


def test_a_cut_anywhere_leaves_a_chain_and_soon_one_key():
    for tear in TEARS:
        for at in range(1, 40):
            nor = Nor(4, SECTOR)
            audit = Audit(nor, ID, 0, 4)
            audit.format(FIRST)
            for _ in range(9):
                audit.append(ENTRY)
            nor.cut_at(at, tear, at)
            try:
                for _ in range(8):
                    audit.append(ENTRY)
                    audit.tidy()
            except PowerCut:
                pass
            nor.revive()
            audit = Audit(nor, ID, 0, 4)
            assert audit.mount() is None
            audit.append(ENTRY)
            check(nor)
            newest = max(event.sector for event in Audit(nor, ID, 0, 4).events())
            data = bytes(nor.data)
            for sector, key in enumerate(keys(newest)):
                assert (data.find(key) >= 0) == (sector == newest), (tear, at, sector)


def test_the_chain_goes_on_in_a_new_sector_after_damage():
    nor, audit = worn()
    head = audit.head
    nor.data[bytes(nor.data).rfind(ENTRY.to_bytes(1, "little") + bytes(5) + b"\x4e\0\0\0")] ^= 0xA5
    audit = Audit(nor, ID, 0, 4)
    assert audit.mount(head[0]) == DAMAGED
    audit.append(ENTRY)
    event = list(Audit(nor, ID, 0, 4).events())[-1]
    key = keys(event.sector)[event.sector]
    assert event.sequence > head[0]
    assert bytes(nor.data).count(key) == 1
    assert event.mac == event_mac(key, bytes(nor.data[_header(nor, event.sector) + 24 :][:4]), event.body)


def _header(nor, sequence):
    """Where the sector of that sequence begins."""
    return [at for at in range(0, len(nor.data), SECTOR) if nor.data[at + 8] == sequence][0]


def test_damage_right_after_a_rotation_that_was_cut_destroys_no_new_sector():
    for count in (2, 3, 4):
        nor = Nor(count, SECTOR)
        audit = Audit(nor, ID, 0, count)
        audit.format(FIRST)
        while audit.last() is None or audit.last().sequence < 11:
            audit.append(ENTRY)
        nor.cut_at(5, "none")  # erase, announced, key, header, and then the old key is destroyed
        try:
            audit.append(ENTRY)
        except PowerCut:
            nor.revive()
        assert Audit(nor, ID, 0, count).mount() is None
        nor.data[SECTOR + 33 : SECTOR + 60] = bytes(27)
        audit = Audit(nor, ID, 0, count)
        assert audit.mount() == DAMAGED
        audit.append(ENTRY)
        audit = Audit(nor, ID, 0, count)
        assert audit.mount() is None
        assert audit.last().sequence == audit.head[0] > 11


def test_no_key_outlives_the_damage_of_its_sector():
    for answer in (-22, 0, OSError(5)):
        for spoilt in (1, 4):
            nor, _ = worn()
            newest = max(range(4), key=lambda sector: nor.data[sector * SECTOR + 8])
            later = keys(30)[20:]
            for k in range(spoilt):
                at = (newest + k) % 4 * SECTOR
                nor.data[at + 1 : at + 5] = bytes(4)
                nor.data[at + KEY_AT : at + KEY_AT + KEY_SIZE] = later[k]
            nor.bad, nor.answer = (newest,), answer
            audit = Audit(nor, ID, 0, 4)
            assert audit.mount() == DAMAGED
            assert not [key for key in later if key in nor.data]
            audit.append(ENTRY)
            assert Audit(nor, ID, 0, 4).mount() is None


def test_a_log_that_lost_its_key_goes_on_with_one_that_anybody_knows():
    nor, _ = worn()
    nor.data[:] = b"\xff" * len(nor.data)
    audit = Audit(nor, ID, 0, 4)
    assert audit.mount(80) == BLANK
    for _ in range(30):
        audit.append(ENTRY)
        audit.tidy()
    before = None
    for event in Audit(nor, ID, 0, 4).events():
        assert before is None or event.mac == event_mac(UNKEYED, before, event.body)
        assert event.sequence > 80
        before = event.mac


def test_a_log_whose_sectors_have_no_number_left_begins_anew():
    for sequence in (0xFFFFFFFF, 0xFFFFFFFE):
        nor, audit = worn()
        oldest = min(range(4), key=lambda sector: nor.data[sector * SECTOR + 8])
        forged = Sectors(nor, 0, 4, 2, Sealed(b""))
        forged.measure()
        assert forged.erase(oldest)
        forged.aim(sequence, ID)
        forged.program_header(oldest, 0, sequence, ID, 5)
        known = audit.head[0]
        for _ in range(3):
            audit = Audit(nor, ID, 0, 4)
            audit.mount(known)
            for _ in range(40):
                audit.append(ENTRY)
            known = audit.head[0]
        assert Audit(nor, ID, 0, 4).mount(known) is None
        assert audit.last().sector < 30


def test_a_log_that_comes_to_the_last_number_begins_anew_at_the_next_mount():
    nor = Nor(4, SECTOR)
    audit = Audit(nor, ID, 0, 4)
    audit.format(FIRST)
    audit._ring._sequence = 0xFFFFFFFC
    try:
        for _ in range(100):
            audit.append(ENTRY)
    except StorageError as e:
        assert e.reason == FULL
    known = audit.head[0]
    assert 40 < known < 100
    audit = Audit(nor, ID, 0, 4)
    assert audit.mount(known) == DAMAGED
    for _ in range(100):
        audit.append(ENTRY)
    assert audit.last().sector < 12 and audit.head[0] > known + 99
    assert Audit(nor, ID, 0, 4).mount(audit.head[0]) is None


def test_the_only_sector_that_still_erases_is_found():
    for good in range(6):
        nor = Nor(6, SECTOR)
        nor.data[:] = bytes(6 * SECTOR)
        nor.bad = [sector for sector in range(6) if sector != good]
        audit = Audit(nor, ID, 0, 6)
        assert audit.mount() == DAMAGED
        audit.append(ENTRY)
        assert Audit(nor, ID, 0, 6).mount() is None


def test_a_log_that_ends_before_a_known_event_is_damaged():
    nor, audit = worn()
    newest = audit.head[0]
    assert Audit(nor, ID, 0, 4).mount(newest) is None
    assert Audit(nor, ID, 0, 4).mount(newest + 1) == DAMAGED
    audit = Audit(nor, ID, 0, 4)
    assert audit.mount(newest + 1) is None
    audit.append(ENTRY)
    assert audit.head[0] > newest + 1


def test_attempts_are_known_also_right_after_a_rotation():
    nor = Nor(4, SECTOR)
    audit = Audit(nor, ID, 0, 4)
    audit.format(FIRST)
    for n in range(1, 40):
        audit.append(ENTRY, attempt=1000 * n)
        audit.tidy()
        audit = Audit(nor, ID, 0, 4)
        audit.mount()
        assert audit.attempts == 1000 * n


def test_a_journal_under_another_key_is_forged():
    nor = Nor(3, SECTOR)
    Journal(nor, State(Grants(b"")), ID, MAC, nor, 0, 3).format()
    for key, reason in ((MAC, None), (b"n" * 16, FORGED)):
        try:
            Journal(nor, State(Grants(b"")), ID, key, nor, 0, 3).mount()
        except StorageError as e:
            assert e.reason == reason
        else:
            assert reason is None
    ring = Ring(nor, 0, 3, 1, Sealed(MAC))
    ring.mount(ID, lambda body, mac: None)
    ring._sectors.seal = Sealed(b"n" * 16)
    state = State(Grants(b""))
    ring.append(state.clock(1, 2, 3, 4))
    try:
        Journal(nor, State(Grants(b"")), ID, MAC, nor, 0, 3).mount()
    except StorageError as e:
        assert e.reason == FORGED
        return
    raise AssertionError("believed")


def test_a_wake_computes_one_hash_for_each_record_of_the_journal_and_none_for_the_log():
    nor = Nor(64, 4096)
    state = State(Grants(b""))
    journal = Journal(nor, state, ID, MAC, nor)
    journal.format()
    audit = Audit(nor, ID)
    audit.format(FIRST)
    for n in range(16 * 125):
        journal.write(state.clock(n, 0, 0, 0))
    for _ in range(48 * 124):
        audit.append(ENTRY)
    journal.tidy()
    hashes = [0]
    counted = chains.sha256

    def counting(data):
        hashes[0] += 1
        return counted(data)

    nor.bytes_read = 0
    chains.sha256 = counting
    try:
        Journal(nor, State(Grants(b"")), ID, MAC, nor).mount()
        begun = [at for at in range(0, 16 * 4096, 4096) if nor.data[at] == ord("D")]
        newest = max(begun, key=lambda at: int.from_bytes(nor.data[at + 8 : at + 12], "little"))
        written = [at for at in range(newest, newest + 4096, 32) if bytes(nor.data[at : at + 32]) != b"\xff" * 32]
        assert hashes[0] == len(written)
        hashes[0] = 0
        audit = Audit(nor, ID)
        assert audit.mount() is None
        assert hashes[0] == 0
        assert nor.bytes_read <= 12 * 1024
        audit.append(ENTRY)
        assert hashes[0] == 1
    finally:
        chains.sha256 = counted
