"""The radio's settings: what the lock's second vault holds, read to the last field (reading.py).

They stand apart from the lock's own, so that a wake from the keypad neither reads nor hashes them. Beside the JSON
object there are the certificate of the authority that signs the broker's, and the issuers' keys (keys.py):

    size of the certificate u16 | certificate, DER, or nothing | keys

The keys are last, for they change and the certificate does not: the vault writes only what differs from byte to byte.
"""

import struct

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
        from firmware.net.reading import read  # more than what it has read takes

        try:
            self.keys = Keys(read(self, text, more))
        except KeysError:
            raise RadioError("keys")


def pack(keys, authority=b""):
    """What stands beside the settings, of a packed table of keys and a certificate."""
    return struct.pack("<H", len(authority)) + authority + keys


def is_address(text):
    """Whether this is an IPv4 address in dots."""
    parts = text.split(".") if isinstance(text, str) else ()
    return len(parts) == 4 and all(0 < len(part) < 4 and _is_number(part) and int(part) < 256 for part in parts)


def _is_number(text):
    return not text.strip("0123456789")  # str.isdigit takes more than that on a computer
