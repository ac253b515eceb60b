"""A whole lock whose flash was cut off, spoilt, moved or forged: it says so, and opens for nobody when in doubt."""

import random

import pytest

from firmware.core.records import CLOCK, CLOCK_FORMAT, record
from firmware.core.state import State
from firmware.logbook import FAULTS
from firmware.store.audit import RELOCKED, Audit
from firmware.store.chain import Sealed
from firmware.store.journal import Journal
from firmware.store.sectors import SLOT_SIZE, Sectors
from host_sim.devices import FlashDevice, FlashImage, Namespace
from host_sim.lock import Lock, LockConfig
from host_sim.provision import Issuer
from host_sim.runtime import RUNTIMES
from host_sim.world.flash import NorFlash

GRANTS = [{"label": "couriers", "kind": "event", "digits": 8}]
CONFIG = LockConfig(GRANTS)
SECTOR = 4096
JOURNAL = 16 * SECTOR
SIZE = 64 * SECTOR
ON_BOTH = pytest.mark.parametrize("lock", list(RUNTIMES), indirect=True)


@pytest.fixture
def lock(request):
    """A lock that sleeps."""
    with Lock(getattr(request, "param", "cpython"), CONFIG) as each:
        each.wait(20)
        yield each


def enter(lock, digits):
    """Wake the lock and type an entry; what it is told is over."""
    lock.wake()
    before = len(lock.answers)
    lock.type(digits + "#", hold_ms=40, gap_ms=40)
    lock.wait(4)
    return [name for _, name in lock.answers[before:] if name not in ("ready", "key", "busy", "locked")][0]


def rest(lock):
    """Wait until the lock sleeps."""
    assert lock.run_until(lambda: not lock.awake and lock.bolt == "locked", 60)


def opens(lock):
    answer = enter(lock, lock.issue("couriers"))
    rest(lock)
    return answer == "opened"


def reboot(lock, image=None):
    """Take the power away and give it back, with another image in flash."""
    lock.cut_power()
    if image is not None:
        lock.world.flash.load(bytes(image))
    lock.restore_power()
    lock.wait(20)


def told(lock, kind):
    """(detail's word, count) of each event of a kind."""
    return [(FAULTS[event["detail"]], event["count"]) for event in lock.log() if event["kind"] == kind]


def nvs(lock):
    """Where the lock's vault and anchor are."""
    return Namespace(lock.world.nvs, "dropbolt")


def state(lock):
    """What the journal says."""
    issuer = Issuer(CONFIG)
    found = State(issuer.grants)
    Journal(FlashImage(lock.flash), found, issuer.journal_id, issuer.mac, nvs(lock)).mount()
    return found


# What a cut keeps out of the log.


@ON_BOTH
def test_refusals_that_a_cut_kept_out_of_the_log_are_counted(lock):
    for digits in ("11111111", "22222222", "33333333"):
        assert enter(lock, digits) == "wrong"
    reboot(lock)
    assert [(event["decision"], event["count"]) for event in lock.log() if event["kind"] == "entry"] == [("wrong", 1)]
    assert told(lock, "unlogged") == [(None, 2)]
    assert [event["kind"] for event in lock.log()][-2:] == ["unlogged", "boot"]
    reboot(lock)
    assert opens(lock)
    assert len(told(lock, "unlogged")) == 1


def test_an_entry_that_was_cut_off_while_it_was_judged_is_counted(lock):
    lock.wake()
    lock.cut_at_flash_op(2)
    lock.type("11111111#")
    lock.wait(1)
    assert not lock.powered
    reboot(lock)
    assert state(lock).attempts == 1
    assert told(lock, "unlogged") == [(None, 1)]


def test_an_opening_that_was_cut_off_is_told_once(lock):
    assert enter(lock, "11111111") == enter(lock, "22222222") == "wrong"
    lock.cut_at_flash_op(3)  # attempt, burn, and what was gathered in the log
    lock.type(lock.issue("couriers") + "#")
    lock.wait(2)
    assert not lock.powered
    reboot(lock)
    assert told(lock, "unlogged") == [(None, 1)]
    assert len(told(lock, "cut")) == 1


def test_what_was_gathered_stands_before_the_opening(lock):
    for digits in ("11111111", "22222222", "33333333"):
        assert enter(lock, digits) == "wrong"
    assert enter(lock, lock.issue("couriers")) == "opened"
    reboot(lock)
    entries = [(event["decision"], event["count"], event["attempt"]) for event in lock.log() if event["decision"]]
    assert entries == [("wrong", 1, 1), ("wrong", 2, 4), ("opened", 1, 4)]
    assert not told(lock, "unlogged")


# Half of the partition put back or lost.


@ON_BOTH
def test_a_log_that_is_gone_is_begun_anew_and_says_so(lock):
    assert opens(lock)
    numbers = [event["sequence"] for event in lock.log()]
    reboot(lock, lock.flash[:JOURNAL] + b"\xff" * (SIZE - JOURNAL))
    log = lock.log()
    assert log[0]["kind"] == "lost" and told(lock, "lost") == [("blank", 1)]
    assert log[0]["sequence"] >= max(numbers) - 1  # the head in the last outcome
    assert not told(lock, "unlogged")
    assert opens(lock)
    assert len(told(lock, "lost")) == 1


def test_an_older_log_is_not_taken_for_the_newest(lock):
    assert opens(lock)
    before = lock.flash
    assert opens(lock)
    reboot(lock, lock.flash[:JOURNAL] + before[JOURNAL:])
    assert told(lock, "lost") == [("damaged", 1)]
    sequences = [event["sequence"] for event in lock.log()]
    assert sequences == sorted(set(sequences))
    assert opens(lock)


@ON_BOTH
def test_an_older_journal_opens_nothing(lock):
    before = lock.flash
    code = lock.issue("couriers")
    assert enter(lock, code) == "opened"
    rest(lock)
    reboot(lock, before[:JOURNAL] + lock.flash[JOURNAL:])
    assert enter(lock, code) == "owner"
    rest(lock)
    assert told(lock, "fault") == [("reverted", 0)]
    assert lock.openings == 1


@ON_BOTH
def test_a_journal_that_only_saw_boots_does_not_pass_for_one_that_saw_an_opening(lock):
    code = lock.issue("couriers")
    before = lock.flash
    for _ in range(12):
        reboot(lock)
    aside = lock.flash
    reboot(lock, before)
    assert enter(lock, code) == "opened"
    rest(lock)
    reboot(lock, aside)
    assert enter(lock, code) == "owner"
    rest(lock)
    assert told(lock, "fault") == [("reverted", 0)]
    assert lock.openings == 1


# Spoilt, forged, moved.


@ON_BOTH
def test_a_flipped_bit_is_put_right_and_told_once(lock):
    code = lock.issue("couriers")
    assert enter(lock, code) == "opened"
    rest(lock)
    image = bytearray(lock.flash)
    burn = next(at for at in range(SLOT_SIZE, SECTOR, SLOT_SIZE) if image[at] == 2)
    image[burn + 9] ^= 1
    image[JOURNAL + 3 * SLOT_SIZE + 5] ^= 128
    reboot(lock, image)
    assert enter(lock, code) == "used"
    rest(lock)
    assert [(e["detail"], e["count"]) for e in lock.log() if e["kind"] == "repaired"] == [(1, 1), (2, 1)]
    assert opens(lock)
    assert len([event for event in lock.log() if event["kind"] == "repaired"]) == 2
    assert not told(lock, "fault")


def forged(image, body):
    """The image with a record more in the first sector of the journal, right in all but the key."""
    flash = NorFlash(SIZE)
    flash.load(image)
    issuer = Issuer(CONFIG)
    sectors = Sectors(FlashDevice(flash), 0, 16, 1, Sealed(b"guess" * 3 + b"!"))
    sectors.measure()
    slots = [flash.read(at, SLOT_SIZE) for at in range(0, SECTOR - 2 * SLOT_SIZE, SLOT_SIZE)]
    free = slots.index(b"\xff" * SLOT_SIZE)
    sectors.aim(1, issuer.journal_id)
    sectors.body[:] = body
    sectors.program(0, free, free - 1)
    return flash.snapshot()


@ON_BOTH
def test_a_record_made_without_the_key_opens_nothing(lock):
    code = lock.issue("couriers")
    assert enter(lock, code) == "opened"
    rest(lock)
    reboot(lock, forged(lock.flash, bytes([7]) + bytes(23)))
    assert enter(lock, lock.issue("couriers")) == enter(lock, code) == "owner"
    assert lock.openings == 1
    assert ("forged", 0) in told(lock, "fault")


@ON_BOTH
@pytest.mark.parametrize("attempts", [2**32 - 1, 2**31, 7])
def test_absurd_counts_under_the_right_key_stop_nothing(lock, attempts):
    issuer = Issuer(CONFIG)
    flash = NorFlash(SIZE)
    flash.load(lock.flash)
    filled = State(issuer.grants)
    journal = Journal(FlashDevice(flash), filled, issuer.journal_id, issuer.mac, nvs(lock))
    journal.mount()
    highest = 2**32 - 1
    journal.write(record(CLOCK_FORMAT, CLOCK, 0, highest, highest, 0, attempts, highest, 1))
    reboot(lock, flash.snapshot())
    code = lock.issue("couriers")
    assert enter(lock, code) == "opened"
    rest(lock)
    reboot(lock)
    assert enter(lock, code) == "used"
    assert not told(lock, "crash")
    assert state(lock).boots == state(lock).credit == highest


def image_of(lock, name):
    """The lock's flash as something else may have left it."""
    flash = lock.flash
    if name == "noise":
        return random.Random(1).randbytes(SIZE)
    if name == "noise in half":
        return flash[: JOURNAL + 5 * SECTOR] + random.Random(2).randbytes(SIZE - JOURNAL - 5 * SECTOR)
    if name == "zeros":
        return bytes(SIZE)
    at = int(name)
    return flash[at:] + b"\xff" * at if at > 0 else b"\xff" * -at + flash[:at]


@pytest.mark.parametrize("name", ["noise", "noise in half", "zeros", "4096", "-4096", "100", "-65536", "65536", "8192"])
def test_whatever_stands_there_a_used_code_opens_nothing(lock, name):
    """Numbers: the partition begins so many bytes later or earlier than it did."""
    code = lock.issue("couriers")
    assert enter(lock, code) == "opened"
    rest(lock)
    reboot(lock, image_of(lock, name))
    assert enter(lock, code) in ("used", "owner")
    rest(lock)
    assert lock.openings == 1
    assert not told(lock, "crash")
    assert told(lock, "fault") or state(lock).attempts == 2
    length = len(lock.log())
    for _ in range(3):
        enter(lock, code)
        rest(lock)
    assert lock.openings == 1
    assert len(lock.log()) < length + 12


# How long a person waits for an erase.


def nearly_full(lock, journal_free, log_free):
    """Fill both rings, nothing erased ahead, but for so many slots; the lock sleeps meanwhile."""
    issuer = Issuer(CONFIG)
    flash = NorFlash(SIZE)
    flash.load(lock.flash)
    device = FlashDevice(flash)
    filled = State(issuer.grants)
    journal, log = (
        Journal(device, filled, issuer.journal_id, issuer.mac, nvs(lock)),
        Audit(device, issuer.journal_id),
    )
    journal.mount()
    log.mount()
    while free(flash, 0) > journal_free:
        journal.write(filled.clock(filled.credit, filled.ref, filled.floor, filled.boots))
    while free(flash, JOURNAL) > log_free:
        log.append(RELOCKED)
    lock.world.flash.load(flash.snapshot())


def free(flash, start):
    """Slots of a sector that a record may still take before the sector is full."""
    slots = [flash.read(start + at, SLOT_SIZE) for at in range(0, SECTOR, SLOT_SIZE)]
    return slots.count(b"\xff" * SLOT_SIZE) - 3


def delay(lock):
    """Seconds from `#` until the bolt moves."""
    lock.type(lock.issue("couriers"))
    begun = lock.now
    lock.press("#")
    assert lock.run_until(lambda: lock.bolt != "locked", 10)
    return lock.now - begun


def erases_before_the_motor(lock):
    """Erases since the last `#`, up to the bolt's first movement."""
    count = 0
    for happening in lock.trace:
        if happening.kind == "key" and happening.text == "#":
            count = 0
        if happening.kind == "bolt":
            return count
        count += happening.kind == "flash" and happening.text.endswith("erased")
    return count


@pytest.mark.parametrize(("worn", "erases"), [((), 1), ((1,), 2), ((1, 2), 3)])
def test_an_erase_delays_the_motor_by_a_bounded_time(worn, erases):
    with Lock("cpython", CONFIG) as lock:
        lock.world.flash.erase_us = 400_000
        lock.world.flash.program_us = 3_000
        nearly_full(lock, 1, 2)  # before the lock came to erase ahead
        for sector in worn:
            lock.world.flash.program(sector * SECTOR + 77, b"\0")
            lock.world.flash.fail("worn", sector)
        lock.wait(0.5)
        lock.press("*")
        took = delay(lock)
        assert erases_before_the_motor(lock) == erases
        assert took < 0.5 + erases * 0.4


@pytest.mark.parametrize("log_free", [0, 1, 2, 3])
@pytest.mark.parametrize("journal_free", [0, 1, 2, 3, 4])
def test_nothing_is_erased_while_the_motor_runs(lock, journal_free, log_free):
    lock.world.flash.erase_us = 400_000
    nearly_full(lock, journal_free, log_free)
    assert opens(lock)
    moving = False
    erased = 0
    for happening in lock.trace:
        if happening.kind == "bolt":
            moving = happening.text == "between"
        if happening.kind == "flash" and happening.text.endswith("erased"):
            assert not moving
            erased += 1
    assert erased >= 1
