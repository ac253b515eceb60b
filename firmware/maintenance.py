"""The console is about to be opened, by who holds the maintenance key: the log says so before there is a prompt.

Everything is put together as for a wake, and what the boot finds is told; nothing is burnt and nothing moves. A lock
that is bare, or broken, has no log to write to, and is opened all the same: else nobody could mend it.
"""

from firmware.assembly import Wake
from firmware.drivers.keypad import Keypad
from firmware.store.audit import MAINTENANCE


def note(board):
    """Have it in the log, and see to it that a lock with a radio tells the other end when it runs again."""
    wake = Wake(board)
    try:
        wake.load(Keypad(board.rows, board.keyed))
        wake.open_log()
        wake.tell()
    except Exception:  # not foreseen: say that, too
        wake.crash()
    wake.logbook.event(MAINTENANCE)
    if wake.memory.radio_at:
        wake.memory.radio_at = 1
        wake.memory.keep()
