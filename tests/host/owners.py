"""What tests of the owner's tools share: a lock's configuration, its record, a folder whose passphrase is cheap to try.

The passphrase file is sealed here as age-encryption.org/v1 says, with a small work factor, by PyPI's `cryptography`.
"""

import base64
import hmac
import os
from dataclasses import replace
from pathlib import Path

import pyrage
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from typer.testing import CliRunner

from host_sim.lock import DEFAULT_START, Lock, LockConfig
from host_sim.provision import seeded
from tools.cli import app
from tools.config.reader import parse
from tools.owner.keep import IDENTITY, Keep
from tools.provision.books import Wanted, begun

PASSPHRASE = "correct horse"
NUMBERS = {"parcel": "73913042", "owner": "314159265358"}
CONFIG = """
[settings]
zone = "CET-1CEST,M3.5.0,M10.5.0/3"
risk_one_in = 100

[schedules]
workdays = ["mon-fri 08:00-18:00"]

[[bucket]]
length = 6
burst = 5
refill = "4d"

[[bucket]]
length = 8
burst = 5
refill = "1d"

[[bucket]]
length = 9
burst = 10
refill = "8h"

[[grant]]
id = 1
label = "app"
kind = "interval"
digits = 6

[[grant]]
id = 2
label = "couriers"
kind = "event"
digits = 8
check = true
window = 8

[[grant]]
id = 3
label = "visitors"
kind = "interval"
digits = 8
check = true
step = "1h"
serials = 3

[[grant]]
id = 4
label = "days"
kind = "interval"
digits = 8
check = true
step = "1d"
offset = "7h"
grace_before = 0
grace_after = 0

[[grant]]
id = 5
label = "cleaner"
kind = "interval"
digits = 8
check = true
step = "12h"
schedule = "workdays"

[[grant]]
id = 6
label = "parcel"
kind = "number"
digits = 8
unpredictable = 6

[[grant]]
id = 7
label = "owner"
kind = "number"
digits = 12
uses = 0
permissions = ["unlock", "owner"]
"""
PARCEL = """
[[grant]]
id = 8
label = "parcel 2"
kind = "number"
digits = 8
unpredictable = 6
"""
"""A further grant for it."""


def new_record(config, numbers=NUMBERS, label="front", **secret):
    """The record of a lock in service; `secret` as of a Wanted."""
    made = begun(Wanted(parse(config), numbers, **secret), label, DEFAULT_START, "")
    return replace(made, pending=False)


def record(seed=1, label="front", config=CONFIG):
    """The record of a lock with the secrets that `seed` makes."""
    return new_record(config, label=label, secret=seeded(seed))


def lock_of(kept, seed=1):
    """The simulated Lock that was provisioned with the record made from `seed`."""
    return Lock(config=LockConfig(grants=kept.grants, settings=kept.settings), seed=seed)


def folder(path, *records):
    """A Keep with the records, unlocked; PASSPHRASE opens it."""
    identity = pyrage.x25519.Identity.generate()
    path.mkdir(parents=True, exist_ok=True)
    (path / IDENTITY).write_bytes(sealed(str(identity).encode(), PASSPHRASE))
    keep = Keep(path)
    keep.unlock(PASSPHRASE)
    for each in records:
        keep.add(each)
    return keep


def run(keep, *words, passphrase=PASSPHRASE):
    """`dropbolt` on the folder; the passphrase is typed."""
    return CliRunner().invoke(app, ["dropbolt", "--folder", str(Path(keep.path)), *map(str, words)], f"{passphrase}\n")


def sealed(text, passphrase, work=10):
    """`text` in the age format, for a passphrase, with scrypt of N = 2 ** work."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrap = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**work, 8, 1).derive(passphrase.encode())
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    header = f"age-encryption.org/v1\n-> scrypt {_b64(salt)} {work}\n{_b64(body)}\n---".encode()
    mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    payload = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")).encrypt(bytes(11) + b"\1", text, None)
    return header + b" " + _b64(mac).encode() + b"\n" + nonce + payload


def _derived(key, salt, info):
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _b64(octets):
    return base64.b64encode(octets).decode().rstrip("=")
