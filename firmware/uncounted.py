"""Boots in a row that the journal does not count: of a lock that a fault keeps closed they are a number in NVS.

RTC memory does not last where a motor that stalls takes the chip's supply away. The number is written until the bolt
waits for as long as it ever does, and taken away once the lock has come to rest in order: a dozen writes, however long
the bolt is blocked. Loaded for nothing but such a boot.
"""

from micropython import const

from firmware.door import LONGEST_S, patience_s

_KEY = "restarts"
_UNKNOWN = const(7)  # where NVS takes no number: 160 s, between a door that stays open and cells that are soon empty


def count(board):
    """How many there were, this boot included; the greatest number stands for any above it."""
    try:
        nvs = board.nvs("dropbolt")
        restarts = _read(nvs)
        if patience_s(restarts) < LONGEST_S:
            restarts += 1
            nvs.set_i32(_KEY, restarts)
            nvs.commit()
        return restarts
    except OSError:
        return _UNKNOWN


def forget(board):
    """Begin to count anew."""
    try:
        nvs = board.nvs("dropbolt")
        if _read(nvs):
            nvs.erase_key(_KEY)
            nvs.commit()
    except OSError:  # then the bolt waits for longer than it need
        pass


def _read(nvs):
    try:
        return max(0, nvs.get_i32(_KEY))
    except OSError:  # there is none
        return 0
