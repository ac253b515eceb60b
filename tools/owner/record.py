"""What an owner's computer knows of one lock: the secrets it was made with, and which codes this computer gave out.

Invariants: a grant's secrets never change; `next` never falls, so no counter is given out twice; what this computer may
issue (`share`) belongs to no other computer's record of the lock (rules 5 of the design: each issuing computer has a
grant, or serials of an interval, of its own).
"""

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property

from firmware.config import Config
from firmware.core.records import StateError
from firmware.core.schedule import Schedules
from firmware.core.state import State
from firmware.core.words import INTERVAL
from firmware.core.zone import Zone
from host_sim.provision import Issuer, LockConfig
from tools.owner.shape import wrong

FORMAT = 1
ROOT_SIZE = 32

OPEN, WITHDRAWN = "open", "withdrawn"
"""A code given out, and one that its owner has taken back."""


class RecordError(ValueError):
    """It is no record of a lock, or it cannot be made one; the text says why."""


@dataclass
class Code:
    """One code that was given out; its digits follow from the grant's key.

    number: by which `list` names it. grant: its id. serial, value: step or counter, 0 of a number. whom: for people.
    issued, since, until: unix s; until 0: no end of its own. state: OPEN or WITHDRAWN.
    """

    number: int
    grant: int
    serial: int
    value: int
    whom: str
    issued: int
    since: int
    until: int
    state: str = OPEN


@dataclass
class Record:
    """All that one file holds. settings, grants: as of tools.config, an owner's grant with its `number`. secrets: hex
    by the name under which the Issuer asks for it; "root N" is the radio's root key of issuer N, epoch 1.

    share: grant id -> serials of it that this computer may issue; 0 for the kinds without serials. next: event grant's
    id -> next counter. apps: ids of grants whose key is in an authenticator app. head: of the log as last verified.
    seen: bodies, hex, of the state that a dump last showed; seen_at: unix s of it, 0 for never.
    board: the number, hex, of the chip that the secrets are for; "" on a computer that did not provision it. pending:
    it is not known to be on its lock as it is here. provisioned: unix s at which that was last known, 0 for never.
    used: every id that a grant ever had; registered: those of grants that no configuration has. radio: None, or
    {"settings": as firmware/net/settings.py reads them, "authority": DER of a certificate in hex}.
    """

    label: str
    settings: dict
    grants: list
    secrets: dict
    share: dict
    next: dict = field(default_factory=dict)
    apps: list = field(default_factory=list)
    codes: list = field(default_factory=list)
    head: str | None = None
    seen: list = field(default_factory=list)
    seen_at: int = 0
    board: str = ""
    pending: bool = False
    provisioned: int = 0
    used: list = field(default_factory=list)
    registered: list = field(default_factory=list)
    radio: dict | None = None

    @cached_property
    def issuer(self):
        """The Issuer with this lock's secrets: ids, `settings` and `packed` grants as they go into the vault."""
        config = LockConfig(grants=[dict(grant) for grant in self.grants], settings=dict(self.settings))
        return Issuer(config, secret=lambda name, size: self.secret(name, size))

    @property
    def table(self):
        """The packed Grants."""
        return self.issuer.grants

    @property
    def lock_id(self):
        """8 bytes."""
        return self.issuer.lock_id

    @cached_property
    def zone(self):
        """The Zone in which the lock stands."""
        return Zone(self.settings["zone"])

    @cached_property
    def schedules(self):
        """The lock's Schedules."""
        return Schedules(self.settings["schedules"], self.zone)

    def secret(self, name, size):
        """The secret of that name. Raises RecordError for one that is not there or has another size."""
        octets = bytes.fromhex(self.secrets.get(name, ""))
        if len(octets) != size:
            raise RecordError(f"the record has no {name} of {size} bytes")
        return octets

    def place(self, label):
        """Place in the table of the grant with this label or id. Raises RecordError, naming those there are."""
        for i in range(len(self.table)):
            if label in (self.table.label(i), str(self.table.id(i))):
                return i
        there = ", ".join(self.table.label(i) for i in range(len(self.table)))
        raise RecordError(f"{self.label} has no grant {label!r}; it has {there}")

    def state(self):
        """State of the lock as the newest dump showed it; blank where none did."""
        state = State(self.table)
        for body in self.seen:
            try:
                state.apply(bytes.fromhex(body))
            except StateError:  # a type of a later version: it tells nothing
                continue
        return state

    def radio_keys(self):
        """The issuers' root keys as `firmware.net.keys.Keys` has them packed: number, epoch 1, 32 bytes each."""
        numbers = sorted(row[0] for row in self.settings["issuers"])
        return b"".join(bytes((number, 1)) + self.secret(f"root {number}", ROOT_SIZE) for number in numbers)

    def code(self, number):
        """The Code that `list` calls by this number. Raises RecordError."""
        for code in self.codes:
            if code.number == number:
                return code
        raise RecordError(f"{self.label}: no code {number} was given out here; `list` shows those that were")

    def dumped(self):
        """The record as JSON bytes."""
        text = json.dumps({"dropbolt": "record", "format": FORMAT} | asdict(self), separators=(",", ":"))
        return text.encode()


def load_record(text):
    """The Record that `Record.dumped` made. Raises RecordError."""
    try:
        fields = json.loads(text)
        if fields.pop("dropbolt", None) != "record":
            raise RecordError("it is not the record of a lock")
        if fields.pop("format", None) != FORMAT:
            raise RecordError("a later version of dropbolt wrote it: use that one")
        for name in ("share", "next"):
            fields[name] = {int(key): value for key, value in fields[name].items()}
        record = Record(**fields | {"codes": [Code(**code) for code in fields["codes"]]})
        Config(record.issuer.settings, record.issuer.packed)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError("it is not the record of a lock") from error
    name = wrong(record)
    if name:
        raise RecordError(f"it is not the record of a lock: {name!r} is not what it can be")
    return record


_TOO_MANY = "this computer has {} serials of which no code was given out, and can give no more than those"
_NOT_WHOLE = (
    "it goes over as a whole, and codes of it were given out here or are another computer's: "
    "give a grant of which none are"
)


def joined(record, give):
    """The Record for a second computer, which gets `give`: (grant's place, how many serials) each; gives them up here.

    Of an event or a number the grant goes over as a whole. Serials of which a code was given out here stay here.
    Raises RecordError, and changes nothing then.
    """
    if record.pending:
        raise RecordError(f"{record.label} is not provisioned to the end: run the same `make provision` again first")
    table, share = record.table, {}
    for i, count in give:
        grant_id = table.id(i)
        mine = record.share.get(grant_id, [])
        used = {code.serial for code in record.codes if code.grant == grant_id}
        free = [serial for serial in mine if serial not in used]
        wanted = count if table.kind(i) == INTERVAL else 1
        if not 0 < wanted <= len(free):
            why = _TOO_MANY if table.kind(i) == INTERVAL else _NOT_WHOLE
            raise RecordError(f"{table.label(i)}: {why.format(len(free))}")
        share[grant_id] = free[-wanted:]
    for grant_id, serials in share.items():
        record.share[grant_id] = [serial for serial in record.share[grant_id] if serial not in serials]
    counters = {grant_id: record.next[grant_id] for grant_id in share if grant_id in record.next}
    return Record(record.label, record.settings, record.grants, record.secrets, share, counters, [], [],
                  record.head, list(record.seen), record.seen_at)  # fmt: skip
