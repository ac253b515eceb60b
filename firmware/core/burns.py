"""Which codes of a table of grants are burnt or revoked: packed, by kind, never forgotten while the grant exists.

interval: per serial the highest accepted step and a bitmap of the 32 steps behind it. event: a base, a bitmap of the
64 counters from it and one of the 16 behind it. number: how often it was used.

Codes that were revoked one by one stand in a list of their own: to burn a step that is still to come would make it the
highest and take the older ones with it. Once a code on the list is past it is burnt and leaves the list, so that it
stays shut even if the clock is set back.
"""

from array import array

from micropython import const

from firmware.core import records
from firmware.core.verify import EVENT_LOOK_BACK, INTERVAL_LOOK_BACK
from firmware.core.words import EVENT, INTERVAL, NUMBER

_BEHIND = const(16)  # counters behind an event grant's base that are still remembered
_BITMAP = const(32)  # steps behind the highest accepted one that are still remembered
MAX_REVOKED = const(32)
_MAX = 0xFFFFFFFF
_KINDS = {records.INTERVALS: INTERVAL, records.EVENTS: EVENT, records.EVENTS_WIDE: EVENT, records.NUMBERS: NUMBER}
_FORMATS = {
    records.INTERVALS: records.INTERVAL_ITEM,
    records.EVENTS: records.EVENT_ITEM,
    records.EVENTS_WIDE: records.EVENT_WIDE_ITEM,
    records.NUMBERS: records.NUMBER_ITEM,
}


class Burns:
    """The burnt codes of one table of grants, asked by a grant's index in the table."""

    def __init__(self, grants):
        self._grants = grants
        self.revocations = []  # (grant id, serial, step or counter; 0 of a number) of each code revoked by itself
        self._index = {grants.id(i): i for i in range(len(grants))}  # a mount looks up a grant for each record
        self._lay_out()

    def _lay_out(self):
        """Give each grant its place in the packed arrays of its kind."""
        grants = self._grants
        self._places = array("H", bytes(2 * len(grants)))
        intervals = events = numbers = 0
        for i in range(len(grants)):
            kind = grants.kind(i)
            if kind == INTERVAL:
                self._places[i] = intervals
                intervals += grants.serials(i)
            elif kind == EVENT:
                self._places[i] = events
                events += 1
            else:
                self._places[i] = numbers
                numbers += 1
        self._tops = array("I", bytes(4 * intervals))  # highest accepted step, 0 = none yet
        self._maps = array("I", bytes(4 * intervals))  # bit k: step top - 1 - k is burnt
        self._bases = array("I", bytes(4 * events))
        self._lows = array("I", bytes(4 * events))  # bit k: counter base + k is burnt
        self._highs = array("I", bytes(4 * events))  # bit k: counter base + 32 + k is burnt
        self._behinds = array("H", bytes(2 * events))  # bit k: counter base - 16 + k was burnt
        self._uses = array("H", bytes(2 * numbers))

    def interval_top(self, i, serial):
        """Highest accepted step of serial `serial` of interval grant `i`, 0 if there is none."""
        return self._tops[self._places[i] + serial]

    def interval_used(self, i, serial, step):
        """True if the step's code is burnt, or lies more than 32 behind the highest accepted one.

        Steps begin at 1: a step before the grant's offset counts as used.
        """
        at = self._places[i] + serial
        top = self._tops[at]
        if step > top or step < 1:
            return step < 1
        behind = top - step - 1
        return not 0 <= behind < _BITMAP or bool(self._maps[at] >> behind & 1)

    def event_base(self, i):
        """Lowest counter that event grant `i` may still accept."""
        return self._bases[self._places[i]]

    def event_used(self, i, counter):
        """True if the counter's code is burnt, or lies more than 16 behind the base.

        A counter behind the base never opens, whether or not it was used.
        """
        at = self._places[i]
        place = counter - self._bases[at] + _BEHIND
        return place < 0 or bool(self._line(at) >> place & 1)

    def number_uses(self, i):
        """How often number grant `i` was used."""
        return self._uses[self._places[i]]

    def revoked(self, i, serial, value):
        """Whether this code of grant `i` was revoked by itself: a step, a counter, or 0 of a number."""
        return (self._grants.id(i), serial, value) in self.revocations

    def revoke_code(self, grant_id, serial, value):
        """Put a code on the list; a counter is burnt as well, so that the base passes it."""
        i = self._index.get(grant_id, -1)
        if i < 0 or (grant_id, serial, value) in self.revocations:
            return
        self.revocations.append((grant_id, serial, value))
        if self._grants.kind(i) == EVENT:
            self.burn_code(grant_id, serial, value)

    def is_past(self, code, floor):
        """Whether a code on the list is so old at unix second `floor` that it would be wrong; a number never is."""
        grant_id, _, value = code
        grants, i = self._grants, self._index[grant_id]
        kind = grants.kind(i)
        if kind == EVENT:
            return value < self.event_base(i) - EVENT_LOOK_BACK
        behind = value + grants.grace_after(i) + INTERVAL_LOOK_BACK
        return kind == INTERVAL and grants.offset(i) + (behind + 1) * grants.step(i) <= floor

    def forget_revoked(self, floor):
        """Burn what is past and take it off the list."""
        for code in [code for code in self.revocations if self.is_past(code, floor)]:
            self.revocations.remove(code)
            self.burn_code(*code)

    def burn_code(self, grant_id, serial, value):
        """Burn one code: a step, a counter, or how often a number has then been used; none if the grant is gone."""
        i = self._index.get(grant_id, -1)
        if i < 0:
            return
        kind = self._grants.kind(i)
        at = self._places[i]
        if kind == INTERVAL:
            if serial < self._grants.serials(i):
                self._burn_step(at + serial, value)
        elif kind == EVENT:
            self._burn_counter(at, value, self._grants.window(i))
        else:
            self._uses[at] = max(self._uses[at], min(value, 0xFFFF))

    def raised(self, i, counter):
        """Body that has event grant `i` accept nothing below `counter`, which is above its base."""
        at = self._places[i]
        line = self._line(at) >> min(counter - self._bases[at], 96)
        while line >> _BEHIND & 1 and counter < _MAX:
            line >>= 1
            counter += 1
        item = self._grants.id(i), counter, line >> _BEHIND & _MAX, line >> _BEHIND + 32 & _MAX, line & 0xFFFF
        return next(records.pack_items(records.EVENTS_WIDE, records.EVENT_WIDE_ITEM, [item]))

    def _burn_step(self, at, step):
        top = self._tops[at]
        if step > top:
            moved = step - top
            line = self._maps[at] << 1 | (top > 0)
            self._maps[at] = line << moved - 1 & _MAX if moved <= _BITMAP else 0
            self._tops[at] = step
        elif top - _BITMAP <= step < top:
            self._maps[at] |= 1 << top - step - 1

    def _burn_counter(self, at, counter, window):
        """Accept a counter: the base moves to a quarter of the window behind the last, then past used ones."""
        base, line = self._bases[at], self._line(at)
        moved = counter - 3 * window // 4 + 1
        if moved > base:
            moved = min(moved, _MAX)
            line >>= min(moved - base, 96)
        else:
            moved = base
        place = counter - moved + _BEHIND
        if place >= 0:
            line |= 1 << place
        while line >> _BEHIND & 1 and moved < _MAX:
            line >>= 1
            moved += 1
        self._bases[at] = moved
        self._set_line(at, line)

    def _line(self, at):
        """The burnt counters of an event grant as one number: bit k is counter base - 16 + k."""
        return self._highs[at] << _BEHIND + 32 | self._lows[at] << _BEHIND | self._behinds[at]

    def _set_line(self, at, line):
        self._behinds[at] = line & 0xFFFF
        self._lows[at] = line >> _BEHIND & _MAX
        self._highs[at] = line >> _BEHIND + 32 & _MAX

    # Whole pictures, packed for a snapshot and back.

    def restore(self, kind, body):
        """Set what a packed body says of the grants that still exist."""
        grants = self._grants
        fmt = _FORMATS[kind]
        for item in records.unpack_items(fmt, body):
            i = self._index.get(item[0], -1)
            if i < 0 or grants.kind(i) != _KINDS[kind]:
                continue
            at = self._places[i]
            if kind == records.INTERVALS:
                if item[1] < grants.serials(i):
                    self._tops[at + item[1]], self._maps[at + item[1]] = item[2:]
            elif kind == records.EVENTS:
                self._bases[at], self._lows[at], self._behinds[at] = item[1:]
                self._highs[at] = 0
            elif kind == records.EVENTS_WIDE:
                self._bases[at], self._lows[at], self._highs[at], self._behinds[at] = item[1:]
            else:
                self._uses[at] = item[1]

    def bodies(self):
        """Yield the bodies from which `restore` rebuilds all burns; each is valid until the next one."""
        for kind in (records.INTERVALS, records.EVENTS, records.EVENTS_WIDE, records.NUMBERS):
            yield from records.pack_items(kind, _FORMATS[kind], self._items(kind))

    def _items(self, kind):
        grants = self._grants
        for i in range(len(grants)):
            if grants.kind(i) != _KINDS[kind]:
                continue
            at = self._places[i]
            if kind == records.INTERVALS:
                for k in range(grants.serials(i)):
                    if self._tops[at + k]:
                        yield grants.id(i), k, self._tops[at + k], self._maps[at + k]
            elif kind == records.NUMBERS:
                if self._uses[at]:
                    yield grants.id(i), self._uses[at]
            elif self._line(at) >> _BEHIND + 16:
                if kind == records.EVENTS_WIDE:
                    yield grants.id(i), self._bases[at], self._lows[at], self._highs[at], self._behinds[at]
            elif kind == records.EVENTS and (self._bases[at] or self._line(at)):
                yield grants.id(i), self._bases[at], self._lows[at], self._behinds[at]
