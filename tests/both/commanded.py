"""A lock's end of commands, for tests: what `Commands` asks of the rest of the lock, kept in plain tables."""

from firmware.core.grants import Grants
from firmware.core.seal import DOWN, Seal
from firmware.core.words import APPROVE, OWNER, UNLOCK
from firmware.net import messages
from firmware.net.commands import Commands
from firmware.net.keys import Keys
from firmware.net.messages import Refused

LOCK = b"\x01\x02\x03\x04\x05\x06\x07\x08"
NONCE = (12, 345)
ENTRY = (12, 678)
NOW = 1900000000
GATEWAY = 1  # owner, may unlock
CARRIER = 7  # may unlock and approve
GUEST = 9  # may make codes that unlock
ROOTS = {GATEWAY: b"g" * 32, CARRIER: b"c" * 32, GUEST: b"h" * 32}
PERMISSIONS = {GATEWAY: OWNER | UNLOCK, CARRIER: UNLOCK | APPROVE, GUEST: UNLOCK}


class Cut(Exception):
    """The power is gone."""


class Lock:
    """journal, vault: last counters by (number, epoch). grants: id -> [issuer, revoked]. done: what was done.

    cut_at: number of the write to flash at which the power goes, from 0; the write itself has then happened if `after`.
    fails: no write succeeds. refusals: what is refused -> with which word.
    """

    def __init__(self):
        self.journal, self.vault = {}, {}
        self.grants = {5: [GUEST, False], 6: [CARRIER, False], 8: [0, False]}
        self.issuers = dict(PERMISSIONS)
        self.packed = b"".join(bytes((number, 1)) + ROOTS[number] for number in sorted(ROOTS))
        self.done = []
        self.writes = 0
        self.cut_at, self.after, self.fails = None, False, False
        self.uncertainty = 0
        self.refusals = {}
        self.enough = False

    def _write(self, change):
        if self.fails:
            raise Refused(messages.STORAGE)
        if self.writes == self.cut_at and not self.after:
            raise Cut()
        change()
        self.writes += 1
        if self.writes - 1 == self.cut_at:
            raise Cut()

    def _do(self, *what):
        if what[0] in self.refusals:
            raise Refused(self.refusals[what[0]], b"because")
        self.done.append(what)

    def _commit(self, mark, change, *what):
        """One commit of the vault: the change and the counter."""

        def both():
            change()
            self.vault[mark[:2]] = mark[2]

        if what[0] in self.refusals:
            raise Refused(self.refusals[what[0]], b"because")
        self._write(both)
        self.done.append(what)

    def last(self, number, epoch):
        return max(self.journal.get((number, epoch), 0), self.vault.get((number, epoch), 0))

    def count(self, number, epoch, counter):
        self._write(lambda: self.journal.update({(number, epoch): counter}))

    def permissions(self, number):
        return self.issuers.get(number, 0)

    def issuer_of(self, grant):
        return self.grants.get(grant, [None])[0]

    def revoked(self, grant):
        return self.grants.get(grant, [None, False])[1]

    def _keep(self, packed):
        self.packed = packed

    def keep_keys(self, packed):
        self._write(lambda: self._keep(packed))

    def time(self, t, ms, uncertainty):
        self.done.append(("time", t, ms, uncertainty))

    def now(self):
        return NOW, self.uncertainty

    def allows(self, number, kind):
        return not self.enough

    def told(self, number, kind, word):
        """It is no change."""

    def part(self, kind):
        return self

    def unlock(self, number):
        self._do("unlock", number)

    def approve(self, nonce, number):
        if nonce != ENTRY:
            raise Refused(messages.STALE)
        self._do("approve", nonce, number)

    def refuse(self, nonce, number):
        self._do("refuse", nonce, number)

    def set_time(self, t, ms, uncertainty):
        self._do("set time", t, ms, uncertainty)

    def send_log(self, first):
        self._do("send log", first)

    def identify(self):
        self._do("identify")

    def revoke_code(self, grant, serial, value, number):
        self._write(lambda: None)
        self._do("revoke code", grant, serial, value)

    def set_base(self, grant, counter):
        self._write(lambda: None)
        self._do("set base", grant, counter)

    def put_grant(self, record, mark):
        grant = Grants(record)
        row = [grant.issuer(0), False]
        self._commit(mark, lambda: self.grants.update({grant.id(0): row}), "put grant", grant.id(0))

    def revoke_grant(self, grant, mark):
        if grant not in self.grants:
            raise Refused(messages.UNKNOWN)

        def change():
            self.grants[grant][1] = True

        self._commit(mark, change, "revoke grant", grant)

    def put_issuer(self, number, permissions, quota, label, packed, mark):
        def change():
            self.issuers[number] = permissions
            self.packed = packed or self.packed

        self._commit(mark, change, "put issuer", number, permissions, quota, label)

    def revoke_issuer(self, number, packed, mark):
        if number not in self.issuers:
            raise Refused(messages.UNKNOWN)

        def change():
            self.issuers.pop(number)
            self.packed = packed

        self._commit(mark, change, "revoke issuer", number)

    def set_settings(self, changed, mark):
        self._commit(mark, lambda: None, "set settings", changed)

    def mute(self, on, mark):
        self._commit(mark, lambda: None, "mute", on)

    def check_in(self, nonce=NONCE):
        """A check-in that begins: its Commands, with what is in flash now."""
        return Commands(LOCK, GATEWAY, nonce, Keys(self.packed), self)


def sealed(number, counter, kind, text=b"", epoch=1, root=None, lock=LOCK):
    """A message of an issuer."""
    return Seal(root or ROOTS[number], DOWN, lock, number, epoch).seal(kind, counter, text)


def words(commands):
    """(number, counter, word) of each result so far."""
    return [(result[0], result[3], result[4]) for result in commands.results]
