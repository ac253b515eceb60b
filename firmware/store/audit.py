"""The audit log: what happened at the door, the newest 4,000 events or more, oldest forgotten first.

It is for people. Nothing that opens the door rests on it, so where the state journal would stay closed, the log begins
a new sector and goes on.
"""

import struct

from micropython import const

from firmware.store import BLANK, DAMAGED, FOREIGN, StorageError
from firmware.store.ring import Ring
from firmware.store.sectors import BODY_SIZE

ENTRY = const(1)  # an entry was judged: `decision`
BOOT = const(2)  # detail: reset cause
CUT = const(3)  # power was lost between burn and outcome: the code is spent, the door may not have opened
FAULT = const(4)  # detail: what keeps the lock closed
RELOCKED = const(5)
AJAR = const(6)  # the door was left open
JAM = const(7)  # the bolt did not reach its end
BATTERY = const(8)  # low
CRASH = const(9)  # the firmware failed and began anew
KINDS = (None, "entry", "boot", "cut", "fault", "relocked", "ajar", "jam", "battery", "crash")

_RING_ID = 2
_FORMAT = "<BBIIHBBHIHBB"
_NOBODY = bytes(8)


class Event:
    """One event, read from flash.

    kind: ENTRY to CRASH. decision: of core/words.py, 0 = none. t: unix seconds, 0 = unknown. sequence: counts events.
    grant: id, 0 = none. issuer. length: typed digits. count: how many of a kind it stands for. attempt: its number,
    0 = none. mv: battery in millivolts. quality: of the clock, core/words.py. detail: see the kinds.
    """

    def __init__(self, body):
        (
            self.kind,
            self.decision,
            self.t,
            self.sequence,
            self.grant,
            self.issuer,
            self.length,
            self.count,
            self.attempt,
            self.mv,
            self.quality,
            self.detail,
        ) = struct.unpack(_FORMAT, body)


class Audit:
    """The log on sectors `first` to `first + count - 1` of a block device.

    journal_id: 8 bytes of the lock's journal, or None while the settings are unreadable: then the log goes on under
    whatever id it finds.
    """

    def __init__(self, dev, journal_id, first=16, count=48):
        self._journal_id = journal_id
        self._ring = Ring(dev, first, count, _RING_ID)
        self._last = bytearray(BODY_SIZE)

    def mount(self):
        """Get ready to append; returns None, or why older events cannot be trusted to be all there.

        Raises StorageError if the device fails.
        """
        try:
            self._ring.mount(self._journal_id, self._remember)
        except StorageError as e:
            if e.reason not in (BLANK, DAMAGED, FOREIGN):
                raise
            if e.reason == DAMAGED:
                self._ring.mark = self._number(self._ring.slots)  # numbers that unreadable events may have had
            self._ring.restart(self._journal_id or _NOBODY)
            return e.reason
        return None

    def format(self):
        """Erase everything and begin the log anew."""
        self._ring.format(self._journal_id)

    def _remember(self, body):
        self._last[:] = body
        self._ring.mark = struct.unpack_from("<I", body, 6)[0]

    def _number(self, n):
        """The `n`-th sequence number from here."""
        return self._ring.mark + n & 0xFFFFFFFF

    def append(
        self,
        kind,
        decision=0,
        t=0,
        grant=0,
        issuer=0,
        length=0,
        count=1,
        attempt=0,
        mv=0,
        quality=0,
        detail=0,
    ):
        """Have an event on flash, read back; units and ranges as in `Event`. Raises StorageError."""
        body = struct.pack(
            _FORMAT,
            kind,
            decision,
            t,
            self._number(1),
            grant,
            issuer,
            length,
            count,
            attempt,
            mv,
            quality,
            detail,
        )
        self._ring.append(body)
        self._remember(body)

    def tidy(self):
        """Erase ahead if there is need, up to 400 ms a sector: while idle, never while the motor runs."""
        self._ring.tidy()

    def last(self):
        """The newest event that mount or append has seen, or None."""
        return Event(self._last) if self._last[0] else None

    def events(self):
        """Yield every readable `Event`, oldest first; needs no mount and changes nothing.

        Raises StorageError if the device fails. Nothing may be appended meanwhile.
        """
        for body in self._ring.history(self._journal_id):
            yield Event(body)
