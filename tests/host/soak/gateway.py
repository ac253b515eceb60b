"""The owner's end of the radio in a soak: orders that are sent until they are answered, events that are counted.

It is the scripted peer of the other tests, with a memory: what the lock says must follow from what it said before. The
broker between is not to be trusted: now and then it delivers once more what it has delivered before.
"""

from collections import Counter, deque
from dataclasses import dataclass, field

from firmware.core.words import DECISIONS, TRUSTED
from firmware.net import messages as m
from firmware.net.link import BROKEN
from firmware.store.audit import BY_RADIO, ENTRY, KINDS, RADIO, UNDER_DURESS, Event
from tests.host.peer import ROOTS, Issuers
from tools.protocol.messages import DOWN_TYPES, RESULTS, Bye, Events, Hello, Result, command, read
from tools.protocol.seal import DOWN, UP, Channel, Header

BY_OWNER, GATEWAY, CARRIER, GUEST = 0, 1, 7, 9
FINAL = (m.DONE, m.BEFORE, m.REFUSED, m.EXPIRED, m.STALE, m.MALFORMED, m.FULL, m.UNKNOWN)
DONE = (m.DONE, m.BEFORE)
"""How an order ends that has happened, now or when its answer was lost."""
BAD = ("fault", "crash", "lost")
"""Kinds of event that no loss of power and no visitor may cause."""
LAST = 0xFFFFFFFF
"""Counter that a lock with a fault says of all, so that nobody orders anything."""
SLACK_S = 2
"""By which a time that is said in whole seconds, and a while ago, may be off."""
_OLD = 40
"""Messages that the broker keeps, to deliver them once more, and orders sent once whose answer is waited for."""


@dataclass
class Order:
    """A command of issuer `number`. fields: of it, or what gives them when it is sealed. done(word): called once, with
    how it ended. once: it is not sent a second time. words: in one of which it has to end.

    counters: (key epoch, counter) under which it was sealed so far.
    """

    number: int
    kind: int
    fields: object
    done: object = lambda word: None
    once: bool = False
    words: tuple = FINAL
    counters: list = field(default_factory=list)


class Gateway(Issuers):
    """`books`: of the lock. at_hello(hello): called at each. told: number of the newest event that was counted;
    head: of the newest that the lock had at the last hello. epochs: of the key that each issuer seals by; events: all
    that were told, by their number. words: how often orders ended how, (type, word) by name. replays: how many old
    messages the broker delivers again with each reply.

    complete: the last check-in came to its end. full: the lock has no room for a change. trusted_at: when one did,
    last, in which the lock trusted its clock, and was right.
    """

    def __init__(self, lock, now, books):
        super().__init__(lock, now)
        self.books = books
        self.queue = []
        self.at_hello = lambda hello: None
        self.trusted_at = None
        self.complete = self.full = False
        self.told = self.head = self.replays = 0
        self.epochs = dict.fromkeys(ROOTS, 1)
        self.channels = {(number, 1): Channel(root, lock, number, 1) for number, root in ROOTS.items()}
        self.counters = dict.fromkeys(self.channels, 0)
        self.events = {}
        self.words = Counter()
        self._last = None
        self._trusted = False
        self._taken, self._answered = Counter(), set()
        self._old, self._sent = deque(maxlen=_OLD), deque(maxlen=_OLD)
        self.on_hello = self._hello

    def command(self, number, kind, *fields, done=lambda word: None, once=False, words=FINAL):
        """Queue an order."""
        self.queue.append(Order(number, kind, lambda: fields, done, once, words))

    def live(self, number, kind, fields, words=FINAL):
        """Queue an order, sent once, whose fields `fields(nonce)` are of the check-in in which it is sent."""
        self.queue.append(Order(number, kind, lambda: fields(self.nonce), once=True, words=words))

    def introduce(self, number, epoch, root):
        """From now on the issuer seals by this key."""
        self.epochs[number] = epoch
        self.channels[number, epoch] = Channel(root, self.lock, number, epoch)
        self.counters.setdefault((number, epoch), 0)

    def seal(self, number, kind, *fields, counter=None):
        key = number, self.epochs[number]
        if counter is None:
            counter = self.counters[key] = self.counters[key] + 1
        text = command(kind, *fields)
        return self.channels[key].seal(DOWN, kind, counter, text)

    def take(self, topic, message):
        header = Header.of(message)
        assert header.sender == int(topic.rpartition("/")[2])
        key = header.sender, header.epoch
        header, text = self.channels[key].open(UP, message)
        said = read(header.kind, text)
        if isinstance(said, Hello):
            return self._greeted(header.sender, said)
        if isinstance(said, Events):
            self._events(said)
            self.have = self.told
        elif isinstance(said, Result):
            self._result(key, said)
        elif isinstance(said, Bye) and header.sender == GATEWAY:
            self.complete = True
            if self._trusted:
                self.trusted_at = self.now()
        return []

    def _greeted(self, number, hello):
        self.nonce = (hello.nonce.boots, hello.nonce.number)
        if all(item.counter == LAST for item in hello.counters):
            assert self.books.ill, "the lock takes no orders"
            return self._reply_to_ill(number, hello)
        for item in hello.counters:
            key = item.sender, item.epoch
            assert item.counter >= self._taken[key], f"counter {item.counter} of {key}, it was {self._taken[key]}"
            self._taken[key] = item.counter
            self.counters[key] = max(self.counters.get(key, 0), item.counter)
        if number != GATEWAY:
            return []
        self._hello(hello)
        return self.answer()

    def _reply_to_ill(self, number, hello):
        """A lock with a fault is told the time, and ordered nothing."""
        if number != GATEWAY:
            return []
        self._check_nonce(hello)
        return [self._reply(0)]

    def answer(self):
        """The reply to the last hello, and all that waits to be sent."""
        reply = self._reply(len([order for order in self.queue if order.number == GATEWAY]))
        again, self.replays = list(self._old)[: self.replays], 0
        sent = [self._sealed(order) for order in list(self.queue)]
        self._old.extend([reply, *sent])
        return again + [reply] + sent

    def _reply(self, follow):
        """One that says that so many orders follow."""
        t = self.now()
        fields = (*self.nonce, int(t), int(t % 1 * 1000), self.doubt_ms, follow, self.have, self.listen)
        return self.seal(GATEWAY, m.REPLY, *fields, counter=0)

    def _sealed(self, order):
        message = self.seal(order.number, order.kind, *order.fields())
        key = order.number, self.epochs[order.number]
        order.counters.append((*key, self.counters[key]))
        if order.once:
            self.queue.remove(order)
            self._sent.append(order)
        return message

    def _hello(self, hello):
        books = self.books
        self._check_nonce(hello)
        assert hello.attempts >= books.attempts, f"{hello.attempts} attempts, there were {books.attempts}"
        assert hello.attempts >= books.counted, f"{hello.attempts} attempts, {books.counted} were seen"
        assert hello.attempts <= books.possible, f"{hello.attempts} attempts, {books.possible} entries may be ones"
        head = hello.head[0]
        assert books.ill or head >= self.have, f"the log ends at {head}, events to {self.have} were sent"
        books.attempts = hello.attempts
        self.head = head
        self.at_hello(hello)

    def _check_nonce(self, hello):
        self.complete = False
        assert self._last is None or hello.nonce > self._last, f"the nonce went back to {hello.nonce}"
        self._last = hello.nonce
        # One that has jumped ahead by less than its witness tolerates takes the floor along, and no time before that.
        self._trusted = hello.quality == TRUSTED and abs(hello.t - self.now()) <= hello.uncertainty + SLACK_S

    def _events(self, events):
        if events.first > self.told + 1:  # those before were lost on the way: the lock is told so, and sends them again
            return
        for number, (body, mac) in enumerate(events.records, events.first):
            event = Event(body, mac, events.sector)
            assert event.sequence == number, f"event {event.sequence} in place of {number}"
            if number > self.told:
                self.told = number
                self.events[number] = body
                self._count(event)
            assert self.events[number] == body, f"event {number} is not what it was"

    def _count(self, event):
        fault = KINDS[event.kind] == "fault" and (self.books.ill or event.sequence <= self.books.excused)
        assert fault or KINDS[event.kind] not in BAD, f"the log tells of a {KINDS[event.kind]}, detail {event.detail}"
        assert (event.kind, event.detail) != (RADIO, BROKEN), "the log tells of a check-in that broke"
        if event.kind != ENTRY:
            return
        by_radio = event.detail & BY_RADIO
        self.books.event(event, None if by_radio else DECISIONS[event.decision], event.detail & UNDER_DURESS)

    def _result(self, key, result):
        if result.word not in (m.RETRY, m.STORAGE):
            assert (*key, result.counter) not in self._answered, "an order is done a second time"
            self._answered.add((*key, result.counter))
        for order in [*self.queue, *self._sent]:
            if (*key, result.counter) in order.counters and result.word in FINAL:
                (self._sent if order.once else self.queue).remove(order)
                name = DOWN_TYPES[order.kind], RESULTS[result.word]
                right = *order.words, *([m.FULL] if self.full else ())
                assert result.word in right, f"{name[0]} of {order.number} ended as {name[1]}: {result.detail}"
                self.words[name] += 1
                order.done(result.word)
