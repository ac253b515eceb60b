"""Lives of a lock with power cuts: the demo day as visits, a cut at any operation of one, and what comes after.

Operations are those of flash and those of NVS, where a cut leaves the old value or the new one.

A visit begins where the lock sleeps or has no power and is played from a snapshot of that moment. Up to a cut all tears
are one run: it is played once, and what each tear would have left is tried from the snapshot of the dark lock.
"""

import struct
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from firmware.core import records
from host_sim.devices import Namespace
from host_sim.lock import FirmwareError, Lock
from host_sim.provision import Issuer
from host_sim.runtime.image import PROJECT
from host_sim.session import actions, expectations
from host_sim.session.grammar import EXPECTATIONS
from host_sim.session.parser import load, read_line
from host_sim.session.setup import buckets, checked_lengths, grant_ids, known_codes, lock_config, of_form, start
from host_sim.session.stage import Stage, StepError
from host_sim.world.flash import NorViolation
from host_sim.world.tears import TEARS
from tests.host.witness import FAST_MS, Life, Moment, PowerGone, Witness

DAY = PROJECT / "tests/scenarios/demo_day.txt"

KEEPS = ("old", "new")
"""What a cut at an operation of NVS leaves, beside the tears of one of flash."""

_EXPECT = {form.name for form in EXPECTATIONS}
_CUTS = ("cut at", "cut after")
_SECTOR = 4096
_JOURNAL_SIZE = 16 * _SECTOR
_AFTER_ATTEMPT = (records.BURN, records.OUTCOME)
_NUMBER_AT = 2  # where these two hold the number of their attempt
_UNUSED = "couriers"  # the grant of which a fresh code must always open


@dataclass(frozen=True)
class Visit:
    """What happens from a wake (or power-on) to the next: lines of the session, and how many operations they cost."""

    begun: Moment
    lines: tuple
    codes: dict
    ops: int

    @property
    def number(self):
        """The line with which it begins."""
        return self.lines[0].number


class Day:
    """The demo day under `runtime`, up to line `until`, with the firmware of `root`; `lock` is the one to replay on."""

    def __init__(self, runtime, root=PROJECT, until=10**6):
        self._session = session = load(DAY, DAY.name)
        config = lock_config(session)
        self.lock = Lock(runtime, config, start=start(session), root=root)
        self.issuer = Issuer(config)
        self._checked = checked_lengths(session)
        self._once = {line.fields["grant"] for line in of_form(session.setup, "number") if line.fields.get("uses") == 1}
        self.visits = []
        self.retried = set()
        """Digits that `recover` has tried again so far."""
        self.kept = 0
        """Operations of NVS at which `one_cut` has cut so far."""
        self._play(until)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.lock.close()

    def __getitem__(self, number):
        """The visit that begins on line `number`."""
        return next(visit for visit in self.visits if visit.number == number)

    def _play(self, until):
        session, lock = self._session, self.lock
        names = known_codes(session)
        one_time = {code: name for name, code in names.items() if name in self._once}
        lock.cut_power()
        life = Life(lock, Moment(lock.snapshot(), Witness(one_time, buckets(session.setup), start(session))))
        begun, lines = life.moment(), [read_line("restore power", 0)]
        lock.restore_power()
        stage = self._stage(lock, names)
        for line in session.steps:
            if line.form in ("wake", "restore power") and not lock.awake:
                begun, lines = self._close(life, begun, lines, stage), []
                stage = self._stage(lock, stage.codes)
                life = Life(lock, begun)
                if line.number > until:
                    return
            lines.append(line)
            step(stage, line)
            if line.form == "issue":
                life.witness.codes[stage.codes[line.fields["as"]]] = line.fields["issue"]
        self._close(life, begun, lines, stage)

    def _stage(self, lock, codes):
        return Stage(lock, codes, self._checked, grant_ids(self._session))

    def _close(self, life, begun, lines, stage):
        try:
            life.look()
        except PowerGone:
            pass
        self.visits.append(Visit(begun, tuple(lines), dict(stage.codes), self.lock.flash_ops))
        return life.moment()

    # Cuts

    def visit(self, visit):
        """What happens in a visit, as something to do with a Life; the session's own cuts are left out."""

        def play(life):
            stage = self._stage(life.lock, visit.codes)
            for line in visit.lines:
                if line.form not in _CUTS:
                    step(stage, line)
                    life.look()

        return play

    def come_back(self, life):
        """Power returns and the entry that was cut off is tried again."""
        life.power_back()
        if life.witness.entry:
            life.enter(life.witness.entry)
        life.sleep()

    def strike(self, moment, happens, k, tear="none"):
        """The dark Moment when the power went at the `k`-th flash operation from `moment` on, which `none` tore.

        tear: if it is one of KEEPS, the `k`-th operation of NVS. `happens(life)` is what goes on meanwhile; None: it
        was over before.
        """
        life = Life(self.lock, moment)
        if tear in KEEPS:
            self.lock.world.nvs.cut_at(k, tear)
        else:
            self.lock.cut_at_flash_op(k)
        try:
            happens(life)
        except PowerGone:
            return life.moment()
        return None

    def cut_after(self, moment, seconds):
        """The dark Moment when the batteries fall out so many seconds after `#` of a code that was never typed."""
        life = Life(self.lock, moment)
        life.wake()
        self.lock.type(self._fresh(life) + "#", hold_ms=FAST_MS, gap_ms=FAST_MS)
        self.lock.wait(seconds)
        self.lock.cut_power()
        try:
            life.look()
        except PowerGone:
            pass
        return life.moment()

    def recover(self, moment, pick=None):
        """What must be true after a cut: nothing is lost that counts, no code opens twice, an unused one does.

        `pick` chooses which of the codes typed before is tried again beside the one that was cut off; None: no other.
        """
        life = Life(self.lock, moment)
        lock, witness = self.lock, life.witness
        found = self._check(life)
        refuses = witness.refuses_earlier(self._nvs(life), self.issuer)
        if moment.snapshot.struck:
            check_order(moment.snapshot.struck, found)
        pending = found.pending
        life.power_back()
        if pending:
            cuts = [event["attempt"] for event in lock.log() if event["kind"] == "cut"]
            assert pending[0] in cuts, f"attempt {pending[0]} was burnt without outcome, the log tells of {cuts}"
        self._check(life)
        codes = [code for code in witness.typed if code != witness.entry]
        again = codes[pick % len(codes)] if codes and pick is not None else None
        for digits in (witness.entry, again):
            if digits:
                life.enter(digits)
                self.retried.add(digits)
        self._unused_opens(life)
        self._check(life)
        witness.check_log(lock.log())
        assert refuses, "an earlier journal would have been believed"

    def replay(self, begun, happens, cuts, pick=None):
        """Live from the Moment `begun` through `cuts`: (k, tear, seed) each, all but the first while coming back."""
        moment = begun
        for k, tear, seed in cuts:
            dark = self.strike(moment, happens, k, tear)
            moment, happens = torn(dark, tear, seed), self.come_back
        self.recover(moment, pick)

    def one_cut(self, begun, happens, others=1):
        """Cut at every operation, with every tear that leaves another flash; returns (operations of flash, replays).

        In one of `others` replays a code that was typed before is tried again.
        """
        struck, replays = set(), 0
        for cut, left in self._cuts(begun, happens, [], TEARS):
            with explained(f"cuts={[cut]}"):
                self.recover(left, None if replays % others else replays // others)
            struck.add((cut[0], cut[1] in KEEPS))
            replays += 1
        self.kept += sum(in_nvs for _, in_nvs in struck)
        return len(struck) - sum(in_nvs for _, in_nvs in struck), replays

    def two_cuts(self, begun, happens, first):
        """Cut at every operation with the tears `first`, then at every operation of coming back, with another tear.

        Returns (pairs of operations, replays).
        """
        pairs, replays = set(), 0
        for n, (cut, left) in enumerate(self._cuts(begun, happens, [], first)):
            for other, again in self._cuts(left, self.come_back, [cut], TEARS, 5 * n):
                with explained(f"cuts={[cut, other]}"):
                    self.recover(again)
                pairs.add((cut[0], cut[1] in KEEPS, other[0], other[1] in KEEPS))
                replays += 1
        return len(pairs), replays

    def _cuts(self, moment, happens, before, tears, turn=None):
        """Yield ((k, tear, seed), Moment it leaves) for a cut at every operation with each of `tears`, or of KEEPS.

        turn: try only one of them at each operation, this one, counted from the first operation on, and so on in turn.
        """
        for each in ("none",), KEEPS:
            for k in count(1):
                left = []
                for keeps in each:
                    with explained(f"cuts={[*before, (k, keeps, 0)]}"):
                        left.append(self.strike(moment, happens, k, keeps))
                if None in left:
                    break
                if each is KEEPS:
                    kinds = [((k, keeps, k), dark) for keeps, dark in zip(KEEPS, left, strict=True)]
                    yield from kinds if turn is None else [kinds[(turn + k) % 2]]
                else:
                    chosen = tears if turn is None else [tears[(turn + k) % len(tears)]]
                    for _, tear in distinct(left[0], chosen, k):
                        yield (k, tear, k), torn(left[0], tear, k)

    def _check(self, life):
        return life.witness.check_flash(life.lock.flash, self._nvs(life), self.issuer, life.lock.now)

    @staticmethod
    def _nvs(life):
        return Namespace(life.lock.world.nvs, "dropbolt")

    def _fresh(self, life):
        """A code that was never typed."""
        code = self.lock.issue(_UNUSED)
        life.witness.codes[code] = _UNUSED
        return code

    def _unused_opens(self, life):
        witness, code = life.witness, self._fresh(life)
        answer = life.enter(code)
        if answer == "later" and witness.may_be_spent(len(code), self.lock.now):
            life.sleep()
            life.wait((1 + witness.unseen[len(code)]) * witness.refill[len(code)])
            answer = life.enter(code)
        assert answer == "opened", f"a code that was never typed is {answer}"


def torn(dark, tear, seed):
    """The dark Moment as `tear` would have left it; of KEEPS, it has."""
    if tear in KEEPS:
        return dark
    return Moment(dark.snapshot.torn(tear, seed), dark.witness)


def check_order(struck, state):
    """The record that a cut struck was not begun before its attempt was in flash; `state`: what the flash says."""
    kind, address, _, record = struck
    if kind == "program" and address < _JOURNAL_SIZE and address % _SECTOR and record[0] in _AFTER_ATTEMPT:
        attempts = struct.unpack_from("<I", record, _NUMBER_AT)[0]
        assert attempts <= state.attempts, f"attempt {attempts} came to be judged before it was in flash"


def distinct(dark, tears, seed):
    """Those of `tears`, numbered, that leave another flash than those before: from equal flash follow equal lives."""
    left = set()
    for n, tear in enumerate(tears):
        flash = torn(dark, tear, seed).snapshot.flash
        if flash not in left:
            left.add(flash)
            yield n, tear


@contextmanager
def explained(what):
    """Whatever goes wrong is told with what went before, such as the cuts that `Day.replay` takes."""
    try:
        yield
    except (Exception, NorViolation) as error:
        raise AssertionError(f"{error}\nafter {what}") from error


def step(stage, line):
    """Do what a line of the session says; what it expects is waited for and not judged here."""
    try:
        if line.form in _EXPECT:
            expectations.check(stage, line)
        else:
            actions.act(stage, line)
    except (StepError, FirmwareError):
        if stage.lock.powered:
            raise
