"""MicroPython's `time` on the ESP32: ticks of the simulated world, an epoch of 2000-01-01, no time zone."""

from bus import READ_US, chip
from micropython import const

_TICKS_MASK = const(0x3FFFFFFF)  # ticks wrap at 2**30, as where small integers have 31 bits
_TICKS_HALF = const(0x20000000)
_DAY_S = const(86400)
_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def ticks_us():
    return chip.clock() & _TICKS_MASK


def ticks_ms():
    now = chip.now + READ_US  # as `chip.clock`: no other request is made so often
    if now < chip.next:
        chip.now = now
    else:
        now = chip.clock()
    return now // 1000 & _TICKS_MASK


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    if not -_TICKS_HALF < delta < _TICKS_HALF:
        raise OverflowError("ticks interval overflow")
    return ticks + delta & _TICKS_MASK


def ticks_diff(end, start):
    """`end` - `start`, from -2**29 to 2**29 - 1."""
    return (end - start + _TICKS_HALF & _TICKS_MASK) - _TICKS_HALF


def sleep(seconds):
    chip.wait(int(seconds * 1000000))


def sleep_ms(ms):
    end = chip.now + ms * 1000
    if end >= chip.next:
        chip.wait(ms * 1000)
    elif ms > 0:
        chip.now = end


def sleep_us(us):
    if us > 0:
        chip.wait(us)


def time_ns():
    return chip.calendar() * 1000


def time():
    """Whole seconds since 2000 by the chip's own clock."""
    return chip.calendar() // 1000000


def _leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_before_year(year):
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400


_EPOCH_DAYS = const(730119)  # 2000-01-01


def _days_before_month(year, month):
    return _DAYS_BEFORE[month - 1] + (1 if month > 2 and _leap(year) else 0)


def gmtime(seconds=None):
    """(year, month, day, hour, minute, second, weekday from Monday = 0, day of the year from 1)."""
    days, rest = divmod(time() if seconds is None else int(seconds), _DAY_S)
    year = 2000 + days // 366
    while _days_before_year(year + 1) - _EPOCH_DAYS <= days:
        year += 1
    day = days - (_days_before_year(year) - _EPOCH_DAYS)
    month = 12
    while _days_before_month(year, month) > day:
        month -= 1
    date = (year, month, day - _days_before_month(year, month) + 1)
    return date + (rest // 3600, rest // 60 % 60, rest % 60, (days + 5) % 7, day + 1)


localtime = gmtime


def mktime(fields):
    """Seconds since 2000 of the first six of `fields`; months and days may lie outside their range."""
    year, month, day, hour, minute, second = fields[:6]
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    days = _days_before_year(year) - _EPOCH_DAYS + _days_before_month(year, month) + day - 1
    return days * _DAY_S + hour * 3600 + minute * 60 + second
