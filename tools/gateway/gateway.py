"""What the gateway makes of each message, however it comes and goes: hellos answered, commands sent, results kept.

A check-in, as seen from here:

    hello      its nonce is higher than every one before: all that is taken now is under this nonce
    held back  until the events that came with it are kept, so that `have` in the reply counts them; a moment at most
    replied    time, then every command that waits, each under a counter of its own
    open       results end commands, new commands go out at once, until `bye` or the next hello

Nothing that is sent leaves before what it rests on is on disk: the caller commits the Store, then takes `outbox`.
"""

from firmware.logbook import NEWS, worth
from firmware.net import messages as lock
from firmware.store.audit import ENTRY, UNDER_DURESS
from tools.gateway import store as states
from tools.gateway.ledger import ROLLED_BACK, Ledger
from tools.gateway.orders import order
from tools.gateway.outgoing import Live, Outgoing
from tools.log.verify import FORKED
from tools.log.words import event_words
from tools.protocol.messages import REASONS, RESULTS, MessageError, Nonce, Result, read
from tools.protocol.seal import UP, Header, SealError

REPLAYED, FORGED, FOREIGN, MALFORMED, CLOCK = "replayed", "forged", "foreign", "malformed", "clock"

_CHECK_IN_S = 90.0
_NEVER = 1 << 32
"""Above every counter: of a command that never went out."""
_BACK_S = 2
"""By how much this computer's clock may go back, as it does when it is put right, before no lock is told the time."""


class Gateway:
    """keys: a KeyFile. tell(lock id, word, text): shows what happens. home: a Home, or None.

    outbox: (topic, payload, QoS, retained) of what is to be published, in order. rotated: ids of locks whose next root
    key has become the only one; the caller takes them out, and has the key file say so.
    """

    def __init__(self, keys, store, tell, home=None):
        self.keys = keys
        self.outbox = []
        self.rotated = []
        self._store = store
        self._clock = store.clock
        self._tell = tell
        self._home = home
        self._live = {}
        self._latest = store.newest_time()
        self._out = Outgoing(store, tell, self.outbox)
        self._ledger = Ledger(store, self.alarm)

    def topics(self):
        """What to subscribe to."""
        up = sorted({f"dropbolt/+/up/{keys.issuer}" for keys in self.keys.locks.values()})
        return up + (self._home.topics(self.keys) if self._home else [])

    def alarm(self, lock_id, word, text):
        """Keep an alarm, and show it unless it is the same again."""
        if self._store.alarm(lock_id, word, text) == 1:
            self._tell(lock_id, "alarm", f"{word}: {text}")

    def receive(self, topic, message, retained=False):
        """Take one message in, whatever it is."""
        if self._home and self._home.asks(topic):
            self._home.receive(self, topic, message, retained)
            return
        opened = self._open(topic, message)
        if opened is None:
            return
        keys, header, text = opened
        try:
            said = read(header.kind, text)
        except MessageError as error:
            self.alarm(keys.id, MALFORMED, f"a message that no lock sends: {error}")
            return
        if header.kind == lock.HELLO:
            self._hello(keys, header, said, message[16:32], text)
        else:
            self._further(keys, header, said)

    def _open(self, topic, message):
        """(LockKeys, Header, plaintext) of a message that is what it seems, else None."""
        try:
            header = Header.of(message)
        except SealError:
            return None
        keys = self.keys.locks.get(header.lock.hex())
        if keys is None or header.sender != keys.issuer or topic != f"dropbolt/{keys.id}/up/{keys.issuer}":
            return None  # what a lock tells other issuers is theirs
        channel = keys.channel(header.epoch)
        if channel is None:
            self.alarm(keys.id, FOREIGN, f"a message under a key that is not here: epoch {header.epoch}")
            return None
        try:
            return (keys, *channel.open(UP, message))
        except SealError:
            self.alarm(keys.id, FORGED, "a message with a wrong tag: forged, or the key file has another root key")
            return None

    def _hello(self, keys, header, hello, tag, text):
        row, nonce = self._store.lock(keys.id), hello.nonce
        last = Nonce(row["boots"], row["check_in"])
        if nonce <= last:
            self._old_hello(keys.id, nonce, last, tag)
            return
        if header.counter:
            self.alarm(keys.id, MALFORMED, "a hello that is not the first message of its check-in")
            return
        if row["hello"] is not None:
            self._compare(keys.id, read(lock.HELLO, row["hello"]), hello)
        self._store.begin_check_in(keys.id, nonce, tag, text)
        self._ledger.compare(keys, hello.head)
        self._close(keys)
        self._tell(keys.id, "hello", _words(hello))
        self._settle(keys, hello)
        if self._clock_went_back():
            self.alarm(keys.id, CLOCK, "this computer's clock went back: no lock is answered until it is right")
            return
        now, have = self._clock.monotonic(), self._store.lock(keys.id)["have"]
        self._live[keys.id] = Live(nonce, hello, self._channel(keys, header, hello), now, now, have)

    def _clock_went_back(self):
        now = self._clock.time()
        if now < self._latest - _BACK_S:
            self._latest = self._store.newest_time()  # its owner may have said that it was wrong before
        back = now < self._latest - _BACK_S
        self._latest = max(self._latest, now)
        return back

    def _old_hello(self, lock_id, nonce, last, tag):
        if nonce == last or self._store.heard_before(lock_id, nonce, tag):
            self.alarm(lock_id, REPLAYED, "a hello that was heard before: ignored")
        elif nonce.boots < last.boots:
            self.alarm(lock_id, ROLLED_BACK, f"a hello of a boot before the {last.boots}th, never heard: flash was put "
                       "back, or the hello was held back; ignored")  # fmt: skip
        else:
            self.alarm(lock_id, REPLAYED, "a hello that was held back: ignored")

    def _compare(self, lock_id, before, hello):
        """What only goes up in a lock must not have gone down."""
        for name, was, now in (
            ("set", before.generation, hello.generation),
            ("count of attempts", before.attempts, hello.attempts),
        ):
            if now < was:
                self.alarm(lock_id, ROLLED_BACK, f"its {name} went from {was} back to {now}: flash was put back")

    def _channel(self, keys, header, hello):
        """The Channel of the newest key that the lock is known to have."""
        known = {item.epoch for item in hello.counters if item.sender == keys.issuer} | {header.epoch}
        return keys.channel(max(epoch for epoch in known if epoch in keys.roots))

    def _settle(self, keys, hello):
        """What became of commands whose result did not come: sent again, but for what could happen twice."""
        counters = {item.epoch: item.counter for item in hello.counters if item.sender == keys.issuer}
        for waits in self._store.open_commands(keys.id):
            if waits.state != states.SENT:
                continue
            epoch, counter = self._store.last_seal(waits.number) or (0, _NEVER)
            if waits.kind == lock.UNLOCK_NOW and counter <= counters.get(epoch, counter):
                self._store.end(waits.number, states.UNANSWERED)
                self._tell(keys.id, "failed", f"{waits.shown}: no result came; the lock may have done it: see its log")
            elif waits.kind == lock.ROTATE and keys.next_epoch in counters:
                self._ended(keys, waits, states.DONE, lock.DONE, "")
            else:
                self._store.again(waits.number)
        if keys.next_epoch in counters and keys.epoch not in counters:
            self.rotated.append(keys.id)

    def _further(self, keys, header, said):
        """Events, a result or bye, of the check-in whose hello came last."""
        row = self._store.lock(keys.id)
        if said.nonce != Nonce(row["boots"], row["check_in"]) or header.counter <= row["counter"]:
            self.alarm(keys.id, REPLAYED, "a message of an earlier check-in, or for the second time: ignored")
            return
        self._store.set_lock(keys.id, counter=header.counter)
        live = self._live.get(keys.id)
        if live:
            live.heard = self._clock.monotonic()
        if isinstance(said, Result):
            self._result(keys, header.epoch, said)
        elif header.kind == lock.EVENTS:
            self._events(keys, said, live)
        else:
            ignored = f", {said.ignored} messages ignored (why: {said.why})" if said.ignored else ""
            self._tell(keys.id, "bye", f"{said.answered} commands answered{ignored}")
            self._close(keys)

    def _events(self, keys, said, live):
        added = self._ledger.add(keys, said)
        for event in added:
            self._tell(keys.id, "duress" if _under_duress(event) else "event", _event_words(event))
        self._ask_for_missing(keys)
        if live:
            live.have = self._store.lock(keys.id)["have"]
            live.duress |= any(map(_under_duress, added))
            live.news |= any(worth(event.kind, event.decision, event.detail) == NEWS for event in added)
            sequence, mac = live.hello.head
            if any(event.sequence == sequence and event.mac != mac for event in added):
                self.alarm(keys.id, FORKED, f"the hello names another event {sequence} than was told")

    def _ask_for_missing(self, keys):
        """Have the lock asked for events that are missing, unless it is asked already."""
        first = self._ledger.missing(keys.id)
        waits = self._store.open_commands(keys.id) if first else ()
        if first and not any(each.kind == lock.SEND_LOG for each in waits):
            self.queue(keys, order(["send-log", str(first)]))

    def _result(self, keys, epoch, said):
        number = self._store.sealed_as(keys.id, epoch, said.counter)
        waits = number and self._store.command(number)
        if waits is None or waits.state not in (states.WAITING, states.SENT):
            return
        done = said.word in (lock.DONE, lock.BEFORE)
        if not done and self._store.last_seal(number) != (epoch, said.counter):
            return  # of an earlier attempt; the one that counts is under way
        if said.word in (lock.RETRY, lock.STORAGE):
            self._store.again(number, said.word, said.detail)
            self._tell(keys.id, "result", f"{waits.shown}: {RESULTS[said.word]}, and sent again")
            if keys.id in self._live:
                self._live[keys.id].more = True
        else:
            if done and waits.kind == lock.SEND_LOG:
                self._ledger.answered(keys.id, int.from_bytes(waits.text, "little"))
            self._ended(keys, waits, states.DONE if done else states.FAILED, said.word, said.detail)

    def _ended(self, keys, waits, state, word, detail):
        self._store.end(waits.number, state, word, detail)
        said = f"{waits.shown}: {RESULTS[word]}{f' ({detail})' if detail else ''}"
        self._tell(keys.id, "result" if state == states.DONE else "failed", said)

    def _close(self, keys):
        live = self._live.pop(keys.id, None)
        if live and self._home and live.harmless:
            self.outbox += self._home.state(keys, self._store)

    def tick(self):
        """Whatever is due: replies that were held back, commands that were queued meanwhile, ends of check-ins."""
        now = self._clock.monotonic()
        queued = self._store.locks_with_commands() if self._live and self._store.changed_elsewhere() else ()
        for lock_id, live in list(self._live.items()):
            keys = self.keys.locks.get(lock_id)
            if keys is None:
                del self._live[lock_id]
            elif now - live.begun > _CHECK_IN_S:
                self._close(keys)
            elif not live.replied and live.ready(now):
                self._out.reply(self.keys, keys, live)
            elif live.replied and (live.more or lock_id in queued):
                self._out.send(self.keys, keys, live)

    def queue(self, keys, order):
        """Queue an Order for a lock; it goes out at once if the lock listens."""
        expires = None if order.within is None else self._clock.time() + order.within
        number = self._store.queue(keys.id, order.kind, order.text, order.shown, expires)
        if keys.id in self._live:
            self._live[keys.id].more = True
        return number


def _under_duress(event):
    return event.kind == ENTRY and bool(event.detail & UNDER_DURESS)


def _event_words(event):
    """An event in a line."""
    at, what, grant, more = event_words(event)
    said = [f"{event.sequence}: {what}", f"grant {grant}" if grant else "", more, at and f"at {at} UTC"]
    return ", ".join(text for text in said if text)


def _words(hello):
    """A hello in words."""
    bolt = ("between", "locked", "unlocked", "in contradiction")[hello.door & 3]
    door = "closed" if hello.door & 4 else "open"
    said = f"{REASONS[hello.reason]}; bolt {bolt}, door {door}, {hello.millivolts} mV, log at {hello.head[0]}"
    return said + ("; JAMMED" if hello.door & 8 else "") + ("; an entry waits for approval" if hello.waiting else "")
