"""When the radio is called, and by whom; a wake from the keypad loads no more of it than this.

A call from the keypad comes at once, and so does an entry that waits for its approval; what is worth telling and what
is due by the timer comes when nobody is at the keypad any more. What a stranger can cause has a budget in flash.
"""

from micropython import const

from firmware.core import records
from firmware.core.budget import Budget
from firmware.core.grants import Grants
from firmware.logbook import URGENT
from firmware.store import BLANK, StorageError
from firmware.store import audit as log
from firmware.store.vault import Vault, VaultError

BANKS = "cd"
"""Of the vault that holds the radio's settings, in the same namespace as the lock's."""

ON_CALLS = 0xFFFFFFFF
"""As `Memory.radio_at`: the lock has a radio, and checks in when it is called, never by itself."""

# Reasons for a check-in, as in net/messages.py.
_BY_TIMER = const(1)
_BY_CALL = const(2)
_BY_EVENT = const(3)
_BY_ENTRY = const(4)

_AGAIN_S = const(3600)

# Buckets beside those of the typed lengths, which are longer: calls without a code, and news.
_CALLS = const(1)
_NEWS = const(2)
_BUDGETS = ((_CALLS, 3, 7200), (_NEWS, 2, 43200))  # at once, and seconds for one more: 12 and 2 a day


class Calling:
    """wake: an assembly.Wake."""

    def __init__(self, wake):
        self.wake = wake
        self._memory = wake.memory
        self._announced = None  # nonce of the entry for which the lock has checked in

    def call(self):
        """Somebody calls the other end without a code: the answer, a pattern's name; None where there is no radio."""
        if not self._memory.radio_at or self.wake.fault:
            return None
        if not self._affords(_CALLS):
            return "later"
        self._memory.call = 1
        self._memory.keep()
        self.wake.logbook.event(log.CALL)
        return "accepted"

    def reason(self, session, idle):
        """Why to check in now, a number of net/messages.py; 0: not now. idle: nobody is at the keypad any more."""
        wake, memory = self.wake, self._memory
        if not memory.radio_at or session.busy:
            return 0
        entry = session.attempts.nonce(wake.board.now()) if session.attempts else None
        if entry and entry != self._announced:
            self._announced = entry
            return _BY_ENTRY
        if memory.call:
            return _BY_CALL
        if not idle:
            return 0
        news = wake.logbook.news
        if news and (news & URGENT or self._affords(_NEWS)):
            return _BY_EVENT
        return _BY_TIMER if wake.board.rtc_seconds() >= memory.radio_at else 0

    def radio_ms(self):
        """Ms until the next check-in that nobody has to ask for; 0: none."""
        at = self._memory.radio_at
        return max(1, at - self.wake.board.rtc_seconds()) * 1000 if 0 < at < ON_CALLS else 0

    def check_in(self, session, reason, turn):
        """Check in; `turn()` serves the door and whoever is there, and lets some ms pass."""
        wake = self.wake
        self._memory.call = wake.logbook.news = 0
        vault, contents = Vault(wake.board.nvs("dropbolt"), BANKS) if wake.config.journal else None, None
        try:
            contents = vault.load() if vault else None
        except VaultError as error:
            if error.reason != BLANK:
                wake.logbook.event(log.RADIO, log.UNUSABLE)
        if contents is None:
            self._memory.radio_at = 0  # the lock has no radio, or does not know by which name it would speak
            self._memory.keep()
            return
        if self._memory.radio_at != ON_CALLS:  # should it crash, it does not begin again at once
            self._memory.radio_at = wake.board.rtc_seconds() + _AGAIN_S
        self._memory.keep()
        from firmware.radio import check_in

        check_in(wake, session, vault, contents, reason, turn)

    def _affords(self, kind):
        """Draw a token of what strangers can make the lock spend; kept in flash, so no loss of power gives it back."""
        wake, budget = self.wake, Budget(_BUDGETS, Grants(b""))
        if wake.fault or not budget.allows(kind, wake.state, wake.clock.credit):
            return False
        bucket = (kind,) + budget.take(kind, wake.state, wake.clock.credit)
        try:
            wake.journal.write(next(records.pack_items(records.BUCKETS, records.BUCKET_ITEM, [bucket])))
        except StorageError:
            return False
        return True
