"""At the lock's prompt, after trials.py: the radio as far as the broker, by the parts that a check-in is made of."""

from firmware.drivers.ds3231 import DS3231
from firmware.net import (
    link,
    reading,  # noqa: F401  (Radio asks for it)
    wifi,
)
from firmware.net.mqtt import Mqtt
from firmware.net.names import resolve
from firmware.net.recall import Recall
from firmware.net.settings import INSECURE, KEY, Radio, is_address

_PATIENCE_MS = 20000


def reach():
    """Wi-Fi, name, TCP, TLS, user: 0, or why the broker was not reached, a word of firmware/net/link.py."""
    settings = Radio(*Vault(nvs, _RADIO).load())
    wlan, connection, failed = board.wlan(), None, 0
    until = board.now() + _PATIENCE_MS
    try:
        server = wifi.join(wlan, settings, Recall(b""), board.rtc_seconds(), board.now, breathe, until)
        address = settings.ip or is_address(settings.host) and settings.host or named(server, settings.host, until)
        connection = link.Link(link.Stream(board.socket(), board.now, breathe, until), secure(settings))
        connect(settings, connection, address)
    except link.LinkError as error:
        failed = error.reason
    except MemoryError:
        failed = link.MEMORY
    finally:
        if connection:
            connection.close()
        wlan.active(False)
    say(failed)


def named(server, host, until):
    """The address of the broker by the name server."""
    sock = board.socket(True)
    try:
        number = board.rtc_seconds() & 0xFFFF
        return ".".join([str(octet) for octet in resolve(sock, server, host, number, board.now, breathe, until)])
    except OSError as error:
        raise error if isinstance(error, link.LinkError) else link.LinkError(link.NAME)
    finally:
        sock.close()


def secure(settings):
    """What puts TLS over the connection; None without."""
    if settings.security == INSECURE:
        return None
    if settings.security == KEY:
        return link.over_tls(settings.host, b"", settings.user, settings.key)
    return link.over_tls(settings.host, settings.authority)


def connect(settings, connection, address):
    """Say hello to the broker, at the date that its certificate is held against."""
    from umqtt import simple

    lock = unhexlify(json.loads(bytes(Vault(nvs).load()[0]).decode())["lock"])
    user, login = settings.user or None, settings.login or None
    place = address, settings.port
    client = Mqtt(simple, connection, lock, place, user, login, ignored, breathe)
    board.set_date(DS3231(board.i2c).read()[0])
    try:
        client.connect()
        client.close()
    finally:
        board.set_date(0)


def ignored(message):
    """What waits for the lock at the broker comes again."""


def breathe():
    board.wait(5)
