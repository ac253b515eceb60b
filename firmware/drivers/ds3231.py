"""DS3231 real-time clock: UTC in BCD registers (Maxim data sheet 19-5170, figure 1).

Registers 00h-06h hold seconds to years, the month's top bit the century (0: 2000 to 2099, 1: 2100 to 2199), 0Fh the
status with OSF, which says that the oscillator has stood still since the time was last set. To the chip every fourth
year is a leap year, 2100 too: from 2100-03-01 on its date is a day behind the calendar's, and read accordingly.
"""

from micropython import const

from firmware.core.calendar import days_from_civil

ADDRESS = const(0x68)

STATUS = const(0x0F)
OSF = const(0x80)
CENTURY = const(0x80)
LEAP_DAY = const(47541)  # from 1970 to 2100-03-01, which the chip takes for February 29

_HOUR_12 = const(0x40)
_HOUR_PM = const(0x20)
_DAY_S = const(86400)


class ClockError(Exception):
    """The chip does not answer, or its registers hold no time."""


def _from_bcd(value):
    if value & 0x0F > 9 or value >> 4 > 9:
        raise ClockError("not BCD")
    return (value >> 4) * 10 + (value & 0x0F)


def _hour(register):
    if not register & _HOUR_12:
        return _from_bcd(register & 0x3F)
    hour = _from_bcd(register & 0x1F)
    if not 1 <= hour <= 12:
        raise ClockError("hour")
    return hour % 12 + (12 if register & _HOUR_PM else 0)


class DS3231:
    """`i2c`: a bus with `readfrom_mem_into` and `writeto_mem`."""

    def __init__(self, i2c):
        self._i2c = i2c
        self._registers = bytearray(STATUS + 1)

    def read(self):
        """(seconds since 1970, True if the oscillator has run since the time was set); raises ClockError.

        One burst: the chip copies its counters at the start of a transfer, so that no carry is torn.
        """
        registers = self._registers
        try:
            self._i2c.readfrom_mem_into(ADDRESS, 0, registers)
        except OSError:
            raise ClockError("no answer")
        second, minute = _from_bcd(registers[0] & 0x7F), _from_bcd(registers[1] & 0x7F)
        hour, day = _hour(registers[2]), _from_bcd(registers[4] & 0x3F)
        month = _from_bcd(registers[5] & 0x1F)
        year = _from_bcd(registers[6]) + (2100 if registers[5] & CENTURY else 2000)
        if second > 59 or minute > 59 or hour > 23 or not 1 <= month <= 12 or not 1 <= day <= 31:
            raise ClockError("range")
        days = days_from_civil(year, month, day) + (year > 2100 or year == 2100 and month > 2)
        return days * _DAY_S + hour * 3600 + minute * 60 + second, not registers[STATUS] & OSF
