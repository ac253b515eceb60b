"""Simulated time: a count of microseconds and the events that wait for their instant.

Nothing here looks at a real clock. Time moves only when somebody calls `advance_to`, and then from event to event, or
sets `now_us` to an instant before `next_us`; so the same calls give the same run. Events due at one instant run in the
order in which they were entered.
"""

from heapq import heappop, heappush

FAR = 1 << 62
"""Later than any instant."""


class Timeline:
    """The world's clock and its queue of events.

    Invariants: `now_us` never decreases; while an event runs, `now_us` is the instant for which it was entered (or the
    instant of its entering, where that was later). The first of the queue was not cancelled.
    """

    def __init__(self):
        self.now_us = 0
        """Microseconds since the world's beginning."""
        self.next_us = FAR
        """Instant of the next event in microseconds, FAR when nothing waits. May lie in the past, see `at`."""
        self._queue = []
        self._order = 0

    def at(self, us, fn):
        """Have `fn()` called at `us` (when that is past: at the next advance). Returns a handle for `cancel`."""
        self._order += 1
        handle = [us, self._order, fn]
        heappush(self._queue, handle)
        if us < self.next_us:
            self.next_us = us
        return handle

    def cancel(self, handle):
        """Drop the event of `handle`; without effect when it has run or was cancelled. None is accepted and ignored."""
        if handle is not None:
            handle[2] = None
            if handle[0] == self.next_us:
                self._look_ahead()

    def _look_ahead(self):
        queue = self._queue
        while queue and queue[0][2] is None:
            heappop(queue)
        self.next_us = queue[0][0] if queue else FAR

    def advance_to(self, us, boot=None):
        """Run every event due up to and including `us`, then stand at `us`; with `boot`, stand at the event that ends
        that, so that its `is_open` is false.

        An event may enter others, cancel others and advance time itself (where it goes beyond `us`, time stays there).
        When an event raises, time stands at that event, which is gone, and the others still wait. Raises ValueError for
        an instant before `now_us`.
        """
        if us < self.now_us:
            raise ValueError(f"time cannot go back from {self.now_us} to {us} us")
        queue = self._queue
        while self.next_us <= us:
            handle = heappop(queue)
            due, _, fn = handle
            handle[2] = None
            while queue and queue[0][2] is None:
                heappop(queue)
            self.next_us = queue[0][0] if queue else FAR
            if due > self.now_us:
                self.now_us = due
            fn()
            if boot and not boot.is_open:
                return
        if us > self.now_us:
            self.now_us = us
