"""Boots in a row, and how long the bolt waits after them: for a boot that finds it drawn, and for the end of a row.

The journal counts them. For a lock that a fault keeps closed, which has none, they are a number in NVS: RTC memory does
not last where a motor that stalls takes the chip's supply away. The number is written until the bolt waits for as long
as it ever does, and taken away once the lock has come to rest in order: a dozen writes, however long it is blocked.
"""

from micropython import const

from firmware import door as doors
from firmware.core.words import OPENED
from firmware.store import StorageError
from firmware.store import audit as log

_KEY = "restarts"
_UNKNOWN = const(7)  # where NVS takes no number: 160 s, between a door that stays open and cells that are soon empty


def patience(wake):
    """Seconds for which the bolt is not thrown after this boot, which is no wake from sleep."""
    restarts = wake.state.restarts if wake.counted else _count(wake.board)
    if doors.patience_s(restarts - 1) > doors.AWAIT_S and _jam_told(wake.logbook):
        wake.memory.told = doors.STUCK
    return doors.patience_s(restarts)


def forget(wake, restarts):
    """Begin to count anew, after so many that the journal counts; those are told that were not."""
    _erase(wake.board)
    if restarts < 2:
        return
    told = 1
    while told * 2 <= restarts:
        told *= 2
    if restarts > told:
        wake.logbook.event(log.BOOT, 0, 0, 0, restarts - told)
    try:
        wake.count(wake.state.boots, 0)
    except StorageError as error:
        wake.logbook.fault(error.reason)


def _jam_told(logbook):
    """Whether the log says of the bolt that it would not go, and since then of no movement."""
    told = False
    try:
        for event in logbook.newest(1):
            if event.kind in (log.JAM, log.RELOCKED) or event.decision == OPENED:
                told = event.kind == log.JAM
    except StorageError:
        pass
    return told


def _count(board):
    """How many there were by NVS, this boot included; the greatest number stands for any above it."""
    try:
        nvs = board.nvs("dropbolt")
        restarts = _read(nvs)
        if doors.patience_s(restarts) < doors.LONGEST_S:
            restarts += 1
            nvs.set_i32(_KEY, restarts)
            nvs.commit()
        return restarts
    except OSError:
        return _UNKNOWN


def _erase(board):
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
