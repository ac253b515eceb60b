"""A lock's decisions without its hardware, for tests: grants, state, verification and policy put together."""

from firmware.core.bounds import check_grants
from firmware.core.grants import Grants
from firmware.core.hotp import Hmac
from firmware.core.packing import pack_grant
from firmware.core.policy import Policy
from firmware.core.state import State
from firmware.core.stretch import number_key
from firmware.core.verify import Verifier, otp_code
from firmware.core.words import EVENT, INTERVAL, LOST, NEVER, NUMBER, OPENED, TRUSTED

KEY = b"12345678901234567890"
LOCK = b"\x01\x02\x03\x04\x05\x06\x07\x08"
SALT = b"0123456789abcdef"
NOW = 1900000000
DAY = 86400


def interval(**fields):
    """An interval of days, one step of grace before and two after, id 1, but for `fields`."""
    values = {"id": 1, "kind": INTERVAL, "key": KEY, "step": DAY, "grace_before": 1, "grace_after": 2}
    values.update(fields)
    return pack_grant(**values)


def event(**fields):
    """An event, id 2, but for `fields`."""
    values = {"id": 2, "kind": EVENT, "key": KEY}
    values.update(fields)
    return pack_grant(**values)


def number(digits, **fields):
    """A number that is `digits`, id 3, but for `fields`."""
    values = {"id": 3, "kind": NUMBER, "key": number_key(SALT, digits), "digits": len(digits)}
    values.update(fields)
    return pack_grant(**values)


class Door:
    """A lock that holds `records`; what it burns goes through the bodies that a journal would write."""

    def __init__(self, *records):
        self.grants = Grants(b"".join(records))
        check_grants(self.grants)
        self.state = State(self.grants)
        self.verifier = Verifier(self.grants, self.state, LOCK, SALT)
        self.policy = Policy(self.grants, self.state, None)
        self.burns = []

    def code(self, i, value, serial=0):
        """The code of a step or counter of grant `i`."""
        return otp_code(self.grants, i, serial, value, LOCK)

    def hits(self, code, t=NOW):
        """What the digits match at `t`."""
        return self.verifier.match(code.encode(), len(code), t)

    def enter(self, code, t=NOW, quality=TRUSTED, battery_ok=True):
        """Decide about `code` typed at `t`; if it opens, burn what matched."""
        self.policy.at(t, quality, NEVER if quality == LOST else 0, battery_ok)
        decision, self.place, spent = self.policy.decide(self.hits(code, t), len(code))
        if decision == OPENED:
            self.burn(self.policy.burns(spent))
        else:
            assert spent == []
        return decision

    def burn(self, items):
        """Burn codes of an attempt as the journal would."""
        self.burns = items
        self.state.apply(self.state.burn(8, 0, items))


class CountedHmac:
    """Counts every HMAC that is computed while it is entered."""

    def __enter__(self):
        self.count = 0
        self._digest = digest = Hmac.digest

        def counted(hmac, message):
            self.count += 1
            return digest(hmac, message)

        Hmac.digest = counted
        return self

    def __exit__(self, *_):
        Hmac.digest = self._digest


def raises(error, call):
    """The text of the `error` that `call` raises, or None if it raises none."""
    try:
        call()
    except error as caught:
        return str(caught)
    return None
