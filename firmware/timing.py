"""What a sealed message says of the time: the clock is set by it, or left alone where it knows the time as well."""

from micropython import const

from firmware.core.words import TRUSTED
from firmware.drivers.ds3231 import ClockError
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.store import StorageError

_ENOUGH_S = const(4)  # by how much a sync must be better than what the clock knows already


def adjust(lock, t, ms, uncertainty, reset):
    """Set the clock to what was sealed somewhere between hello and now, unless it knows the time as well."""
    wake = lock.wake
    trip = lock.ms() - lock.asked
    ms += trip // 2
    seconds = t + (ms + 500) // 1000
    doubt = uncertainty + (trip + 1) // 2 + abs((seconds - t) * 1000 - ms)
    known, quality = wake.clock.read()
    least = wake.clock.uncertainty
    near = abs(known - seconds) <= least + doubt // 1000 + 1
    if not reset and quality == TRUSTED and near and least <= doubt // 1000 + _ENOUGH_S:
        return
    if not wake.journal:
        raise Refused(messages.STORAGE)
    from firmware.sync import SyncError, synchronise

    try:
        synchronise(wake.board, wake.memory, wake.journal, wake.state, seconds, doubt, reset)
    except SyncError as error:
        raise Refused(messages.REFUSED, str(error).encode())
    except ClockError:
        raise Refused(messages.STORAGE, b"clock")
    except StorageError as error:
        lock.failed(error)
