"""What the lock tells of itself and of its log in a check-in: what `Remote` offers of these, loaded only to be said."""

from micropython import const

from firmware.net import messages

_EVENTS_A_SECTOR = const(100)  # at least, in one that is full
_SECTORS = const(48)


def standing(lock):
    """(clock, head of the log, generation, attempts, power, entry that waits) of a Remote, for `pack_hello`."""
    wake, door = lock.wake, lock.session.door
    t, quality = wake.clock.read()
    power = door.bolt.position | door.closed << 2 | door.bolt.jammed << 3
    clock = t, quality, wake.clock.uncertainty
    power = wake.battery.millivolts(), power
    return clock, wake.logbook.head, wake.vault.generation, wake.state.attempts, power, lock.entry() or (0, 0)


def events(logbook, after, most):
    """Up to `most` messages of events after number `after`: (first, sector, MAC before, 28 bytes each)."""
    found, before = [], bytes(4)
    head = logbook.head[0]
    if after >= head:
        return found
    due = 0
    for event in _behind(logbook.newest, after, (head - after) // _EVENTS_A_SECTOR + 1):
        if event.sequence > after:
            full = found and len(found[-1][3]) == messages.MAX_EVENTS * messages.EVENT_SIZE
            if not found or full or event.sequence != due or event.sector != found[-1][1]:
                if len(found) == most:
                    break
                found.append((event.sequence, event.sector, before, bytearray()))
            found[-1][3].extend(event.body + event.mac)
            due = event.sequence + 1
        before = event.mac
    return found


def _behind(newest, after, sectors):
    """Events of so many newest sectors, or of more, until number `after` is among them: a ring may leave a sector
    before it is full."""
    while sectors < _SECTORS:
        events = newest(sectors)
        for event in events:
            if event.sequence > max(after, 1):
                break
            yield event
            yield from events
            return
        sectors *= 2
    yield from newest(_SECTORS)
