"""The keypad as an electrical thing: fingers close contacts, contacts bounce, columns follow.

States of a contact: open; bouncing (up to `BOUNCE_US` after each press and release, toggling at random); closed.
Fingers and contacts are two things: `held` says where fingers are, `contacts` what conducts at this instant.
"""

from functools import cache, partial
from random import Random

from host_sim.chip.keymatrix import KEYS
from host_sim.chip.keymatrix import columns as joined

columns = cache(joined)

BOUNCE_US = 5_000
"""Longest time that a contact bounces, after which it follows the finger."""


class KeyMatrix:
    """Twelve keys, 4 rows by 3 columns; `seed` decides how they bounce."""

    def __init__(self, timeline, seed=0):
        self.contacts = 0
        """Mask of contacts closed at this instant, a bit for each of KEYS; what `columns` takes."""
        self.held = set()
        """Keys with a finger on them."""
        self.on_change = None
        """Called without arguments whenever `contacts` changed."""
        self._timeline = timeline
        self._random = Random(seed)
        self._pending = {}

    def press(self, key):
        """Put a finger on `key`, one of KEYS; nothing happens where one is already. Raises ValueError: no such key."""
        bit = self._bit(key)
        if key not in self.held:
            self.held.add(key)
            self._bounce(bit, closed=True)

    def release(self, key):
        """Take the finger off `key`; nothing happens where none is. Raises ValueError: no such key."""
        bit = self._bit(key)
        if key in self.held:
            self.held.remove(key)
            self._bounce(bit, closed=False)

    def columns(self, rows_high, rows_driven):
        """Mask of the columns that read high at this instant, see `host_sim.chip.keymatrix.columns`."""
        return columns(rows_high, rows_driven, self.contacts)

    def _bit(self, key):
        if len(key) != 1 or key not in KEYS:
            raise ValueError(f"key {key!r}, must be one of {KEYS}")
        return 1 << KEYS.index(key)

    def _bounce(self, bit, closed):
        """Make the first contact now, then an even number of toggles within BOUNCE_US."""
        now = self._timeline.now_us
        for handle in self._pending.pop(bit, ()):
            if handle[0] >= now:
                self._timeline.cancel(handle)
        draw = self._random.random
        count, toggles = 2 + 2 * int(draw() * 3), set()
        while len(toggles) < count:
            toggles.add(1 + int(draw() * (BOUNCE_US - 1)))
        level = closed
        pending = []
        for delay in sorted(toggles):
            level = not level
            pending.append(self._timeline.at(now + delay, partial(self._set, bit, level)))
        self._pending[bit] = pending
        self._set(bit, closed)

    def _set(self, bit, closed):
        contacts = self.contacts | bit if closed else self.contacts & ~bit
        if contacts != self.contacts:
            self.contacts = contacts
            if self.on_change:
                self.on_change()
