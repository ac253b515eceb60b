"""Brokers that are none, or none that one would want: what they say is slow, or not what the other end has said.

Each is an end as of host_sim/world/ends.py, around another one.
"""

_PIECE = 40
"""Bytes that are spoiled at once."""


class Garbled:
    """`end`, but of what it says some pieces are spoiled, as `chance` has it; `often`: with which probability."""

    def __init__(self, end, chance, often):
        self._end = end
        self._chance = chance
        self._often = often

    def send(self, data):
        return self._end.send(data)

    def receive(self, patience_s):
        data = self._end.receive(patience_s)
        if not data:
            return data
        pieces = [data[at : at + _PIECE] for at in range(0, len(data), _PIECE)]
        return b"".join([self._spoilt(piece) for piece in pieces]) or None

    def close(self):
        self._end.close()

    def _spoilt(self, piece):
        chance = self._chance
        if chance.random() >= self._often:
            return piece
        at = chance.randrange(len(piece))
        way = chance.choice(("bit", "other", "more", "less", "twice", "noise"))
        if way == "bit":
            return piece[:at] + bytes([piece[at] ^ 1 << chance.randrange(8)]) + piece[at + 1 :]
        if way == "other":
            return piece[:at] + chance.randbytes(1) + piece[at + 1 :]
        if way == "more":
            return piece[:at] + chance.randbytes(chance.randint(1, 300)) + piece[at:]
        if way == "less":
            return piece[:at]
        return piece * 2 if way == "twice" else chance.randbytes(len(piece))


class Slow:
    """`end`, but what it says comes `count` bytes at a time, `gap_us` microseconds of `timeline` apart."""

    def __init__(self, end, timeline, count, gap_us):
        self._end = end
        self._timeline = timeline
        self._count = count
        self._gap_us = gap_us
        self._said = b""
        self._next_us = 0
        self._over = False

    def send(self, data):
        return self._end.send(data)

    def receive(self, patience_s):
        now = self._timeline.now_us
        said = None if self._over else self._end.receive(patience_s)
        self._over |= said == b""
        self._said += said or b""
        if not self._said:
            return b"" if self._over else None
        if now < self._next_us:
            return None
        data, self._said = self._said[: self._count], self._said[self._count :]
        self._next_us = now + self._gap_us
        if self._said:
            self._timeline.at(self._next_us, _nothing)  # so that whoever waits looks then
        return data

    def close(self):
        self._end.close()


def _nothing():
    """An event of which only the instant counts."""
