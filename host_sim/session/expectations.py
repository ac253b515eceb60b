"""What a session expects of the lock: one function for each form of `grammar.EXPECTATIONS`.

Each expectation is a predicate over the lock and a sentence about what is there instead. The world goes on until the
predicate holds or the patience is over; an expectation that something does not happen watches for that long.
"""

from collections.abc import Callable
from dataclasses import dataclass

from firmware.logbook import FAULTS
from firmware.settings import SETTINGS

PATIENCE_S = 3  # longer than any pattern and than a bolt that tries twice


@dataclass(frozen=True)
class Expectation:
    """`holds()` is true when it is as expected; `instead()` says what is there; `never` turns `holds` into a watch."""

    holds: Callable[[], bool]
    instead: Callable[[], str]
    never: bool = False


def check(stage, line):
    """Let time pass until the expectation of `line` is decided; returns None, or what was there instead."""
    expectation = _EXPECTATIONS[line.form](stage, line.fields)
    met = stage.lock.run_until(expectation.holds, line.fields.get("within", PATIENCE_S))
    return None if met != expectation.never else expectation.instead()


def _answer(stage, fields):
    return Expectation(lambda: fields["answer"] in stage.answers, lambda: _said(stage))


def _shown(stage, fields):
    return Expectation(lambda: f"number {fields['number']}" in stage.answers, lambda: _said(stage))


def _no_answer(stage, fields):
    return Expectation(lambda: bool(stage.answers), lambda: _said(stage), never=True)


def _said(stage):
    return f"the lock answered {', then '.join(stage.answers)}" if stage.answers else "the lock did not answer"


def _bolt(stage, fields):
    return Expectation(lambda: stage.lock.bolt == fields["bolt"], lambda: f"it is {stage.lock.bolt}")


def _door(stage, fields):
    return Expectation(lambda: stage.lock.door_state == fields["door"], lambda: f"it is {stage.lock.door_state}")


def _openings(stage, fields):
    return Expectation(
        lambda: stage.lock.openings == fields["openings"], lambda: f"the bolt has opened {stage.lock.openings} times"
    )


def _log(stage, fields):
    def holds():
        found = _count(stage, fields)
        return found == fields["times"] if "times" in fields else found > 0

    return Expectation(holds, lambda: _logged(stage))


def _no_log(stage, fields):
    return Expectation(lambda: _count(stage, fields) > 0, lambda: _logged(stage), never=True)


def _count(stage, fields):
    wanted = {"what": fields["log"]}
    wanted |= {name: fields[word] for word, name in (("for", "grant"), ("by", "issuer")) if word in fields}
    return sum(event["count"] for event in _events(stage) if wanted.items() <= event.items())


def _events(stage):
    """The audit log, oldest first: what happened, grant and issuer (label or None), how often."""
    for event in stage.lock.log():
        # Only an entry counts how many it stands for.
        count = event["count"] if event["decision"] else 1
        what = event["decision"] or event["kind"]
        yield {"what": what, "grant": event["grant"], "issuer": event["issuer"], "count": count}


def _logged(stage):
    events = []
    for event in _events(stage):
        named = [f" {word} {event[name]}" for word, name in (("for", "grant"), ("by", "issuer")) if event[name]]
        events.append(event["what"] + "".join(named))
    return f"the log says {', '.join(events)}" if events else "the log is empty"


def _fault(stage, fields):
    def holds():
        found = _last_fault(stage)
        return found is not None and found[0] == fields["fault"] and fields.get("in", found[1]) == found[1]

    def instead():
        found = _last_fault(stage)
        return f"the log says {' in '.join(filter(None, found))}" if found else "the log has no fault"

    return Expectation(holds, instead)


def _last_fault(stage):
    """(reason, setting or None) of the newest fault in the log; None: there is none."""
    faults = [event for event in stage.lock.log() if event["kind"] == "fault"]
    if not faults:
        return None
    place = faults[-1]["count"]  # of the setting, from 1
    return FAULTS[faults[-1]["detail"]], SETTINGS[place - 1] if place else None


def _check_in(stage, fields):
    def instead():
        heard = stage.check_ins
        return f"there were check-ins by {', '.join(heard)}" if heard else "there was no check-in"

    return Expectation(lambda: fields["check-in"] in stage.check_ins, instead)


def _ended(stage, fields):
    def instead():
        state, detail = stage.other_end.ended() or ("not there", None)
        return f"it is {state}{f' ({detail})' if detail else ''}"

    return Expectation(lambda: (stage.other_end.ended() or ("",))[0] == fields["command"], instead)


def _chip(state):
    def expect(stage, fields):
        return Expectation(lambda: _chip_state(stage) == state, lambda: f"the lock is {_chip_state(stage)}")

    return expect


def _chip_state(stage):
    if not stage.lock.powered:
        return "dark"
    if stage.lock.console:
        return "at its console"
    return "awake" if stage.lock.awake else "asleep"


_EXPECTATIONS = {
    "answer": _answer,
    "shown": _shown,
    "no answer": _no_answer,
    "bolt": _bolt,
    "door": _door,
    "openings": _openings,
    "log": _log,
    "no log": _no_log,
    "fault": _fault,
    "check-in": _check_in,
    "ended": _ended,
    "awake": _chip("awake"),
    "asleep": _chip("asleep"),
    "console": _chip("at its console"),
    "dark": _chip("dark"),
}
