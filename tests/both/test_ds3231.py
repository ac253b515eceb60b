from firmware.core.calendar import days_from_civil
from firmware.drivers.ds3231 import DS3231, ClockError
from firmware.drivers.ds3231_service import set_time, temperature

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


def refuses(act):
    try:
        act()
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
    bus = Bus(b"\x59\x59\x23\x04\x31\x81\x00")
    assert DS3231(bus).read()[0] == days_from_civil(2100, 2, 1) * 86400 - 1


def test_the_chip_has_a_leap_day_in_2100_and_the_calendar_has_not():
    bus = Bus()
    first = days_from_civil(2100, 2, 28)
    for n, (month, day) in enumerate(((0x82, 0x28), (0x82, 0x29), (0x83, 0x01), (0x92, 0x31))):
        bus.registers[4:7] = bytes((day, month, 0))
        assert DS3231(bus).read()[0] // 86400 == (first + n if n < 3 else days_from_civil(2101, 1, 1))


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
        assert refuses(DS3231(bus).read), (place, value)


def test_a_chip_that_does_not_answer_is_refused():
    bus = Bus()
    bus.dead = True
    assert refuses(DS3231(bus).read)
    assert refuses(lambda: set_time(bus, 1_800_000_000))


def test_what_is_written_is_read_and_clears_the_stop_flag_alone():
    bus = Bus()
    bus.registers[0x0F] = 0x88
    for year, month, day in (
        (2000, 1, 1),
        (2024, 2, 29),
        (2036, 2, 7),
        (2038, 1, 19),
        (2100, 2, 28),
        (2100, 3, 1),
        (2100, 3, 2),
        (2199, 12, 31),
    ):
        seconds = days_from_civil(year, month, day) * 86400 + 86399
        set_time(bus, seconds)
        assert DS3231(bus).read() == (seconds, True)
    assert bus.registers[0x0F] == 0x08


def test_a_time_the_chip_cannot_hold_is_refused():
    for seconds in (0, days_from_civil(2200, 1, 2) * 86400):
        assert refuses(lambda seconds=seconds: set_time(Bus(), seconds)), seconds


def test_temperature_in_quarters_of_a_degree():
    bus = Bus()
    for high, low, quarters in ((0x19, 0x40, 101), (0x00, 0x00, 0), (0xFF, 0xC0, -1), (0xD8, 0x00, -160)):
        bus.registers[0x11:0x13] = bytes((high, low))
        assert temperature(bus) == quarters
    bus.dead = True
    assert refuses(lambda: temperature(bus))
