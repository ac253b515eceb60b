"""The entry collector: keys become digits until `#` ends or `*` or silence clears them.

    empty --digit--> collecting --17th digit--> void
    `#`: collecting -> ENTERED, void -> OVERLONG, doubtful -> DOUBTFUL, empty: nothing.
    `*` or 10 s of silence: back to empty.

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
DOUBTFUL = const(5)  # ended, and a key may be missing: nothing to judge

_RHYTHM_MS = const(1000)  # between two keys of one entry, mostly


class Entry:
    """`digits[:length]` is what was typed, as ASCII. Times are ms that only grow. doubtful: a key may be missing."""

    def __init__(self):
        self.digits = bytearray(MAX_DIGITS)
        self.length = 0
        self._void = False
        self._ended = False
        self._last_ms = 0
        self._doubt_ms = 0  # a key before it may be the second one of an entry
        self.doubtful = False

    def blind(self, now_ms):
        """Nobody has looked at the keys until `now_ms` for a while; whether an entry is under way.

        An entry of which a key may have been pressed then is DOUBTFUL when it ends.
        """
        self._doubt_ms = now_ms + _RHYTHM_MS
        self.doubtful = self.length > 0 and not self._ended
        return self.doubtful

    def feed(self, key, now_ms):
        """Take one of "0123456789*#" pressed at `now_ms`; NOTHING to DOUBTFUL. ValueError for any other key."""
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
        if not self.length:
            self.doubtful = now_ms < self._doubt_ms
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
        self._void = self._ended = self.doubtful = False

    def _end(self):
        if not self.length:
            return NOTHING
        if self.doubtful:
            self.clear()
            return DOUBTFUL
        if self._void:
            self.clear()
            return OVERLONG
        self._ended = True
        return ENTERED
