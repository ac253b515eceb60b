"""Who may command the lock by radio, and how far each has come: permissions, keys, counters.

A counter is in the journal; or in the vault, with the set that its command has made (`Config.command`), until the
journal has it too, which is before another command makes a set. Whoever has no permissions in the set is no issuer any
more: he is not heard, and where room is needed his keys go first and then his counter, so that no message of his comes
back.
"""

import json

from firmware.core.records import StateError
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.net.settings import pack
from firmware.store import FULL, StorageError

_MOST = 0xFFFFFFFF


class Commanders:
    """Parameters as of `Remote`, and attributes; ms(): of the board."""

    def __init__(self, wake, session, radio, vault, turn):
        self.wake = wake
        self.session = session
        self.radio = radio
        self.vault = vault
        self.turn = turn
        self.ms = wake.board.now
        self._powers = {}
        self._known = 0  # number of the set that they are of

    def permissions(self, number):
        try:
            return self.issuers().get(number, 0)
        except StorageError:
            return 0

    def issuers(self):
        """Permissions of each issuer, as the set of now says: an owner at the keypad may have changed it meanwhile."""
        vault = self.wake.vault
        if self._known != vault.generation:
            fields = json.loads(bytes(vault.load(False)[0]).decode())
            self._powers = {row[0]: row[2] for row in fields["issuers"]}
            self._known = vault.generation
        return self._powers

    def last(self, number, epoch):
        if self.wake.fault:  # nothing is known, and nothing is taken
            return _MOST
        last, mark = self.wake.state.last_command(number, epoch), self.wake.config.command
        if not mark or mark[0] != number or mark[1] < epoch:
            return last
        return max(last, mark[2] if mark[1] == epoch else _MOST)

    def count(self, number, epoch, counter):
        state = self.wake.state
        try:
            body = state.command(number, epoch, counter)
        except StateError:
            from firmware.forgetting import make_room

            make_room(self)
            try:
                body = state.command(number, epoch, counter)
            except StateError:
                raise Refused(messages.FULL)
        self.write(body)

    def catch_up(self):
        """Have the journal know of the command that has made the set, as the vault does. Raises Refused."""
        mark = self.wake.config.command
        if mark and self.wake.state.last_command(*mark[:2]) < mark[2]:
            self.count(*mark)

    def keep_keys(self, packed):
        try:
            self.store_keys(packed)
        except StorageError as error:
            self.failed(error)

    def store_keys(self, packed):
        """As `keep_keys`, but raises StorageError: while the set changes, nothing is logged (renewal.py)."""
        text, _ = self.vault.load()
        self.vault.replace(text, pack(packed, self.radio.authority))

    # Flash, and time to move

    def rest(self):
        """Let the lock go on until its bolt is at rest and no burn waits for its outcome."""
        while self.session.busy:
            self.turn()

    def write(self, body):
        if not self.wake.journal:
            raise Refused(messages.STORAGE)
        try:
            self.wake.journal.write(body)
        except StorageError as error:
            self.failed(error)

    def failed(self, error):
        """The flash did not take it: the log has why."""
        if error.reason == FULL:
            raise Refused(messages.FULL)
        self.wake.logbook.fault(error.reason)
        raise Refused(messages.STORAGE)
