"""What the chip remembers through deep sleep and resets, in its RTC memory, and forgets without power.

Nothing on which an opening rests alone: a lock that has forgotten only waits longer.
"""

import binascii
import struct

_FORMAT = "<4sIIIIBBIB"
_MARK = b"dbt3"
_MAX = 0xFFFFFFFF


class Memory:
    """Loaded when made; `keep` writes it back.

    fresh: nothing was remembered. credit, reference: as in `Clock`, as of `rtc_at`. owner_at: of the last owner's
    entry, or of power-on; both in seconds of the chip's RTC. told: what was last said of the door, a report of `Door`,
    0 for nothing. retries: wakes in a row that could not leave everything in order. held_until: unix second until which
    the bolt is held open, 0: it is not. call: 1 if somebody at the keypad asked for the other end.
    """

    def __init__(self, board):
        self._board = board
        self.credit = self.reference = 0
        self.rtc_at = self.owner_at = board.rtc_seconds()
        self.told = self.retries = self.held_until = self.call = 0
        self.fresh = not self._recall()

    def keep(self):
        """Remember what the attributes say now."""
        times = [min(each, _MAX) for each in (self.credit, self.reference, self.rtc_at, self.owner_at)]
        data = struct.pack(_FORMAT, _MARK, *times, self.told, self.retries, self.held_until, self.call)
        self._board.remember(data + struct.pack("<I", binascii.crc32(data)))

    def _recall(self):
        kept = self._board.recall()
        size = struct.calcsize(_FORMAT)
        if len(kept) != size + 4 or struct.unpack_from("<I", kept, size)[0] != binascii.crc32(kept[:size]):
            return False
        mark, credit, reference, rtc_at, owner_at, told, retries, held_until, call = struct.unpack_from(_FORMAT, kept)
        # After a brown-out the memory may still be there while the clock behind it has begun anew.
        if mark != _MARK or not owner_at <= rtc_at <= self.rtc_at:
            return False
        self.credit, self.reference, self.rtc_at, self.owner_at = credit, reference, rtc_at, owner_at
        self.told, self.retries, self.held_until, self.call = told, retries, held_until, call
        return True
