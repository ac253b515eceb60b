"""Plays a session on a lock and yields what came of each step."""

from dataclasses import dataclass

from host_sim.lock import FirmwareError, Happening, Lock
from host_sim.session import actions, expectations
from host_sim.session.grammar import EXPECTATIONS
from host_sim.session.other_end import OtherEnd
from host_sim.session.parser import Line
from host_sim.session.setup import checked_lengths, gateway, grant_ids, known_codes, lock_config, start
from host_sim.session.stage import Stage, StepError

_EXPECTATION_NAMES = frozenset(form.name for form in EXPECTATIONS)


@dataclass(frozen=True)
class Step:
    """What came of one line.

    `seen` is what the world showed meanwhile; `instead` what was there and not as expected, None if all was. `code` is
    what an `issue` line made. Times are unix seconds.
    """

    session: str
    line: Line
    began: float
    ended: float
    seen: tuple[Happening, ...]
    code: str | None = None
    instead: str | None = None

    @property
    def ok(self):
        return self.instead is None

    @property
    def problem(self):
        """The message for a wrong expectation: `file:line: expected ..., but ...`."""
        expected = self.line.text.removeprefix("expect ")
        return f"{self.session}:{self.line.number}: expected {expected}, but {self.instead}"


def tell(sessions, runtime, teller, keep=None):
    """Play `sessions` one after the other and let `teller` tell of them.

    Returns how many steps were played, and the wrong step or None. A teller has `begin(session, runtime)`, `step(step)`
    and `end()`. `keep` is as in `play`.
    """
    steps = 0
    for session in sessions:
        teller.begin(session, runtime)
        for step in play(session, runtime, keep):
            steps += 1
            teller.step(step)
            if not step.ok:
                return steps, step
        teller.end()
    return steps, None


def play(session, runtime, keep=None):
    """Play `session` on a fresh lock under `runtime`; yields a `Step` for each line, the last of which may be wrong.

    `keep`, if given, is called with the lock at the end, whatever the end was.
    """
    with Lock(runtime=runtime, config=lock_config(session), start=start(session)) as lock:
        number = gateway(session)
        other_end = None if number is None else OtherEnd(lock, number)
        stage = Stage(lock, known_codes(session), checked_lengths(session), grant_ids(session), other_end)
        try:
            yield from _steps(session, stage)
        finally:
            if other_end:
                other_end.close()
            if keep:
                keep(lock)


def _steps(session, stage):
    told = 0
    for line in session.steps:
        step = _play_line(stage, session.name, line, told)
        told += len(step.seen)
        yield step
        if not step.ok:
            return


def _play_line(stage, name, line, told):
    lock, began = stage.lock, stage.lock.now
    instead = None
    try:
        if line.form in _EXPECTATION_NAMES:
            instead = expectations.check(stage, line)
        else:
            actions.act(stage, line)
    except (StepError, FirmwareError) as error:
        instead = str(error)
    seen = tuple(lock.trace[told:])
    return Step(name, line, began, lock.now, seen, stage.codes.get(line.fields.get("as")), instead)
