"""`machine.Pin`: the pads of the ESP32.

Only what is wired to something that looks costs a request: the rows and columns of the key matrix live here, and their
levels follow from the contacts that the world last told.
"""

import protocol
from bus import chip
from micropython import const

_IN = const(1)
_OUT = const(3)
_INPUT_ONLY = const(34)  # GPIO 34 to 39 have neither output nor pulls
_PADS = const(40)
_DRIVEN_HIGH = const(0x11000)  # a row in `chip.matrix`: its bits in both masks
_NO_PADS = (20, 24, 28, 29, 30, 31)
_FLASH_PINS = (6, 7, 8, 9, 10, 11)


class Pin:
    """One pad; every `Pin(n)` of a boot is the same object. At reset a pad floats, unless it is held."""

    IN = _IN
    OUT = _OUT
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    _all = {}

    def __new__(cls, number, *args, **kwargs):
        pin = cls._all.get(number)
        if pin is None:
            if not isinstance(number, int) or not 0 <= number < _PADS or number in _NO_PADS:
                raise ValueError("invalid pin")
            if number in _FLASH_PINS:
                raise ValueError("the flash chip's pin")
            pin = super().__new__(cls)
            pin._reset(number)
            cls._all[number] = pin
        return pin

    def __init__(self, number, mode=None, pull=-1, *, value=None, drive=None, hold=None):
        if mode is not None or pull != -1 or value is not None or hold is not None:
            self.init(mode, pull, value=value, hold=hold)

    def _reset(self, number):
        self.number = number
        self.bit = 1 << number
        self._row = 1 << chip.rows.index(number) if number in chip.rows else 0
        self._column = chip.columns.index(number) if number in chip.columns else -1
        self._mode = self.IN
        self._pull = 0
        self._level = 0
        if self._row:
            self.value, self.init = self._row_value, self._row_init
        elif self._column >= 0:
            self.value = self._column_value
        self._held = bool((chip.held_high | chip.held_low) & self.bit)

    def init(self, mode=None, pull=-1, *, value=None, drive=None, hold=None):
        """Configure the pad; raises ValueError for an output on GPIO 34 to 39. `hold` freezes it as it then is."""
        if mode is not None:
            if mode != self.IN and self.number >= _INPUT_ONLY:
                raise ValueError("pin can only be input")
            self._mode = mode
            chip.rtc &= ~self.bit
            chip.lit = -1
        if value is not None:
            self._level = 1 if value else 0
        if pull != -1 and self.number < _INPUT_ONLY:
            self._pull = pull or 0
            if self._column >= 0 and (pull == self.PULL_DOWN) == bool(chip.floating & self.bit):
                chip.pull(self.bit, pull == self.PULL_DOWN)
        if hold is not None:
            self._held = False
        if self._column < 0 or (chip.held_high | chip.held_low) & self.bit:
            self._apply()
        if hold and self.number < _INPUT_ONLY:
            self._held = True
            if self._drives():
                chip.hold(self.bit, self._level)
        if self._mode == self.IN and not self._row and self._column < 0 and self.number < _INPUT_ONLY:
            # asleep, a pad that is not held is as after a reset, which the world takes for pulled up
            chip.tell(self.number, 0, 65535 if self._pull == self.PULL_UP or not hold else 0)

    def _row_init(self, mode=None, pull=-1, *, value=None, drive=None, hold=None):
        """`init` of a row of the key matrix, of which each look at a key that is down sets the mode twice."""
        if self._held or hold is not None or mode not in (_IN, _OUT):
            Pin.init(self, mode, pull, value=value, hold=hold)
            return
        if value is not None:
            self._level = 1 if value else 0
        if mode == _IN:
            chip.matrix &= ~(self._row * _DRIVEN_HIGH)
        elif self._level:
            chip.matrix |= self._row * _DRIVEN_HIGH
        else:
            chip.matrix = chip.matrix & ~(self._row * _DRIVEN_HIGH) | self._row << 16
        self._mode = mode
        chip.lit = -1

    def _drives(self):
        return self._mode == self.OUT or (self._mode == self.OPEN_DRAIN and not self._level)

    def _apply(self):
        """Bring mode and level to the pad, unless it is held."""
        if self._held:
            return
        if (chip.held_high | chip.held_low) & self.bit:
            chip.release(self.bit)
        if self._column >= 0:
            return
        state = protocol.FLOATING if not self._drives() else protocol.HIGH if self._level else protocol.LOW
        if self._row:
            chip.row(self._row, state)
        else:
            chip.drive(self.number, state)

    def value(self, level=None):
        """The pad's level; with `level`, set that of the output."""
        if level is None:
            return self._level if self._mode == self.OUT else chip.levels >> self.number & 1
        level = 1 if level else 0
        if level != self._level:
            self._level = level
            self._apply()
        return None

    def _row_value(self, level=None):
        """`value` of a row of the key matrix, which is set more often than all other pins together."""
        if level is None:
            return self._level
        if level != self._level:
            self._level = 1 if level else 0
            if self._mode == self.OUT and not self._held:
                chip.matrix ^= self._row << 12
                chip.lit = -1
            else:
                self._apply()
        return None

    def _column_value(self, level=None):
        """`value` of a column."""
        lit = chip.lit
        return (chip.light() if lit < 0 else lit) >> self.number & 1

    def __call__(self, level=None):
        return self.value(level)

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)
