"""Four AA cells: what they give at rest, how they sag under the motor, and what the lock measures of it.

Invariant: whenever the voltage under load falls below `BROWNOUT_MV`, `on_brownout` is called once; again only after it
has recovered in between.
"""

from collections import deque
from random import Random

BROWNOUT_MV = 3_000
"""Below this voltage (mV) the chip's supply collapses."""
DIVIDER = 3
"""The ADC pin sees a third of the voltage."""

_NOISE_MV = 3


class Battery:
    """A source of `open_mv` millivolts behind an inner resistance; `seed` decides the noise of the measurement."""

    def __init__(self, open_mv=6_000, seed=0):
        self.resistance_mohm = 800
        """Inner resistance in milliohms: 800 for four fresh alkaline cells, several times that when cold or empty."""
        self.on_brownout = None
        """Called without arguments when the voltage falls below BROWNOUT_MV."""
        self.on_load = None
        """Called with the motor's current in milliamperes whenever it changes."""
        self._open_mv = open_mv
        self._load_ma = 0
        self._collapsed = self.collapsed
        self._random = Random(seed)
        self._noise = deque()  # of measurements to come, as far as somebody has asked

    @property
    def open_mv(self):
        """Voltage without load in millivolts; setting it is changing or using up the cells."""
        return self._open_mv

    @open_mv.setter
    def open_mv(self, mv):
        self._open_mv = mv
        self._watch()

    @property
    def load_ma(self):
        """Current that the motor draws, in milliamperes; set by whatever draws it."""
        return self._load_ma

    @load_ma.setter
    def load_ma(self, ma):
        self._load_ma = ma
        if self.on_load:
            self.on_load(ma)
        self._watch()

    @property
    def mv(self):
        """Voltage under the present load, in millivolts."""
        return self.under(self._load_ma)

    @property
    def collapsed(self):
        """True while the voltage is too low for the chip to run."""
        return self.mv < BROWNOUT_MV

    def under(self, load_ma):
        """Voltage in millivolts that a load of `load_ma` would leave, 0 at least."""
        return max(0, self._open_mv - load_ma * self.resistance_mohm // 1_000)

    def adc_uv(self):
        """One measurement at the ADC pin, in microvolts: a third of the voltage, some noise, in whole millivolts."""
        value = self.next_uv(1)[0]
        self.measured(1)
        return value

    def next_uv(self, count):
        """What the next `count` measurements will be, if the load stays as it is."""
        while len(self._noise) < count:
            self._noise.append(int(self._random.random() * (2 * _NOISE_MV + 1)) - _NOISE_MV)
        at_rest = self.mv // DIVIDER
        return [max(0, at_rest + noise) * 1_000 for noise, _ in zip(self._noise, range(count), strict=False)]

    def measured(self, count):
        """So many of the measurements that `next_uv` has told were made."""
        for _ in range(count):
            self._noise.popleft()

    def _watch(self):
        before, self._collapsed = self._collapsed, self.collapsed
        if self._collapsed and not before and self.on_brownout:
            self.on_brownout()
