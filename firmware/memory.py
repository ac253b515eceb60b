"""What the chip remembers through deep sleep and resets, in its RTC memory, and forgets without power.

Nothing on which an opening rests alone: a lock that has forgotten only waits longer.
"""

import binascii
import struct

from micropython import const

_LONGEST = const(34560000)  # 400 days, in seconds: nothing sleeps for so long
_FORMAT = "<4sIIIIIIIIIIIIIIBBBBBBHH"
_MARK = b"dbtB"  # changes with the layout: what another version left is forgotten

ON_CALLS = 0xFFFFFFFF
"""As `Memory.radio_at`: the lock has a radio, and checks in when it is called, never by itself."""

UNKNOWN = 0xFFFFFFFE
"""As `Memory.radio_at`: since power came, nobody has looked whether there is a radio."""


class Memory:
    """Loaded when made; `keep` writes it back. Moments are seconds of the chip's RTC unless they say otherwise.

    fresh: nothing was remembered. credit: seconds of the lock's life that are proven; reference: the unix second up to
    which that is, 0 for none; counted_at: the moment. seen: the DS3231's reading (unix seconds) that the next one is
    held against, 0 for none; seen_at: its moment; sure: 1 if it was trusted, 0 if it is the first after power came.
    doubt: seconds that the clock may be wrong by since it jumped, 0 if it never did. owner_at: when an owner's entry
    was last evaluated, or power came. told: what was last said of the door, a report of `Door`, 0 for nothing. retries:
    wakes in a row that could not leave everything in order. relock_at: before which the bolt is not thrown, 0: it may
    be. held_until: unix second until which the bolt is held open, 0: it is not; held_to: the moment at which that is
    over whatever the clock says; held_by: number of the grant whose code holds it. call: 1 if somebody at the keypad
    asked for the other end. radio_at: when the lock checks in by itself, 0: it has no radio; or UNKNOWN, or ON_CALLS.
    news: what the other end should know and was not told, NEWS and URGENT of logbook.py; tell_at: when that is tried,
    0: as soon as may be; tries: how often it was. checked: `Vault.mark` of the newest set that was found right to the
    last field. stuck: keys that were down when it fell asleep (`Keypad.down`). radio: up to 256 bytes that the radio
    keeps (net/recall.py).
    """

    def __init__(self, board):
        self._board = board
        kept = board.recall()  # first of all: it may put the clock right that the next line looks at
        self.credit = self.reference = self.seen = self.doubt = 0
        self.counted_at = self.seen_at = self.owner_at = board.rtc_seconds()
        self.sure = self.told = self.retries = self.held_until = self.held_by = self.call = 0
        self.radio_at = UNKNOWN
        self.checked = 0
        self.news = self.tell_at = self.tries = self.relock_at = self.held_to = self.stuck = 0
        self.radio = b""
        self.fresh = not self._take(kept)

    def keep(self):
        """Remember what the attributes say now."""
        moments = self.counted_at, self.seen, self.seen_at, self.owner_at, self._board.rtc_seconds()
        seconds = self.credit, self.reference, self.doubt, self.held_until, self.radio_at, self.tell_at, self.checked
        moments += self.relock_at, self.held_to
        data = struct.pack(_FORMAT, _MARK, *seconds, *moments, *self._small(), self.held_by, self.stuck)
        data += self.radio
        self._board.remember(data + struct.pack("<I", binascii.crc32(data)))

    def hold(self, until, seconds, grant_id):
        """The bolt is held open by a code of this grant until unix second `until`, so many seconds from now."""
        self.held_until, self.held_by = until, grant_id
        self.held_to = self._board.rtc_seconds() + seconds + seconds // 16 + 1  # the chip's clock is good to 5 %
        self.keep()

    def _small(self):
        return self.sure, self.told, self.retries, self.call, self.news, min(self.tries, 255)

    def _take(self, kept):
        size, end = struct.calcsize(_FORMAT), len(kept) - 4
        if end < size or struct.unpack_from("<I", kept, end)[0] != binascii.crc32(kept[:end]):
            return False
        mark, *fields = struct.unpack_from(_FORMAT, kept)
        counted_at, seen, seen_at, owner_at, kept_at = fields[7:12]
        # After a brown-out the memory may still be there while the clock behind it has begun anew; after a reset while
        # the calendar showed the date (Board.set_date), that clock is ahead by years, which nobody has lived through.
        if mark != _MARK or not max(counted_at, seen_at, owner_at) <= kept_at <= self.owner_at <= kept_at + _LONGEST:
            return False
        self.credit, self.reference, self.doubt, self.held_until, self.radio_at, self.tell_at, self.checked = fields[:7]
        self.counted_at, self.seen, self.seen_at, self.owner_at = counted_at, seen, seen_at, owner_at
        self.sure, self.told, self.retries, self.call, self.news, self.tries, self.held_by, self.stuck = fields[14:]
        self.relock_at, self.held_to = fields[12:14]
        self.radio = bytes(kept[size:end])
        return True
