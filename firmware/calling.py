"""When the radio is called, and by whom; a wake from the keypad loads no more of it than this.

A call from the keypad comes at once, and so does an entry that waits for its approval; what is worth telling and what
is due by the timer comes when nobody is at the keypad any more. What a stranger can cause has a budget in flash, and so
has a loss of power, which makes the lock forget when it was to check in. With batteries that would not move the bolt
the radio stays off whoever calls, since it might take the chip down with it.

News are told, once it is known that the other end has them; until then `Memory.news` keeps them. What is urgent is
tried again by a time of its own.
"""

from micropython import const

from firmware.core import records
from firmware.core.budget import Budget
from firmware.core.grants import Grants
from firmware.logbook import URGENT
from firmware.memory import UNKNOWN
from firmware.store import StorageError
from firmware.store import audit as log

BANKS = "cd"
"""Of the vault that holds the radio's settings, in the same namespace as the lock's."""

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

    def discreet(self, reason):
        """Whether nothing at the door may show a check-in for this reason: it is of duress, and nobody called."""
        return self._memory.news & URGENT and reason not in (_BY_CALL, _BY_ENTRY)

    def summon(self):
        """Somebody calls the other end without a code: the answer, a pattern's name; None where there is no radio."""
        if self.wake.fault or not self._has_radio():
            return None
        if not self._strong():
            return "battery"
        if not self._affords(_CALLS):
            return "later"
        self._memory.call = 1
        self._memory.keep()
        self.wake.logbook.event(log.CALL)
        return "accepted"

    def reason(self, session, idle):
        """Why to check in now, a number of net/messages.py; 0: not now. idle: nobody is at the keypad any more."""
        memory = self._memory
        self._gather()
        if not memory.radio_at or session.busy:
            return 0
        entry = session.attempts.nonce(self.wake.board.now()) if session.attempts else None
        if entry == self._announced:
            entry = None
        if entry or memory.call:
            self._announced = entry or self._announced
            if self._strong():
                return _BY_ENTRY if entry else _BY_CALL
            memory.call = 0
            memory.keep()
        return self._unasked() if idle else 0

    def radio_ms(self):
        """Ms until the next check-in that nobody has to ask for; 0: none."""
        memory = self._memory
        self._gather()
        times = [memory.tell_at] if memory.news or memory.radio_at == UNKNOWN else []
        if memory.radio_at < UNKNOWN:
            times.append(memory.radio_at)
        if not memory.radio_at or not times:
            return 0
        left = min(times) - self.wake.board.rtc_seconds()
        return (left if left > 0 else _AGAIN_S) * 1000  # what is due is not done only by a wake that failed

    def check_in(self, session, reason, turn):
        """Check in; `turn()` serves the door and whoever is there, and lets some ms pass."""
        self._memory.call = 0  # whatever becomes of it: not once more at every wake
        self._memory.keep()
        from firmware.exchange import attempt

        attempt(self.wake, session, reason, turn)

    def _unasked(self):
        """Why to check in though nobody asks for it: there is something to tell, or the time has come."""
        memory, now = self._memory, self.wake.board.rtc_seconds()
        first = memory.radio_at == UNKNOWN
        if not self._has_radio():
            return 0
        if not first and now >= memory.radio_at:
            if self._strong():
                return _BY_TIMER
            memory.radio_at = now + _AGAIN_S
            memory.keep()
        elif (memory.news or first) and now >= memory.tell_at:
            free = memory.news & URGENT or self.wake.fault and memory.tell_at  # a fault has no flash to count in
            if self._strong() and (free or self._affords(_NEWS)):
                return _BY_TIMER if first else _BY_EVENT
            memory.tell_at = now + _AGAIN_S
            memory.keep()
        return 0

    def _has_radio(self):
        """Whether the lock has a radio: looked for until the first check-in after power came, then remembered."""
        if self._memory.radio_at != UNKNOWN:
            return self._memory.radio_at
        from firmware.exchange import opened

        return opened(self.wake)[1] is not None

    def _gather(self):
        """Take over what the log has for the other end. What is urgent is told at once, however often it failed."""
        memory, news = self._memory, self.wake.logbook.news
        self.wake.logbook.news = 0
        if not news or not memory.radio_at:
            return
        if news & URGENT or not memory.news:
            memory.tell_at = memory.tries = 0
        memory.news |= news
        memory.keep()

    def _strong(self):
        """Whether the batteries would move the bolt."""
        return self.wake.battery.millivolts() >= self.wake.config.battery_min_mv

    def _affords(self, kind):
        """Draw a token of what strangers can make the lock spend; kept in flash, so no loss of power gives it back."""
        wake, budget = self.wake, Budget(_BUDGETS, Grants(b""))
        wake.clock.read()
        if wake.fault or not budget.allows(kind, wake.state, wake.clock.credit):
            return False
        bucket = (kind,) + budget.take(kind, wake.state, wake.clock.credit)
        try:
            wake.journal.write(next(records.pack_items(records.BUCKETS, records.BUCKET_ITEM, [bucket])))
        except StorageError:
            return False
        return True
