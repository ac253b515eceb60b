"""A lock's life on one flash, over however many boots: the workload of the power-loss harness, and what must hold.

Everything that decides is the lock's own: `Attempts` with policy and budget, state, journal and log. Only the keypad,
the clock and the codes stand in a table here. The workload is reentrant: each boot mounts, checks, tells what it found
and goes on with the entries that a person still has to type; the one that a cut struck is typed again. After each boot
other times are written than before, or torn records would hide behind equal bytes.
"""

from plan import CAPACITY, CODES, ENTRIES, FIRST, GRANTS, ID, LENGTH, MAC, NOW, REFILL, SLOT, Broken, Codes

from firmware.attempt import Attempts
from firmware.core.budget import Budget
from firmware.core.records import BURN
from firmware.core.state import State
from firmware.core.verify import classify
from firmware.core.words import OPENED, STORAGE, TRUSTED, UNKNOWN, USED, WRONG
from firmware.store import StorageError
from firmware.store.audit import BOOT, CUT, ENTRY, Audit
from firmware.store.chain import next_key
from firmware.store.journal import Journal


def picture(state):
    return tuple([bytes(body) for body in state.snapshot()])


class Earlier:
    """The journal's part of a flash as it was, beside an NVS that has gone on."""

    def __init__(self, nor, size):
        self._data = bytes(nor.data[:size])
        self._size = nor.size
        self.get_i32 = nor.get_i32

    def readblocks(self, n, buf, off=0):
        at = n * self._size + off
        buf[:] = self._data[at : at + len(buf)]

    def ioctl(self, op, _):
        return len(self._data) // self._size if op == 4 else self._size


class Life:
    """One lock from its first boot on. `boot` lives until all is typed, or raises PowerCut where one was armed.

    It is its own clock, battery, logbook and configuration towards `Attempts`. What the person at the door and the
    flash's owner know for sure is in `KNOWN`; `memory` and `recall` put it aside and back.
    """

    KNOWN = (
        "boots",
        "t",
        "place",
        "typed",
        "opened",
        "open",
        "answers",
        "wrong",
        "found",
        "written",
        "flight",
        "log",
        "event",
        "moved",
    )
    battery_min_mv = 0
    schedules = None
    credit = uncertainty = 0

    def __init__(self, shape, nor):
        self.shape = shape
        self.nor = nor
        self.earlier = None  # the journal before the last attempt or burn of this boot
        self.grants = GRANTS
        self.budget = Budget([(LENGTH, CAPACITY // REFILL, REFILL)], GRANTS)
        self.boots = 0
        self.t = NOW
        self.place = 0  # entry that is to be typed next
        self.typed = self.opened = 0  # bit n: entry n was begun, opened the door
        self.open = False  # the bolt has moved and the outcome is not acknowledged
        self.answers = self.wrong = 0  # how many were given, and were `wrong`
        self.found = ()  # the picture at the last mount
        self.written = ()  # bodies that were acknowledged since
        self.flight = None  # body whose write has not returned
        self.log = ()  # events that were acknowledged
        self.event = None  # event whose write has not returned
        self.moved = 0  # times that the log left a sector early, since a bit in it was put right

    def memory(self):
        return tuple([getattr(self, name) for name in self.KNOWN])

    def recall(self, memory):
        for name, value in zip(self.KNOWN, memory):
            setattr(self, name, value)

    # What stands in for the rest of the lock.

    def read(self):
        return self.t, TRUSTED

    @property
    def reference(self):
        return self.t

    @property
    def floor(self):
        return self.t

    def owner_entered(self):
        raise Broken("answer", "taken for the owner's")

    def millivolts(self):
        return 6000

    @property
    def head(self):
        return self._audit.head

    def write(self, body):
        """The journal towards `Attempts`."""
        self.flight = bytes(body)
        anchor = self.nor.get_i32("")
        if body[0] <= BURN:
            self.earlier = Earlier(self.nor, self.shape.journal * self.shape.size)
        self._journal.write(body)
        if body[0] <= BURN and self.nor.get_i32("") == anchor:
            raise Broken("anchor", f"a record of type {body[0]} is acknowledged before it names it")
        self.flight = None
        self.written += (bytes(body),)

    # The workload.

    def begin(self):
        """Format, and fill up to shortly before a rotation."""
        self._on_flash()
        self._journal.format()
        self._audit.format(FIRST)
        for n in range(self.shape.journal_fill):
            self._journal.write(self._state.clock(0, 0, n, 0))
        for _ in range(self.shape.log_fill):
            self._say(BOOT)
        self.found = picture(self._state)

    def boot(self):
        """Mount, check, go on to the last entry, mount and check again."""
        self.look()
        lied, self.earlier = self.nor.lied, None
        try:
            self._wake()
            attempts = Attempts(self, self._state, self, Codes(), self, self, self)
            while self.place < len(ENTRIES):
                self._enter(attempts, ENTRIES[self.place])
                self.place += 1
        except StorageError as error:
            if not self.nor.lied:
                raise Broken("flash", error.reason)
            self.boot()
        else:
            self.look()
            if lied == self.nor.lied:  # what a lie of this boot kept, the next one destroys
                self._check_keys()
            self._check_anchor()

    def _on_flash(self):
        shape = self.shape
        self._state = State(GRANTS)
        self._journal = Journal(self.nor, self._state, ID, MAC, self.nor, 0, shape.journal)
        self._audit = Audit(self.nor, ID, shape.journal, shape.log)

    def _wake(self):
        state = self._state
        self.boots += 1
        self.t = NOW + 60 * self.boots
        if state.pending:
            number, length, level, grant_id = state.pending
            self._say(CUT, number)
            self.write(state.outcome(UNKNOWN, length, level, grant_id, self.head))
            self.open = False
        self.write(state.clock(0, self.t, state.floor, state.boots + 1))
        self._journal.tidy()
        self._audit.tidy()

    def _enter(self, attempts, digits):
        bit = 1 << self.place
        again = self.typed & bit
        self.typed |= bit
        self.t += 1
        decision = attempts.judge(digits, LENGTH, 0)
        if decision == STORAGE:
            raise StorageError("judged")
        self.answers += 1
        if digits not in CODES:
            self.wrong += 1
            expected = decision == WRONG
        else:
            expected = decision == OPENED or decision == USED and again
        if not expected:
            raise Broken("answer", f"entry {self.place} is answered {decision}")
        if decision == OPENED:
            if self.opened & bit:
                raise Broken("bolt", f"entry {self.place} opened twice")
            self.opened |= bit
            self.open = True
        self._say(ENTRY, attempts.number)
        if self.open:
            attempts.finish(OPENED)
            self.open = False

    def _say(self, kind, attempt=0):
        self.t += 1
        self.event = (kind, self.t, attempt)
        self._audit.append(kind, t=self.t, attempt=attempt)
        self.event = None
        self.log += ((self._number(), kind, self.t, attempt),)

    def _number(self):
        """Of the next event."""
        return self.log[-1][0] + 1 if self.log else 1

    # What must hold at every mount.

    def look(self):
        """Mount and check; what was in flight has then happened or not."""
        self._on_flash()
        try:
            self._journal.mount()
            lost = self._audit.mount(self._state.head[0])
        except StorageError as error:
            raise Broken("mount", error.reason)
        if lost:
            raise Broken("log", f"is {lost}")
        self.moved += self._audit.repaired
        self._check_picture()
        self._check_door()
        self._check_log()

    def _check_picture(self):
        found = picture(self._state)
        expected = State(GRANTS)
        for body in self.found + self.written:
            expected.apply(body)
        if found != picture(expected):
            if self.flight:
                expected.apply(self.flight)
            if found != picture(expected):
                raise Broken("picture", f"{found} instead of {self.found}, {self.written} and then {self.flight}")
            if not self._state.pending:
                self.open = False
        self.found, self.written, self.flight = found, (), None

    def _check_door(self):
        """The same in the plainest words, as the person at the door has seen it."""
        state = self._state
        for n, digits in enumerate(ENTRIES):
            if digits in CODES:
                opens = classify(GRANTS, state, CODES[digits], self.t) == OPENED
                if opens and self.opened >> n & 1:
                    raise Broken("burn", f"entry {n} would open again")
                if not opens and not self.typed >> n & 1:
                    raise Broken("burn", f"entry {n} opens no more")
        if state.attempts < self.answers:
            raise Broken("attempts", f"{state.attempts} of {self.answers}")
        if self.open and not state.pending:
            raise Broken("cut", "an opening was cut short and the journal does not know")
        level = (state.bucket(LENGTH) or (CAPACITY, 0))[0]
        allowed = CAPACITY - self.wrong * REFILL
        # each boot, and each operation that failed, may have ended an entry whose token was not given back
        if not allowed - (self.boots + 1) * REFILL <= level <= allowed:
            raise Broken("budget", f"{level} of {allowed} seconds")

    def _check_log(self):
        found = [(event.sequence, event.kind, event.t, event.attempt) for event in self._audit.events()]
        if self.event and found and found[-1][0] == self._number():
            self.log += ((self._number(),) + self.event,)
        if self.log and self._audit.head[0] != self.log[-1][0]:
            raise Broken("log", f"its head is {self._audit.head} instead of {self.log[-1]}")
        self.event = None
        # One sector may be erased ahead, or half of it: what is left of it is the oldest. Where a sector did not erase,
        # the next one was, and the oldest events are still there.
        sectors = self.shape.log - 2 - self.nor.lied - self.moved
        kept = min(len(self.log), max(0, sectors * (self.shape.size // SLOT - 6) - self.boots))
        newest = self.log[len(self.log) - kept :]
        if tuple(found[len(found) - kept :]) != newest or not self._happened(found):
            raise Broken("log", f"{found[-9:]} at the end of {len(found)} instead of {self.log[-9:]}")

    def _check_keys(self):
        flash, key = bytes(self.nor.data), FIRST
        for sector in range(1, max([event.sector for event in self._audit.events()])):
            key = next_key(key)
            if key in flash:
                raise Broken("keys", f"that of sector {sector} is still there")

    def _check_anchor(self):
        if self.earlier:
            try:
                Journal(self.earlier, State(GRANTS), ID, MAC, self.earlier, 0, self.shape.journal).mount()
            except StorageError:
                return
            raise Broken("anchor", "the journal is as it was before an attempt, and is mounted")

    def _happened(self, found):
        """Whether all these events were acknowledged once, in this order."""
        past = iter(self.log)
        return all(event in past for event in found)
