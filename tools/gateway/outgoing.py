"""What goes down in a check-in: the reply with the time, and each command sealed under a counter of its own."""

from dataclasses import dataclass, field

from firmware.net import messages as lock
from firmware.net.orders import unpack
from tools.gateway import store as states
from tools.gateway.orders import KINDS
from tools.protocol.messages import MessageError, Nonce, command
from tools.protocol.seal import DOWN, MAX_TEXT

_QUIET_S = 0.2
_HELD_BACK_S = 2.0
_FOLLOW = 64
_HIGHEST = 0xFFFFFFFF
"""Counter above which there is none: a lock with a fault says that it is at it, and takes no commands."""
_TRIES = 3
"""Times that a command is sent in one check-in while the lock says `retry`."""


@dataclass
class Live:
    """A check-in that goes on.

    channel: what commands are sealed by. begun, heard: monotonic s of its hello and of its last message. have: number
    of the newest event held. more: a command may be due. duress: an event told of it. news: an event told of what else
    makes a lock check in. sent: number of a command -> how often it went out.
    """

    nonce: Nonce
    hello: object
    channel: object
    begun: float
    heard: float
    have: int
    replied: bool = False
    more: bool = False
    duress: bool = False
    news: bool = False
    sent: dict = field(default_factory=dict)

    def ready(self, now):
        """Whether the hello is to be answered: the events that came with it are kept, or no more come."""
        return self.have >= self.hello.head[0] or now - self.heard > _QUIET_S or now - self.begun > _HELD_BACK_S

    @property
    def harmless(self):
        """Whether others may know that the lock was awake: it surely was not for an entry under duress.

        Not before all events up to the hello are here; and what the lock came to tell must be among them, since of an
        entry under duress it may have told in a check-in before, which broke.
        """
        told = self.news or self.hello.reason != lock.BY_EVENT
        return told and not self.duress and self.have >= self.hello.head[0]

    @property
    def fields(self):
        """The nonce as messages have it."""
        return self.nonce.boots, self.nonce.number


class Outgoing:
    """outbox: where messages go, in their order."""

    def __init__(self, store, tell, outbox):
        self._store = store
        self._tell = tell
        self._outbox = outbox

    def reply(self, key_file, keys, live):
        """Answer a hello, and send what waits."""
        live.replied = True
        due = self._due(key_file, keys, live)
        called = live.hello.reason in (lock.BY_CALL, lock.BY_ENTRY)
        listen = key_file.listen if called else 0
        text = command(lock.REPLY, *live.fields, *self._time(key_file), len(due), live.have, listen)
        self._publish(keys, live.channel.seal(DOWN, lock.REPLY, 0, text))
        self._send(keys, live, due)

    def send(self, key_file, keys, live):
        """Send what waits."""
        live.more = False
        self._send(keys, live, self._due(key_file, keys, live))

    def _due(self, key_file, keys, live):
        """(Command, its plaintext) of each that goes out now. One whose row says no command is set aside."""
        due = []
        for waits in self._store.open_commands(keys.id):
            times = live.sent.get(waits.number, 0)
            if waits.state != states.WAITING or times >= _TRIES or (waits.word == lock.STORAGE and times):
                continue
            if waits.kind == lock.ROTATE and keys.next_epoch is None:
                live.more = True  # the key file has the next root key already, and is about to be read again
                continue
            try:
                text = self._text(key_file, keys, live, waits)
            except (ValueError, TypeError, ArithmeticError) as error:  # MessageError is a ValueError
                self._end(keys, waits, states.FAILED, f"set aside, it cannot be sent: {error}")
            else:
                if text is None:
                    self._end(keys, waits, states.EXPIRED, "the lock did not check in in time")
                else:
                    due.append((waits, text))
        room = min(_FOLLOW, _HIGHEST - self._last(keys, live))
        if due and not room:
            self._tell(keys.id, "waits", "the lock takes no commands: see its log for a fault")
        return due[:room]

    def _last(self, keys, live):
        """The highest counter that the lock, or this gateway, knows of."""
        party = (live.channel.sender, live.channel.epoch)
        told = max((item.counter for item in live.hello.counters if (item.sender, item.epoch) == party), default=0)
        return max(self._store.last_counter(keys.id, live.channel.epoch), told)

    def _end(self, keys, waits, state, why):
        self._store.end(waits.number, state, None, why)
        self._tell(keys.id, "failed", f"{waits.shown}: {why}")

    def _send(self, keys, live, due):
        channel = live.channel
        for counter, (waits, text) in enumerate(due, self._last(keys, live) + 1):
            self._store.seal(keys.id, channel.epoch, counter, waits.number, live.nonce)
            live.sent[waits.number] = live.sent.get(waits.number, 0) + 1
            self._publish(keys, channel.seal(DOWN, waits.kind, counter, text))
            self._tell(keys.id, "sent", waits.shown)

    def _text(self, key_file, keys, live, waits):
        """Plaintext of a command, made now if it must be; None: too late. Raises what a row that says none leads to."""
        if waits.expires is not None and waits.expires <= self._store.clock.time():
            return None
        if waits.kind not in KINDS:
            raise MessageError(f"no command has the type {waits.kind}")
        if waits.kind == lock.UNLOCK_NOW:
            return command(waits.kind, *live.fields, int(waits.expires))
        if waits.kind == lock.SET_TIME:
            return command(waits.kind, *live.fields, *self._time(key_file))
        if waits.kind == lock.ROTATE:
            return command(waits.kind, keys.issuer, keys.next_epoch, keys.roots[keys.next_epoch])
        unpack(waits.kind, waits.text)
        if len(waits.text) > MAX_TEXT:
            raise MessageError(f"{len(waits.text)} bytes, more than a message holds")
        return waits.text

    def _publish(self, keys, message):
        self._outbox.append((f"dropbolt/{keys.id}/down", message, 1, False))

    def _time(self, key_file):
        """(unix s, ms, uncertainty in ms) now."""
        now = self._store.clock.time_ns() // 1_000_000
        return now // 1000, now % 1000, key_file.clock_ms
