"""Commands by radio that change the set: settings, grants, issuers and their keys.

A change is made in a copy, admitted as a whole, and replaces the set in one commit of the vault, together with the
counter of its command. Then the lock works with it: the same bolt, another judge. Keys stand in the radio's vault, and
are there before the set that needs them: a cut in between leaves a key of an issuer who may nothing yet, or an issuer
who has no key any more, and the command is done when it comes again.
"""

import json

from firmware.blocking import announce, pulse
from firmware.commanders import Commanders
from firmware.config import Config, ConfigError
from firmware.core.grants import GRANT_SIZE, Grants
from firmware.core.words import OWNER
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.renewal import renew
from firmware.settings import MAX_ROWS
from firmware.store import StorageError
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


class Changes(Commanders):
    """Parameters as of `Remote`. about: the grant that a command is about, 0: none."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.about = 0

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
            if len(table) < MAX_GRANTS:
                return table + record
            i = self._over(grants)
            table[i * GRANT_SIZE : (i + 1) * GRANT_SIZE] = record
            return table

        self._replace(mark, change, True)

    def _over(self, grants):
        """Place of a grant that is over, whose place another may take. Raises Refused."""
        t, uncertainty = self._wake.clock.read()[0], self._wake.clock.uncertainty
        for i in range(len(grants)):
            if grants.revoked(i) or 0 < grants.valid_until(i) < t - uncertainty:
                return i
        raise Refused(messages.FULL)

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
            if len(rows) >= MAX_ROWS:
                raise Refused(messages.FULL)
            fields["issuers"] = rows + [[number, label, permissions, quota]]
            return table

        self._replace(mark, change, True, packed)

    def revoke_issuer(self, number, packed, mark):
        if number == mark[0]:
            raise Refused(messages.REFUSED, b"another owner does that")

        def change(fields, table):
            if not self.permissions(number):
                raise Refused(messages.BEFORE if self._radio.keys.known(number) else messages.UNKNOWN)
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
        wake, session = self._wake, self._session
        announce(session, self._now, self._turn)
        self.rest()
        self.catch_up()
        try:
            text, table = wake.vault.load()
            fields = json.loads(bytes(text).decode())
            table = change(fields, table)
            fields["command"] = list(mark)
            text = json.dumps(fields, separators=(",", ":")).encode()
            pulse(session, wake.board)
            self._check(mark[0], text, fields, table, grows)
            pulse(session, wake.board)
            if packed is not None:
                self.keep_keys(packed)
                pulse(session, wake.board)
            wake.vault.replace(text, table)
        except StorageError as error:
            self._failed(error)
        pulse(session, wake.board)
        renew(wake, session)
        pulse(session, wake.board)
        if wake.fault:
            raise Refused(messages.STORAGE)
        try:
            self.catch_up()
        except Refused:  # the change has happened, and the vault has its counter
            pass

    def _check(self, number, *parts):
        """Admit a set for issuer `number`. One who is no owner learns no reason, which might be others' codes."""
        try:
            self._admit(*parts)
        except Refused as refused:
            raise refused if self.permissions(number) & OWNER else Refused(refused.word)

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
