"""Commands by radio that change the set: grants here, settings, issuers and their keys in rights.py.

A change is made in what the vault holds, while the lock lets go of its own copy (renewal.py): there is no room for
two. It is held against the rest of the set and replaces it in one commit of the vault, together with the counter of its
command. Then, or where it was refused, the lock works with what is in the vault: the same bolt, another judge. Keys
stand in the radio's vault, and are there before the set that needs them: a cut in between leaves a key of an issuer who
may nothing yet, or an issuer who has no key any more, and the command is done when it comes again.
"""

import json

from firmware.blocking import announce, pulse
from firmware.core.bounds import MAX_GRANTS, GrantError
from firmware.core.grants import GRANT_SIZE, Grants
from firmware.core.words import OWNER
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.renewal import leave, renew
from firmware.store import StorageError
from firmware.unloading import passing


class Changes:
    """lock: the Remote whose commands these are."""

    def __init__(self, lock):
        self.lock = lock

    def put_grant(self, record, mark):
        self.lock.about = Grants(record).id(0)
        i = self._place(self.lock.permissions(mark[0]) & OWNER)

        def change(fields, table, t):
            before = bytes(table[i * GRANT_SIZE : (i + 1) * GRANT_SIZE])
            table[i * GRANT_SIZE : (i + 1) * GRANT_SIZE] = record
            _join(fields, Grants(table), i, t, Grants(before))

        self.replace(mark, change)

    def _place(self, owner):
        """Place of the grant that is put: its own; behind the others; or that of one that is over, and for which none
        waits. Raises Refused: also where only an `owner` may leave out so many ids, which are never given then."""
        grants, about = self.lock.wake.config.grants, self.lock.about
        i = grants.index(about)
        return i if i >= 0 else self._new_place(grants, about, owner)

    def _new_place(self, grants, about, owner):
        highest = max([grants.id(k) for k in range(len(grants))] or [0])
        if about < highest or about > highest + MAX_GRANTS and not owner:
            raise Refused(messages.REFUSED, b"an id is never given twice: take one above %d" % highest)
        if len(grants) < MAX_GRANTS:
            return len(grants)
        t, uncertainty = self.lock.wake.clock.read()[0], self.lock.wake.clock.uncertainty
        seconds = [grants.second(i) for i in range(len(grants))]
        for i in range(len(grants)):
            over = grants.revoked(i) or 0 < grants.valid_until(i) < t - uncertainty
            if over and grants.id(i) not in seconds:
                return i
        raise Refused(messages.FULL)

    def revoke_grant(self, grant_id, mark):
        self.lock.about = grant_id
        i = self.lock.wake.config.grants.index(grant_id)
        if i < 0:
            raise Refused(messages.UNKNOWN)
        if self.lock.wake.config.grants.revoked(i):
            raise Refused(messages.BEFORE)
        self.replace(mark, lambda fields, table, t: Grants(table).revoke(i))

    def replace(self, mark, change, packed=None):
        """Have what `change(settings, table, unix second)` makes of the set be the set, with the counter `mark`.

        packed: keys that are kept before; None: they stay. Raises Refused, as `change` may: the set stays as it was.
        """
        wake, session = self.lock.wake, self.lock.session
        announce(session, self.lock.ms, self.lock.turn)
        self.lock.rest()
        self.lock.catch_up()
        owner = self.lock.permissions(mark[0]) & OWNER
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
            self.lock.failed(error)
        except Refused as refused:
            raise refused if owner else Refused(refused.word)  # the reason might be others' codes
        if wake.fault:
            raise Refused(messages.STORAGE)
        try:
            self.lock.catch_up()
        except Refused:  # the change has happened, and the vault has its counter
            pass

    def _write_set(self, mark, change, t, packed, table):
        wake, session = self.lock.wake, self.lock.session
        text, _ = wake.vault.load(table=table)
        fields = json.loads(bytes(text).decode())
        pulse(session, wake.board)
        passing(change, fields, table, t)
        fields["command"] = list(mark)
        text = json.dumps(fields, separators=(",", ":")).encode()
        fields = None
        pulse(session, wake.board)
        if packed is not None:
            self.lock.store_keys(packed)
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
