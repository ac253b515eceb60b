"""A DS3231 clock chip at register level, as its data sheet (Maxim 19-5170, rev. 10) describes it.

Its coin cell keeps it going through every loss of the main power, so nothing here follows that power. It counts from
what was set, on the world's timeline and at its own rate: drift plus aging register.

Alarms are kept as written and never go off: nothing of the lock is wired to the alarm pin. Every fourth year is a leap
year to the chip, which is right until 2099.
"""

from datetime import datetime, timedelta

EPOCH_2000 = 946_684_800
"""Unix time of 2000-01-01, where the chip starts after both supplies were gone."""

REGISTERS = 0x13
"""Registers 00h to 12h; reading and writing goes on at 00h behind the last one."""
_DAY, _CONTROL, _STATUS, _AGING, _TEMPERATURE = 0x03, 0x0E, 0x0F, 0x10, 0x11
_OSF, _STATUS_RW, _STATUS_CLEAR = 0x80, 0x08, 0x83
_HOURS_12, _PM, _CENTURY = 0x40, 0x20, 0x80
_ENODEV = 19
_START = datetime(2000, 1, 1)
_PPB = 1_000_000_000


class DS3231:
    """The chip, set to unix time `unix` with its oscillator running; None: fresh, as after `lose_power`."""

    def __init__(self, timeline, unix=None):
        self.connected = True
        """False: nobody answers on the bus, `read` and `write` raise OSError(19) as MicroPython's I2C does."""
        self.temperature_c = 25.0
        """What the temperature registers show, in steps of 0.25 degrees Celsius."""
        self._timeline = timeline
        self._drift_ppm = 0.0
        self._running = True
        self.lose_power()
        if unix is not None:
            self.set_unix(unix)

    @property
    def drift_ppm(self):
        """How fast the chip runs, in parts per million: +-2 by its data sheet between 0 and 40 degrees Celsius."""
        return self._drift_ppm

    @drift_ppm.setter
    def drift_ppm(self, ppm):
        self._hold()
        self._drift_ppm = ppm

    @property
    def unix(self):
        """Unix time in whole seconds that the registers show."""
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
        self._running = False
        self._other[_STATUS] |= _OSF

    def start(self):
        """The oscillator runs on from where it stood; the flag stays until software clears it."""
        self._hold()
        self._running = True

    def lose_power(self):
        """Main power and coin cell were gone at once: all registers as at first, 2000-01-01, flagged."""
        self._other = bytearray(REGISTERS)
        self._other[_CONTROL] = 0x1C
        self._other[_STATUS] = _OSF | _STATUS_RW
        self._weekday = 0
        self._hours_12 = 0
        self._set(0)

    def read(self, reg, n):
        """`n` registers from `reg` on, all of one instant. Raises OSError(19) when not connected."""
        self._check()
        registers = self._registers()
        return bytes(registers[(reg + i) % REGISTERS] for i in range(n))

    def write(self, reg, data):
        """Write registers from `reg` on. Raises OSError(19) when not connected, ValueError: no time or date at all."""
        self._check()
        registers = self._registers()
        touched = {(reg + i) % REGISTERS: value for i, value in enumerate(data)}
        for at, value in touched.items():
            registers[at] = value
        if min(touched, default=REGISTERS) <= 0x06:
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
            self._other[at] = value & ~0x20  # a temperature conversion is over at once
        elif 0x07 <= at <= _AGING:
            self._other[at] = value

    def _take_time(self, registers, restart):
        second, minute, hour, weekday, day, month, year = registers[:7]
        self._hours_12 = hour & _HOURS_12
        if self._hours_12:
            hour = _number(hour & 0x1F) % 12 + (12 if hour & _PM else 0)
        else:
            hour = _number(hour & 0x3F)
        year = 2000 + _number(year) + (100 if month & _CENTURY else 0)
        when = datetime(year, _number(month & ~_CENTURY), _number(day), hour, _number(minute), _number(second))
        since = when - _START
        # Writing the seconds restarts the divider behind them.
        self._set((since.days * 86_400 + since.seconds) * 1_000_000 + (0 if restart else self._us() % 1_000_000))
        self._weekday = (weekday - 1 - since.days) % 7

    def _registers(self):
        now = _START + timedelta(seconds=self._us() // 1_000_000)
        registers = bytearray(self._other)
        registers[0], registers[1], registers[2] = _bcd(now.second), _bcd(now.minute), self._hour(now.hour)
        registers[_DAY] = ((now - _START).days + self._weekday) % 7 + 1
        registers[4], registers[5] = _bcd(now.day), _bcd(now.month) | (_CENTURY if now.year >= 2100 else 0)
        registers[6] = _bcd(now.year % 100)
        quarters = round(self.temperature_c * 4)
        registers[_TEMPERATURE], registers[_TEMPERATURE + 1] = quarters >> 2 & 0xFF, (quarters & 3) << 6
        return registers

    def _hour(self, hour):
        if not self._hours_12:
            return _bcd(hour)
        return _HOURS_12 | (_PM if hour >= 12 else 0) | _bcd((hour - 1) % 12 + 1)

    def _us(self):
        """Microseconds since 2000-01-01 by this chip."""
        if not self._running:
            return self._base_us
        aging = self._other[_AGING] - (self._other[_AGING] >> 7 << 8)
        rate_ppb = _PPB + round(self._drift_ppm * 1_000) - 100 * aging  # a step of aging is about 0.1 ppm
        return self._base_us + (self._timeline.now_us - self._since_us) * rate_ppb // _PPB

    def _set(self, us):
        self._base_us = us
        self._since_us = self._timeline.now_us

    def _hold(self):
        """Count afresh from here, before the rate changes."""
        self._set(self._us())


def _bcd(number):
    return number // 10 << 4 | number % 10


def _number(bcd):
    if bcd & 0x0F > 9 or bcd >> 4 > 9:
        raise ValueError(f"register value 0x{bcd:02x} is no BCD")
    return (bcd >> 4) * 10 + (bcd & 0x0F)
