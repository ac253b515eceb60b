"""An export made with the newest key of a lock that was read out: where its events stand gives it away."""

import struct
from dataclasses import replace

import pytest

from firmware.core.words import OPENED
from firmware.store.audit import ENTRY, Audit, Event
from firmware.store.chain import KEY_SIZE, event_mac, next_key
from firmware.store.sectors import NO_MAC
from host_sim.devices import FlashDevice
from host_sim.world.flash import NorFlash
from tools.log import verify as log_verify
from tools.log.export import export
from tools.log.lines import Head, event_line, read_event, read_whole
from tools.log.partition import sectors
from tools.log.verify import CAPACITY, MISPLACED, TRUNCATED, BadLog, verify

KEY = bytes(range(KEY_SIZE))


def sector_key(sector):
    key = KEY
    for _ in range(sector):
        key = next_key(key)
    return key


def logged(tidy):
    """(first line, events) of a log of 400 events."""
    flash = NorFlash()
    audit = Audit(FlashDevice(flash), b"journal1")
    audit.format(KEY)
    for n in range(400):
        audit.append(ENTRY, decision=OPENED, grant=7, attempt=n + 1)
        if tidy:
            audit.tidy()
    first, *lines = export(sectors(flash.snapshot()))[0].splitlines()
    return read_whole(first), [read_event(line) for line in lines]


@pytest.fixture(scope="module")
def log():
    return logged(tidy=True)


def text_of(whole, events, before=NO_MAC):
    """The export that somebody writes for these events, with a first line to match."""
    head = Head(events[-1].sequence, events[-1].mac)
    first = events[0].sequence
    whole = replace(whole, events=len(events), first=first, before=before, head=head, told=Head(0, NO_MAC))
    return "".join(f"{line}\n" for line in (whole.line(), *map(event_line, events)))


def forged(bodies, placed, before):
    """Events with these bodies in the sectors `placed`, chained under their keys."""
    events = []
    for body, sector in zip(bodies, placed, strict=True):
        before = event_mac(sector_key(sector), before, body)
        events.append(Event(body, before, sector))
    return events


def invented(first, count):
    return [struct.pack("<BBIIHBBHIHBB", ENTRY, OPENED, 0, first + n, 9, 0, 9, 1, n, 0, 0, 0) for n in range(count)]


def misplaced(text):
    with pytest.raises(BadLog) as caught:
        verify(text, KEY)
    assert caught.value.what == MISPLACED
    return caught.value.sequence


@pytest.mark.parametrize("tidy", [True, False])
def test_a_full_sector_has_as_many_events_as_verify_allows(tidy):
    placed = [event.sector for event in logged(tidy)[1]]
    assert [placed.count(sector) for sector in (1, 2, 3)] == [CAPACITY] * 3


def test_an_older_event_that_was_moved_into_the_newest_sector_shows(log):
    whole, events = log
    bodies = [event.body for event in events[99:]]
    bodies[0] = bodies[0][:10] + b"\x4d" + bodies[0][11:]
    later = forged(bodies, [4] * len(bodies), events[98].mac)
    assert misplaced(text_of(whole, [*events[:99], *later])) == 100


def test_events_in_an_older_sector_than_the_one_before_show(log):
    whole, events = log
    later = forged([event.body for event in events[380:]], [3] * 20, events[379].mac)
    assert misplaced(text_of(whole, [*events[:380], *later])) == 381


def test_more_events_than_a_sector_holds_show(log):
    whole, events = log
    kept = 2 * CAPACITY + 1
    later = forged([event.body for event in events[kept:]], [4] * (400 - kept), events[kept - 1].mac)
    assert misplaced(text_of(whole, [*events[:kept], *later])) == kept + CAPACITY + 1


def test_a_history_that_begins_in_the_newest_sector_shows(log):
    assert misplaced(text_of(log[0], forged(invented(1, 20), [4] * 20, NO_MAC))) == 1


@pytest.mark.parametrize(("first", "sector"), [(5000, 4), (30, 31)])
def test_a_first_event_with_a_number_that_its_sector_cannot_begin_with_shows(log, first, sector):
    placed = [sector + n // CAPACITY for n in range(4000)]
    text = text_of(log[0], forged(invented(first, 4000), placed, b"evil"), b"evil")
    assert misplaced(text) == first


def test_full_sectors_invented_from_the_newest_key_on_show_only_against_an_expected_head(log):
    placed = [4 + n // CAPACITY for n in range(4000)]
    text = text_of(log[0], forged(invented(300, 4000), placed, b"evil"), b"evil")
    assert verify(text, KEY).events == 4000
    for head in (log[0].head, Head(4300, bytes(4)), Head(1, log[1][0].mac)):
        with pytest.raises(BadLog):
            verify(text, KEY, head)


def test_the_end_of_the_sector_before_can_be_rewritten_but_not_against_an_expected_head(log):
    whole, events = log
    kept = 2 * CAPACITY + 1
    text = text_of(whole, [*events[:kept], *forged(invented(kept + 1, 100), [4] * 100, events[kept - 1].mac)])
    assert verify(text, KEY).events == kept + 100
    with pytest.raises(BadLog) as caught:
        verify(text, KEY, whole.head)
    assert caught.value.what == TRUNCATED


def test_sectors_named_in_falling_order_cost_no_climb_each(monkeypatch):
    steps = []
    monkeypatch.setattr(log_verify, "next_key", lambda key: steps.append(key) or next_key(key))
    keys, top = log_verify.SectorKeys(KEY), 50_000
    named = [keys.key(sector) for sector in range(top, top - 9, -1)]
    assert len(steps) < 2 * top
    assert next_key(named[1]) == named[0]
    assert keys.key(700) == sector_key(700)
