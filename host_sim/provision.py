"""Makes a bare board into a lock, and its codes: what an installer and an owner do on their computers.

Here every secret is derived from a seed, so that the same lock comes out of the same configuration every time. The
owner's record (tools/owner) makes the sets of real locks by the same Issuer, from secrets of its own.
"""

import hashlib
import json
from dataclasses import dataclass, field

from firmware.calling import BANKS
from firmware.config import Config
from firmware.core.admission import admit
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.stretch import number_key
from firmware.core.verify import otp_code
from firmware.core.words import INTERVAL, KINDS, NUMBER, OWNER
from firmware.net.settings import pack
from firmware.store.audit import Audit
from firmware.store.chain import KEY_SIZE
from firmware.store.vault import Vault
from host_sim.cable import open_journal, set_clock
from host_sim.devices import FlashDevice, Namespace

DEFAULT_SETTINGS = {
    "relock_s": 5,
    "ajar_s": 60,
    "battery_min_mv": 4400,
    "battery_low_mv": 4800,
    "mute": False,
    "zone": "UTC0",
    "schedules": [],
    "issuers": [],
    "hold_s": 4 * 3600,
    "risk_one_in": 1000,
}
RADIO_SETTINGS = {
    "ssid": "dropbolt",
    "password": "correct horse",
    "bssid": "",
    "address": [],
    "host": "broker.example",
    "port": 8883,
    "ip": "10.0.0.2",
    "security": "certificate",
    "key": "",
    "user": "",
    "login": "",
    "gateway": 1,
    "often_s": 300,
    "rarely_s": 3600,
}
"""Of a lock that knows where its broker is; the Wi-Fi is that of the simulated access point."""
_SHORT_BUCKET = (5, 48 * 3600)
_LONG_BUCKET = (10, 8 * 3600)
_SHORT = 7
"""Typed lengths up to this get the short bucket unless a configuration says otherwise: six digits and a check digit."""
_KEY_SIZE = 20
_NEEDED = 64 * 4096
_DOUBT_MS = 500  # of the time that an installer's computer has


@dataclass
class LockConfig:
    """What a lock is provisioned with.

    grants: a dictionary each, with the keyword arguments of `firmware.core.packing.pack_grant`. `label` names the grant
        for `Lock.issue`; `kind` is "interval", "event" or "number" (or the constant). `id` counts from 1 and `key` is
        derived from the seed, where they are left out. A number has `number`, the digits that open, instead of `key`
        and `digits`.
    buckets: (typed length, burst in entries, refill in seconds per entry) each. None: 5 entries and one per 48 hours up
        to 7 typed digits, 10 and one per 8 hours above, for every length that the grants use; the owner's has none.
    settings: further settings by name, as firmware/config.py reads them. Nothing is checked here, so that a test can
        give the lock what it must refuse: that is `Issuer.admit`. None: the vault stays empty.
    sectors: size of the partition in sectors of 4096 bytes, None for a chip without it.
    synchronised: whether the clock is set over the cable, to half a second.
    radio: settings of the radio by name, as firmware/net/settings.py reads them, over RADIO_SETTINGS; and `keys`, a
        dictionary of root keys by (issuer, epoch), and `authority`, a certificate as DER. None: the lock has no radio.
    """

    grants: list = field(default_factory=list)
    buckets: list | None = None
    settings: dict | None = field(default_factory=dict)
    sectors: int | None = 64
    synchronised: bool = True
    radio: dict | None = None


def seeded(seed):
    """Secrets for an Issuer that are the same each time: name, size -> bytes."""
    return lambda name, size: hashlib.sha256(f"{seed} {name}".encode()).digest()[:size]


class Issuer:
    """The keys of one lock and its books: which codes were issued. Made by `provision` or from a `LockConfig`.

    secret: (name, size in bytes) -> the secret of that name; None: `seeded` from `seed`.
    """

    def __init__(self, config, seed=0, secret=None):
        self._secret = secret or seeded(seed)
        self.lock_id = self._secret("lock", 8)
        self.journal_id = self._secret("journal", 8)
        self.salt = self._secret("salt", 16)
        self.mac = self._secret("mac", 16)
        """Key that seals the journal, in the vault."""
        self.audit_key = self._secret("audit key", KEY_SIZE)
        """First key of the log, kept by the owner alone."""
        self.labels = {}
        """Label of each grant by its id."""
        self.issuers = _issuer_labels((config.settings or {}).get("issuers"))
        """Label of each issuer by its number; the owner, number 0, has none."""
        self._numbers = {}
        self._counters = {}
        self._issued = {}
        self.packed = b"".join(self._pack(place, dict(each)) for place, each in enumerate(config.grants, 1))
        """The grants' table, as it goes into the vault."""
        self.grants = Grants(self.packed)
        self.settings = self._settings(config)
        """The settings as JSON bytes, as they go into the vault."""

    def admit(self, now):
        """Raise ConfigError or AdmissionError for a set that no lock should be given at unix second `now`."""
        Config(self.settings, self.packed)
        admit(json.loads(self.settings), self.grants, int(now))

    def code(self, label, now, at=None, serial=0, counter=None):
        """The digits to type, without `#`, of the grant `label`; raises KeyError for no such grant.

        An interval: of `serial` for unix second `at` (None: `now`). An event: the next counter, or `counter`. A number:
        its digits.
        """
        ids = {name: grant_id for grant_id, name in self.labels.items()}
        i = self.grants.index(ids[label])
        kind = self.grants.kind(i)
        if kind == NUMBER:
            return self._numbers[label]
        if kind == INTERVAL:
            value = self.grants.step_at(i, int(now if at is None else at))
            return otp_code(self.grants, i, serial, value, self.lock_id)
        if counter is not None:
            return otp_code(self.grants, i, 0, counter, self.lock_id)
        return self._next_code(i, label)

    def _next_code(self, i, label):
        """The code of the next counter of an event whose digits no earlier one has."""
        issued = self._issued.setdefault(label, [])
        while True:
            code = otp_code(self.grants, i, 0, self._counters.get(label, 0), self.lock_id)
            self._counters[label] = self._counters.get(label, 0) + 1
            if code not in issued:
                issued.append(code)
                return code

    def _pack(self, place, fields):
        fields.setdefault("id", place)
        label = fields.setdefault("label", f"grant{fields['id']}")
        self.labels[fields["id"]] = label
        kind = fields["kind"]
        kind = fields["kind"] = KINDS.index(kind) if isinstance(kind, str) else kind
        if kind == NUMBER:
            digits = self._numbers[label] = fields.pop("number")
            fields["digits"] = len(digits)
            fields["key"] = number_key(self.salt, digits.encode())
        fields.setdefault("key", self._secret(f"key {label}", _KEY_SIZE))
        return pack_grant(**fields)

    def _settings(self, config):
        buckets = self._buckets() if config.buckets is None else [list(bucket) for bucket in config.buckets]
        settings = {
            "lock": self.lock_id.hex(),
            "journal": self.journal_id.hex(),
            "salt": self.salt.hex(),
            "mac": self.mac.hex(),
            "buckets": buckets,
            **DEFAULT_SETTINGS,
            **(config.settings or {}),
        }
        return json.dumps(settings, separators=(",", ":")).encode()

    def _buckets(self):
        grants = self.grants
        lengths = {grants.length(i) for i in range(len(grants)) if not grants.permissions(i) & OWNER}
        return [[length, *(_SHORT_BUCKET if length <= _SHORT else _LONG_BUCKET)] for length in sorted(lengths)]


def _issuer_labels(rows):
    """Labels by number, as far as the setting has them."""
    shaped = [row for row in rows if isinstance(row, list) and len(row) == 4] if isinstance(rows, list) else []
    return {number: label for number, label, _, _ in shaped}


def _radio(fields):
    """Both parts of the radio's vault."""
    settings = RADIO_SETTINGS | fields
    keys = settings.pop("keys", {})
    packed = b"".join(bytes(pair) + root for pair, root in sorted(keys.items()))
    more = pack(packed, settings.pop("authority", b""))
    return json.dumps(settings, separators=(",", ":")).encode(), more


def provision(world, config, seed=0):
    """Format the journal and the log of `world`'s board and fill its vault; returns the lock's Issuer.

    A partition that the lock cannot use is left as it is: to say so is the firmware's part.
    """
    issuer = Issuer(config, seed)
    if world.flash and world.flash.size >= _NEEDED:
        journal, state = open_journal(world, issuer)
        journal.format()
        if config.synchronised:
            set_clock(world, journal, state, world.unix, _DOUBT_MS)
        Audit(FlashDevice(world.flash), issuer.journal_id).format(issuer.audit_key)
    if config.settings is not None:
        Vault(Namespace(world.nvs, "dropbolt")).replace(issuer.settings, issuer.packed)
    if config.radio is not None:
        Vault(Namespace(world.nvs, "dropbolt"), BANKS).replace(*_radio(config.radio))
    return issuer
