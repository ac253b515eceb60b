"""The tables of `lock.toml` and their keys, named as in `firmware/config.py` and `firmware/core/packing.py`."""

from firmware.core.words import KINDS as KIND_WORDS
from host_sim.provision import DEFAULT_SETTINGS
from tools.config.fields import boolean, duration, label, moment, natural, one_of, permissions, text, whole

SECTIONS = {"settings": dict, "schedules": dict, "radio": dict, "issuer": list, "bucket": list, "grant": list}

SECRETS = ("key", "secret", "code", "number", "pin", "salt", "mac", "password", "login")

SETTINGS = {
    "zone": text,
    "relock_s": whole,
    "ajar_s": whole,
    "hold_s": whole,
    "battery_min_mv": whole,
    "battery_low_mv": whole,
    "risk_one_in": whole,
    "mute": boolean,
}
DEFAULTS = {name: DEFAULT_SETTINGS[name] for name in SETTINGS}
ISSUER = {"number": whole, "label": label, "permissions": permissions, "quota": natural}
BUCKET = {"length": whole, "burst": whole, "refill": duration}

APPROVAL = "approval"
"""As a grant's `second`: an approval by radio."""

GRANT = {
    "id": whole,
    "label": label,
    "kind": one_of(*KIND_WORDS[1:]),
    "issuer": label,
    "permissions": permissions,
    "schedule": text,
    "second": label,
    "valid_from": moment,
    "valid_until": moment,
    "revoked": boolean,
}
_OTP = {"digits": natural, "check": boolean, "sha256": boolean}
KINDS = {
    "interval": _OTP
    | {
        "step": duration,
        "offset": duration,
        "grace_before": natural,
        "grace_after": natural,
        "early": natural,
        "serials": natural,
        "max_u": duration,
    },
    "event": _OTP | {"window": natural},
    "number": {"digits": natural, "uses": natural, "unpredictable": natural},
}
ANY_KIND = {key: reader for readers in KINDS.values() for key, reader in readers.items()}
