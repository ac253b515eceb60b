"""From a radio that is off to a session at the broker: Wi-Fi, the broker's name, TCP and TLS, MQTT.

Let go once it is done. What it leaves behind, Stream, Link and Mqtt, is of modules that stay: a class that came with
this one would keep all of it.
"""

import gc
from hashlib import sha256

from micropython import const
from umqtt import simple

from firmware.blocking import announce
from firmware.core.words import LOST
from firmware.limits import UNSAFE
from firmware.net.link import NAME, LinkError, over_tls
from firmware.net.recall import packed
from firmware.net.settings import INSECURE, KEY, is_address
from firmware.net.wifi import join

BUILT = 1_767_225_600
"""2026: no certificate that has expired before is good, however lost the clock is."""

_NAME_MS = const(4000)


def connect(attempt, kinds, take, deadline):
    """(Stream, Mqtt) of a session at the broker, which gives `take` what comes, by `deadline` (ms); else LinkError.

    attempt: a check-in of radio.py, whose `wlan` and `link` are set as soon as they are turned on. kinds: the classes
    Stream, Link and Mqtt, which outlast this module.
    """
    board, radio, recall, turn = attempt.wake.board, attempt.radio, attempt.recall, attempt.turn
    gc.collect()  # TLS wants its memory in few pieces
    attempt.wlan = board.wlan()
    server = join(attempt.wlan, radio, recall, board.rtc_seconds(), board.now, turn, deadline)
    address = _find(attempt, server, deadline)
    new_stream, new_link, new_mqtt = kinds
    stream = new_stream(board.socket(), board.now, turn, deadline)
    attempt.link = link = new_link(stream, _secure(attempt))
    user, login = radio.user or None, radio.login or None
    mqtt = new_mqtt(simple, link, attempt.wake.config.lock, (address, radio.port), user, login, take, turn)
    if radio.security != INSECURE:
        announce(attempt.session, board.now, turn)
    try:
        _dated(attempt, mqtt.connect, recall.failures > 0)
    except LinkError:
        recall.forget_addresses()
        raise
    recall.ip = packed(address)
    return stream, mqtt


def _find(attempt, server, deadline):
    """The broker's address: configured, as it was the last time, or by one question."""
    radio, board = attempt.radio, attempt.wake.board
    known = radio.ip or attempt.recall.broker or (radio.host if is_address(radio.host) else "")
    if known:
        return known
    from firmware.net.names import resolve

    number = int.from_bytes(sha256(attempt.wake.config.mac + attempt.recall.packed()).digest()[:2], "big")
    sock = board.socket(True)
    try:
        until = min(deadline, board.now() + _NAME_MS)
        octets = resolve(sock, server, radio.host, number, board.now, attempt.turn, until)
    except OSError as error:
        raise error if isinstance(error, LinkError) else LinkError(NAME)
    finally:
        sock.close()
    return ".".join([str(octet) for octet in octets])


def _secure(attempt):
    radio = attempt.radio
    if radio.security == INSECURE:
        attempt.limits.add(UNSAFE, 1)
        attempt.limits.tell(attempt.wake.logbook)
        return None
    if radio.security == KEY:
        return over_tls(radio.host, b"", radio.user, radio.key)
    return over_tls(radio.host, radio.authority)


def _dated(attempt, connect, anew):
    """Connect while the chip's own calendar says what the lock knows of the time: certificates have dates."""
    board, clock = attempt.wake.board, attempt.wake.clock
    t, quality = clock.read()
    board.set_date(max(t, BUILT) if quality == LOST else t)
    try:
        connect(anew)
    finally:
        board.set_date(0)
