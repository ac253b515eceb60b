"""A session for programs: one JSON object for each step, on one line."""

import json

from host_sim.session.fields import iso_text


class JsonLines:
    """Prints each step on standard output as it is done; the fields are in docs/simulator.md."""

    def begin(self, session, runtime):
        """A new lock: each step names its session, so there is nothing to say."""

    def step(self, step):
        """What came of one line."""
        print(json.dumps(as_dict(step)), flush=True)

    def end(self):
        """The session is over."""


def as_dict(step):
    """The step as plain values; times are UTC as ISO 8601 has them."""
    return {
        "file": step.session,
        "line": step.line.number,
        "step": step.line.text,
        "ok": step.ok,
        "began": iso_text(step.began),
        "ended": iso_text(step.ended),
        "seen": [{"time": iso_text(t), "kind": kind, "text": text} for t, kind, text in step.seen],
        "problem": None if step.ok else step.problem,
    }
