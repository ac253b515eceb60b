"""Reading the radio's settings: what is missing, unknown or out of range is told, and nothing works by halves."""

import binascii
import json
import struct

from micropython import const

from firmware.net.settings import CERTIFICATE, INSECURE, KEY, SETTINGS, RadioError, is_address

_TEXTS = {"ssid": (1, 32), "password": (0, 64), "host": (1, 64), "user": (0, 64), "login": (0, 64)}
_RANGES = {"port": (1, 65535), "gateway": (1, 255), "often_s": (60, 86400), "rarely_s": (0, 604800)}
_OCTETS = {"bssid": 6, "key": 32}
_ADDRESSES = const(4)  # own, netmask, router, name server


def read(radio, text, more):
    """Give `radio`, a Radio, all that the settings `text` and what stands beside them say, but for the keys: these are
    returned, packed. Raises RadioError."""
    try:
        fields = json.loads(bytes(text).decode())
    except (ValueError, UnicodeError, RuntimeError):  # the last: nested too deeply
        fields = None
    if not isinstance(fields, dict):
        raise RadioError(None)
    for name in sorted(set(fields) ^ set(SETTINGS)):
        raise RadioError(name)
    for name, (least, most) in _TEXTS.items():
        value = fields[name]
        if not isinstance(value, str) or not least <= _size(value) <= most:
            raise RadioError(name)
        setattr(radio, name, value)
    for name, (least, most) in _RANGES.items():
        value = fields[name]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise RadioError(name)
        setattr(radio, name, value)
    for name, size in _OCTETS.items():
        setattr(radio, name, _octets(name, fields[name], size))
    _take_addresses(radio, fields)
    return _take_secrets(radio, fields["security"], bytes(more))


def _take_addresses(radio, fields):
    radio.ip, radio.address = fields["ip"], fields["address"]
    if radio.ip != "" and not is_address(radio.ip):
        raise RadioError("ip")
    if not isinstance(radio.address, list) or len(radio.address) not in (0, _ADDRESSES):
        raise RadioError("address")
    if not all(is_address(each) for each in radio.address):
        raise RadioError("address")
    radio.address = tuple(radio.address)
    if 0 < radio.rarely_s < radio.often_s:
        raise RadioError("rarely_s")


def _take_secrets(radio, security, more):
    if security not in (CERTIFICATE, KEY, INSECURE):
        raise RadioError("security")
    radio.security = security
    size = struct.unpack_from("<H", more)[0] if len(more) >= 2 else -1
    if not 0 <= size <= len(more) - 2:
        raise RadioError("keys")
    radio.authority = more[2 : 2 + size]
    if security == CERTIFICATE and not radio.authority:
        raise RadioError("authority")
    if security == KEY and not radio.key:
        raise RadioError("key")
    return more[2 + size :]


def _size(text):
    """In bytes; -1 for half of a surrogate pair."""
    try:
        return len(text.encode())
    except ValueError:
        return -1


def _octets(name, value, size):
    try:
        octets = binascii.unhexlify(value)
    except (ValueError, TypeError):
        raise RadioError(name)
    if len(octets) not in (0, size):
        raise RadioError(name)
    return octets
