"""Plays a session on a lock and yields what came of each step."""

from dataclasses import dataclass

from host_sim.lock import Lock
from host_sim.session import actions, expectations
from host_sim.session.fields import utc_text
from host_sim.session.grammar import EXPECTATIONS
from host_sim.session.setup import known_codes, lock_config, start
from host_sim.session.stage import Stage, StepError

_EXPECTATION_NAMES = frozenset(form.name for form in EXPECTATIONS)


@dataclass(frozen=True)
class Step:
    """What came of one line: `seen` is what the world showed meanwhile, `instead` what was there and not as expected."""

    session: str
    line: int
    text: str
    began: float
    ended: float
    seen: tuple
    instead: str | None

    @property
    def ok(self):
        return self.instead is None

    @property
    def problem(self):
        """The message for a wrong expectation: `file:line: expected ..., but ...`."""
        return f"{self.session}:{self.line}: expected {self.text.removeprefix('expect ')}, but {self.instead}"

    def as_dict(self):
        """The step as `play --json` prints it; times are UTC."""
        return {
            "file": self.session,
            "line": self.line,
            "step": self.text,
            "ok": self.ok,
            "began": utc_text(self.began),
            "ended": utc_text(self.ended),
            "seen": [],
            "problem": None if self.ok else self.problem,
        }


def play(session, runtime):
    """Play `session` on a fresh lock under `runtime`; yields a `Step` for each line, the last of which may be wrong."""
    with Lock(runtime=runtime, config=lock_config(session), start=start(session)) as lock:
        stage = Stage(lock, known_codes(session), ())
        for line in session.steps:
            step = _play_line(stage, session.name, line)
            yield step
            if not step.ok:
                return


def _play_line(stage, name, line):
    lock = stage.lock
    before, began = len(lock.trace), lock.now
    instead = None
    if line.form in _EXPECTATION_NAMES:
        instead = expectations.check(stage, line)
    else:
        try:
            actions.act(stage, line)
        except StepError as error:
            instead = str(error)
    return Step(name, line.number, line.text, began, lock.now, tuple(lock.trace[before:]), instead)
