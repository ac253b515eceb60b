from firmware.core.calendar import days_from_civil
from firmware.drivers.ds3231 import DS3231, ClockError

NOON = 12 * 3600


class Bus:
    """A DS3231's registers behind I2C; `dead`: nothing answers."""

    def __init__(self, registers=b"\x00\x00\x12\x02\x02\x03\x26"):
        self.registers = bytearray(19)
        self.registers[: len(registers)] = registers
        self.dead = False

    def readfrom_mem_into(self, address, register, buf):
        if self.dead or address != 0x68:
            raise OSError(19)
        buf[:] = self.registers[register : register + len(buf)]

    def writeto_mem(self, address, register, data):
        if self.dead or address != 0x68:
            raise OSError(19)
        self.registers[register : register + len(data)] = data


def refuses(bus):
    try:
        DS3231(bus).read()
    except ClockError:
        return True
    return False


def test_reads_utc_seconds_since_1970():
    seconds, running = DS3231(Bus()).read()
    assert seconds == days_from_civil(2026, 3, 2) * 86400 + NOON
    assert running


def test_reads_twelve_hour_mode():
    bus = Bus()
    for register, hour in ((0x52, 0), (0x41, 1), (0x51, 11), (0x72, 12), (0x61, 13), (0x71, 23)):
        bus.registers[2] = register
        assert DS3231(bus).read()[0] % 86400 // 3600 == hour


def test_the_century_bit_is_the_year_2100():
    bus = Bus(b"\x59\x59\x23\x04\x31\x92\x99")
    assert DS3231(bus).read()[0] == days_from_civil(2200, 1, 1) * 86400 - 1


def test_an_oscillator_that_stood_still_is_told():
    bus = Bus()
    bus.registers[0x0F] = 0x88
    assert DS3231(bus).read()[1] is False


def test_registers_that_hold_no_time_are_refused():
    for place, value in (
        (0, 0x7A),
        (1, 0x60),
        (2, 0x24),
        (2, 0x40),
        (4, 0x00),
        (4, 0x32),
        (5, 0x13),
        (5, 0x00),
        (6, 0xFF),
    ):
        bus = Bus()
        bus.registers[place] = value
        assert refuses(bus), (place, value)


def test_a_chip_that_does_not_answer_is_refused():
    bus = Bus()
    bus.dead = True
    assert refuses(bus)


def test_what_is_written_is_read_and_clears_the_stop_flag_alone():
    bus = Bus()
    bus.registers[0x0F] = 0x88
    clock = DS3231(bus)
    for year, month, day in ((2000, 1, 1), (2024, 2, 29), (2036, 2, 7), (2038, 1, 19), (2100, 3, 1), (2199, 12, 31)):
        seconds = days_from_civil(year, month, day) * 86400 + 86399
        clock.write(seconds)
        assert clock.read() == (seconds, True)
    assert bus.registers[0x0F] == 0x08


def test_a_time_the_chip_cannot_hold_is_refused():
    for seconds in (0, days_from_civil(2200, 1, 1) * 86400):
        try:
            DS3231(Bus()).write(seconds)
        except ClockError:
            continue
        raise AssertionError(seconds)
