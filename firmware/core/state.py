"""The RAM picture of everything the state journal keeps: attempts, burns, counters, buckets, floor, head of the log.

`State` owns no flash. It changes only through `apply`, with the same 24-byte bodies that go to flash (core/records.py),
so what a mount replays and what a running lock knows cannot differ. Invariants:

- applying a body twice changes nothing;
- `snapshot`, applied body by body to a new `State` of the same grants, gives the same picture;
- attempts and boots never fall; a burn is never forgotten while its grant exists.
"""

import struct
from array import array

from micropython import const

from firmware.core import records
from firmware.core.burns import MAX_REVOKED, Burns
from firmware.core.words import OPENED

_LENGTHS = const(17)  # typed lengths 0 to 16
_MAX = 0xFFFFFFFF
MAX_ISSUERS = const(18)  # whose counters are kept
MOST_RESTARTS = const(255)


class State(Burns):
    """What the lock must never forget, for one table of grants.

    attempts: entries compared so far. boots: power-ons so far. restarts: of those in a row, up to 255, since the lock
    was last in order (`Wake.in_order`) or opened. generation: of the newest set in the vault that the lock has worked
    with. floor: unix seconds before which the lock does not believe a clock. credit: the lock's own count of
    proven seconds, in which buckets refill. ref: unix second up to which `credit` is proven, 0 = none. sync: (unix
    second to which the clock was last set, doubt in ms that this was true), second 0 = never. head: (sequence, MAC) of
    the newest event that the log had at the last outcome, sequence 0 = none.
    """

    def __init__(self, grants):
        super().__init__(grants)
        self.attempts = 0
        self.boots = 0
        self.restarts = 0
        self.generation = 0
        self.floor = 0
        self.credit = 0
        self.ref = 0
        self.sync = (0, 0)
        self.head = (0, bytes(4))
        self._counters = {}  # issuer: (key epoch, counter of its last command)
        self._levels = array("I", bytes(4 * _LENGTHS))
        self._stamps = array("I", bytes(4 * _LENGTHS))
        self._lengths = 0  # bit n: the bucket of typed length n is known
        self._burn = bytearray(records.BODY_SIZE)  # the last burn, while its outcome is missing

    # What the decisions ask.

    @property
    def pending(self):
        """None, or (attempt, typed length, level, grant id) of a burn whose outcome is not on flash."""
        if not self._burn[0]:
            return None
        _, length, attempts, level, grant_id, *_ = struct.unpack_from(records.BURN_FORMAT, self._burn, 0)
        return (attempts, length, level, grant_id)

    @property
    def counters(self):
        """(issuer, key epoch, counter of its last command) of each issuer that has sent one."""
        return [(issuer,) + self._counters[issuer] for issuer in sorted(self._counters)]

    def last_command(self, issuer, epoch):
        """Counter of the issuer's last command under the key of this epoch, 0 for none.

        Once a later key was used, the highest that there is: nothing is taken under an earlier one any more.
        """
        used, counter = self._counters.get(issuer, (0, 0))
        return counter if used == epoch else _MAX if used > epoch else 0

    def bucket(self, length):
        """(level, stamp) of the bucket of a typed length, both in seconds, or None if it was never drawn from."""
        if not self._lengths >> length & 1:
            return None
        return (self._levels[length], self._stamps[length])

    # Bodies for the journal to write.

    def attempt(self, length, level, stamp, ref, floor):
        """Body that counts one more attempt at a typed length of 1 to 16.

        level: seconds in the bucket after the draw. stamp: `credit` at this instant. ref, floor: as above, from now on.
        """
        fields = _bounded(level, stamp, self.attempts + 1, ref, floor)
        return records.record(records.ATTEMPT_FORMAT, records.ATTEMPT, length, *fields)

    def burn(self, length, level, items):
        """Body that burns one or two codes of the last attempt, all or nothing.

        level: seconds in the bucket after the refund. items: (grant id, serial, value) each, where value is the step,
        the counter, or how often the number will then have been used.
        """
        if not 1 <= len(items) <= 2:
            raise records.StateError("a burn has one or two codes")
        second = items[1] if len(items) == 2 else (0, 0, 0)
        return records.record(records.BURN_FORMAT, records.BURN, length, self.attempts, level, *items[0], *second)

    def outcome(self, decision, length, level, grant_id, head):
        """Body that says how the last attempt ended; it closes a pending burn.

        level: seconds in the bucket after a refund, if there is one. head: of the log, as in `head`.
        """
        return records.record(
            records.OUTCOME_FORMAT, records.OUTCOME, decision, self.attempts, length, level, grant_id, *head
        )

    def revoke(self, items):
        """Body that revokes one to three codes: (grant id, serial, step or counter; 0 of a number) each.

        Raises StateError if more than 32 codes that are not past would be revoked one by one.
        """
        kept = [code for code in self.revocations if not self.is_past(code, self.floor)]
        if not 1 <= len(items) <= 3 or len(kept) + len(items) > MAX_REVOKED:
            raise records.StateError("no room among the revoked codes")
        return next(records.pack_items(records.REVOKED, records.REVOKED_ITEM, items))

    def clock(self, credit, ref, floor, boots, generation=0, restarts=None):
        """Body that keeps the proven seconds, the `ref` that belongs to them, the floor, the counts of boots and of
        sets that the vault has held, which never fall, and the restarts; None: as many as there are."""
        fields = _bounded(credit, ref, floor, self.attempts, boots)
        restarts = self.restarts if restarts is None else min(restarts, MOST_RESTARTS)
        return records.record(records.CLOCK_FORMAT, records.CLOCK, restarts, *fields, max(generation, self.generation))

    def synchronised(self, t, uncertainty_ms, credit, floor):
        """Body that says that the clock was set to `t`, which becomes `ref`; 0: that it is not known any more."""
        return records.record(records.SYNC_FORMAT, records.SYNC, 0, *_bounded(t, uncertainty_ms, credit, floor))

    def command(self, issuer, epoch, counter):
        """Body that keeps the counter of a command; epoch 0: one that forgets the issuer. Raises StateError: full."""
        if epoch and issuer not in self._counters and len(self._counters) >= MAX_ISSUERS:
            raise records.StateError("no room for the counter of another issuer")
        return next(records.pack_items(records.COUNTERS, records.COUNTER_ITEM, [(issuer, epoch, counter)]))

    # Replay.

    def apply(self, body):
        """Change the picture as a body says; records of grants that are gone change nothing.

        Raises `StateError` for a body that no record can have.
        """
        records.check_body(body)
        kind = body[0]
        if kind == records.ATTEMPT:
            self._apply_attempt(body)
        elif kind == records.BURN:
            self._apply_burn(body)
        elif kind == records.OUTCOME:
            self._apply_outcome(body)
        elif kind == records.CLOCK:
            _, self.restarts, self.credit, self.ref, self.floor, *counts = struct.unpack_from(
                records.CLOCK_FORMAT, body, 0
            )
            self.attempts = max(self.attempts, counts[0])
            self.boots = max(self.boots, counts[1])
            self.generation = max(self.generation, counts[2])
        elif kind == records.SYNC:
            _, _, self.ref, uncertainty_ms, self.credit, self.floor = struct.unpack_from(records.SYNC_FORMAT, body, 0)
            self.sync = (self.ref, uncertainty_ms)
        elif kind == records.BUCKETS:
            for length, level, stamp in records.unpack_items(records.BUCKET_ITEM, body):
                self._set_bucket(length, level, stamp)
        elif kind == records.HEAD:
            _, _, sequence, mac, t, uncertainty_ms = struct.unpack_from(records.HEAD_FORMAT, body, 0)
            self.sync = (t, uncertainty_ms)
            self._set_head(sequence, mac)
        elif kind == records.REVOKED:
            self._apply_revoked(body)
        elif kind == records.COUNTERS:
            self._apply_counters(body)
        else:
            self.restore(kind, body)

    def snapshot(self):
        """Yield the bodies that rebuild the whole picture; each is valid until the next one.

        At most 122: 1 for the clock, 5 for buckets of 8 typed lengths and of 2 kinds of call, 64 for
        128 serials, 33 for the event and number grants that 64 grants with 256 candidates leave room for, 11 for 32
        revoked codes, 6 for the counters of 18 issuers, 1 for the log's head and the sync, 1 for a pending burn.
        """
        self.forget_revoked(self.floor)
        yield self.clock(self.credit, self.ref, self.floor, self.boots)
        yield from records.pack_items(records.BUCKETS, records.BUCKET_ITEM, self._bucket_items())
        yield from self.bodies()
        yield from records.pack_items(records.REVOKED, records.REVOKED_ITEM, self.revocations)
        yield from records.pack_items(records.COUNTERS, records.COUNTER_ITEM, self.counters)
        if self.head[0] or self.sync[0]:
            yield records.record(records.HEAD_FORMAT, records.HEAD, 0, *self.head, *self.sync)
        if self._burn[0]:
            yield self._burn

    def _set_bucket(self, length, level, stamp):
        self._lengths |= 1 << length
        self._levels[length] = level
        self._stamps[length] = stamp

    def _apply_attempt(self, body):
        _, length, level, stamp, attempts, ref, floor = struct.unpack_from(records.ATTEMPT_FORMAT, body, 0)
        self._set_bucket(length, level, stamp)
        if attempts > self.attempts:
            self.attempts = attempts
        if stamp > self.credit:
            self.credit = stamp
        self.ref = ref
        self.floor = floor

    def _apply_burn(self, body):
        _, length, attempts, level, *first, second, serial, value = struct.unpack_from(records.BURN_FORMAT, body, 0)
        if attempts >= self.attempts:
            self.attempts = attempts
            self._levels[length] = level
        self.burn_code(*first)
        if second:
            self.burn_code(second, serial, value)
        self._burn[:] = body

    def _apply_outcome(self, body):
        _, decision, attempts, length, level, _, sequence, mac = struct.unpack_from(records.OUTCOME_FORMAT, body, 0)
        if decision == OPENED:
            self.restarts = 0
        if self._lengths >> length & 1:
            self._levels[length] = level
        if attempts > self.attempts:
            self.attempts = attempts
        self._burn[0] = 0
        self._set_head(sequence, mac)

    def _apply_revoked(self, body):
        self.forget_revoked(self.floor)
        for item in records.unpack_items(records.REVOKED_ITEM, body):
            self.revoke_code(*item)

    def _apply_counters(self, body):
        for issuer, epoch, counter in records.unpack_items(records.COUNTER_ITEM, body):
            if epoch:
                self._counters[issuer] = max((epoch, counter), self._counters.get(issuer, (0, 0)))
            else:
                self._counters.pop(issuer, None)

    def _set_head(self, sequence, mac):
        if sequence:
            self.head = (sequence, mac)

    def _bucket_items(self):
        for length in range(1, _LENGTHS):
            if self._lengths >> length & 1:
                yield length, self._levels[length], self._stamps[length]


def _bounded(*values):
    """The values, those too large for a record as large as one can be: at its end a count stays where it is."""
    return [min(value, _MAX) for value in values]
