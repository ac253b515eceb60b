"""The maintenance key, a push button inside the door."""


class MaintenanceKey:
    """Up at first. `on_change()` is called whenever it goes down or up."""

    def __init__(self, timeline):
        self.on_change = lambda: None
        self.down = False
        self._timeline = timeline
        self._from_us = self._to_us = 0

    def press(self):
        if not self.down:
            self.down = True
            self._from_us = self._timeline.now_us
            self.on_change()

    def release(self):
        if self.down:
            self.down = False
            self._to_us = self._timeline.now_us
            self.on_change()

    def held_us(self, since_us):
        """For how many microseconds after `since_us` it was down when it last was."""
        end_us = self._timeline.now_us if self.down else self._to_us
        return max(0, end_us - max(since_us, self._from_us))
