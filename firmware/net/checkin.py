"""What is said in one check-in, once there is a connection.

    CONNECT, where needed SUBSCRIBE | hello, events -> reply, commands | results, more events, bye, PING | DISCONNECT

Each `|` and `->` is a turnaround. After the reply the lock may listen for a while: what comes then is answered at once.
Events that the gateway lacks, or asked for, follow the reply in batches. docs/protocol.md has the messages. What is
said is in a file of its own (telling.py), which is not there while a command is done.
"""

from micropython import const

from firmware.net import messages
from firmware.net.commands import Commands
from firmware.net.link import SILENT, LinkError
from firmware.unloading import passing

REPLY_MS = const(10_000)  # for the gateway to answer the hello
EXCHANGE_MS = const(20_000)  # from the beginning to the end without listening
LISTEN_MS = const(60_000)
_LEFT_MS = const(4_000)  # for a command that the gateway said would follow


class CheckIn:
    """lock: its id. radio: a Radio. nonce: of this check-in. recall: a Recall. actions: as for `Commands`, and what
    firmware/remote.py offers beside them. now(): ms. turn(): serves whoever is at the keypad and lets some ms pass.

    mqtt: as given to `talk`. told: nonce of the entry that waited at the hello. counters: {number of an issuer: of the
    next message to it}. start, since: numbers of the newest events that were sent, before and so far; start is 0 once
    the reply was looked at for what the gateway lacks of those.
    """

    def __init__(self, lock, radio, nonce, recall, actions, now, turn):
        self.commands = Commands(lock, radio.gateway, nonce, radio.keys, actions)
        self.lock = lock
        self.radio = radio
        self.nonce = nonce
        self.recall = recall
        self.actions = actions
        self.now = now
        self._turn = turn
        self.mqtt = None
        self.told = None
        self.counters = {}
        self.start = self.since = recall.sent

    def talk(self, mqtt, stream, reason, version):
        """Say everything that is to be said over `mqtt`. stream: whose deadline moves where the lock listens.

        reason: messages.BY_TIMER to BY_ENTRY. version: of the firmware, three u8. Raises LinkError.
        """
        self.mqtt = mqtt
        passing(self._greet, reason, version)
        self._await_reply()
        self._follow()
        passing(self._catch_up)
        self._listen(stream, reason)
        passing(self._take_leave)
        mqtt.settle()
        self.recall.sent = self.since
        mqtt.close()

    def _greet(self, reason, version):
        from firmware.net.telling import greet

        greet(self, reason, version)

    def _catch_up(self):
        from firmware.net.telling import catch_up

        catch_up(self)

    def _take_leave(self):
        from firmware.net.telling import take_leave

        take_leave(self)

    def _await_reply(self):
        until = self.now() + REPLY_MS
        while not self.commands.replied:
            if not self.mqtt.poll():
                if self.now() >= until:
                    raise LinkError(SILENT)
                self._turn()

    def _follow(self):
        """Take what the gateway said would follow, and whatever else is there."""
        until = self.now() + _LEFT_MS
        while self.mqtt.poll() or self.commands.left and self.now() < until:
            self._turn()

    def _listen(self, stream, reason):
        """Wait for more: as long as the gateway asked for, or for whoever was called from the keypad."""
        called = reason in (messages.BY_CALL, messages.BY_ENTRY)
        ms = LISTEN_MS if called else min(self.commands.listen * 1000, LISTEN_MS)
        if not ms:
            return
        until = self.now() + ms
        stream.deadline = until + EXCHANGE_MS // 4
        actions = self.actions
        while self.now() < until and not (called and actions.opened):
            entry = actions.entry()
            if entry != self.told and (entry or reason == messages.BY_ENTRY):
                break  # another waits, of which the next hello tells at once; or none does any more
            if not self.mqtt.poll():
                self._turn()
            if self.commands.results:
                passing(self._catch_up)
        stream.deadline = min(stream.deadline, self.now() + EXCHANGE_MS // 4)
