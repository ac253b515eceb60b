"""Whether an exported log is as the lock wrote it: every event in its place, none changed, none missing.

Only bodies and MACs are believed, and these only as far as the owner's key bears them out. What the chain by itself
cannot show, that the newest events were cut off or that an older log was put back, shows against a head that was
written down elsewhere.
"""

from dataclasses import dataclass

from firmware.store.chain import UNKEYED, event_mac, next_key
from firmware.store.sectors import NO_MAC, SLOT_SIZE
from tools.log.lines import KEPT, Head, LineError, read_event, read_whole

CHANGED = "changed"
REMOVED = "removed"
REORDERED = "reordered"
INSERTED = "inserted"
TRUNCATED = "truncated"
FORKED = "forked"
MISPLACED = "misplaced"
UNKEYED_EVENT = "without key"
WRONG_KEY = "wrong key"
FORGOTTEN = "forgotten"

_LAST_SECTOR = 48 * 100_000
"""Sequence of a sector that flash does not live to see: 48 sectors of 100,000 erases each."""
_STRIDE = 4096
"""Sectors from one key that is kept to the next: whoever names sectors at random costs no more than one climb."""
_LOOK = 3
_SLOTS = 4096 // SLOT_SIZE
CAPACITY = _SLOTS - 5
"""Events that a sector has room for, beside its header, its key and the notes `prepared`, `announced` and `left`."""
_NUMBERS = CAPACITY + _SLOTS
"""Numbers that a sector uses up at most: a log that is begun anew passes over as many as a sector has slots."""


class NoLog(LineError):
    """The text is no exported log, not even a damaged one: there is nothing to check."""


class BadLog(ValueError):
    """The first bad record: `line` of the file, `sequence` of the event (None: unreadable), `what`: a word of above."""

    def __init__(self, line, sequence, what, why):
        of = "" if sequence is None else f"event {sequence}: "
        super().__init__(f"line {line}: {of}{what}: {why}")
        self.line = line
        self.sequence = sequence
        self.what = what


@dataclass(frozen=True)
class Sound:
    """A log that holds: how many events, the number of the first one, and the head to write down."""

    events: int
    first: int
    head: Head


def verify(text, key, expected=None):
    """Check the text of an export with the log's first `key`, and against an `expected` Head if there is one.

    Returns Sound; raises BadLog at the first record that is not as the lock wrote it, NoLog if no line is an export's.
    """
    first, *rest = text.split("\n")
    try:
        whole = read_whole(first)
    except LineError as error:
        if all(isinstance(_event(line), LineError) for line in rest):
            raise NoLog("not an exported log") from error
        raise BadLog(1, None, CHANGED, error) from error
    ended = bool(rest) and rest.pop() == ""
    log = _Log(whole, key, [_event(line) for line in rest])
    for place in range(len(log.events)):
        log.check(place)
    if not ended or len(log.events) < whole.events:
        raise log.cut_off(f"the first line says that there are {whole.events} events")
    if len(log.events) > whole.events:
        raise BadLog(1, None, CHANGED, f"it says that there are {whole.events} events, but there are {len(log.events)}")
    log.check_heads(whole.head, whole.told)
    if expected:
        log.check_expected(expected)
    return Sound(len(log.events), log.first, whole.head)


def _event(line):
    """The Event of a line, or the LineError that says why it is none."""
    try:
        return read_event(line)
    except LineError as error:
        return error


class SectorKeys:
    """The keys of a log's sectors, from its first key on."""

    def __init__(self, first):
        self._known = {0: first}

    def key(self, sector):
        """The key of a sector: as many steps from the first key as its number says."""
        if sector > _LAST_SECTOR:
            return UNKEYED
        at = max(known for known in self._known if known <= sector)
        key = self._known[at]
        for known in range(at + 1, sector + 1):
            key = next_key(key)
            if known % _STRIDE == 0:
                self._known[known] = key
        self._known[sector] = key
        return key


class _Log:
    """The events of an export, checked one after the other."""

    def __init__(self, whole, key, events):
        self.events = events
        self.first = whole.first
        self._before = whole.before
        self._keys = SectorKeys(key)
        self._in_sector = 0
        self._sequences = [getattr(event, "sequence", None) for event in events]

    def check(self, place):
        """Raise BadLog unless the event at this place is the next one, and as it was written."""
        event = self.events[place]
        if isinstance(event, LineError):
            raise BadLog(place + 2, None, CHANGED, event)
        self._check_number(place, self.first + place)
        if self._fits(place):
            self._check_sector(place, event.sector)
            return
        if event.sequence in self._sequences[place + 1 :]:
            raise self._bad(place, INSERTED, "there are two of this number, and its MAC is wrong")
        if event.mac in (event_mac(UNKEYED, before, event.body) for before in (self._before_of(place), NO_MAC)):
            raise self._bad(place, UNKEYED_EVENT, "written after the lock had lost its log's key, or by somebody else")
        if place == 0 and not any(self._fits(later) for later in range(1, min(_LOOK, len(self.events)))):
            raise self._bad(
                place, WRONG_KEY, "the key fits no record here: it is another lock's, or this log is forged"
            )
        raise self._bad(place, CHANGED, "its MAC is wrong")

    def _check_number(self, place, due):
        sequence = self._sequences[place]
        if sequence > due:
            if due in self._sequences[place + 1 :]:
                raise self._bad(place, REORDERED, f"event {due} should be here")
            raise self._bad(place, REMOVED, f"event {due} should be here, and is missing")
        if sequence < due:
            if sequence in self._sequences[:place]:
                raise self._bad(place, INSERTED, "it was here before")
            raise self._bad(place, REORDERED, f"event {due} should be here")
        if place == 0 and sequence > 1 and len(self.events) < KEPT:
            raise self._bad(place, REMOVED, f"events before it are missing: the log keeps {KEPT:,}")

    def _check_sector(self, place, sector):
        """An event whose MAC is right must also stand where the lock can have written it.

        Otherwise the newest key alone would do to write everything before it anew.
        """
        number = self.first + place
        if place == 0:
            if number == 1 and sector != 1:
                raise self._bad(place, MISPLACED, f"it stands in sector {sector}, but a log begins in sector 1")
            if not sector <= number <= _NUMBERS * (sector - 1) + 1:
                raise self._bad(place, MISPLACED, f"sector {sector} cannot begin with it")
        else:
            before = self.events[place - 1].sector
            if sector not in (before, before + 1):
                raise self._bad(place, MISPLACED, f"it stands in sector {sector}, the event before it in {before}")
            if sector != before:
                self._in_sector = 0
        self._in_sector += 1
        if self._in_sector > CAPACITY:
            raise self._bad(place, MISPLACED, f"sector {sector} has no room for it, only for {CAPACITY} events")

    def _fits(self, place):
        """Whether the MAC at this place follows from the key, the MAC before it and the body."""
        event = self.events[place]
        return event_mac(self._keys.key(event.sector), self._before_of(place), event.body) == event.mac

    def _before_of(self, place):
        return self.events[place - 1].mac if place else self._before

    def _bad(self, place, what, why):
        return BadLog(place + 2, self._sequences[place], what, why)

    def cut_off(self, why):
        """The BadLog for a log that ends too early."""
        return BadLog(len(self.events) + 2, None, TRUNCATED, f"the log ends here, but {why}")

    def check_heads(self, head, told):
        """The head in the first line must be the last event, and the one that the state journal named among them."""
        if self.events and head.sequence < self.events[-1].sequence:
            raise BadLog(1, None, CHANGED, f"its head is {head}, but the log goes on after it")
        for known in (head, told):
            if known.sequence >= self.first:
                self._find(known, "its MAC in the first line is another")

    def check_expected(self, head):
        """The head that was written down elsewhere must be among the events."""
        if head.sequence < self.first:
            raise BadLog(2, self.first, FORGOTTEN, f"the log begins here, so event {head.sequence} cannot be compared")
        self._find(head, "it is another than the expected one: the log was put back, and went on differently")

    def _find(self, head, why):
        last = self.events[-1].sequence if self.events else 0
        if head.sequence > last:
            raise self.cut_off(
                f"there was an event {head.sequence}: the newest are cut off, or an older log was put back"
            )
        if head.sequence and self.events[head.sequence - self.first].mac != head.mac:
            raise self._bad(head.sequence - self.first, FORKED, why)
