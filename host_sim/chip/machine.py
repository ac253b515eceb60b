"""MicroPython's `machine` on the ESP32: PWM, ADC, I2C, clock, watchdog, sleep and reset (`Pin` is in pin.py).

Constants have the values of the ESP32 port (`modmachine.c`). Interrupts are left out, since they are soft there and
overflow in silence: the firmware polls. `Timer` is no more than the end of an open console.
"""

import struct
from time import gmtime, mktime

import protocol
from bus import chip
from micropython import const
from pin import Pin as Pin

PWRON_RESET = const(1)
HARD_RESET = const(2)
WDT_RESET = const(3)
DEEPSLEEP_RESET = const(4)
SOFT_RESET = const(5)

PIN_WAKE = const(2)
EXT0_WAKE = const(2)
EXT1_WAKE = const(3)
TIMER_WAKE = const(4)
TOUCHPAD_WAKE = const(5)
ULP_WAKE = const(6)

SLEEP = const(2)
DEEPSLEEP = const(4)

_RTC_MEMORY = const(2048)
_GPIO_IN = const(0x3FF4403C)  # ESP32 technical reference manual, GPIO_IN_REG
_INPUTS = const(0x3FFFFFFF)  # GPIO 30 and 31 have no pads


class _Words:
    """32-bit words of the chip's memory: of all its registers, that of the levels at GPIO 0 to 31.

    An output's bit is 0 here: nobody looks there for what it drives.
    """

    BEGUN_ANEW = True  # it keeps nothing

    def __getitem__(self, address):
        if address != _GPIO_IN:
            raise ValueError("not simulated")
        lit = chip.lit
        return (chip.levels | (chip.light() if lit < 0 else lit)) & _INPUTS


mem32 = _Words()


class PWM:
    """A LEDC channel on `pin`. It stands still in light sleep."""

    def __init__(self, pin, *, freq=5000, duty_u16=0):
        self._pin = pin
        self._freq = freq
        self._duty = -1
        self.duty_u16(duty_u16)

    def freq(self, hz=None):
        """The frequency in Hz, 1 to 40 000 000; with `hz`, set it."""
        if hz is None:
            return self._freq
        if not 0 < hz <= 40000000:
            raise ValueError("frequency must be from 1Hz to 40MHz")
        if hz != self._freq:
            self._freq = hz
            self._tell()
        return None

    def duty_u16(self, duty=None):
        """The part of each period that is high, 0 to 65535; with `duty`, set it."""
        if duty is None:
            return self._duty
        if not 0 <= duty <= 65535:
            raise ValueError("duty_u16 must be from 0 to 65535")
        if duty != self._duty:
            self._duty = duty
            self._tell()
        return None

    def deinit(self):
        self.duty_u16(0)

    def _tell(self):
        if self._duty:
            chip.sounding.add(self._pin.number)
        elif self._pin.number in chip.sounding:
            chip.sounding.remove(self._pin.number)
        else:
            return
        chip.tell(self._pin.number, self._freq, self._duty)


class ADC:
    """ADC1 on GPIO 32 to 39 with 12 bits; ADC2 is left out because Wi-Fi takes it."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    _FULL_UV = (950000, 1250000, 1750000, 3100000)

    def __init__(self, pin, *, atten=ATTN_0DB):
        if pin.number < 32:
            raise ValueError("invalid pin")
        self._pin = pin
        self._full = self._FULL_UV[atten]

    def read_uv(self):
        """Calibrated microvolts at the pin, no more than the attenuation lets through."""
        return min(chip.measure(self._pin.number), self._full)

    def read_u16(self):
        return self.read_uv() * 65535 // self._full


class I2C:
    """One of the two controllers. Raises OSError(ENODEV) where no device answers."""

    def __init__(self, number, *, scl=None, sda=None, freq=400000, timeout=50000):
        if number not in (0, 1):
            raise ValueError("I2C bus does not exist")

    def scan(self):
        return list(chip.call(protocol.I2C_SCAN))

    def readfrom_mem(self, address, register, count):
        return chip.call(protocol.I2C_READ, struct.pack("<BBH", address, register, count))

    def readfrom_mem_into(self, address, register, buffer):
        buffer[:] = self.readfrom_mem(address, register, len(buffer))

    def writeto_mem(self, address, register, data):
        chip.call(protocol.I2C_WRITE, bytes((address, register)) + bytes(data))


class RTC:
    """The chip's own clock, 5 % wrong asleep, and its 2048 bytes of memory; both lost only with the power."""

    def datetime(self, fields=None):
        """(year, month, day, weekday, hour, minute, second, microsecond); with `fields`, set the clock."""
        if fields is None:
            seconds, us = divmod(chip.calendar(), 1000000)
            date = gmtime(seconds)
            return date[:3] + (date[6],) + date[3:6] + (us,)
        seconds = mktime(tuple(fields[:3]) + tuple(fields[4:7]))
        chip.set_calendar(seconds * 1000000 + fields[7])
        return None

    def memory(self, data=None):
        """What the memory holds, empty after power-on; with `data`, keep that. Raises ValueError above 2048 bytes."""
        if data is None:
            return chip.call(protocol.RTC_MEMORY_GET)
        if len(data) > _RTC_MEMORY:
            raise ValueError("buffer too long")
        chip.call(protocol.RTC_MEMORY_SET, bytes(data))
        return None


class WDT:
    """The task watchdog: resets the chip when unfed for `timeout` ms. Nothing stops it; light sleep does not count."""

    def __init__(self, id=0, timeout=5000):
        if id != 0 or timeout < 1000:
            raise ValueError("WDT timeout too short" if id == 0 else "invalid id")
        chip.fed = chip.now
        chip.call(protocol.WATCHDOG, struct.pack("<I", timeout))

    def feed(self):
        chip.fed = chip.now


class Timer:
    """A timer that resets the chip, which is all that its callback may do here: nothing interrupts the firmware."""

    ONE_SHOT = 0

    def __init__(self, number):
        if not 0 <= number < 4:
            raise ValueError("invalid Timer number")

    def init(self, *, mode, period, callback):
        """Reset the chip in `period` milliseconds."""
        chip.call(protocol.RESET_LATER, struct.pack("<I", period))


def lightsleep(ms=0):
    """Stand still until `ms` have passed (0: no limit) or an armed wake source fires.

    Pads armed for ext1 stay with the RTC and read 0 until `Pin.init` sets their mode anew.
    """
    began = chip.now
    until = began + ms * 1000 if ms else 0
    if 0 < until < chip.next and not chip.sounding and not chip.radio and not chip.wakes():
        chip.now = until
        chip.dozed += ms * 1000
        chip.wake_reason = TIMER_WAKE
    else:
        chip.wake_reason = chip.call(protocol.LIGHT_SLEEP, chip.sleep_request(until))[0]
    chip.fed += chip.now - began
    chip.rtc |= chip.armed[0]
    chip.lit = -1


def deepsleep(ms=0):
    """End this boot; the next begins after `ms` (0: no timer) or when an armed wake source fires. Does not return."""
    until = chip.now + ms * 1000 if ms else 0
    chip.call(protocol.DEEP_SLEEP, chip.sleep_request(until) + struct.pack("<QQ", chip.held_high, chip.held_low))


def reset():
    chip.call(protocol.RESET, bytes([HARD_RESET]))


def soft_reset():
    chip.call(protocol.RESET, bytes([SOFT_RESET]))


def reset_cause():
    return chip.reset_cause


def wake_reason():
    return chip.wake_reason


def unique_id():
    return chip.mac


def freq(hz=None):
    """The CPU's clock in Hz; setting it changes nothing here, since computing takes no simulated time."""
    if hz is None:
        return 160000000
    if hz not in (20000000, 40000000, 80000000, 160000000, 240000000):
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    return None


def idle():
    chip.clock()


def disable_irq():
    return 0


def enable_irq(state):
    """Without effect: nothing interrupts the firmware here."""
