"""A check-in from the lock's side: radio on, exchange, radio off, whatever happens; and when the next one is.

    OFF --Wi-Fi--> JOINED --name, TCP, TLS--> LINKED --MQTT--> TALKING --bye--> OFF
      ^               |                          |                |
      '---------------'--------------------------'----------------'  deadline, any failure

Every wait on the way serves the door and whoever is at the keypad. Loaded only when there is a check-in.
"""

from firmware.core.words import LOST
from firmware.limits import FAILED, IGNORED, Limits
from firmware.memory import ON_CALLS
from firmware.net.link import BROKEN, DRIVER, MEMORY, STALLED, Link, LinkError, Stream
from firmware.net.mqtt import Mqtt
from firmware.net.recall import Recall
from firmware.net.settings import Radio, RadioError
from firmware.store import StorageError
from firmware.store import audit as log
from firmware.unloading import passing

VERSION = (0, 1, 0)


def check_in(wake, session, vault, contents, reason, turn):
    """Check in for `reason`, messages.BY_TIMER to BY_ENTRY, and note when to do so next.

    Returns whether the other end has all that was in the log before. vault: the radio's; contents: what it holds, which
    is taken out of that list.
    turn(): serves the door and whoever is there, and lets some ms pass.
    """
    try:
        radio = passing(Radio, *contents)
    except RadioError:
        wake.logbook.event(log.RADIO, log.UNUSABLE)
        wake.memory.radio_at = 0
        wake.memory.keep()
        return False
    contents.clear()
    recall, head = Recall(wake.memory.radio), wake.logbook.head[0]
    limits = Limits(recall.limits)
    limits.begin(wake.board.rtc_seconds())
    try:
        nonce = _nonce(wake, recall)
    except StorageError:
        failed = STALLED
    else:
        failed = _Attempt(wake, session, radio, vault, recall, limits, turn).run(nonce, reason)
    _note(wake, radio, recall, limits, failed)
    return not failed and recall.sent >= head


def _nonce(wake, recall):
    """Of a new check-in; a boot is counted in flash where nothing says which were before. Raises StorageError."""
    if recall.fresh:
        if wake.fault:
            raise StorageError(wake.fault[0])
        wake.count(wake.state.boots + 1)
    nonce = recall.next_nonce(recall.boots if wake.fault else wake.state.boots)
    wake.memory.radio = recall.packed()
    wake.memory.keep()
    return nonce


def _note(wake, radio, recall, limits, failed):
    """Keep how it went, and when to check in next."""
    from firmware.net.when import next_in

    if failed:
        limits.add(FAILED, 1 << failed)
    limits.tell(wake.logbook)
    recall.limits = limits.packed()
    recall.failures = recall.failures + 1 if failed else 0
    t, quality = wake.clock.read()
    known = 0 if quality == LOST else t
    seconds = next_in(radio, wake.config.grants, known, recall.failures, wake.config.lock, recall.number)
    memory = wake.memory
    memory.radio_at = wake.board.rtc_seconds() + seconds if seconds else ON_CALLS
    memory.radio = recall.packed()
    memory.keep()


class _Attempt:
    """One check-in. wlan, link: what was turned on, and is turned off again."""

    def __init__(self, wake, session, radio, vault, recall, limits, turn):
        self.wake = wake
        self.session = session
        self.radio = radio
        self.vault = vault
        self.recall = recall
        self.limits = limits
        self.turn = turn
        self.wlan = None
        self.link = None

    def run(self, nonce, reason):
        """0, or why it came to nothing: a word of net/link.py. Whatever it was, the radio is off then."""
        wake, board, recall = self.wake, self.wake.board, self.recall
        exchange, failed = None, 0
        try:
            from firmware.net.checkin import EXCHANGE_MS, CheckIn
            from firmware.remote import Remote

            remote = Remote(wake, self.session, self.radio, self.vault, self.turn, self.limits)
            exchange = CheckIn(wake.config.lock, self.radio, nonce, recall, remote, board.now, self.turn)
            take = exchange.commands.receive
            deadline = board.now() + EXCHANGE_MS
            stream, mqtt = passing(self._connect, lambda message: passing(take, message), deadline)
            exchange.talk(mqtt, stream, reason, VERSION)
        except Exception as error:
            failed = _why(error)
        finally:
            self.session.remote = None
            self._off()
        if exchange:
            recall.ignored, recall.why = exchange.commands.ignored, exchange.commands.why
            if recall.ignored:
                self.limits.add(IGNORED, recall.why, recall.ignored)
        return failed

    def _connect(self, take, deadline):
        from firmware.connecting import connect  # let go with all that only connecting wants

        return connect(self, (Stream, Link, Mqtt), take, deadline)

    def _off(self):
        """Whatever closing the link runs into, the radio goes off."""
        try:
            if self.link:
                self.link.close()
        except Exception:
            pass
        try:
            if self.wlan:
                self.wlan.active(False)
        except Exception:  # of the driver: mostly an OSError, a RuntimeError for what MicroPython has no name for
            pass


def _why(error):
    """The word of net/link.py for what ended a check-in."""
    if isinstance(error, LinkError):
        return error.reason
    if isinstance(error, MemoryError):
        return MEMORY
    return DRIVER if isinstance(error, OSError) and not isinstance(error, StorageError) else BROKEN
