"""What is said in one check-in, once there is a connection.

    CONNECT, where needed SUBSCRIBE | hello, events -> reply, commands | results, more events, bye, PING | DISCONNECT

Each `|` and `->` is a turnaround. After the reply the lock may listen for a while: what comes then is answered at once.
Events that the gateway lacks, or asked for, follow the reply in batches. docs/protocol.md has the messages.
"""

from micropython import const

from firmware.core.seal import UP, Seal
from firmware.core.words import APPROVE, UNLOCK
from firmware.net import messages
from firmware.net.commands import Commands
from firmware.net.link import SILENT, LinkError

REPLY_MS = const(10_000)  # for the gateway to answer the hello
EXCHANGE_MS = const(20_000)  # from the beginning to the end without listening
LISTEN_MS = const(60_000)
_LEFT_MS = const(4_000)  # for a command that the gateway said would follow
_FIRST = const(3)  # messages of events beside the hello
_BATCH = const(3)  # and at once later
_BATCHES = const(7)


class CheckIn:
    """lock: its id. radio: a Radio. nonce: of this check-in. recall: a Recall. actions: as for `Commands`, and what
    firmware/remote.py offers beside them. now(): ms. turn(): serves whoever is at the keypad and lets some ms pass.
    """

    def __init__(self, lock, radio, nonce, recall, actions, now, turn):
        self.commands = Commands(lock, radio.gateway, nonce, radio.keys, actions)
        self._lock = lock
        self._radio = radio
        self._nonce = nonce
        self._recall = recall
        self._actions = actions
        self._now = now
        self._turn = turn
        self._mqtt = None
        self._told = None  # nonce of the entry that waited at the hello
        self._counters = {}
        self._start = self._since = recall.sent  # numbers of the newest events that were sent, before and so far

    def talk(self, mqtt, stream, reason, version):
        """Say everything that is to be said over `mqtt`. stream: whose deadline moves where the lock listens.

        reason: messages.BY_TIMER to BY_ENTRY. version: of the firmware, three u8. Raises LinkError.
        """
        self._mqtt = mqtt
        self._hello(reason, version)
        if not self._recall.fresh:
            self._events(_FIRST)
        self._await_reply()
        self._follow()
        self._settle_log()
        self._answer()
        self._listen(stream, reason)
        commands = self.commands
        self._say_to(
            self._radio.gateway,
            messages.BYE,
            messages.pack_bye(self._nonce, commands.answered, commands.ignored, commands.why),
        )
        mqtt.settle()
        self._recall.sent = self._since
        mqtt.close()

    def _hello(self, reason, version):
        clock, head, generation, attempts, power, waiting = self._actions.hello()
        recall, gateway = self._recall, self._radio.gateway
        self._told = waiting if waiting != (0, 0) else None
        self._start = self._since = min(self._since, head[0])
        counters = [(n, epoch, self._actions.last(n, epoch)) for n, epoch in self._radio.keys.in_use()]
        ignored = recall.ignored, recall.why
        self._actions.asked = self._now()
        for number in sorted({row[0] for row in counters}):
            own = [row for row in counters if row[0] == number]
            if number == gateway:
                others = [row for row in counters if row[0] != number]
                told = (own + others)[: messages.MAX_COUNTERS]
                facts = head, generation, attempts, power, reason, waiting, ignored, version, told
            elif reason in (messages.BY_CALL, messages.BY_ENTRY) and (
                self._actions.permissions(number) & (UNLOCK | APPROVE)
            ):
                facts = (0, bytes(4)), 0, 0, power, reason, waiting, (0, 0), version, own
            else:
                continue
            self._say_to(number, messages.HELLO, messages.pack_hello(self._nonce, clock, *facts))

    def _events(self, most):
        """Send up to `most` messages of events; returns whether there were any."""
        found = self._actions.events(self._since, most)
        for first, sector, before, events in found:
            self._say_to(
                self._radio.gateway, messages.EVENTS, messages.pack_events(self._nonce, first, sector, before, events)
            )
            self._since = first + len(events) // messages.EVENT_SIZE - 1
        return bool(found)

    def _await_reply(self):
        until = self._now() + REPLY_MS
        while not self.commands.replied:
            if not self._mqtt.poll():
                if self._now() >= until:
                    raise LinkError(SILENT)
                self._turn()

    def _follow(self):
        """Take what the gateway said would follow, and whatever else is there."""
        until = self._now() + _LEFT_MS
        while self._mqtt.poll() or self.commands.left and self._now() < until:
            self._turn()

    def _settle_log(self):
        """Send what the gateway lacks or has asked for."""
        actions, have = self._actions, self.commands.have
        self._since = have if have < self._start else max(self._since, have)
        self._start = self._since
        if actions.first:
            self._since, actions.first = min(self._since, actions.first - 1), 0
        for _ in range(_BATCHES):
            if not self._events(_BATCH):
                break

    def _answer(self):
        """Send the results of what was done so far."""
        results = self.commands.results
        while results:
            number, epoch, root, counter, word, detail = results.pop(0)
            text = messages.pack_result(self._nonce, counter, word, detail)
            self._say(number, epoch, root, messages.RESULT, text)

    def _listen(self, stream, reason):
        """Wait for more: as long as the gateway asked for, or for whoever was called from the keypad."""
        called = reason in (messages.BY_CALL, messages.BY_ENTRY)
        ms = LISTEN_MS if called else min(self.commands.listen * 1000, LISTEN_MS)
        if not ms:
            return
        until = self._now() + ms
        stream.deadline = until + EXCHANGE_MS // 4
        actions = self._actions
        while self._now() < until and not (called and actions.opened):
            entry = actions.entry()
            if entry != self._told and (entry or reason == messages.BY_ENTRY):
                break  # another waits, of which the next hello tells at once; or none does any more
            if not self._mqtt.poll():
                self._turn()
            if self.commands.results:
                self._settle_log()
                self._answer()
        stream.deadline = min(stream.deadline, self._now() + EXCHANGE_MS // 4)

    def _say_to(self, number, kind, text):
        """Say something to an issuer under the key that it has used, or that it is known to have."""
        for n, epoch in self._radio.keys.in_use():
            if n == number:
                self._say(number, epoch, self._radio.keys.root(number, epoch), kind, text)
                return

    def _say(self, number, epoch, root, kind, text):
        counter = self._counters.get(number, 0)
        self._counters[number] = counter + 1
        self._mqtt.say(number, Seal(root, UP, self._lock, number, epoch).seal(kind, counter, text))
