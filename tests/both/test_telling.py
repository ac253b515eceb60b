"""The log, told by radio: every event that the other end lacks, wherever the ring has gone on to another sector."""

from outpost import Outpost

from firmware.store.audit import RELOCKED

EVENTS = 90


def told(remote, after):
    """Numbers of the events that are sent after this one, and the MAC before the first."""
    numbers, before = [], None
    for first, _, mac, records in remote.events(after, 99):
        numbers += range(first, first + len(records) // 28)
        before = before or mac
    return numbers, before


def test_events_are_told_though_sectors_were_left_early():
    lock = Outpost()
    for _ in range(EVENTS):
        lock.logbook.event(RELOCKED)
    lock.check_in((1, 0))
    head = lock.logbook.head[0]
    macs = {event.sequence: event.mac for event in lock.logbook.newest(8)}
    for after in range(0, head, 7):
        numbers, before = told(lock.remote, after)
        assert numbers == list(range(after + 1, head + 1)), after
        assert not after or before == macs[after], after
    assert told(lock.remote, head) == ([], None)


def test_events_that_are_forgotten_are_passed_over():
    lock = Outpost()
    for _ in range(4 * EVENTS):
        lock.logbook.event(RELOCKED)
    lock.check_in((1, 0))
    numbers, _ = told(lock.remote, 3)
    head = lock.logbook.head[0]
    assert numbers == list(range(numbers[0], head + 1)) and 4 < numbers[0] < head - EVENTS
