"""Battery voltage through the divider on the ADC."""

from micropython import const

_DIVIDER = const(3)  # 2:1 resistors: the pin sees a third
_SAMPLES = const(5)


class Battery:
    """`adc` gives microvolts at the pin by `read_uv()`."""

    def __init__(self, adc):
        self._adc = adc

    def millivolts(self):
        """Median of five readings, in mV at the battery: one spike from the radio or the motor does not count."""
        readings = sorted([self._adc.read_uv() for _ in range(_SAMPLES)])
        return readings[_SAMPLES // 2] * _DIVIDER // 1000
