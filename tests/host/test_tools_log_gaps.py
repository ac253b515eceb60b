"""What stays behind in a log's oldest sectors is told from what somebody took out."""

import pytest

from firmware.store.audit import ENTRY, Audit
from firmware.store.chain import KEY_SIZE
from host_sim.devices import FlashDevice
from host_sim.world.flash import NorFlash
from tools.log.export import export
from tools.log.lines import KEPT
from tools.log.partition import LOG, in_order, sectors
from tools.log.verify import CAPACITY, REMOVED, BadLog, verify

KEY = bytes(range(KEY_SIZE))
SECTOR = 4096
FULL = 48 * CAPACITY
BROKEN = 20  # a sector of the partition


@pytest.fixture(scope="module")
def flash():
    """A log that fills its sectors, tidied as the lock does."""
    flash = NorFlash()
    audit = Audit(FlashDevice(flash), b"journal1")
    audit.format(KEY)
    append(audit, FULL - 20)
    return flash


def append(audit, events):
    for _ in range(events):
        audit.append(ENTRY, attempt=audit.head[0] + 1)
        audit.tidy()


def copy_of(flash):
    """(another flash that holds the same, its log mounted)."""
    other = NorFlash()
    other.load(flash.snapshot())
    audit = Audit(FlashDevice(other), b"journal1")
    assert audit.mount() is None
    return other, audit


def erased(image, sector, first=0):
    """The image with a sector erased from slot `first` on."""
    start, end = sector * SECTOR + 32 * first, (sector + 1) * SECTOR
    return image[:start] + b"\xff" * (end - start) + image[end:]


def oldest(image):
    return in_order(sectors(image), LOG)[0].number


def test_the_oldest_sector_half_erased_is_left_out(flash):
    text, whole, _ = export(sectors(flash.snapshot()))
    image = erased(flash.snapshot(), oldest(flash.snapshot()), first=9)
    left, after, remains = export(sectors(image))
    assert remains == 6  # the header, the key, and the note that the next sector is prepared stand beside them
    assert (after.first, after.head) == (whole.first + CAPACITY, whole.head)
    assert verify(left, KEY, whole.head).events == after.events == verify(text, KEY).events - CAPACITY


def test_a_sector_that_no_longer_erases_is_left_out_once_the_log_has_passed_it(flash):
    other, audit = copy_of(flash)
    other.fail("worn", BROKEN)
    append(audit, FULL)
    text, whole, remains = export(sectors(other.snapshot()))
    assert remains == CAPACITY
    sound = verify(text, KEY, whole.head)
    assert sound.head.sequence == 2 * FULL - 20
    assert sound.events > 45 * CAPACITY


def test_a_sector_taken_out_of_the_newest_events_shows(flash):
    image = flash.snapshot()
    order = [sector.number for sector in in_order(sectors(image), LOG)]
    spared = -(-KEPT // CAPACITY)  # sectors that hold what the log promises
    for number in order[-spared], order[-9], order[-2]:
        text, _, remains = export(sectors(erased(image, number)))
        assert not remains
        with pytest.raises(BadLog) as caught:
            verify(text, KEY)
        assert caught.value.what == REMOVED
    text, whole, remains = export(sectors(erased(image, order[1])))
    assert remains == CAPACITY
    assert verify(text, KEY).first == whole.first


def test_events_taken_out_of_the_midst_of_a_sector_show(flash):
    image = bytearray(flash.snapshot())
    at = in_order(sectors(bytes(image)), LOG)[3].number * SECTOR + 50 * 32
    image[at : at + 64] = bytes(64)
    text, _, remains = export(sectors(bytes(image)))
    assert not remains
    with pytest.raises(BadLog) as caught:
        verify(text, KEY)
    assert caught.value.what == REMOVED
