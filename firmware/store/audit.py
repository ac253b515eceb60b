"""The audit log: what happened at the door, the newest 4,000 events or more, oldest forgotten first.

It is for people. Nothing that opens the door rests on it, so where the state journal would stay closed, the log begins
a new sector and goes on. Its events are chained (chain.py): what is removed, changed or put in another order shows.
"""

import struct

from micropython import const

from firmware.store import BLANK, DAMAGED, FOREIGN, StorageError
from firmware.store.chain import KEY, UNKEYED, Chained, next_key
from firmware.store.ring import LAST_SEQUENCE, Ring
from firmware.store.sectors import BODY_SIZE, NO_MAC

ENTRY = const(1)  # an entry was judged: `decision`; detail: UNDER_DURESS and others
BOOT = const(2)  # detail: reset cause
CUT = const(3)  # power was lost between burn and outcome: the code is spent, the door may not have opened
FAULT = const(4)  # detail: what keeps the lock closed
RELOCKED = const(5)
AJAR = const(6)  # the door was left open
JAM = const(7)  # the bolt did not reach its end
BATTERY = const(8)  # low
CRASH = const(9)  # the firmware failed and began anew
REPAIRED = const(10)  # flipped bits were put right: `count`; detail: 1 in the journal, 2 in the log
LOST = const(11)  # events before this one are missing, or were not to be trusted; detail: why, as for FAULT
UNLOGGED = const(12)  # attempts whose end a power cut kept out of the log: `count`
SERVICE = const(13)  # a function of the menu was used by whom `grant` says; detail: its number
REVOCATION = const(14)  # by the owner at the keypad, of `grant` or `issuer`; detail: the menu's function
HELD = const(15)  # the bolt is held open or no longer; detail: BEGUN, OVER, LET_GO
CALL = const(16)  # somebody at the keypad asked for the other end
REPLACED = const(
    17
)  # settings and grants are others than the journal knows: a cut may have kept out of the log by whom
COMMAND = const(18)  # by radio, of `issuer`, was done; detail: its type (net/messages.py)
UNDONE = const(19)  # commands not done since the last such event: `count`; issuer: of the first; detail: the word
IGNORED = const(20)  # messages not valid since the last such event: `count`; detail: why, as bits (net/commands.py)
RADIO = const(21)  # check-ins that came to nothing: `count`; detail: why (net/link.py), or UNSAFE, UNUSABLE
MAINTENANCE = const(22)  # somebody inside the door opened the console
FORCED = const(23)  # the door was open although the bolt was thrown
KINDS = (
    None,
    "entry",
    "boot",
    "cut",
    "fault",
    "relocked",
    "ajar",
    "jam",
    "battery",
    "crash",
    "repaired",
    "lost",
    "unlogged",
    "service",
    "revocation",
    "held",
    "call",
    "replaced",
    "command",
    "undone",
    "ignored",
    "radio",
    "maintenance",
    "forced",
)

# details of ENTRY, added up
UNDER_DURESS = const(1)
LIST_FULL = const(2)  # no more codes can be revoked one by one until some are past
FIRST_PART = const(4)  # right, and waits for its second part
BY_RADIO = const(8)  # no entry: `issuer` opened by a command

# details of HELD
BEGUN = const(1)
OVER = const(2)  # the time is over, or the grant whose code held it was revoked
LET_GO = const(3)  # somebody typed `#` alone at the closed door

# details of RADIO, beside those of net/link.py
UNSAFE = const(100)  # there was one without TLS, as the settings say
UNUSABLE = const(101)  # the radio's settings are damaged or wrong

_RING_ID = 2
_FORMAT = "<BBIIHBBHIHBB"
_KEY_FORMAT = "<BBI18s"  # type, 0, attempts, key
_COUNTS = "<6xI6xI"  # of these its sequence number, and the attempts
_NOBODY = bytes(8)


class Event:
    """One event, read from flash.

    kind: ENTRY and up. decision: of core/words.py, 0 = none. t: unix seconds, 0 = unknown. sequence: counts events.
    grant: id, 0 = none. issuer. length: typed digits. count: how many of a kind it stands for. attempt: attempts that
    the lock had counted. mv: battery in millivolts. quality: of the clock, core/words.py. detail: see the kinds.

    body: the 24 bytes that say all this. mac: 4 bytes. sector: sequence number of the sector it stands in.
    """

    def __init__(self, body, mac=NO_MAC, sector=0):
        self.body = bytes(body)
        self.mac = bytes(mac)
        self.sector = sector
        (
            self.kind,
            self.decision,
            self.t,
            self.sequence,
            self.grant,
            self.issuer,
            self.length,
            self.count,
            self.attempt,
            self.mv,
            self.quality,
            self.detail,
        ) = struct.unpack(_FORMAT, body)


class Audit:
    """The log on sectors `first` to `first + count - 1` of a block device.

    journal_id: 8 bytes of the lock's journal, or None while the settings are unreadable: then the log goes on under
    whatever id it finds. attempts: how many the events account for, known after mount.
    """

    def __init__(self, dev, journal_id, first=16, count=48):
        self._journal_id = journal_id
        self._chain = Chained()
        self._ring = Ring(dev, first, count, _RING_ID, self._chain, self._carry, True)
        self._last = bytearray(BODY_SIZE)
        self.attempts = 0

    @property
    def head(self):
        """(sequence, MAC) of the newest event; sequence 0 if there never was one."""
        return self._ring.mark, self._chain.head

    @property
    def repaired(self):
        """How many flipped bits the mount has put right."""
        return self._ring.repaired

    def mount(self, known=0):
        """Get ready to append; returns None, or why older events cannot be trusted to be all there.

        known: sequence of an event that the log must have had. Raises StorageError if the device fails.
        """
        self._last[0] = self.attempts = self._ring.mark = 0
        self._chain.begin(UNKEYED)
        try:
            self._ring.mount(self._journal_id, self._remember)
            if self._ring.mark < known or self._ring.sequence == LAST_SEQUENCE:
                raise StorageError(DAMAGED)
        except StorageError as e:
            if e.reason not in (BLANK, DAMAGED, FOREIGN):
                raise
            if e.reason == DAMAGED:
                self._ring.mark = self._number(self._ring.slots)  # numbers that unreadable events may have had
            self._ring.mark = max(self._ring.mark, known)
            self._ring.restart(self._journal_id or _NOBODY)
            return e.reason
        return None

    def format(self, key):
        """Erase everything and begin the log anew. key: the first one of `chain.KEY_SIZE` bytes, kept by the owner."""
        self._ring.mark = 0
        self._chain.begin(key)
        self._ring.format(self._journal_id)

    def _carry(self):
        """The key record of a new sector, and from now on its key."""
        self._chain.key = next_key(self._chain.key)
        yield struct.pack(_KEY_FORMAT, KEY, 0, self.attempts, self._chain.key)

    def _remember(self, body, mac):
        if body[0] == KEY:
            _, _, self.attempts, self._chain.key = struct.unpack_from(_KEY_FORMAT, body, 0)
            self._chain.head = self._ring.link
            return
        self._last[:] = body
        self._chain.head = bytes(mac)
        self._ring.mark, attempts = struct.unpack_from(_COUNTS, body, 0)
        if attempts > self.attempts:
            self.attempts = attempts

    def _number(self, n):
        """The `n`-th sequence number from here."""
        return self._ring.mark + n & 0xFFFFFFFF

    def append(
        self,
        kind,
        decision=0,
        t=0,
        grant=0,
        issuer=0,
        length=0,
        count=1,
        attempt=0,
        mv=0,
        quality=0,
        detail=0,
    ):
        """Have an event on flash, read back; units and ranges as in `Event`. Raises StorageError."""
        body = struct.pack(
            _FORMAT,
            kind,
            decision,
            t,
            self._number(1),
            grant,
            issuer,
            length,
            count,
            attempt,
            mv,
            quality,
            detail,
        )
        self._remember(body, self._ring.append(body))

    def tidy(self):
        """Erase ahead if there is need, up to 400 ms a sector: while idle, never while the motor runs."""
        self._ring.tidy()

    def last(self):
        """The newest `Event` in the newest sector that mount or append has seen, or None."""
        return Event(self._last, self._chain.head, self._ring.sequence) if self._last[0] else None

    def events(self, sectors=0):
        """Yield every readable `Event` of the newest `sectors` (0: of all), oldest first; needs no mount.

        Changes nothing. Raises StorageError if the device fails. Nothing may be appended meanwhile.
        """
        for body, mac, sector in self._ring.history(self._journal_id, sectors):
            if body[0] < KEY:
                yield Event(body, mac, sector)
