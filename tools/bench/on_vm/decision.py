"""From `#` to the decision: decision.py GRANTS, on the MicroPython VM, beside build/hmac, micropython-lib's module.

Prints, of each way in which the codes can come to be there, prepared while typing, computed after `#`, and computed
after `#` by that module: HMACs computed after `#`, fastest time, and fastest time but for the stretch of a number,
which every entry pays.
"""

import gc
import hashlib
import json
import sys
import time

from firmware.core import verify
from firmware.core.grants import Grants
from firmware.core.hotp import Hmac, truncate
from firmware.core.policy import Policy
from firmware.core.state import State
from firmware.core.verify import Verifier, otp_code
from firmware.core.words import OPENED, TRUSTED

sys.modules["warnings"] = None  # which it imports, and needs only where a digest has no sizes
import hmac  # noqa: E402

_LOCK = bytes(8)
_SALT = bytes(16)
_NOW = 1_772_438_400
_RUNS = 41


class Gathered:
    """A digest with sizes and `copy`, as that module wants it; MicroPython's own digests have neither."""

    block_size = 64
    digest_size = 20

    def __init__(self, data=b""):
        self._data = data

    def update(self, data):
        self._data += data

    def copy(self):
        return type(self)(self._data)

    def digest(self):
        return hashlib.sha1(self._data).digest()


class Gathered256(Gathered):
    """The same of SHA-256."""

    digest_size = 32

    def digest(self):
        return hashlib.sha256(self._data).digest()


class LibraryHmac:
    """What firmware.core.hotp.Hmac does, by micropython-lib's module."""

    def __init__(self, key, algorithm):
        self._key = key
        self._digest = Gathered if algorithm is hashlib.sha1 else Gathered256

    def digest(self, message):
        return hmac.new(self._key, message, self._digest).digest()

    def code(self, counter, digits):
        return truncate(self.digest(counter.to_bytes(8, "big"))) % 10**digits


class Desk:
    """Judges the same code over and over, as if it had never been used."""

    def __init__(self, grants):
        self._grants = grants
        self._state = State(grants)
        self._policy = Policy(grants, self._state, None)
        self._policy.at(_NOW, TRUSTED, 1, True)
        self._digits = otp_code(grants, len(grants) - 1, 0, 0, _LOCK).encode()

    def after_hash(self, prepared, watch):
        """What `watch` makes of the decision, the candidates computed before it or not."""
        verifier = Verifier(self._grants, self._state, _LOCK, _SALT)
        verifier.begin(_NOW)
        while prepared and verifier.work():
            pass
        gc.collect()
        return watch(lambda: self._decide(verifier))

    def _decide(self, verifier):
        n = len(self._digits)
        hits = verifier.match(self._digits, n, _NOW)
        if self._policy.decide(hits, n)[0] != OPENED:
            raise ValueError("the code did not open")


def microseconds(call):
    """How long `call` takes."""
    began = time.ticks_us()
    call()
    return time.ticks_diff(time.ticks_us(), began)


def hmacs(call):
    """How many HMACs `call` computes."""
    counts = []
    kind = verify.Hmac
    digest = kind.digest

    def counted(hmac, message):
        counts.append(1)
        return digest(hmac, message)

    kind.digest = counted
    try:
        call()
    finally:
        kind.digest = digest
    return len(counts)


def fastest(desk, prepared):
    """The shortest of many measured times: what the VM needs when nothing else runs."""
    return min([desk.after_hash(prepared, microseconds) for _ in range(_RUNS)])


def no_stretch(_salt, _digits):
    """Stands in for the stretch where the rest is measured."""
    return bytes(16)


def figures(desk, prepared, kind):
    """[HMACs, time, time but for the stretch] by `kind`."""
    stretch = verify.number_key
    verify.Hmac = kind
    try:
        found = [desk.after_hash(prepared, hmacs), fastest(desk, prepared)]
        verify.number_key = no_stretch
        return found + [fastest(desk, prepared)]
    finally:
        verify.Hmac, verify.number_key = Hmac, stretch


def main(grants_path):
    """Print the figures."""
    with open(grants_path, "rb") as file:
        desk = Desk(Grants(file.read()))
    ways = (("prepared", True, Hmac), ("after", False, Hmac), ("library", False, LibraryHmac))
    print(json.dumps({name: figures(desk, prepared, kind) for name, prepared, kind in ways}))


main(*sys.argv[1:])
