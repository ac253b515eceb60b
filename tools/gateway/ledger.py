"""The locks' logs as the gateway keeps them: each event checked when it comes, none ever changed or thrown away.

The number of the newest event held without a gap is `have`, and the reply to a hello says it; a lock goes on from
there. A lock whose log is not what it was (flash put back, or written anew) begins another branch here: what the
earlier one holds stays as evidence. An event that is not sound is kept too, with the word for what is wrong, since the
lock would tell it for ever otherwise.
"""

from firmware.store.audit import Event
from firmware.store.chain import UNKEYED, event_mac
from firmware.store.sectors import NO_MAC
from tools.log.verify import CAPACITY, CHANGED, FORKED, MISPLACED, REMOVED, UNKEYED_EVENT, SectorKeys

ROLLED_BACK = "rolled back"
_BACK = 120
"""Events of a forked log that are asked for once more: the fork is among them, or before."""


class Ledger:
    """The logs in a Store. alarm(lock id, word, text): tells the owner."""

    def __init__(self, store, alarm):
        self._store = store
        self._alarm = alarm
        self._keys = {}

    def compare(self, keys, head):
        """A hello's head against what is held: shows a log that was cut off, put back, or went on differently."""
        row = self._store.lock(keys.id)
        have, (sequence, mac) = row["have"], head
        held = self._held(row, sequence)
        same = sequence == 0 or held is None or held["mac"] == mac
        if sequence > have or (sequence == have and same):
            return
        if sequence < have:
            told = f"its log ends at event {sequence}, but {have} were held: the newest are gone, or flash was put back"
            self._alarm(keys.id, ROLLED_BACK, told)
        if not same:
            self._alarm(keys.id, FORKED, f"event {sequence} is another than the one held: the log was put back")
        if same and (held or not sequence):
            self._branch(row, sequence, mac if sequence else NO_MAC, held["sector"] if held else 0)
        else:
            self._branch(row, max(0, sequence - _BACK), None, 0)

    def add(self, keys, events):
        """Keep what is new of a message's events; returns these, as the log's Events."""
        before, added = events.before, []
        for number, (body, mac) in enumerate(events.records, events.first):
            row = self._store.lock(keys.id)
            event = Event(body, mac, events.sector)
            if number != row["have"] + 1:
                if number > row["have"] and not self._bridge(keys.id, row, number, before):
                    break
                if number <= row["have"] and not self._fill(keys, row, number, before, event):
                    before = mac
                    continue
                row = self._store.lock(keys.id)
            if number == row["have"] + 1:
                self._append(keys, row, number, before, event)
            added.append(event)
            before = mac
        return added

    def _bridge(self, lock, row, number, before):
        """Whether to go on behind missing events: once the lock has been asked for them, and did not have them."""
        first = row["have"] + 1
        if row["gap"] != first or not row["sure"]:
            self._store.set_lock(lock, gap=first, sure=0)
            return False
        which = f"event {first} is" if first == number - 1 else f"events {first} to {number - 1} are"
        self._alarm(lock, REMOVED, f"{which} missing: the lock does not have them any more")
        self._store.set_lock(lock, have=number - 1, mac=before, sector=0, filled=0, gap=None)
        return True

    def missing(self, lock):
        """Number of the first event that is missing before others that came, None if there is none."""
        row = self._store.lock(lock)
        return None if row["sure"] else row["gap"]

    def answered(self, lock, first):
        """The lock has told all that it has from event `first` on: what is missing still, it does not have."""
        if self._store.lock(lock)["gap"] == first:
            self._store.set_lock(lock, sure=1)

    def _fill(self, keys, row, number, before, event):
        """An event that is held or was missing; returns whether it was new."""
        held = self._held(row, number)
        if held is None:
            self._insert(row, number, before, event, self._verdict(keys, number, before, event))
            return True
        if held["mac"] == event.mac:
            return False
        self._alarm(keys.id, FORKED, f"event {number} is another than the one held: the log was put back")
        earlier = self._held(row, number - 1)
        joined = number == 1 or earlier is not None and earlier["mac"] == before
        self._branch(row, number - 1, before, earlier["sector"] if joined and earlier else 0, joined)
        return True

    def _append(self, keys, row, number, before, event):
        """The event after the newest one held."""
        if row["mac"] is None:  # a branch whose beginning was not known
            earlier = self._held(row, number - 1, row["branch"] - 1)
            if earlier is not None and earlier["mac"] == before:
                self._copy(row, number - 1)
        elif row["mac"] != before:
            self._alarm(keys.id, FORKED, f"event {number} follows another event {number - 1} than the one held")
            self._branch(row, number - 1, before, 0, joined=False)
            row = self._store.lock(keys.id)
        filled = row["filled"] + 1 if event.sector == row["sector"] else 1
        verdict = (
            MISPLACED if not self._placed(row, number, event, filled) else self._verdict(keys, number, before, event)
        )
        self._insert(row, number, before, event, verdict)
        values = {"have": number, "mac": event.mac, "sector": event.sector, "filled": filled, "gap": None}
        self._store.set_lock(keys.id, **values)

    def _placed(self, row, number, event, filled):
        """Whether the lock can have written an event there: as tools/log/verify.py has it for a whole log."""
        if number == 1 and event.sector != 1:
            return False
        return filled <= CAPACITY and (not row["sector"] or event.sector in (row["sector"], row["sector"] + 1))

    def _insert(self, row, number, before, event, verdict):
        if verdict:
            self._alarm(row["id"], verdict, f"event {number}: " + _WHY[verdict])
        now = self._store.clock.time()
        values = (row["id"], row["branch"], number, event.sector, before, event.body, event.mac, verdict, now)
        self._store.db.execute("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def _verdict(self, keys, number, before, event):
        """What is wrong with an event by itself, "" for nothing."""
        ladder = self._keys.get(keys.log_key)
        if ladder is None:
            ladder = self._keys[keys.log_key] = SectorKeys(keys.log_key)
        if event.sequence == number and event_mac(ladder.key(event.sector), before, event.body) == event.mac:
            return ""
        if event.sequence == number and event_mac(UNKEYED, before, event.body) == event.mac:
            return UNKEYED_EVENT
        return CHANGED

    def _held(self, row, number, branch=None):
        query = "SELECT * FROM event WHERE lock = ? AND branch = ? AND number = ?"
        return self._store.one(query, row["id"], row["branch"] if branch is None else branch, number)

    def _branch(self, row, have, mac, sector, joined=True):
        """Begin another branch that has what the one before has up to event `have`; mac None: its end is not known."""
        values = {"branch": row["branch"] + 1, "have": have, "mac": mac, "sector": sector, "filled": 0, "gap": None}
        self._store.set_lock(row["id"], **values)
        if mac is not None and joined:
            self._copy(self._store.lock(row["id"]), have)

    def _copy(self, row, last):
        change = (
            "INSERT OR IGNORE INTO event SELECT lock, ?, number, sector, before, body, mac, verdict, heard FROM event "
            "WHERE lock = ? AND branch = ? AND number <= ?"
        )
        self._store.db.execute(change, (row["branch"], row["id"], row["branch"] - 1, last))


_WHY = {
    UNKEYED_EVENT: "written after the lock had lost its log's key, or by somebody else",
    MISPLACED: "the lock cannot have written it in this sector: made with a newer key",
    CHANGED: "its MAC is wrong: changed on flash, or the key file has another lock's log_key",
}
