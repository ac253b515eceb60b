"""What somebody at the door saw and typed over a lock's whole life, and what must therefore be true of its flash.

The witness knows nothing of the firmware: keys, bolt, answers and loss of power come from the trace, and the bounds on
attempts and budget follow from them alone. Only then the firmware's own store is asked what the flash holds.
"""

from collections import Counter
from copy import copy
from dataclasses import dataclass

from firmware.core.state import State
from firmware.store.anchor import Anchor
from firmware.store.journal import Journal
from host_sim.devices import FlashImage
from host_sim.lock import FirmwareError
from host_sim.snapshot import Snapshot

COMPARED = ("opened", "wrong", "used", "early", "late", "jammed")
"""Answers that an entry gets only after it was compared, so that its attempt must have been counted."""
_SAID = (*COMPARED, "mistyped", "later", "owner", "battery")
FAST_MS = 35  # a nimble finger saves simulated time
_SLACK_S = 3  # clocks are read in whole seconds


class Witness:
    """One-time `codes` (digits -> label of their grant), `buckets` (typed length, burst, refill), `start`: unix time.

    granted: how often each code opened, by the bolt's movement or the lock's word. gone: codes that opened or will not
    any more. typed: codes typed so far, in order. counted: entries that must have been counted as attempts. entry:
    digits of the last entry; answer: what was said to it, None while nothing was. unseen: by typed length, entries to
    which the power left no answer. refill: by typed length, seconds for one entry of the budget.
    """

    def __init__(self, codes, buckets, start):
        self.codes = codes
        self.granted = Counter()
        self.gone = set()
        self.typed = []
        self.counted = 0
        self.entry = self.answer = None
        self.unseen = Counter()
        self.refill = {length: refill for length, _, refill in buckets}
        self._capacity = {length: burst * refill for length, burst, refill in buckets}
        self._levels = {length: (capacity, start) for length, capacity in self._capacity.items()}
        self._digits = ""
        self._bolt = "locked"
        self._judged = True  # there is no entry for which the bolt may move
        self._counted = self._granted = False  # of the last entry

    def copy(self):
        """Another witness who has seen the same."""
        other = copy(self)
        other.codes, other.granted, other.gone = dict(self.codes), self.granted.copy(), set(self.gone)
        other.typed, other.unseen, other._levels = list(self.typed), self.unseen.copy(), dict(self._levels)
        return other

    def see(self, happening):
        """Take in one Happening; an AssertionError says which promise it breaks."""
        what = happening.text
        if happening.kind == "key":
            self._key(what)
        elif happening.kind == "power":
            self._power(what)
        elif happening.kind == "bolt":
            if self._bolt == "locked" and what != "locked":
                self._opened()
            self._bolt = what
        elif happening.kind == "answer" and what in _SAID and self.answer is None:
            self._answered(what, happening.t)

    def allowance(self, length, now):
        """Seconds that may at most be in the bucket of a typed length at unix time `now`."""
        level, stamp = self._levels[length]
        return min(self._capacity[length], level + now - stamp)

    def may_be_spent(self, length, now):
        """Whether the budget of a typed length may be used up, with all the entries whose answer nobody saw."""
        refill = self.refill[length]
        return self.allowance(length, now) - self.unseen[length] * refill < refill + _SLACK_S

    def check_flash(self, image, nvs, issuer, now):
        """Mount the journal of a flash `image` beside `nvs` and hold it to what was seen; returns its State."""
        state = State(issuer.grants)
        Journal(FlashImage(image), state, issuer.journal_id, issuer.mac, nvs).mount()
        assert state.attempts >= self.counted, f"{state.attempts} attempts in flash, {self.counted} were seen"
        for length in self.refill:
            if state.bucket(length):
                level, stamp = state.bucket(length)
                since = state.credit - stamp + (now - state.ref if state.ref else 0)
                level, most = min(self._capacity[length], level + since), self.allowance(length, now)
                assert level <= most + _SLACK_S, f"{level:.0f} s in the bucket of {length} digits, at most {most:.0f}"
        return state

    def refuses_earlier(self, nvs, issuer):
        """Whether the anchor names a record that comes after all attempts and burns that were seen."""
        return Anchor(nvs, issuer.journal_id).read() >> 16 >= self.counted + sum(self.granted.values())

    def check_log(self, log):
        """Of every code that is gone the log tells what became of it; loss of power is no fault."""
        bad = [event for event in log if event["kind"] in ("fault", "crash")]
        assert not bad, f"the log tells of a fault: {bad[0]}"
        events = [event for event in log if event["decision"] in ("opened", "jammed") or event["kind"] == "cut"]
        told = Counter(grant for grant, _ in {(event["grant"], event["attempt"]) for event in events})
        for label, codes in Counter(self.codes[code] for code in self.gone).items():
            assert told[label] >= codes, f"{codes} codes of {label} are gone, the log tells of {told[label]}"

    def _key(self, key):
        if key == "*":
            self._digits = ""
        elif key != "#":
            self._digits += key
        elif self._digits:
            self.entry, self._digits = self._digits, ""
            self.answer, self._judged = None, False
            self._counted = self._granted = False
            if self.entry in self.codes and self.entry not in self.typed:
                self.typed.append(self.entry)

    def _power(self, what):
        if what == "off" and self.entry and not self.answer:
            self.unseen[len(self.entry)] += 1
        self._digits, self._judged = "", True

    def _opened(self):
        assert not self._judged, "the bolt opened with no entry"
        self._count()
        self._grant()

    def _answered(self, answer, now):
        if self.entry is None:
            return
        self.answer = answer
        if answer in COMPARED:
            self._count()
        if answer == "opened":
            self._grant()
        if answer in ("used", "jammed") and self.entry in self.codes:
            self.gone.add(self.entry)
        if answer == "wrong":
            length = len(self.entry)
            left = self.allowance(length, now) - self.refill[length]
            assert left >= -_SLACK_S, f"a guess of {length} digits more than the budget has"
            self._levels[length] = left, now

    def _count(self):
        if not self._counted:
            self._counted = True
            self.counted += 1

    def _grant(self):
        if self._granted:
            return
        self._granted = True
        if self.entry in self.codes:
            self.granted[self.entry] += 1
            self.gone.add(self.entry)
            assert self.granted[self.entry] == 1, f"a code of {self.codes[self.entry]} opened twice"


class PowerGone(Exception):
    """The lock went dark."""


@dataclass(frozen=True)
class Moment:
    """A lock put aside, and what was seen of it up to then."""

    snapshot: Snapshot
    witness: Witness


class Life:
    """A lock from a Moment on."""

    def __init__(self, lock, moment):
        self.lock = lock
        self.witness = moment.witness.copy()
        lock.go_back(moment.snapshot)
        self._seen = 0

    def look(self):
        """Let the witness see what happened. Raises PowerGone for a lock without power."""
        trace = self.lock.trace
        for happening in trace[self._seen :]:
            self.witness.see(happening)
        self._seen = len(trace)
        if not self.lock.powered:
            raise PowerGone

    def moment(self):
        """Now."""
        return Moment(self.lock.snapshot(), self.witness.copy())

    def wait(self, seconds):
        self.lock.wait(seconds)
        self.look()

    def wake(self):
        try:
            self.lock.wake()
        except FirmwareError:
            self.look()  # a dark lock does not get ready
            raise
        self.look()

    def sleep(self):
        """Let time pass until the lock sleeps."""
        for _ in range(60):
            if not self.lock.awake:
                return
            self.wait(1)
        raise AssertionError("the lock does not go to sleep")

    def enter(self, digits):
        """Type an entry at the locked door; returns the answer."""
        while self.lock.bolt != "locked" and self.lock.awake:
            self.wait(1)
        if not self.lock.awake:
            self.wake()
        self.lock.type(digits + "#", hold_ms=FAST_MS, gap_ms=FAST_MS)
        for _ in range(100):
            self.wait(0.2)
            if self.witness.answer:
                return self.witness.answer
        raise AssertionError(f"no answer to an entry of {len(digits)} digits")

    def power_back(self):
        """Put the batteries back in, and wait until the lock listens."""
        self.lock.wait(1)
        self.lock.restore_power()
        self.wake()
