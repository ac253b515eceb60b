"""Commands by radio that change the set: settings, grants, issuers and their keys.

A change is made in what the vault holds, while the lock lets go of its own copy (renewal.py): there is no room for
two. It is held against the rest of the set and replaces it in one commit of the vault, together with the counter of its
command. Then, or where it was refused, the lock works with what is in the vault: the same bolt, another judge. Keys
stand in the radio's vault, and are there before the set that needs them: a cut in between leaves a key of an issuer who
may nothing yet, or an issuer who has no key any more, and the command is done when it comes again.
"""

import json

from firmware.blocking import announce, pulse
from firmware.config import ConfigError
from firmware.core.bounds import MAX_GRANTS, GrantError
from firmware.core.grants import GRANT_SIZE, Grants
from firmware.core.words import OWNER
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.renewal import leave, renew
from firmware.settings import MAX_ROWS
from firmware.store import StorageError
from firmware.unloading import passing

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


class Changes:
    """lock: the Remote whose commands these are."""

    def __init__(self, lock):
        self._lock = lock

    def put_grant(self, record, mark):
        self._lock.about = Grants(record).id(0)
        i = self._place()

        def change(fields, table, t):
            before = bytes(table[i * GRANT_SIZE : (i + 1) * GRANT_SIZE])
            table[i * GRANT_SIZE : (i + 1) * GRANT_SIZE] = record
            _join(fields, Grants(table), i, t, Grants(before))

        self._replace(mark, change)

    def _place(self):
        """Place of the grant that is put: its own; behind the others; or that of one that is over. Raises Refused."""
        grants, about = self._lock.wake.config.grants, self._lock.about
        i = grants.index(about)
        if i >= 0:
            return i
        highest = max([grants.id(k) for k in range(len(grants))] or [0])
        if about < highest:
            raise Refused(messages.REFUSED, b"an id is never given twice: take one above %d" % highest)
        if len(grants) < MAX_GRANTS:
            return len(grants)
        t, uncertainty = self._lock.wake.clock.read()[0], self._lock.wake.clock.uncertainty
        for i in range(len(grants)):
            if grants.revoked(i) or 0 < grants.valid_until(i) < t - uncertainty:
                return i
        raise Refused(messages.FULL)

    def revoke_grant(self, grant_id, mark):
        self._lock.about = grant_id
        i = self._lock.wake.config.grants.index(grant_id)
        if i < 0:
            raise Refused(messages.UNKNOWN)
        if self._lock.wake.config.grants.revoked(i):
            raise Refused(messages.BEFORE)
        self._replace(mark, lambda fields, table, t: Grants(table).revoke(i))

    def set_settings(self, changed, mark):
        for name in changed:
            if name not in _CHANGEABLE:
                raise Refused(messages.REFUSED, name.encode())

        def change(fields, table, t):
            fields.update(changed)
            _admit(fields, table, t)

        self._replace(mark, change)

    def mute(self, on, mark):
        if self._lock.wake.config.mute == on:
            raise Refused(messages.BEFORE)
        self._replace(mark, lambda fields, table, t: fields.update({"mute": on}))

    def put_issuer(self, number, permissions, quota, label, packed, mark):
        def change(fields, table, t):
            rows = [row for row in fields["issuers"] if row[0] != number]
            if len(rows) >= MAX_ROWS:
                raise Refused(messages.FULL)
            fields["issuers"] = rows + [[number, label, permissions, quota]]
            _admit(fields, table, t)

        self._replace(mark, change, packed)

    def revoke_issuer(self, number, packed, mark):
        if number == mark[0]:
            raise Refused(messages.REFUSED, b"another owner does that")
        if not self._lock.permissions(number):
            raise Refused(messages.BEFORE if self._lock.radio.keys.known(number) else messages.UNKNOWN)

        def change(fields, table, t):
            fields["issuers"] = [row for row in fields["issuers"] if row[0] != number]
            grants = Grants(table)
            for i in range(len(grants)):
                if grants.issuer(i) == number:
                    grants.revoke(i)

        self._replace(mark, change, packed)

    def _replace(self, mark, change, packed=None):
        """Have what `change(settings, table, unix second)` makes of the set be the set, with the counter `mark`.

        packed: keys that are kept before; None: they stay. Raises Refused, as `change` may: the set stays as it was.
        """
        wake, session = self._lock.wake, self._lock.session
        announce(session, self._lock.ms, self._lock.turn)
        self._lock.rest()
        self._lock.catch_up()
        owner = self._lock.permissions(mark[0]) & OWNER
        t = wake.clock.read()[0]
        waits, table = leave(wake, session)
        try:
            try:
                self._write_set(mark, change, t, packed, table)
            finally:
                pulse(session, wake.board)
                renew(wake, session, waits, table)
                pulse(session, wake.board)
        except StorageError as error:
            self._lock.failed(error)
        except Refused as refused:
            raise refused if owner else Refused(refused.word)  # the reason might be others' codes
        if wake.fault:
            raise Refused(messages.STORAGE)
        try:
            self._lock.catch_up()
        except Refused:  # the change has happened, and the vault has its counter
            pass

    def _write_set(self, mark, change, t, packed, table):
        wake, session = self._lock.wake, self._lock.session
        text, _ = wake.vault.load(table=table)
        fields = json.loads(bytes(text).decode())
        pulse(session, wake.board)
        passing(change, fields, table, t)
        fields["command"] = list(mark)
        text = json.dumps(fields, separators=(",", ":")).encode()
        fields = None
        pulse(session, wake.board)
        if packed is not None:
            self._lock.keep_keys(packed)
            pulse(session, wake.board)
        wake.vault.replace(text, table)


def _join(fields, grants, i, t, before):
    """Have the grant in place `i` held against the rest of the set. before: the one it replaces, or none."""
    from firmware.core.bounds import check_grants
    from firmware.core.newcomer import join  # with what it needs it is large: not before

    try:
        check_grants(grants)
        join(fields, grants, i, t, before)
    except GrantError as error:
        raise Refused(messages.MALFORMED, b"grants: " + str(error).encode())
    except ValueError as error:
        raise Refused(messages.REFUSED, str(error).encode())


def _admit(fields, table, t):
    """Have a whole set looked at."""
    from firmware.core.admission import admit
    from firmware.settings import check

    grants = Grants(table)
    try:
        check(json.dumps(fields).encode(), table)
        admit(fields, grants, t, grants)
    except ConfigError as error:
        raise Refused(messages.MALFORMED, str(error).encode())
    except ValueError as error:
        raise Refused(messages.REFUSED, str(error).encode())
