"""From `#` to the decision, prepared and not: decision.py IMAGE GRANTS, on the MicroPython VM; IMAGE is not read.

Prints [prepared, not prepared] of each: HMACs computed after `#`, fastest time, and fastest time but for the stretch of
a number, which every entry pays.
"""

import gc
import json
import sys
import time

from firmware.core import verify
from firmware.core.grants import Grants
from firmware.core.hotp import Hmac
from firmware.core.policy import Policy
from firmware.core.state import State
from firmware.core.verify import Verifier, otp_code
from firmware.core.words import OPENED, TRUSTED

_LOCK = bytes(8)
_SALT = bytes(16)
_NOW = 1_772_438_400
_RUNS = 41


class Desk:
    """Judges the same code over and over, as if it had never been used."""

    def __init__(self, grants):
        self._grants = grants
        self._state = State(grants)
        self._policy = Policy(grants, self._state, None)
        self._policy.at(_NOW, TRUSTED, 1, True)
        self._digits = otp_code(grants, len(grants) - 1, 0, 7, _LOCK).encode()

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
    digest = Hmac.digest

    def counted(hmac, message):
        counts.append(1)
        return digest(hmac, message)

    Hmac.digest = counted
    try:
        call()
    finally:
        Hmac.digest = digest
    return len(counts)


def fastest(desk, prepared):
    """The shortest of many measured times: what the VM needs when nothing else runs."""
    return min([desk.after_hash(prepared, microseconds) for _ in range(_RUNS)])


def no_stretch(_salt, _digits):
    """Stands in for the stretch where the rest is measured."""
    return bytes(16)


def main(_, grants_path):
    """Print the figures."""
    with open(grants_path, "rb") as file:
        desk = Desk(Grants(file.read()))
    counts = [desk.after_hash(prepared, hmacs) for prepared in (True, False)]
    times = [fastest(desk, prepared) for prepared in (True, False)]
    verify.number_key = no_stretch
    rest = [fastest(desk, prepared) for prepared in (True, False)]
    print(json.dumps({"hmacs": counts, "us": times, "us_without_stretch": rest}))


main(*sys.argv[1:])
