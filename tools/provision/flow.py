"""The steps of one provisioning, in their order, and why it is refused before any of them.

read the lock      whose is it? nothing is written
keep the record    pending, with the number of this board
write              bare: journal, log, then the set; else a new set, if it is another; radio; clock
try                each part, guided (check.py)
close              restart; the record is in service
"""

import json
import time

from firmware.net.settings import INSECURE
from tools.image import Refused
from tools.owner import place
from tools.provision import books
from tools.provision.lock import Failed

_DOUBT_MS = 500
"""Of a computer whose clock is kept by NTP."""

_OTHERS = (
    "the board on {port} is another lock ({lock}), and this is not its record: take the lock of {label!r}, or the "
    "label of this lock with LABEL=...; with ERASE=1 that lock is given up for ever"
)
_UNREADABLE = (
    "the board on {port} was a lock, and what it was provisioned with cannot be read ({word}): with ERASE=1 it gets "
    "new keys; no code from before works then"
)
_ELSEWHERE = (
    "{label!r} is the lock with the board {board}, and the board on {port} is {other}: take that one, or another label "
    "with LABEL=...; if it is broken, ERASE=1 makes this one the lock {label!r}, with new keys"
)
_FORGOT = (
    "the lock {label!r} has lost its keys, and with them which codes were used: with ERASE=1 it gets new keys; no code "
    "from before works then"
)
_NO_JOURNAL = (
    "the lock's memory of used codes cannot be trusted ({word}), so it stays closed: with ERASE=1 it gets new keys; no "
    "code from before works then"
)
_JOINED = "this computer has {label!r} from another one: provision it there, where its record was made"
_CHANGED = "another command has changed the record of {label!r} meanwhile: wait until it has ended, and run this again"
_SET_CLOCK = "set this computer's clock (`timedatectl` shows it), then run the same command again"
_WRONG_CLOCK = f"the lock's clock was left as it is: {_SET_CLOCK}"
_BACK = (
    "The lock has known a later time, {floor}: its clock goes back if that was wrong. Codes that were used stay used. "
    "Is this computer's time right?"
)
_LEAP_S = 2
_BACK_AGAIN = "Revoked at the lock since. Is each of these to be an issuer again, with the key of before: {}?"
_OF_ANOTHER = "Who has an issuer's key goes by its number. Is each of these whom it was, with the key of before: {}?"
_FLASH = "the lock's flash did not do as told ({word}): run the same command again; if it stays so, take another board"


class Provisioning:
    """One lock over one cable.

    keep: the owner's folder, unlocked. label: of the record. wanted: a books.Wanted. erase: the board may be another
    lock, or have lost its keys. screen: a Screen.
    """

    def __init__(self, lock, keep, label, wanted, erase, screen):
        self._lock = lock
        self._keep = keep
        self._label = label
        self._wanted = wanted
        self._erase = erase
        self._newest = 0  # generation of the newest set that the lock has worked with
        self._screen = screen
        self._tell = screen.tell
        self._confirm = screen.ask

    def write(self):
        """Have the configuration on the lock and in the record; returns the Record.

        Raises Refused: nothing was written, or the same command goes on from there.
        """
        try:
            before = self._keep.load(self._label) if self._label in self._keep.labels() else None
            found = self._lock.whose()
            self._check(before, found)
            record = self._record(before, found)
            self._put(record, found)
            self._set_clock(record)
        except Failed as error:
            raise Refused(_FLASH.format(word=error.word)) from error
        return record

    def finish(self):
        """Note that the lock is in service."""
        self._keep.replace(self._label, lambda record: books.finished(record, int(time.time())))

    def _check(self, before, found):
        """Raise Refused unless this board is bare, or the lock of the record, or may be made either."""
        if before and not before.board:
            raise Refused(_JOINED.format(label=self._label))
        if self._erase:
            return
        here = {"port": self._lock.port, "label": self._label}
        if before and before.board != self._lock.board:
            raise Refused(_ELSEWHERE.format(board=before.board, other=self._lock.board, **here))
        if found.bare:
            if before and before.provisioned:
                raise Refused(_FORGOT.format(**here))
        elif found.word:
            raise Refused(_UNREADABLE.format(word=found.word, **here))
        elif not (before and found.is_of(before)):
            raise Refused(_OTHERS.format(lock=found.lock, **here))
        else:
            self._mount()

    def _record(self, before, found):
        """The Record that the board is to be of, which is on disk then."""
        now, board = int(time.time()), self._lock.board
        if before and (not self._erase or not before.provisioned and before.board == board):
            mine = found.is_of(before) and not self._erase
            self._dropped(before, found if mine else None)
            revoked = [grant_id for grant_id, revoked, _ in found.rows if revoked] if mine else []
            return self._replaced(before, lambda record: books.renewed(record, self._wanted, now, revoked))
        record = books.begun(self._wanted, self._label, now, board)
        if before is None:
            self._keep.add(record)
            return record
        old = books.retired(before)
        if old.label not in self._keep.labels():
            self._keep.add(old)
        self._tell(f"the record of before is kept as {old.label!r}")
        return self._replaced(before, lambda _: record)

    def _replaced(self, before, change):
        """Keep `change(before)` under the label, if that is what is still there: nobody else's record is lost."""

        def changed(there):
            if there != before:
                raise Refused(_CHANGED.format(label=self._label))
            return change(there)

        return self._keep.replace(self._label, changed)

    def _dropped(self, record, found):
        """Ask whether grants that the lock has and the configuration has not are to go, whether issuers who were
        revoked at the lock are to come back, and whether a number with another label is of the issuer of before."""
        wanted = {grant["id"] for grant in self._wanted.config.grants} | set(record.registered)
        gone = [
            f"{label} (id {grant_id})" for grant_id, _, label in (found.rows if found else ()) if grant_id not in wanted
        ]
        issuers = {row[0] for row in self._wanted.config.settings["issuers"]}
        gone += [f"issuer {row[1]}" for row in (found.fields["issuers"] if found else ()) if row[0] not in issuers]
        if gone and not self._confirm(f"The lock forgets what the configuration does not have: {', '.join(gone)}?"):
            raise Refused("nothing was changed: put those grants into the configuration, or say yes")
        there = {row[0] for row in found.fields["issuers"]} if found and not record.pending else issuers
        had = {row[0] for row in record.settings["issuers"]} & issuers
        back = [row[1] for row in self._wanted.config.settings["issuers"] if row[0] in had - there]
        if back and not self._confirm(_BACK_AGAIN.format(", ".join(back))):
            raise Refused("nothing was changed: take those issuers out of the configuration, or say yes")
        named = list(self._named_anew(record))
        if named and not self._confirm(_OF_ANOTHER.format(", ".join(named))):
            raise Refused("nothing was changed: give a new issuer a number that nobody had, or say yes")

    def _named_anew(self, record):
        """Issuers whose numbers have a key already, and in the record another label, or none any more."""
        had = {row[0]: row[1] for row in record.settings["issuers"]}
        for number, label, *_ in self._wanted.config.settings["issuers"]:
            if f"root {number}" in record.secrets and had.get(number) != label:
                yield f"{number} (was {had.get(number, 'given before')}, is to be {label})"

    def _put(self, record, found):
        """Have the record's set on the lock."""
        lock = self._lock
        if self._erase and not found.bare:
            lock.forget()
            self._tell("what the board was is forgotten")
            found = lock.whose()
        settings, packed = books.settings_for(record, found.command), record.issuer.packed
        lock.send(settings=settings, grants=packed, log=record.issuer.audit_key)
        self._put_radio(record)
        if found.bare:
            with self._screen.waiting("journal and log: erasing 256 KiB, up to half a minute"):
                lock.begin()
        if found.bare or not found.holds(settings, packed) or found.generation < self._newest:
            self._tell(f"keys and grants are in flash, set {lock.replace()}")
        else:
            self._tell(f"keys and grants were in flash already, set {found.generation}")

    def _put_radio(self, record):
        """Have the radio's settings there, and keys for issuers that have none; before the set that names them."""
        radio = record.radio or {"settings": "", "authority": ""}
        self._lock.send(
            radio=json.dumps(radio["settings"]).encode() if record.radio else b"",
            keys=record.radio_keys(),
            authority=bytes.fromhex(radio["authority"]),
        )
        self._lock.ask("radio()")
        if record.radio and radio["settings"]["security"] == INSECURE:
            self._tell(
                "radio WITHOUT TLS: everybody on the way reads topics, sizes and times, and the broker's password"
            )

    def _mount(self):
        """The floor of the lock's clock, unix s, from a journal that can be trusted."""
        try:
            floor, self._newest = self._lock.ask("mount()")
            return floor
        except Failed as error:
            raise Refused(_NO_JOURNAL.format(word=error.word.partition(": ")[2] or error.word)) from error

    def _set_clock(self, record):
        """Set the clock by this computer's, once somebody has said that it is right."""
        now = time.time()
        if not self._confirm(f"At the lock it is now {place.moment(record.zone, int(now))}. Is that right?"):
            raise Refused(_WRONG_CLOCK)
        floor = self._mount()
        back = floor > time.time() + _LEAP_S
        if back and not self._confirm(_BACK.format(floor=place.moment(record.zone, floor))):
            raise Refused(_WRONG_CLOCK)
        if word := self._lock.set_clock(_DOUBT_MS, back):
            raise Refused(f"the lock does not take this computer's time, {word}: {_SET_CLOCK}")
        self._tell("the clock is set")
