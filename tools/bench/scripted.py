"""A lock that only talks: its messages, its commands and its log are the firmware's, the rest of it is tables.

For measuring and testing the other end, in thousands: no flash, no keypad, no clock. What is on a lock's flash is here
in attributes, so a copy of one made earlier is the lock with its flash put back.
"""

import struct

from firmware.core.seal import UP, Seal
from firmware.net import messages
from firmware.net.commands import Commands
from firmware.net.keys import Keys
from firmware.net.messages import Refused
from firmware.store.chain import event_mac, next_key
from firmware.store.sectors import NO_MAC

_BODY = "<BBIIHBBHIHBB"  # an event, as docs/flash-format.md has it
_IN_SECTOR = 123
_FIRST = 3
_MANY = 1000
"""Messages of events beside the hello, and after the reply."""
_EVERYTHING = 127
_VERSION = (0, 1, 0)


class ScriptedLock:
    """id: 16 hex digits. root: its key with issuer `issuer`, epoch 1. log_key: the log's first key.

    log: (body, MAC, sector) of each event. acknowledged: `have` of the last reply. done: what
    commands have done, in order. boots, check_in: the nonce. t: what the reply has said, (unix s, ms, uncertainty).
    """

    def __init__(self, id, root, log_key, issuer=1):
        self.id = id
        self.issuer = issuer
        self.packed = bytes((issuer, 1)) + root
        self.log = []
        self.lost = 0
        self.boots, self.check_in = 1, -1
        self.acknowledged = 0
        self.generation, self.attempts, self.millivolts, self.door = 1, 0, 5900, 5
        self.waiting = (0, 0)
        self.done = []
        self.t = None
        self._key = log_key
        self._counters = {}
        self._commands = None
        self._up = 0
        self._asked = None
        self._sent = 0

    def record(self, kind, decision=0, t=1_790_000_000, grant=0, detail=0, length=8):
        """Write an event into the log."""
        number = len(self.log) + 1
        sector = 1 + (number - 1) // _IN_SECTOR
        if (number - 1) % _IN_SECTOR == 0:
            self._key = next_key(self._key)
        self.attempts += 1
        fields = (kind, decision, t + number, number, grant, 0, length, 1, self.attempts, self.millivolts, 1, detail)
        body = struct.pack(_BODY, *fields)
        self.log.append((body, event_mac(self._key, self.head[1], body), sector))

    @property
    def head(self):
        """(number, MAC) of the newest event."""
        return len(self.log), self.log[-1][1] if self.log else NO_MAC

    def hello(self, reason=messages.BY_TIMER):
        """Begin a check-in: hello, and of the events that the other end may not have as many as go with it."""
        self.check_in += 1
        self._up = 0
        self._keys = Keys(self.packed)
        self._commands = Commands(bytes.fromhex(self.id), self.issuer, self.nonce, self._keys, self)
        counters = [(number, epoch, self.last(number, epoch)) for number, epoch in self._keys.in_use()]
        text = messages.pack_hello(
            self.nonce,
            (1_790_000_000, 2, 60),
            self.head,
            self.generation,
            self.attempts,
            (self.millivolts, self.door),
            reason,
            self.waiting,
            (0, 0),
            _VERSION,
            counters,
        )
        self._start = self._sent = min(self._sent, len(self.log))
        return [self._say(messages.HELLO, text), *self._events(_FIRST)]

    def take(self, message):
        """Take a message that came down; returns what is said to it."""
        said, replied = [], self._commands.replied
        self._commands.receive(message)
        if self._commands.replied and not replied:
            self.acknowledged = have = self._commands.have
            self._sent = have if have < self._start else max(have, self._sent)
            said += self._events(_MANY)
        if self._asked is not None:
            self._sent, self._asked = min(self._sent, self._asked - 1), None
            said += self._events(_MANY)
        for number, epoch, root, counter, word, detail in self._commands.results:
            text = messages.pack_result(self.nonce, counter, word, detail)
            said.append(self._say(messages.RESULT, text, root, number, epoch))
        self._commands.results.clear()
        return said

    def bye(self):
        """End the check-in."""
        said = self._commands
        return self._say(messages.BYE, messages.pack_bye(self.nonce, said.answered, said.ignored, said.why))

    @property
    def over(self):
        """Whether the reply has come, and every command that it announced."""
        return self._commands.replied and not self._commands.left

    @property
    def why(self):
        """Why messages were ignored in this check-in, as bits."""
        return self._commands.why

    @property
    def nonce(self):
        """Names the check-in."""
        return self.boots, self.check_in

    def _events(self, most):
        """Up to `most` messages with the events after the last one sent, as far as the log still has them."""
        first = max(self._sent, self.lost) + 1
        while first <= len(self.log) and most:
            sector = self.log[first - 1][2]
            part = [each for each in self.log[first - 1 : first + messages.MAX_EVENTS - 1] if each[2] == sector]
            before = self.log[first - 2][1] if first > 1 else NO_MAC
            packed = b"".join(body + mac for body, mac, _ in part)
            yield self._say(messages.EVENTS, messages.pack_events(self.nonce, first, sector, before, packed))
            first += len(part)
            most -= 1
            self._sent = first - 1

    def _say(self, kind, text, root=None, number=None, epoch=None):
        if root is None:
            number, epoch = next(pair for pair in self._keys.in_use() if pair[0] == self.issuer)
            root = self._keys.root(number, epoch)
        counter, self._up = self._up, self._up + 1
        return Seal(root, UP, bytes.fromhex(self.id), number, epoch).seal(kind, counter, text)

    # What Commands asks of a lock

    def last(self, number, epoch):
        return self._counters.get((number, epoch), 0)

    def count(self, number, epoch, counter):
        self._counters[number, epoch] = counter

    def permissions(self, number):
        return _EVERYTHING if number == self.issuer else 0

    def issuer_of(self, _grant):
        return self.issuer

    def revoked(self, _grant):
        return False

    def keep_keys(self, packed):
        self.packed = packed

    def time(self, *said):
        self.t = said

    def now(self):
        return self.t[0], 1

    def approve(self, nonce, _number):
        if nonce != self.waiting:
            raise Refused(messages.STALE)
        self.done.append(("approve", nonce))

    def allows(self, number, kind):
        return True

    def told(self, _number, _kind, _word):
        """Nothing of commands goes into this log."""

    def part(self, _kind):
        return self

    def send_log(self, first):
        self._asked = first

    def unlock(self, _number):
        self.done.append(("unlock",))

    def identify(self):
        self.done.append(("identify",))

    def set_time(self, *said):
        self.done.append(("set time", *said))

    def revoke_grant(self, grant, mark):
        self._commit(mark, "revoke grant", grant)

    def mute(self, on, mark):
        self._commit(mark, "mute", on)

    def set_settings(self, changed, mark):
        self._commit(mark, "set", changed)

    def _commit(self, mark, *what):
        self.count(*mark)
        self.generation += 1
        self.done.append(what)
