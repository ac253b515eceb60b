"""What others can make the lock write, bounded by the day, so that nobody flushes its log or wears its flash out.

Two things are counted in a day of the chip's own clock, which begins when the one before is over:

- what is told of trouble (a check-in that came to nothing, commands not done, messages ignored): an event for each
  reason that was not told yet that day; the rest is counted, and told with the next event of the kind, the next day at
  the latest;
- what issuers who own nothing may have done: so many commands each, and among them changes of what is in NVS. The first
  order of each about an entry that waits is none of these: a person has typed it (`remote.py`).

Owners have no limit: they can clear the log's disk of their own gateway as well. The arithmetic is in docs/security.md.
"""

import struct

from micropython import const

from firmware.store import audit as log

FAILED, UNDONE, IGNORED, UNSAFE = 0, 1, 2, 3
"""Kinds of trouble: in a row of its own each."""

COMMANDS = const(24)
CHANGES = const(8)
"""Of an issuer in a day: commands, and among them those that change what is in NVS."""
ALL_CHANGES = const(10)
"""Of all issuers together in a day."""

_KINDS = (log.RADIO, log.UNDONE, log.IGNORED, log.RADIO)
_DAY = const(86400)
_HEAD = "<I"
_ROW = "<HHHB"
_RATION = "<BBB"
_MOST = const(0xFFFF)
_ROWS_END = struct.calcsize(_HEAD) + len(_KINDS) * struct.calcsize(_ROW)


class Limits:
    """kept: what `packed` made, or b"". Moments are seconds of the chip's RTC."""

    def __init__(self, kept):
        if len(kept) < _ROWS_END:
            kept = bytes(_ROWS_END)
        self._day = struct.unpack_from(_HEAD, kept)[0]
        size = struct.calcsize(_ROW)
        # for each kind: reasons told today, reasons and count not told yet, issuer of the first of those
        self._rows = [list(struct.unpack_from(_ROW, kept, 4 + i * size)) for i in range(len(_KINDS))]
        self._rations = {}
        for at in range(_ROWS_END, len(kept) - 2, 3):
            issuer, commands, changes = struct.unpack_from(_RATION, kept, at)
            self._rations[issuer] = (commands, changes)

    def packed(self):
        data = struct.pack(_HEAD, self._day)
        for row in self._rows:
            data += struct.pack(_ROW, *row)
        for issuer, (commands, changes) in self._rations.items():
            data += struct.pack(_RATION, issuer, commands, changes)
        return data

    def begin(self, now):
        """Begin a day if the last one is over."""
        if not 0 <= now - self._day < _DAY:
            self._day = now
            self._rations = {}
            for row in self._rows:
                row[0] = 0

    def add(self, trouble, reasons, count=1, issuer=0):
        """There was trouble so many times. reasons: bits, 0 to 15."""
        row = self._rows[trouble]
        if not row[1]:
            row[3] = issuer
        row[1] |= reasons
        row[2] = min(row[2] + count, _MOST)

    def tell(self, logbook):
        """Log what has a reason that was not told today."""
        for trouble, row in enumerate(self._rows):
            told, reasons, count, issuer = row
            new = reasons & ~told
            if new:
                row[:] = told | reasons, 0, 0, 0
                logbook.event(_KINDS[trouble], _detail(trouble, reasons, new), 0, issuer, count)

    def grants(self, issuer, changes):
        """Whether a command of this issuer is within what he has today; it then counts. changes: it changes NVS."""
        commands, changed = self._rations.get(issuer, (0, 0))
        changed += changes
        of_all = sum([row[1] for row in self._rations.values()]) + changes
        if commands >= COMMANDS or changes and (changed > CHANGES or of_all > ALL_CHANGES):
            return False
        self._rations[issuer] = (commands + 1, changed)
        return True


def _detail(trouble, reasons, new):
    """As the events of store/audit.py have it: bits of messages ignored; else the first reason that is new."""
    if trouble == IGNORED:
        return reasons
    if trouble == UNSAFE:
        return log.UNSAFE
    reason = 0
    while not new >> reason & 1:
        reason += 1
    return reason
