"""A DS3231 clock chip at register level, as its data sheet (Maxim 19-5170, rev. 10) describes it.

It counts from what was set, on the world's timeline and at its own rate: that of its crystal, what the compensation
leaves of the temperature, and the aging register. A coin cell keeps it going without the main power, unless EOSC stops
the oscillator there; without both it forgets all.

To the chip every fourth year is a leap year, which is right until 2099, and after 2199 comes 2000. Alarms are kept as
written and never go off: nothing of the lock is wired to the alarm pin. A temperature conversion takes no time.
"""

from datetime import date, timedelta
from functools import cache

EPOCH_2000 = 946_684_800
"""Unix time of 2000-01-01, where the chip starts after both supplies were gone."""

REGISTERS = 0x13
"""Registers 00h to 12h; reading and writing goes on at 00h behind the last one."""
_DAY, _CONTROL, _STATUS, _AGING, _TEMPERATURE = 0x03, 0x0E, 0x0F, 0x10, 0x11
_TIME = 7
"""Registers of time and date, from 00h."""
_OSF, _STATUS_RW, _STATUS_CLEAR = 0x80, 0x08, 0x83
_EOSC, _CONV = 0x80, 0x20
_HOURS_12, _PM, _CENTURY = 0x40, 0x20, 0x80
_ENODEV = 19
_START = date(2000, 1, 1)
_FOUR_YEARS, _TWO_CENTURIES = 1461, 73_050
_PPB = 1_000_000_000
_NO_TIME = "second must be in 0..59, minute in 0..59, hour in 0..23"


class DS3231:
    """The chip under main power, set to unix time `unix`; None: fresh, as after `lose_power`."""

    def __init__(self, timeline, unix=None):
        self.connected = True
        """False: nobody answers on the bus, `read` and `write` raise OSError(19) as MicroPython's I2C does."""
        self.glitch = None
        """Seven bytes that the next transfer reads instead of time and date, once; `registers_at` makes sane ones."""
        self._timeline = timeline
        self._drift_ppm = 0.0
        self._temperature_c = 25.0
        self._oscillates = self._main = self._cell = True
        self._base_us = self._since_us = 0
        self.lose_power()
        if unix is not None:
            self.set_unix(unix)

    @property
    def drift_ppm(self):
        """How fast the crystal is at 25 degrees, in parts per million: +-2 when new, 5 more with age, by data sheet."""
        return self._drift_ppm

    @drift_ppm.setter
    def drift_ppm(self, ppm):
        self._hold()
        self._drift_ppm = ppm

    @property
    def temperature_c(self):
        """What the temperature registers show, in steps of 0.25 degrees Celsius."""
        return self._temperature_c

    @temperature_c.setter
    def temperature_c(self, celsius):
        self._hold()
        self._temperature_c = celsius

    @property
    def rate_ppm(self):
        """How fast the chip runs in all. The temperature leaves up to 3.5 ppm at -40 degrees, on a parabola."""
        aging = self._other[_AGING] - (self._other[_AGING] >> 7 << 8)
        return self._drift_ppm - 3.5 * min(1, ((self._temperature_c - 25) / 65) ** 2) - 0.1 * aging

    @property
    def unix(self):
        """Unix time in whole seconds that the chip has counted to; its calendar is one of its own after 2099."""
        return EPOCH_2000 + self._us() // 1_000_000

    @property
    def osf(self):
        """True while the oscillator stop flag says that the time is not to be trusted."""
        return bool(self._other[_STATUS] & _OSF)

    def set_unix(self, unix):
        """Set the time from outside, begin a second, and clear the oscillator stop flag, as a host tool does."""
        self._set((unix - EPOCH_2000) * 1_000_000)
        self._other[_STATUS] &= ~_OSF

    def stop(self):
        """The oscillator stops: the time stands still and is flagged."""
        self._hold()
        self._oscillates = False
        self._flag_stop()

    def start(self):
        """The oscillator runs on from where it stood; the flag stays until software clears it."""
        self._hold()
        self._oscillates = True

    def supply(self, main=None, cell=None):
        """Main power or coin cell comes (True) or goes (False)."""
        self._hold()
        self._main = self._main if main is None else main
        self._cell = self._cell if cell is None else cell
        if not self._main and not self._cell:
            self.lose_power()
        self._flag_stop()

    def lose_power(self):
        """Main power and coin cell were gone at once: all registers as at first, 2000-01-01, flagged."""
        self._other = bytearray(REGISTERS)
        self._other[_CONTROL] = 0x1C
        self._other[_STATUS] = _OSF | _STATUS_RW
        self._weekday = 0
        self._hours_12 = 0
        self._set(0)

    def snapshot(self):
        """All of the chip, for `load`."""
        switches = self._oscillates, self._main, self._cell
        rates = self._drift_ppm, self._temperature_c
        return self._us(), bytes(self._other), self._weekday, self._hours_12, switches, rates

    def load(self, snapshot):
        """Be as a chip was that gave the `snapshot`."""
        us, other, self._weekday, self._hours_12, switches, rates = snapshot
        self._oscillates, self._main, self._cell = switches
        self._drift_ppm, self._temperature_c = rates
        self._other = bytearray(other)
        self._set(us)

    def registers_at(self, unix):
        """What time and date look like at a unix second: seven bytes."""
        days, rest = divmod(unix - EPOCH_2000, 86_400)
        hour, minute, second = rest // 3600, rest // 60 % 60, rest % 60
        weekday = (days + self._weekday) % 7 + 1
        return bytes((_bcd(second), _bcd(minute), self._hour(hour), weekday, *_date(days % _TWO_CENTURIES)))

    def read(self, reg, n):
        """`n` registers from `reg` on, all of one instant. Raises OSError(19) when not connected."""
        self._check()
        registers = self._registers()
        if self.glitch and reg < _TIME:
            registers[:_TIME] = self.glitch
            self.glitch = None
        if reg + n <= REGISTERS:
            return bytes(registers[reg : reg + n])
        return bytes(registers[(reg + i) % REGISTERS] for i in range(n))

    def write(self, reg, data):
        """Write registers from `reg` on. Raises OSError(19) when not connected, ValueError: no time or date at all."""
        self._check()
        registers = self._registers()
        touched = {(reg + i) % REGISTERS: value for i, value in enumerate(data)}
        for at, value in touched.items():
            registers[at] = value
        if min(touched, default=REGISTERS) < _TIME:
            self._take_time(registers, restart=0 in touched)
        self._hold()
        for at in touched:
            self._take_other(at, registers[at])

    def _check(self):
        if not self.connected:
            raise OSError(_ENODEV)

    def _take_other(self, at, value):
        """Keep a written value as far as the register can be written."""
        if at == _STATUS:
            old = self._other[at]
            self._other[at] = value & _STATUS_RW | old & value & _STATUS_CLEAR
        elif at == _CONTROL:
            self._other[at] = value & ~_CONV
            self._flag_stop()
        elif _TIME <= at <= _AGING:
            self._other[at] = value

    def _take_time(self, registers, restart):
        second, minute, hour, weekday, day, month, year = registers[:_TIME]
        self._hours_12 = hour & _HOURS_12
        if self._hours_12:
            hour = _number(hour & 0x1F) % 12 + (12 if hour & _PM else 0)
        else:
            hour = _number(hour & 0x3F)
        minute, second = _number(minute), _number(second)
        if hour > 23 or minute > 59 or second > 59:
            raise ValueError(_NO_TIME)
        cycle, year = divmod(_number(year) + (100 if month & _CENTURY else 0), 4)
        days = cycle * _FOUR_YEARS + (date(2000 + year, _number(month & ~_CENTURY), _number(day)) - _START).days
        # Writing the seconds restarts the divider behind them.
        part = 0 if restart else self._us() % 1_000_000
        self._set((days * 86_400 + hour * 3600 + minute * 60 + second) * 1_000_000 + part)
        self._weekday = (weekday - 1 - days) % 7

    def _registers(self):
        registers = bytearray(self._other)
        registers[:_TIME] = self.registers_at(self.unix)
        quarters = round(self._temperature_c * 4)
        registers[_TEMPERATURE], registers[_TEMPERATURE + 1] = quarters >> 2 & 0xFF, (quarters & 3) << 6
        return registers

    def _hour(self, hour):
        if not self._hours_12:
            return _bcd(hour)
        return _HOURS_12 | (_PM if hour >= 12 else 0) | _bcd((hour - 1) % 12 + 1)

    @property
    def _running(self):
        kept = self._cell and not self._other[_CONTROL] & _EOSC
        return self._oscillates and (self._main or kept)

    def _flag_stop(self):
        if not self._running:
            self._other[_STATUS] |= _OSF

    def _us(self):
        """Microseconds since 2000-01-01 by this chip."""
        if not self._running:
            return self._base_us
        rate_ppb = _PPB + round(self.rate_ppm * 1_000)
        return self._base_us + (self._timeline.now_us - self._since_us) * rate_ppb // _PPB

    def _set(self, us):
        self._base_us = us
        self._since_us = self._timeline.now_us

    def _hold(self):
        """Count afresh from here, before the rate changes."""
        self._set(self._us())


@cache
def _date(days):
    """Day, month and year so many days after 2000-01-01, as registers."""
    cycle, day = divmod(days, _FOUR_YEARS)
    today = _START + timedelta(days=day)
    year = today.year - 2000 + 4 * cycle
    return _bcd(today.day), _bcd(today.month) | (_CENTURY if year >= 100 else 0), _bcd(year % 100)


def _bcd(number):
    return number // 10 << 4 | number % 10


def _number(bcd):
    """The number of a BCD byte; raises ValueError where a nibble is no digit."""
    high, low = divmod(bcd, 16)
    if high > 9 or low > 9:
        raise ValueError(f"0x{bcd:02x} is not BCD")
    return 10 * high + low
