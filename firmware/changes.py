"""Commands by radio that change the set: settings, grants, issuers and their keys; and what every command needs.

A change is made in a copy, admitted as a whole, and replaces the set in one commit of the vault, together with the
counter of its command. Then the lock works with it: the same bolt, another judge. Keys stand in the radio's vault, and
are there before the set that needs them: a cut in between leaves a key of an issuer who may nothing yet, or an issuer
who has no key any more, and the command is done when it comes again.
"""

import json

from firmware.config import Config, ConfigError
from firmware.core.grants import GRANT_SIZE, Grants
from firmware.core.records import StateError
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.net.settings import pack
from firmware.renewal import renew
from firmware.store import FULL, StorageError
from firmware.store.vault import MAX_GRANTS

_CHANGEABLE = (
    "buckets",
    "relock_s",
    "ajar_s",
    "battery_min_mv",
    "battery_low_mv",
    "mute",
    "zone",
    "schedules",
    "hold_s",
    "risk_one_in",
)
_MOST = 0xFFFFFFFF


class Changes:
    """Parameters as of `Remote`. about: the grant that a command is about, 0: none."""

    def __init__(self, wake, session, radio, vault, turn):
        self._wake = wake
        self._session = session
        self._radio = radio
        self._vault = vault
        self._turn = turn
        self._now = wake.board.now
        self.about = 0
        self._powers = {}
        self._learn(json.loads(bytes(wake.vault.load()[0]).decode()))
        mark = wake.config.command
        if mark and not wake.fault and wake.state.last_command(*mark[:2]) < mark[2]:
            self.count(*mark)  # a cut came between vault and journal

    def _learn(self, fields):
        """Take over what issuers may do."""
        self._powers = {row[0]: row[2] for row in fields["issuers"]}
        self._known = self._wake.vault.generation

    # Counters

    def last(self, number, epoch):
        if self._wake.fault:  # nothing is known, and nothing is taken
            return _MOST
        last, mark = self._wake.state.last_command(number, epoch), self._wake.config.command
        if not mark or mark[0] != number or mark[1] < epoch:
            return last
        return max(last, mark[2] if mark[1] == epoch else _MOST)

    def count(self, number, epoch, counter):
        state = self._wake.state
        try:
            body = state.command(number, epoch, counter)
        except StateError:
            in_use = [pair[0] for pair in self._radio.keys.in_use()]
            for issuer, _, _ in state.counters:
                if issuer not in in_use:
                    self._write(state.command(issuer, 0, 0))
            try:
                body = state.command(number, epoch, counter)
            except StateError:
                raise Refused(messages.FULL)
        self._write(body)

    def permissions(self, number):
        if self._known != self._wake.vault.generation:  # an owner at the keypad has changed the set meanwhile
            try:
                self._learn(json.loads(bytes(self._wake.vault.load()[0]).decode()))
            except StorageError:
                return 0
        return self._powers.get(number, 0)

    def keep_keys(self, packed):
        try:
            text, _ = self._vault.load()
            self._vault.replace(text, pack(packed, self._radio.authority))
        except StorageError as error:
            self._failed(error)

    # Changes of the set

    def put_grant(self, record, mark):
        self.about = Grants(record).id(0)

        def change(fields, table):
            grants = Grants(table)
            i = grants.index(self.about)
            if i >= 0:
                table[i * GRANT_SIZE : (i + 1) * GRANT_SIZE] = record
                return table
            highest = max([grants.id(k) for k in range(len(grants))] or [0])
            if self.about < highest:
                raise Refused(messages.REFUSED, b"an id is never given twice: take one above %d" % highest)
            return self._room(grants, table) + record

        self._replace(mark, change, True)

    def _room(self, grants, table):
        """The table, without grants that are over where it is full."""
        if len(table) < MAX_GRANTS:
            return table
        t, uncertainty = self._wake.clock.read()[0], self._wake.clock.uncertainty
        kept = b""
        for i in range(len(grants)):
            if not grants.revoked(i) and not 0 < grants.valid_until(i) + uncertainty < t:
                kept += table[i * GRANT_SIZE : (i + 1) * GRANT_SIZE]
        if len(kept) >= MAX_GRANTS:
            raise Refused(messages.FULL)
        return kept

    def revoke_grant(self, grant_id, mark):
        self.about = grant_id

        def change(fields, table):
            grants = Grants(table)
            i = grants.index(grant_id)
            if i < 0:
                raise Refused(messages.UNKNOWN)
            if grants.revoked(i):
                raise Refused(messages.BEFORE)
            grants.revoke(i)
            return table

        self._replace(mark, change, False)

    def set_settings(self, changed, mark):
        for name in changed:
            if name not in _CHANGEABLE:
                raise Refused(messages.REFUSED, name.encode())

        def change(fields, table):
            fields.update(changed)
            return table

        self._replace(mark, change, True)

    def mute(self, on, mark):
        def change(fields, table):
            if fields["mute"] == on:
                raise Refused(messages.BEFORE)
            fields["mute"] = on
            return table

        self._replace(mark, change, False)

    def put_issuer(self, number, permissions, quota, label, packed, mark):
        def change(fields, table):
            rows = [row for row in fields["issuers"] if row[0] != number]
            fields["issuers"] = rows + [[number, label, permissions, quota]]
            return table

        self._replace(mark, change, True, packed)

    def revoke_issuer(self, number, packed, mark):
        if number == mark[0]:
            raise Refused(messages.REFUSED, b"another owner does that")

        def change(fields, table):
            if number not in self._powers:
                raise Refused(messages.UNKNOWN)
            fields["issuers"] = [row for row in fields["issuers"] if row[0] != number]
            grants = Grants(table)
            for i in range(len(grants)):
                if grants.issuer(i) == number:
                    grants.revoke(i)
            return table

        self._replace(mark, change, False, packed)

    def _replace(self, mark, change, grows, packed=None):
        """Have `change(settings, table)` be the set, with the counter `mark`; `grows`: it has to be admitted.

        packed: keys that are kept before; None: they stay.
        """
        wake = self._wake
        self.rest()
        try:
            text, table = wake.vault.load()
            fields = json.loads(bytes(text).decode())
            table = change(fields, table)
            fields["command"] = list(mark)
            text = json.dumps(fields, separators=(",", ":")).encode()
            self._admit(text, fields, table, grows)
            if packed is not None:
                self.keep_keys(packed)
            wake.vault.replace(text, table)
        except StorageError as error:
            self._failed(error)
        renew(wake, self._session)
        self._learn(fields)
        if wake.fault:
            raise Refused(messages.STORAGE)
        self.count(*mark)

    def _admit(self, text, fields, table, grows):
        try:
            Config(text, table)
        except ConfigError as error:
            raise Refused(messages.MALFORMED, str(error).encode())
        if not grows:
            return
        from firmware.core.admission import AdmissionError, admit  # with what it needs it is large: not before

        try:
            admit(fields, Grants(table), self._wake.clock.read()[0], self._wake.config.grants)
        except AdmissionError as error:
            raise Refused(messages.REFUSED, str(error).encode())

    # Flash, and time to move

    def rest(self):
        """Let the lock go on until its bolt is at rest and no burn waits for its outcome."""
        while self._session.busy:
            self._turn()

    def _write(self, body):
        if not self._wake.journal:
            raise Refused(messages.STORAGE)
        try:
            self._wake.journal.write(body)
        except StorageError as error:
            self._failed(error)

    def _failed(self, error):
        """The flash did not take it: the log has why."""
        if error.reason == FULL:
            raise Refused(messages.FULL)
        self._wake.logbook.fault(error.reason)
        raise Refused(messages.STORAGE)
