"""A lock's clock on strings: a DS3231, the chip's own clock and memory, and the state, each as a test wants it."""

from firmware.clock import Clock
from firmware.core.calendar import civil_from_days, days_from_civil
from firmware.drivers.ds3231 import ClockError
from firmware.memory import Memory

NOON = 1_772_452_800
DAY = 86_400


class Board:
    """The chip's own clock and the memory that it keeps while there is power."""

    def __init__(self):
        self.rtc = 0
        self.memory = b""
        self.ms = self.ms_per_look = 0

    def now(self):
        self.ms += self.ms_per_look
        return self.ms

    def rtc_seconds(self):
        return int(self.rtc)

    def recall(self):
        return self.memory

    def remember(self, data):
        self.memory = bytes(data)


class Bus:
    """I2C with a DS3231 that shows the unix second `t`, up to 2099; `dead`: nothing answers."""

    def __init__(self):
        self.t = 946_684_800
        self.status = 0x88
        self.dead = False

    def readfrom_mem_into(self, address, register, buf):
        self._check(address)
        days, rest = divmod(self.t, DAY)
        year, month, day = civil_from_days(days)
        fields = (rest % 60, rest // 60 % 60, rest // 3600, 1, day, month, year - 2000)
        registers = bytes([field // 10 << 4 | field % 10 for field in fields]) + bytes(8) + bytes([self.status])
        buf[:] = registers[register : register + len(buf)]

    def writeto_mem(self, address, register, data):
        self._check(address)
        if register == 0x0F:
            self.status = data[0]
            return
        second, minute, hour, _, day, month, year = [(byte >> 4) * 10 + (byte & 15) for byte in data]
        self.t = days_from_civil(2000 + year, month, day) * DAY + hour * 3600 + minute * 60 + second

    def _check(self, address):
        if self.dead or address != 0x68:
            raise OSError(19)


class Source:
    """A DS3231 that reads `t`; but `misread`, as often as there is something in it."""

    def __init__(self, t):
        self.t = t
        self.running = self.answers = True
        self.misread = []

    def read(self):
        if not self.answers:
            raise ClockError("no answer")
        if self.misread:
            return self.misread.pop(0), True
        return int(self.t), self.running


class State:
    """What the journal would hold."""

    def __init__(self):
        self.floor = 0
        self.credit = 1000
        self.ref = NOON
        self.sync = (NOON, 0)


class Life:
    """A lock's clock through wakes and losses of power; it was set at NOON and is trusted."""

    def __init__(self):
        self.truth = NOON
        self.board, self.source, self.state = Board(), Source(NOON), State()
        self.wake()
        self.clock.read()
        self.clock.read()

    def wake(self):
        self.clock = Clock(self.source, self.board, Memory(self.board), self.state)

    def pass_time(self, seconds, rtc_error=0):
        self.truth += seconds
        self.source.t += seconds
        self.board.rtc += seconds + rtc_error

    def record(self):
        """What an attempt leaves in flash."""
        self.state.credit, self.state.ref = self.clock.credit, self.clock.reference
        self.state.floor = self.clock.floor

    def pull_power(self, seconds):
        """For so long; the coin cell stays."""
        self.pass_time(seconds)
        self.board.rtc = 0
        self.board.memory = b""
        self.wake()
