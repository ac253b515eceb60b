"""The table [radio] of `lock.toml`: the Wi-Fi, and where the owner's broker is. Without it the lock has no radio.

The passwords of Wi-Fi and broker and a pre-shared key are asked for; they never stand in the file.
"""

import re

from firmware.core.words import OWNER
from firmware.net.settings import CERTIFICATE, INSECURE, KEY, is_address
from tools.config.fields import FieldError, duration, label, text, whole

_DEFAULTS = {"port": 8883, "ip": "", "address": [], "bssid": "", "user": "", "often": 300, "rarely": 3600}
REQUIRED = ("ssid", "host", "security", "gateway")


def _short(most):
    def read(value):
        if len(text(value).encode()) > most:
            raise FieldError(f"must have at most {most} bytes")
        return value

    return read


def _between(low, high, reader, unit=""):
    def read(value):
        if not low <= reader(value) <= high:
            raise FieldError(f"must be {low} to {high}{unit}")
        return reader(value)

    return read


def _address(value):
    if not is_address(value):
        raise FieldError('must be an address such as "192.168.1.20"')
    return value


def _addresses(value):
    if not isinstance(value, list) or len(value) != 4 or not all(is_address(each) for each in value):
        raise FieldError("must be four addresses: the lock's own, netmask, router, name server")
    return value


def _bssid(value):
    if not re.fullmatch("([0-9a-f]{2}:){5}[0-9a-f]{2}", value if isinstance(value, str) else ""):
        raise FieldError('must be as "24:0a:c4:d0:0b:01"')
    return value.replace(":", "")


def _security(value):
    if value not in (CERTIFICATE, KEY, INSECURE):
        raise FieldError(f'must be "{CERTIFICATE}", "{KEY}" or "{INSECURE}"')
    return value


READERS = {
    "ssid": _short(32),
    "host": _short(64),
    "port": _between(1, 65535, whole),
    "ip": _address,
    "address": _addresses,
    "bssid": _bssid,
    "security": _security,
    "ca": text,
    "user": _short(64),
    "gateway": label,
    "often": _between(60, 86400, duration, " s"),
    "rarely": _between(0, 604800, duration, " s"),
}


def problems(found, issuers):
    """Yield (key, what is wrong) of fields that are right by themselves; issuers: the fields of each."""
    if "gateway" in found:
        powers = {row.get("label"): row.get("permissions", 0) for row in issuers}
        if found["gateway"] not in powers:
            yield "gateway", f"there is no issuer {found['gateway']!r}"
        elif not powers[found["gateway"]] & OWNER:
            yield "gateway", f'issuer {found["gateway"]!r} wants the permission "owner"'
    if found.get("security") == CERTIFICATE and "ca" not in found:
        yield "security", "a certificate wants ca, the file with the authority that signed the broker's"
    if found.get("security") == KEY and "user" not in found:
        yield "security", "a pre-shared key wants user, the identity that goes with it"
    complete = _DEFAULTS | found
    if 0 < complete["rarely"] < complete["often"]:
        yield "rarely", "must not be less than often; 0s: on calls only"


def settings(found, issuers):
    """The radio's settings as firmware/net/settings.py reads them, without what is secret; and `ca`, a path or ""."""
    made = _DEFAULTS | {"ca": ""} | found
    number = next(row["number"] for row in issuers if row["label"] == made["gateway"])
    return made | {"gateway": number, "often_s": made.pop("often"), "rarely_s": made.pop("rarely")}
