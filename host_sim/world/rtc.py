"""The chip's own clock and the memory beside it: both survive deep sleep and every reset but the power-on one.

Awake the clock runs on the crystal, which is exact here; asleep on an RC oscillator, wrong by `sleep_drift` (the
ESP32's is specified to 5 %, and goes either way with temperature).
"""

MEMORY_SIZE = 2_048
"""Bytes of RTC memory that MicroPython offers (`MICROPY_HW_RTC_USER_MEM_MAX`). No checksum guards them."""


class ChipRtc:
    """Counts from 2000-01-01, where a power-on starts it, on the world's timeline."""

    def __init__(self, timeline, sleep_drift=0.0):
        self.sleep_drift = sleep_drift
        """How much faster the clock runs asleep: 0.05 gains 3 minutes an hour. Taken at each falling asleep."""
        self.memory = b""
        self._timeline = timeline
        self._base_us = 0
        self._since_us = timeline.now_us
        self._rate_ppb = 1_000_000_000

    @property
    def us(self):
        """Microseconds since 2000-01-01 by this clock; setting it sets the clock."""
        return self._base_us + (self._timeline.now_us - self._since_us) * self._rate_ppb // 1_000_000_000

    @us.setter
    def us(self, us):
        self._base_us = us
        self._since_us = self._timeline.now_us

    def sleep(self):
        """The chip falls asleep: from here on the clock drifts."""
        self._run(1_000_000_000 + round(self.sleep_drift * 1_000_000_000))

    def wake(self):
        """The chip wakes or is reset: the clock is exact again, and keeps what it lost or gained."""
        self._run(1_000_000_000)

    def power_on(self):
        """Power came back: the clock starts at 2000-01-01, the memory is empty."""
        self.us = 0
        self.memory = b""
        self._run(1_000_000_000)

    def store(self, data):
        """Replace the RTC memory. Raises ValueError for more than MEMORY_SIZE bytes, as the chip does."""
        if len(data) > MEMORY_SIZE:
            raise ValueError("buffer too long")
        self.memory = bytes(data)

    def _run(self, rate_ppb):
        self.us = self.us
        self._rate_ppb = rate_ppb
