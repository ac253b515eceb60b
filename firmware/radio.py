"""A check-in from the lock's side: radio on, exchange, radio off, whatever happens; and when the next one is.

    OFF --Wi-Fi--> JOINED --name, TCP, TLS--> LINKED --MQTT--> TALKING --bye--> OFF
      ^               |                          |                |
      '---------------'--------------------------'----------------'  deadline, any failure

Every wait on the way serves the door and whoever is at the keypad. Loaded only when there is a check-in.
"""

import gc
from hashlib import sha256

from micropython import const

from firmware.blocking import announce
from firmware.core.words import LOST
from firmware.limits import FAILED, IGNORED, UNSAFE, Limits
from firmware.memory import ON_CALLS
from firmware.net.link import BROKEN, DRIVER, MEMORY, NAME, STALLED, Link, LinkError, Stream, over_tls
from firmware.net.recall import Recall, packed
from firmware.net.settings import INSECURE, KEY, Radio, RadioError, is_address
from firmware.store import StorageError
from firmware.store import audit as log

VERSION = (0, 1, 0)
BUILT = 1_767_225_600
"""2026: no certificate that has expired before is good, however lost the clock is."""

_NAME_MS = const(4000)


def check_in(wake, session, vault, contents, reason, turn):
    """Check in for `reason`, messages.BY_TIMER to BY_ENTRY, and note when to do so next.

    Returns whether the other end has all that was in the log before. vault: the radio's; contents: what it holds.
    turn(): serves the door and whoever is there, and lets some ms pass.
    """
    try:
        radio = Radio(*contents)
    except RadioError:
        wake.logbook.event(log.RADIO, log.UNUSABLE)
        wake.memory.radio_at = 0
        wake.memory.keep()
        return False
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
    """One check-in: what it turns on, and turns off again."""

    def __init__(self, wake, session, radio, vault, recall, limits, turn):
        self._wake = wake
        self._session = session
        self._radio = radio
        self._vault = vault
        self._recall = recall
        self._limits = limits
        self._turn = turn
        self._wlan = None
        self._link = None

    def run(self, nonce, reason):
        """0, or why it came to nothing: a word of net/link.py. Whatever it was, the radio is off then."""
        wake, board, recall = self._wake, self._wake.board, self._recall
        exchange, failed = None, 0
        try:
            from firmware.net.checkin import EXCHANGE_MS, CheckIn
            from firmware.remote import Remote

            remote = Remote(wake, self._session, self._radio, self._vault, self._turn, self._limits)
            exchange = CheckIn(wake.config.lock, self._radio, nonce, recall, remote, board.now, self._turn)
            stream, mqtt = self._connect(exchange.commands.receive, board.now() + EXCHANGE_MS)
            exchange.talk(mqtt, stream, reason, VERSION)
        except Exception as error:
            failed = _why(error)
        finally:
            self._session.remote = None
            self._off()
        if exchange:
            recall.ignored, recall.why = exchange.commands.ignored, exchange.commands.why
            if recall.ignored:
                self._limits.add(IGNORED, recall.why, recall.ignored)
        return failed

    def _connect(self, take, deadline):
        from umqtt import simple

        from firmware.net.mqtt import Mqtt
        from firmware.net.wifi import join

        board, radio, recall, turn = self._wake.board, self._radio, self._recall, self._turn
        gc.collect()  # TLS wants its memory in few pieces
        self._wlan = board.wlan()
        server = join(self._wlan, radio, recall, board.rtc_seconds(), board.now, turn, deadline)
        address = self._find(server, deadline)
        stream = Stream(board.socket(), board.now, turn, deadline)
        self._link = link = Link(stream, self._secure())
        user, login = radio.user or None, radio.login or None
        mqtt = Mqtt(simple, link, self._wake.config.lock, (address, radio.port), user, login, take, turn)
        if radio.security != INSECURE:
            announce(self._session, board.now, turn)
        try:
            self._dated(mqtt.connect, recall.failures > 0)
        except LinkError:
            recall.forget_addresses()
            raise
        recall.ip = packed(address)
        return stream, mqtt

    def _find(self, server, deadline):
        """The broker's address: configured, as it was the last time, or by one question."""
        radio, board = self._radio, self._wake.board
        known = radio.ip or self._recall.broker or (radio.host if is_address(radio.host) else "")
        if known:
            return known
        from firmware.net.names import resolve

        number = int.from_bytes(sha256(self._wake.config.mac + self._recall.packed()).digest()[:2], "big")
        sock = board.socket(True)
        try:
            until = min(deadline, board.now() + _NAME_MS)
            octets = resolve(sock, server, radio.host, number, board.now, self._turn, until)
        except OSError as error:
            raise error if isinstance(error, LinkError) else LinkError(NAME)
        finally:
            sock.close()
        return ".".join([str(octet) for octet in octets])

    def _secure(self):
        radio = self._radio
        if radio.security == INSECURE:
            self._limits.add(UNSAFE, 1)
            self._limits.tell(self._wake.logbook)
            return None
        if radio.security == KEY:
            return over_tls(radio.host, b"", radio.user, radio.key)
        return over_tls(radio.host, radio.authority)

    def _dated(self, connect, anew):
        """Connect while the chip's own calendar says what the lock knows of the time: certificates have dates."""
        board, clock = self._wake.board, self._wake.clock
        t, quality = clock.read()
        board.set_date(max(t, BUILT) if quality == LOST else t)
        try:
            connect(anew)
        finally:
            board.set_date(0)

    def _off(self):
        """Whatever closing the link runs into, the radio goes off."""
        try:
            if self._link:
                self._link.close()
        except Exception:
            pass
        try:
            if self._wlan:
                self._wlan.active(False)
        except Exception:  # of the driver: mostly an OSError, a RuntimeError for what MicroPython has no name for
            pass


def _why(error):
    """The word of net/link.py for what ended a check-in."""
    if isinstance(error, LinkError):
        return error.reason
    if isinstance(error, MemoryError):
        return MEMORY
    return DRIVER if isinstance(error, OSError) and not isinstance(error, StorageError) else BROKEN
