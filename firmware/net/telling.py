"""What the lock says in a check-in: hello, events, results, bye. `exchange` is the CheckIn for which it does.

Loaded for each of these, and let go before the lock listens: what is said is over when a command wants the room.
"""

from micropython import const

from firmware.core.seal import UP, Seal
from firmware.core.words import APPROVE, UNLOCK
from firmware.net import messages

_FIRST = const(3)  # messages of events beside the hello
_BATCH = const(3)  # and at once later
_BATCHES = const(7)


def greet(exchange, reason, version):
    """Say hello, and the first events where it is known which are to be told. Arguments as of `CheckIn.talk`."""
    _hello(exchange, reason, version)
    if not exchange.recall.fresh:
        _events(exchange, _FIRST)


def catch_up(exchange):
    """Send what the gateway lacks of the log or has asked for, and the results of what was done so far.

    What it said that it has is of its reply, and nothing to go by once more is sent.
    """
    actions, have = exchange.actions, exchange.commands.have
    exchange.since = have if have < exchange.start else max(exchange.since, have)
    exchange.start = 0
    if actions.first:
        exchange.since, actions.first = min(exchange.since, actions.first - 1), 0
    for _ in range(_BATCHES):
        if not _events(exchange, _BATCH):
            break
    results = exchange.commands.results
    while results:
        number, epoch, root, counter, word, detail = results.pop(0)
        text = messages.pack_result(exchange.nonce, counter, word, detail)
        _say(exchange, number, epoch, root, messages.RESULT, text)


def take_leave(exchange):
    """Say bye, to the gateway."""
    commands = exchange.commands
    text = messages.pack_bye(exchange.nonce, commands.answered, commands.ignored, commands.why)
    _say_to(exchange, exchange.radio.gateway, messages.BYE, text)


def _hello(exchange, reason, version):
    actions, recall, keys = exchange.actions, exchange.recall, exchange.radio.keys
    gateway = exchange.radio.gateway
    clock, head, generation, attempts, power, waiting = actions.hello()
    exchange.told = waiting if waiting != (0, 0) else None
    exchange.start = exchange.since = min(exchange.since, head[0])
    counters = [(n, epoch, actions.last(n, epoch)) for n, epoch in keys.in_use()]
    ignored = recall.ignored, recall.why
    actions.asked = exchange.now()
    for number in sorted({row[0] for row in counters}):
        own = [row for row in counters if row[0] == number]
        if number == gateway:
            others = [row for row in counters if row[0] != number]
            told = (own + others)[: messages.MAX_COUNTERS]
            facts = head, generation, attempts, power, reason, waiting, ignored, version, told
        elif reason in (messages.BY_CALL, messages.BY_ENTRY) and actions.permissions(number) & (UNLOCK | APPROVE):
            facts = (0, bytes(4)), 0, 0, power, reason, waiting, (0, 0), version, own
        else:
            continue
        _say_to(exchange, number, messages.HELLO, messages.pack_hello(exchange.nonce, clock, *facts))


def _events(exchange, most):
    """Send up to `most` messages of events; returns whether there were any."""
    found = exchange.actions.events(exchange.since, most)
    for first, sector, before, events in found:
        text = messages.pack_events(exchange.nonce, first, sector, before, events)
        _say_to(exchange, exchange.radio.gateway, messages.EVENTS, text)
        exchange.since = first + len(events) // messages.EVENT_SIZE - 1
    return bool(found)


def _say_to(exchange, number, kind, text):
    """Say something to an issuer under the key that it has used, or that it is known to have."""
    keys = exchange.radio.keys
    for n, epoch in keys.in_use():
        if n == number:
            _say(exchange, number, epoch, keys.root(number, epoch), kind, text)
            return


def _say(exchange, number, epoch, root, kind, text):
    counter = exchange.counters.get(number, 0)
    exchange.counters[number] = counter + 1
    exchange.mqtt.say(number, Seal(root, UP, exchange.lock, number, epoch).seal(kind, counter, text))
