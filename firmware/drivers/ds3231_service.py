"""What a wake does not need of the DS3231: setting its time, its temperature (Maxim data sheet 19-5170, figure 1).

The registers are those of ds3231.py, and 11h and 12h, which hold the temperature in quarters of a degree, as measured
every 64 seconds.
"""

from micropython import const

from firmware.core.calendar import civil_from_days
from firmware.drivers.ds3231 import ADDRESS, CENTURY, LEAP_DAY, OSF, STATUS, ClockError

_TEMPERATURE = const(0x11)
_DAY_S = const(86400)


def set_time(i2c, seconds):
    """Set the time to `seconds` since 1970 (2000 to 2199), a second that begins now, and clear OSF; raises ClockError.

    Writing the seconds restarts the countdown chain behind them, and the rest is written before they carry.
    """
    days, rest = divmod(seconds, _DAY_S)
    year, month, day = civil_from_days(days - (days > LEAP_DAY))
    if days == LEAP_DAY:
        month, day = 2, 29
    if not 2000 <= year < 2200:
        raise ClockError("range")
    century = CENTURY if year >= 2100 else 0
    fields = (rest % 60, rest // 60 % 60, rest // 3600, (days + 4) % 7 + 1, day, month, year % 100)
    registers = bytearray([field // 10 << 4 | field % 10 for field in fields])
    registers[5] |= century
    status = bytearray(1)
    try:
        i2c.writeto_mem(ADDRESS, 0, registers)
        i2c.readfrom_mem_into(ADDRESS, STATUS, status)
        status[0] &= ~OSF
        i2c.writeto_mem(ADDRESS, STATUS, status)
    except OSError:
        raise ClockError("no answer")


def temperature(i2c):
    """Of the clock chip, in quarters of a degree Celsius, good to 3 degrees; raises ClockError."""
    registers = bytearray(2)
    try:
        i2c.readfrom_mem_into(ADDRESS, _TEMPERATURE, registers)
    except OSError:
        raise ClockError("no answer")
    quarters = registers[0] << 2 | registers[1] >> 6
    return quarters - 1024 if quarters & 512 else quarters
