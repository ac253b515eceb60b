"""The radio's settings: what the lock's second vault holds, read to the last field.

They stand apart from the lock's own, so that a wake from the keypad neither reads nor hashes them. Beside the JSON
object there are the certificate of the authority that signs the broker's, and the issuers' keys (keys.py):

    size of the certificate u16 | certificate, DER, or nothing | keys

The keys are last, for they change and the certificate does not: the vault writes only what differs from byte to byte.
"""

import binascii
import json
import struct

from micropython import const

from firmware.net.keys import Keys, KeysError

CERTIFICATE = "certificate"
KEY = "key"
INSECURE = "insecure"
"""No TLS, in so many words: for a broker on a desk."""

SETTINGS = (
    "ssid",
    "password",
    "bssid",
    "address",
    "host",
    "port",
    "ip",
    "security",
    "key",
    "user",
    "login",
    "gateway",
    "often_s",
    "rarely_s",
)

_TEXTS = {"ssid": (1, 32), "password": (0, 64), "host": (1, 64), "user": (0, 64), "login": (0, 64)}
_RANGES = {"port": (1, 65535), "gateway": (1, 255), "often_s": (60, 86400), "rarely_s": (0, 604800)}
_OCTETS = {"bssid": 6, "key": 32}
_ADDRESSES = const(4)  # own, netmask, router, name server


class RadioError(ValueError):
    """Settings of the radio that cannot be used: `setting` is the one that is wrong, None: not known."""

    def __init__(self, setting):
        super().__init__(setting)
        self.setting = setting


class Radio:
    """text: a JSON object with all of SETTINGS; more: keys and certificate. Raises RadioError.

    ssid, password: of the Wi-Fi. bssid: of the access point that is nearest, 6 bytes or b"". address: (own, netmask,
    router, name server) as texts, or () to ask for one. host, port: of the broker; ip: its address, "" to ask a name
    server. security: CERTIFICATE, KEY (pre-shared) or INSECURE. key: 32 bytes or b"". user, login: name and password at
    the broker, "" for none. gateway: number of the issuer who answers hellos. often_s, rarely_s: seconds between two
    check-ins while a delivery is expected and else; rarely_s 0: on calls only. keys: a Keys. authority: DER.
    """

    def __init__(self, text, more):
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
            setattr(self, name, value)
        for name, (least, most) in _RANGES.items():
            value = fields[name]
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise RadioError(name)
            setattr(self, name, value)
        for name, size in _OCTETS.items():
            setattr(self, name, _octets(name, fields[name], size))
        self._take_addresses(fields)
        self._take_secrets(fields["security"], bytes(more))

    def _take_addresses(self, fields):
        self.ip, self.address = fields["ip"], fields["address"]
        if self.ip != "" and not is_address(self.ip):
            raise RadioError("ip")
        if not isinstance(self.address, list) or len(self.address) not in (0, _ADDRESSES):
            raise RadioError("address")
        if not all(is_address(each) for each in self.address):
            raise RadioError("address")
        self.address = tuple(self.address)
        if 0 < self.rarely_s < self.often_s:
            raise RadioError("rarely_s")

    def _take_secrets(self, security, more):
        if security not in (CERTIFICATE, KEY, INSECURE):
            raise RadioError("security")
        self.security = security
        size = struct.unpack_from("<H", more)[0] if len(more) >= 2 else -1
        try:
            if not 0 <= size <= len(more) - 2:
                raise KeysError("size")
            self.keys = Keys(more[2 + size :])
        except KeysError:
            raise RadioError("keys")
        self.authority = more[2 : 2 + size]
        if security == CERTIFICATE and not self.authority:
            raise RadioError("authority")
        if security == KEY and not self.key:
            raise RadioError("key")


def pack(keys, authority=b""):
    """What stands beside the settings, of a packed table of keys and a certificate."""
    return struct.pack("<H", len(authority)) + authority + keys


def is_address(text):
    """Whether this is an IPv4 address in dots."""
    parts = text.split(".") if isinstance(text, str) else ()
    return len(parts) == 4 and all(0 < len(part) < 4 and _is_number(part) and int(part) < 256 for part in parts)


def _is_number(text):
    return not text.strip("0123456789")  # str.isdigit takes more than that on a computer


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
