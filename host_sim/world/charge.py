"""Where the charge goes: each part of the board is in one state at a time, and each state draws its current.

Charge is kept in microamperes times microseconds, so that everything is a whole number: 10^9 are a millicoulomb.
"""

from host_sim.world.figures import BYTE_US, FRAME_US, MICROAMPS

_PER_MC = 1_000_000_000
_SEGMENT = 1_460


class Meter:
    """Counts time and charge by (part, state), from the world's beginning."""

    def __init__(self, timeline):
        self._timeline = timeline
        self._states = {}
        self._counts = {}

    def enter(self, part, state, ua=None):
        """From now on `part` is in `state` and draws `ua` microamperes, if not given those of figures.py."""
        now, states, counts = self._timeline.now_us, self._states, self._counts
        if part in states:
            before, drawn, since = states[part]
            if now > since:
                key, us = (part, before), now - since
                time, charge = counts.get(key, (0, 0))
                counts[key] = time + us, charge + us * drawn
        states[part] = (state, MICROAMPS[part, state] if ua is None else ua, now)

    def spent(self, part, state, us):
        """Say that of the time just counted for `part`, `us` microseconds were spent in `state` instead."""
        self._settle(part)
        other, ua, _ = self._states[part]
        self._count(part, other, -us, ua)
        self._count(part, state, us, MICROAMPS[part, state])

    def air(self, count):
        """The radio has sent `count` bytes, in as few frames as possible."""
        self.spent("radio", "sending", (1 + count // _SEGMENT) * FRAME_US + count * BYTE_US)

    def counts(self):
        """Everything so far: (part, state) -> (seconds, millicoulombs)."""
        self._settle_all()
        return {key: (us / 1_000_000, charge / _PER_MC) for key, (us, charge) in self._counts.items()}

    def seconds(self, part, state):
        """How long `part` has been in `state`."""
        self._settle(part)
        return self._counts.get((part, state), (0, 0))[0] / 1_000_000

    def mc(self, part=None, state=None):
        """Millicoulombs of everything so far, or of one part, or of one of its states."""
        self._settle_all()
        return (
            sum(
                charge
                for (of, when), (_, charge) in self._counts.items()
                if part in (None, of) and state in (None, when)
            )
            / _PER_MC
        )

    def _settle_all(self):
        for part in self._states:
            self._settle(part)

    def _settle(self, part):
        if part in self._states:
            state, ua, since = self._states[part]
            now = self._timeline.now_us
            self._count(part, state, now - since, ua)
            self._states[part] = (state, ua, now)

    def _count(self, part, state, us, ua):
        key = part, state
        time, charge = self._counts.get(key, (0, 0))
        self._counts[key] = time + us, charge + us * ua
