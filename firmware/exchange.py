"""Around a check-in: whatever becomes of it, the session goes on, and what was to be told is kept until it is told.

Loaded only for a check-in, and once after power came, to see whether there is a radio.
"""

from micropython import const

from firmware.calling import BANKS
from firmware.logbook import NEWS, UNPROVISIONED, URGENT
from firmware.memory import ON_CALLS, UNKNOWN
from firmware.store import BLANK
from firmware.store import audit as log
from firmware.store.vault import Vault, VaultError
from firmware.unloading import passing

_AGAIN_S = const(3600)
_BROKEN = const(12)  # as in net/link.py, which may be what is missing


class _Turn:
    """Serves the door and whoever is there as `turn` does; remembers what that has raised."""

    def __init__(self, turn):
        self._turn = turn
        self.error = None

    def __call__(self):
        try:
            self._turn()
        except Exception as error:
            self.error = error
            raise


def attempt(wake, session, reason, turn):
    """Check in; `turn()` serves the door and whoever is there, and lets some ms pass.

    Whatever goes wrong with the radio, the session goes on; raises only what `turn` has raised.
    """
    memory, served, told = wake.memory, _Turn(turn), False
    vault, contents = opened(wake)
    if contents is None:
        return
    passing(_brace, wake)
    try:
        from firmware.radio import check_in

        told = check_in(wake, session, vault, contents, reason, served)
    except Exception:
        wake.logbook.once(log.RADIO, _BROKEN)
    if served.error:
        raise served.error
    if told or not memory.news:
        memory.news = memory.tries = memory.tell_at = 0
    elif not memory.news & URGENT and memory.radio_at < UNKNOWN:
        memory.tell_at = memory.radio_at  # is told then
    memory.keep()


def opened(wake):
    """(Vault, contents) of the radio; without contents the lock has none, or cannot read them and looks again later."""
    vault = contents = None
    none = wake.fault and wake.fault[0] == UNPROVISIONED
    try:
        if wake.config.journal:
            vault = Vault(wake.board.nvs("dropbolt"), BANKS)
            vault.feed = wake.feed
            contents = list(vault.load())
    except OSError as error:  # a VaultError, or the chip cannot open its NVS
        none = isinstance(error, VaultError) and error.reason == BLANK
        if not none:
            wake.logbook.once(log.RADIO, log.UNUSABLE)
    if contents is None:
        _put_off(wake, none)
    return vault, contents


def _put_off(wake, for_good):
    """There is no radio, or nobody can say now whether there is: flash that fails once may be read the next time."""
    memory = wake.memory
    if for_good:
        memory.radio_at = memory.news = 0
    else:
        memory.tell_at = wake.board.rtc_seconds() + _AGAIN_S
        if memory.radio_at < UNKNOWN:
            memory.radio_at = memory.tell_at
    memory.keep()


def _brace(wake):
    """Should the check-in take the lock down with it, it does not begin again at once."""
    from firmware.net.when import again_in

    memory, now = wake.memory, wake.board.rtc_seconds()
    if memory.radio_at == UNKNOWN:
        memory.news |= NEWS  # that there was no power
    if memory.radio_at != ON_CALLS:
        memory.radio_at = now + _AGAIN_S
    memory.tell_at = now + again_in(memory.news & URGENT, memory.tries, wake.config.lock)
    memory.tries += 1
    memory.keep()
