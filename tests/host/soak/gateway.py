"""The owner's end of the radio in a soak: orders that are sent until they are answered, events that are counted.

It is the scripted peer of the other tests, with a memory: what the lock says must follow from what it said before.
"""

from dataclasses import dataclass, field

from firmware.core.words import DECISIONS
from firmware.net import messages as m
from firmware.store.audit import BY_RADIO, ENTRY, KINDS, Event
from tests.host.peer import Issuers
from tools.protocol.messages import Bye, Events, Hello, Result

GATEWAY, CARRIER, GUEST = 1, 7, 9
FINAL = (m.DONE, m.BEFORE, m.REFUSED, m.EXPIRED, m.STALE, m.FULL, m.UNKNOWN)
BAD = ("fault", "crash", "lost")
"""Kinds of event that no loss of power and no visitor may cause."""


@dataclass
class Order:
    """A command of issuer `number`. done(word): called once, with how it ended. once: it is not sent a second time.

    counters: under which it was sealed so far.
    """

    number: int
    kind: int
    fields: tuple
    done: object = lambda word: None
    once: bool = False
    counters: list = field(default_factory=list)


class Gateway(Issuers):
    """`books`: of the lock. at_hello(hello): called at each. told: number of the newest event that was counted;
    head: of the newest that the lock had at the last hello.

    complete: the last check-in came to its end. trusted_at: when one did, last, in which the lock trusted its clock.
    """

    def __init__(self, lock, now, books):
        super().__init__(lock, now)
        self.books = books
        self.queue = []
        self.at_hello = lambda hello: None
        self.trusted_at = None
        self.complete = False
        self.told = self.head = 0
        self._last = None
        self._quality = 3
        self.on_hello = self._hello

    def command(self, number, kind, *fields, done=lambda word: None, once=False):
        """Queue an order."""
        self.queue.append(Order(number, kind, fields, done, once))

    def take(self, topic, message):
        answer = super().take(topic, message)
        said, self.said = self.said, []
        self.have = self.told
        for number, what in said:
            if isinstance(what, Events):
                self._events(what)
                self.have = self.told
            elif isinstance(what, Result):
                self._result(number, what)
            elif isinstance(what, Bye) and number == GATEWAY:
                self.complete = True
                if self._quality == 1:
                    self.trusted_at = self.now()
        return answer

    def answer(self):
        """The reply to the last hello, and all that waits to be sent."""
        t = self.now()
        follow = len([order for order in self.queue if order.number == GATEWAY])
        fields = (*self.nonce, int(t), int(t % 1 * 1000), self.doubt_ms, follow, self.have, self.listen)
        reply = self.seal(GATEWAY, m.REPLY, *fields, counter=0)
        return [reply] + [self._sealed(order) for order in list(self.queue)]

    def _sealed(self, order):
        message = self.seal(order.number, order.kind, *order.fields)
        order.counters.append(self.counters[order.number])
        if order.once:
            self.queue.remove(order)
        return message

    def _hello(self, hello):
        books, self.complete = self.books, False
        assert isinstance(hello, Hello)
        assert self._last is None or hello.nonce > self._last, f"the nonce went back to {hello.nonce}"
        self._last, self._quality = hello.nonce, hello.quality
        assert hello.attempts >= books.attempts, f"{hello.attempts} attempts, there were {books.attempts}"
        assert hello.attempts >= books.counted, f"{hello.attempts} attempts, {books.counted} were seen"
        assert hello.head[0] >= self.have, f"the log ends at {hello.head[0]}, events to {self.have} were sent"
        books.attempts = hello.attempts
        self.head = hello.head[0]
        self.at_hello(hello)

    def _events(self, events):
        if events.first > self.told + 1:  # those before were lost on the way: the lock is told so, and sends them again
            return
        for number, (body, mac) in enumerate(events.records, events.first):
            if number > self.told:
                event = Event(body, mac, events.sector)
                assert event.sequence == number, f"event {event.sequence} in place of {number}"
                self.told = number
                self._count(event)

    def _count(self, event):
        assert KINDS[event.kind] not in BAD, f"the log tells of a {KINDS[event.kind]}, detail {event.detail}"
        by_radio = event.kind == ENTRY and event.detail & BY_RADIO
        self.books.event(event, None if by_radio else DECISIONS[event.decision])

    def _result(self, number, result):
        for order in list(self.queue):
            if order.number == number and result.counter in order.counters and result.word in FINAL:
                self.queue.remove(order)
                order.done(result.word)
