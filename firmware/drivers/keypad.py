"""Matrix keypad: four rows driven, three columns read, debounced, ghosts rejected.

Idle, all rows are high, so that one look at the columns tells whether any key is down; only then is the matrix scanned
row by row. A key counts once, when its contact has been closed without interruption for 10 ms. Two keys may overlap (a
fast typist presses the next before letting go of the last); two that go down together, or any third, cannot be told
from the ghost that three closed contacts make at the fourth corner, so nothing counts until every key is up again.
"""

from micropython import const

KEYS = "123456789*0#"

PRESS_MS = const(60)
"""Shorter than anybody presses a key."""

_DEBOUNCE_MS = const(10)
_QUEUE = const(16)


def _count(mask):
    n = 0
    while mask:
        mask &= mask - 1
        n += 1
    return n


class Keypad:
    """`rows`: output pins, top first; `look()` says which columns, with pull-downs, are high: bit 0 the left one."""

    def __init__(self, rows, look):
        self._rows = rows
        self._look = look
        self._touched = False  # some column was high at the last look
        self._raw = 0  # contacts of the last scan, bit = index into KEYS
        self._row = None  # of the only one of them; None: none, or several
        self._column = 0  # of that one, as `look` says it
        self._since = 0  # ms at which _raw began
        self._down = 0  # contacts that count as closed
        self.settled = True  # these are those of the last scan: nothing is to be done before `steady` says no
        self._blocked = False  # more keys than can be told apart: wait until all are up
        self._queue = bytearray(_QUEUE)
        self._first = 0
        self._length = 0
        for row in rows:
            row.init(row.OUT, value=1)  # the level stays while it floats

    @property
    def active(self):
        """True while a contact is closed or has not yet settled: poll every 5 to 10 ms."""
        return bool(self._touched or self._raw or self._down)

    @property
    def waiting(self):
        """Whether a key waits to be read."""
        return self._length > 0

    def poll(self, now):
        """Look at the matrix at `now` (ms) and queue the key that has newly settled, if any.

        Returns whether somebody should know: a key waits to be read, or the last one is up.
        """
        steady = self.steady()
        if steady and (self.settled or now - self._since < _DEBOUNCE_MS):
            return self._length > 0
        was_active = self.active
        raw = self._raw if steady else self._scan() if self._any() else 0
        if raw != self._raw:
            self._raw = raw
            self._since = now
            self.settled = raw == self._down
            self._note_alone()
        elif not self.settled and now - self._since >= _DEBOUNCE_MS:
            self._settle(raw)
        return self._length > 0 or was_active and not self.active

    @property
    def down(self):
        """The contacts that count as closed, bit = index into KEYS."""
        return self._down

    def expect(self, mask):
        """Contacts of `mask`, closed when the lock fell asleep, are stuck where they still are, and no keys of now."""
        self._down = mask & self._raw
        self.settled = self._down == self._raw

    def steady(self):
        """Whether the matrix is as the last look has found it, with no key down or one: mostly so, and soon seen."""
        row = self._row
        if row is None:
            return not (self._touched or self._look())
        # With that row afloat no other key of its column makes it high; with all rows high no other column is.
        row.init(row.IN)
        shared = self._look() & self._column
        row.init(row.OUT)
        return not shared and self._look() == self._column

    def read(self):
        """The oldest key not yet read, as a character of KEYS, or None."""
        if not self._length:
            return None
        key = self._queue[self._first]
        self._first = (self._first + 1) % _QUEUE
        self._length -= 1
        return KEYS[key]

    def _settle(self, mask):
        new = mask & ~self._down
        self._down = mask
        self.settled = True
        if not mask:
            self._blocked = False
        elif _count(mask) > 2 or _count(new) > 1:
            self._blocked = True
        elif new and not self._blocked and self._length < _QUEUE:
            index = 0
            while not new >> index & 1:
                index += 1
            self._queue[(self._first + self._length) % _QUEUE] = index
            self._length += 1

    def _note_alone(self):
        index = 0
        while self._raw >> index > 1:
            index += 1
        alone = self._raw == 1 << index
        self._row, self._column = (self._rows[index // 3], 1 << index % 3) if alone else (None, 0)

    def _any(self):
        self._touched = self._look() != 0
        return self._touched

    def _scan(self):
        """Contacts closed now, row by row; leaves all rows high.

        A row that is not looked at floats: driven low, it would be shorted to the high one by two keys of a column.
        """
        mask = bit = 0
        for row in self._rows:
            row.init(row.IN)
        for row in self._rows:
            row.init(row.OUT)
            mask |= self._look() << bit
            bit += 3
            row.init(row.IN)
        for row in self._rows:
            row.init(row.OUT)
        return mask
