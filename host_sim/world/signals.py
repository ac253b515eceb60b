"""What a person at the door sees and hears: changes of LED and buzzer, and the answers recognised in them.

Recognition knows nothing but the two outputs and the table of patterns: `{name: ((led, buzzer_hz, ms), ...)}`, as in
`firmware/drivers/signals.py`. A pattern is looked for as it is and muted, that is with the LED alone. Recognition runs
as the changes arrive; where what was seen could still grow into a longer pattern (two blinks into three), the answer
waits until the silence after it was too long for that.

A number is shown in pieces: patterns named "0" to "9" for its digits and one named "number" before and after them.
Digits are looked for only between these two, and the answer is then one: "number 58".
"""

_GLITCH_US = 3_000  # LED and buzzer never change in the same microsecond: shorter states are on the way to the next
_SLACK_US = 25_000  # a busy lock is late by a turn of its loop
_SLACK_PERCENT = 20
_FRAME = "number"


class Signals:
    """Recorder and recogniser for one lock, dark and silent at first.

    Invariant: `_states` are the last states of both outputs, oldest first, not yet explained by an answer; the last one
    still lasts.
    """

    def __init__(self, timeline, patterns):
        self.edges = []
        """All changes so far: (us, LED level, buzzer frequency in Hz or 0)."""
        self.answers = []
        """Answers recognised so far: (us at which the pattern began, name)."""
        self.on_answer = None
        """Called as `on_answer(us, name)` when a pattern was recognised, after its end."""
        self._timeline = timeline
        self._patterns = _table(patterns)
        self._alike = {}  # what `_begun_alike` has found so far
        self._states = [(timeline.now_us, (0, 0))]
        self._number = None  # (us at which it began, digits so far) of a number that is being shown
        self._wakeup = None

    def led(self, level):
        """The LED is now at `level` (0 or 1)."""
        self._change((int(level), self._states[-1][1][1]))

    def buzzer(self, hz):
        """The buzzer now sounds at `hz`, 0: it is silent."""
        self._change((self._states[-1][1][0], hz))

    def off(self):
        """The power went: dark and silent."""
        self._change((0, 0))

    def _change(self, state):
        now = self._timeline.now_us
        if state == self._states[-1][1]:
            return
        self.edges.append((now, *state))
        if len(self._states) > 1 and now - self._states[-1][0] < _GLITCH_US:
            begun = self._states.pop()[0]
            if self._states[-1][1] != state:
                self._states.append((begun, state))
        else:
            self._states.append((now, state))
        self._timeline.cancel(self._wakeup)
        self._wakeup = self._timeline.at(now + _GLITCH_US, self._recognise)

    def _recognise(self):
        """Explain as many states as can be explained by now; come back when waiting may end."""
        while len(self._states) > 1:
            if self._states[0][1] == (0, 0):
                del self._states[0]
                continue
            seen = self._seen()
            best, deadline = self._compare(seen)
            if deadline is not None:
                self._wakeup = self._timeline.at(deadline + 1, self._recognise)
                return
            if best is None:
                self._number = None
                del self._states[0]
                continue
            begun = self._states[0][0]
            name, steps = best
            del self._states[: len(steps)]
            self._take(begun, name)

    def _take(self, begun, name):
        """A pattern is over: it is an answer, or a part of a number."""
        number, self._number = self._number, None
        if name.isdigit():
            self._number = number[0], number[1] + name
            return
        if name == _FRAME:
            if not number or not number[1]:
                self._number = begun, ""
                return
            begun, name = number[0], f"{_FRAME} {number[1]}"
        self.answers.append((begun, name))
        if self.on_answer:
            self.on_answer(begun, name)

    def _seen(self):
        """The states that are over, as steps of a pattern: (state, us)."""
        pairs = zip(self._states, self._states[1:], strict=False)
        return [(state, until - begun) for (begun, state), (until, _) in pairs]

    def _compare(self, seen):
        """The longest fitting pattern (of equally long ones the nearest), and until when a longer one may come."""
        best, closest, deadline = None, None, None
        begun, state = self._states[-1]
        for name, steps in self._begun_alike(tuple([state for state, _ in seen])):
            if name.isdigit() and self._number is None or not _fits(steps, seen):
                continue
            if len(steps) <= len(seen):
                order = (-len(steps), _distance(steps, seen))
                if closest is None or order < closest:
                    best, closest = (name, steps), order
            elif steps[len(seen)][0] == state:
                last = begun + steps[len(seen)][1] + _slack(steps[len(seen)][1])
                if last >= self._timeline.now_us:
                    deadline = max(deadline or 0, last)
        return best, deadline

    def _begun_alike(self, states):
        """The patterns that have these states, or end with some of them, or begin with them."""
        found = self._alike.get(states)
        if found is None:
            length = len(states)
            found = [
                pattern
                for pattern in self._patterns
                if tuple([state for state, _ in pattern[1][:length]]) == states[: len(pattern[1])]
            ]
            self._alike[states] = found
        return found


def _table(patterns):
    """Every pattern as ((state, us), ...) and once more muted; equal neighbours joined, no silence at the end."""
    table = []
    for name, steps in patterns.items():
        loud = _joined(((int(led), hz), ms * 1_000) for led, hz, ms in steps)
        muted = _joined(((led, 0), us) for (led, _), us in loud)
        table.append((name, loud))
        if muted != loud:
            table.append((name, muted))
    return table


def _joined(steps):
    joined = []
    for state, us in steps:
        if joined and joined[-1][0] == state:
            joined[-1] = (state, joined[-1][1] + us)
        else:
            joined.append((state, us))
    while joined and joined[-1][0] == (0, 0):
        joined.pop()
    return tuple(joined)


def _slack(us):
    return _SLACK_US + us * _SLACK_PERCENT // 100


def _fits(steps, seen):
    for (state, us), (shown, lasted) in zip(steps, seen, strict=False):
        if state != shown or abs(lasted - us) > _SLACK_US + us * _SLACK_PERCENT // 100:
            return False
    return True


def _distance(steps, seen):
    return sum(abs(lasted - us) for (_, us), (_, lasted) in zip(steps, seen, strict=False))
