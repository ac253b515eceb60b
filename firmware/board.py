"""The ESP32 and what is wired to it: the only file that imports the chip's modules.

Pin choice: outputs that must hold a level in deep sleep and the columns that wake the chip are RTC GPIOs; the motor's
pins have external pull-downs since they float at reset; nothing uses the strapping pins or the second ADC
(ESP32 datasheet, tables of strapping pins and of IO MUX).
"""

import time

import esp32
import machine
from machine import ADC, I2C, PWM, Pin, mem32
from micropython import const

WATCHDOG_MS = const(8000)

_MOTOR = (18, 19, 23)  # IN1, IN2, nSLEEP
_ROWS = (32, 33, 13, 4)
_COLUMNS = (25, 26, 27)  # next to each other, so that one read of the register shows all
_LOCKED, _UNLOCKED = const(34), const(35)
_REED = const(14)
_BATTERY = const(36)
_SCL, _SDA = const(22), const(21)
_BUZZER, _LED = const(17), const(16)
_MAINTENANCE = const(39)  # main.py reads it, before anything of this package is loaded

_GPIO_IN = const(0x3FF4403C)  # levels of GPIO 0 to 31 (ESP32 technical reference manual, GPIO_IN_REG)
_2000 = const(946684800)  # unix second of the chip's epoch
_TICKS = const(0x3FFFFFFF)  # ticks begin anew at 2**30 (MicroPython, where small integers have 31 bits)
_LONGEST = const(600000000)  # seconds, 19 years: no chip has had power for so long


class Board:
    """Pins, buses and the chip's own services, for the drivers and the app.

    Rows are released from the hold that kept them high through deep sleep.
    """

    def __init__(self):
        self._began = time.ticks_ms()
        self.wait = time.sleep_ms  # lets so many milliseconds pass, awake
        self._origin = time.mktime((2000, 1, 1, 0, 0, 0, 0, 0))  # what `time` says at the beginning of 2000
        self._shift = 0  # seconds by which the calendar is ahead of what the chip's RTC would say
        self.rows = [Pin(number, Pin.OUT, value=1, hold=False) for number in _ROWS]
        self.columns = [Pin(number) for number in _COLUMNS]
        self._listen()
        self.motor = [Pin(number, Pin.OUT, value=0) for number in _MOTOR]
        self.locked = Pin(_LOCKED, Pin.IN)
        self.unlocked = Pin(_UNLOCKED, Pin.IN)
        self.reed = Pin(_REED, Pin.IN, Pin.PULL_UP, hold=False)
        self.led = Pin(_LED, Pin.OUT, value=0)
        self.buzzer = PWM(Pin(_BUZZER), freq=2000, duty_u16=0)
        self.adc = ADC(Pin(_BATTERY), atten=ADC.ATTN_11DB)
        self.i2c = I2C(0, scl=Pin(_SCL), sda=Pin(_SDA), freq=100_000)
        esp32.wake_on_ext0(None)  # what a sleep before a soft reset armed is still armed
        esp32.wake_on_ext1(self.columns, esp32.WAKEUP_ANY_HIGH)

    def guard(self):
        """Start the watchdog, which nothing stops: from here on it wants to be fed."""
        self.watchdog = machine.WDT(timeout=WATCHDOG_MS)

    def _listen(self):
        for column in self.columns:
            column.init(Pin.IN, Pin.PULL_DOWN)

    def quiet(self):
        """No current on the motor, whoever was driving it; no light, no sound."""
        for pin in self.motor:
            pin.value(0)
        self.led.value(0)
        self.buzzer.duty_u16(0)

    def keyed(self):
        """Columns of the keypad that are high: a mask, bit 0 the left one."""
        return mem32[_GPIO_IN] >> 25 & 7

    def now(self):
        """Milliseconds since this boot; good for six days of being awake, a thousand times the longest session."""
        return time.ticks_ms() - self._began & _TICKS

    def rtc_seconds(self):
        """Seconds by the chip's own clock: off by up to 5 %, runs through deep sleep and resets, not power-on.

        Only differences mean anything.
        """
        return self._calendar() - self._shift

    def set_date(self, t):
        """Have the chip's calendar say unix second `t`, for the dates of certificates; 0: what it said before.

        `rtc_seconds` goes on as if nothing had happened. Never to be left so: deep sleep would forget that.
        """
        seconds = self.rtc_seconds()
        self._shift = t - _2000 - seconds if t else 0
        self._set_calendar(seconds + self._shift)

    def socket(self, datagrams=False):
        """A new socket for TCP, or for UDP."""
        import socket

        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)

    def recall(self):
        """What `remember` kept; empty after power-on. To be asked before anything that goes by `rtc_seconds`."""
        if self._calendar() > _LONGEST:  # a reset came while a date was set: what was remembered goes by another time
            self._set_calendar(0)
            self.remember(b"")
        return machine.RTC().memory()

    def remember(self, data):
        """Keep `data` (bytes) through deep sleep and resets, but not without power."""
        machine.RTC().memory(data)

    def reset_cause(self):
        """The chip's number of what started it: power-on, watchdog, deep sleep, ... (`machine.reset_cause`)."""
        return machine.reset_cause()

    def slept(self):
        """True if this boot is a wake from deep sleep."""
        return machine.reset_cause() == machine.DEEPSLEEP_RESET

    def called(self):
        """True if somebody is there: a key woke the chip, or it had no power."""
        return not self.slept() or machine.wake_reason() == machine.EXT1_WAKE

    def partition(self, label):
        """The data partition `label` as a block device, or None."""
        found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label=label)
        return found[0] if found else None

    def nvs(self, namespace):
        """Non-volatile storage; raises OSError where the chip cannot open it."""
        return esp32.NVS(namespace)

    def wlan(self):
        """The Wi-Fi station, off at first. Asking for it loads `network`, so a wake that needs no radio does not."""
        import network

        return network.WLAN(network.STA_IF)

    def doze(self, ms):
        """Let `ms` milliseconds pass in light sleep, in which PWM stands still and which a key ends."""
        machine.lightsleep(ms)
        # Pads that could have woken the chip stay with the RTC until their mode is set anew, and read 0 (ESP-IDF,
        # sleep modes: configuring IOs).
        self._listen()

    def sleep(self, timer_ms, door):
        """Deep sleep until a key, the timer (ms, 0 for none) or, with `door`, a change of the reed contact.

        A column that is high now would wake the chip again at once: it is left out, and the timer looks again.
        """
        free = tuple([column for column in self.columns if not column.value()])
        esp32.wake_on_ext1(free, esp32.WAKEUP_ANY_HIGH)  # an empty tuple arms none; None would keep the columns
        if door:
            esp32.wake_on_ext0(self.reed, not self.reed.value())
        else:
            self.reed.init(Pin.IN, None, hold=True)  # else its pull-up feeds a closed contact asleep, too
        for number in _ROWS:
            Pin(number, Pin.OUT, value=1, hold=True)
        if timer_ms:
            machine.deepsleep(timer_ms)
        machine.deepsleep()

    def _calendar(self):
        """Seconds since 2000 by the chip's own clock."""
        return int(time.time()) - self._origin

    def _set_calendar(self, seconds):
        """Set that clock, but for the fraction of its second."""
        rtc = machine.RTC()
        date = time.gmtime(seconds + self._origin)
        rtc.datetime(date[:3] + (date[6],) + date[3:6] + (rtc.datetime()[7],))
