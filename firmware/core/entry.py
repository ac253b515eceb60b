"""The entry collector: keys become digits until `#` ends or `*` or silence clears them.

    empty --digit--> collecting --17th digit--> void
    `#`: collecting -> ENTERED, void -> OVERLONG, empty: nothing. `*` or 10 s of silence: back to empty.

An entry that has ended stays readable until the next key or `clear`.
"""

from micropython import const

MAX_DIGITS = const(16)
SILENCE_MS = const(10000)

# What a key did.
NOTHING = const(0)
DIGIT = const(1)
CLEARED = const(2)
ENTERED = const(3)
OVERLONG = const(4)  # ended with more digits than any code has: wrong, and nothing to compare


class Entry:
    """`digits[:length]` is what was typed, as ASCII. Times are ms that only grow."""

    def __init__(self):
        self.digits = bytearray(MAX_DIGITS)
        self.length = 0
        self._void = False
        self._ended = False
        self._last_ms = 0

    def feed(self, key, now_ms):
        """Take one of "0123456789*#" pressed at `now_ms`; NOTHING to OVERLONG. ValueError for any other key."""
        if key not in "0123456789*#" or len(key) != 1:
            raise ValueError("not a key")
        if self._ended:
            self.clear()
        self.tick(now_ms)
        self._last_ms = now_ms
        if key == "#":
            return self._end()
        if key == "*":
            self.clear()
            return CLEARED
        if self.length == MAX_DIGITS:
            self._void = True
        else:
            self.digits[self.length] = ord(key)
            self.length += 1
        return DIGIT

    def tick(self, now_ms):
        """Clear after 10 s without a key; True if there was something to clear."""
        if not self.length or self._ended or now_ms - self._last_ms < SILENCE_MS:
            return False
        self.clear()
        return True

    def clear(self):
        """Forget the entry, in memory too."""
        for j in range(MAX_DIGITS):
            self.digits[j] = 0
        self.length = 0
        self._void = False
        self._ended = False

    def _end(self):
        if not self.length:
            return NOTHING
        if self._void:
            self.clear()
            return OVERLONG
        self._ended = True
        return ENTERED
