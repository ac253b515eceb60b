"""The menu at the keypad, for an installer with a service code and for the owner.

An accepted code with the permission opens it; only then is this module loaded. While it is open, entries of up to five
digits are functions, which no code is short enough to be, and longer ones stay codes:

    OPEN --function#--> OPEN                       1 to 7: done at once
         --function#--> ASKING --argument#--> OPEN 81 a grant's number, 82 an issuer's, 83 a code: opens no more
         --`*`, 30 s without a key, the door closes, a code, a guess after 83, 64 entries, sleep, reset--> closed

Who opened it may have gone in: whoever comes next must not find a menu that moves the bolt, nor guess in it.

What is not understood or not allowed is answered `wrong` and changes nothing. docs/field-guide.md has the card.
"""

from micropython import const

from firmware.answers import ANSWERS
from firmware.core.words import ACCEPTED, OWNER, STORAGE, WRONG
from firmware.drivers.signals import PATTERNS
from firmware.service import Service
from firmware.store import StorageError

LONGEST = const(5)  # digits of a function or of the number that it asks for
MOST = const(64)  # entries of one menu: one code shall neither flush the log nor wear out the flash

_ZERO = const(0x30)
_BOLT = const(4)
_OWNERS = const(7)  # from here on functions are the owner's
_GRANT = const(81)
_ISSUER = const(82)
_CODE = const(83)


class Menu:
    """wake: what this wake is made of (assembly.py). session: whose entries these are, and who closes the menu by
    forgetting it. attempts: has just judged the code that opens it."""

    def __init__(self, wake, session, attempts):
        self._service = Service(wake, session, attempts)
        self._signals = session.signals
        self._attempts = attempts
        self._owner = bool(attempts.permissions & OWNER)
        self._left = MOST
        self._asks = 0  # the function whose argument comes next

    def takes(self, length):
        """Whether an entry of so many digits is the menu's; else it is a code."""
        return length <= LONGEST or self.asks_code

    @property
    def asks_code(self):
        """Whether the next entry is a code, which is judged like any other."""
        return self._asks == _CODE

    def enter(self, digits, length, now):
        """Do what the first `length` of `digits` (ASCII) say at `now` (ms), and answer; False: the menu closes."""
        asked, self._asks = self._asks, 0
        try:
            steps = self._argument(asked, digits, length, now) if asked else self._function(_whole(digits, length), now)
        except StorageError as error:
            self._service.failed(error)
            steps = PATTERNS[ANSWERS[STORAGE]]
        self._signals.begin(steps, now)
        self._left -= 1
        guess = asked == _CODE and self._attempts.number and not self._attempts.known
        return self._left > 0 and not guess

    def follow(self, happened, now):
        """A report of `Door` about what no code asked for: here the end of the bolt test counts."""
        steps = self._service.bolt_tested(happened)
        if steps:
            self._signals.begin(steps, now)

    def _function(self, function, now):
        if function in (_GRANT, _ISSUER, _CODE) and self._owner:
            self._asks = function
            return PATTERNS[ANSWERS[ACCEPTED]]
        if not 1 <= function <= (_OWNERS if self._owner else _OWNERS - 1):
            return PATTERNS[ANSWERS[WRONG]]
        service = self._service
        if function == _BOLT:
            return service.test_bolt(now)
        functions = (service.battery, service.clock, service.refusals, None, service.mute, service.call, service.refill)
        return functions[function - 1]()

    def _argument(self, asked, digits, length, now):
        if asked == _CODE:
            return self._service.revoke_code(digits, length, now)
        number = _whole(digits, length)
        return self._service.revoke_grant(number) if asked == _GRANT else self._service.revoke_issuer(number)


def _whole(digits, length):
    """The number that the digits are; -1 if it begins with a zero or is longer than any that is meant."""
    return -1 if length > LONGEST or digits[0] == _ZERO else int(bytes(digits[:length]))
