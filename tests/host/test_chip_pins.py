"""The chip's pads, key matrix, PWM, ADC and I2C behave as on the ESP32, on both runtimes."""

import pytest

from host_sim.runtime import RUNTIMES
from tests.host.boards import board, reported, run

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

MATRIX = """
import esp32
import time
from machine import Pin
rows = [Pin(n, Pin.OUT, value=1, hold=False) for n in (32, 33, 13, 4)]
columns = [Pin(n, Pin.IN, Pin.PULL_DOWN) for n in (25, 26, 27)]

def scan():
    seen = []
    for row in rows:
        row(0)
    for index, row in enumerate(rows):
        row.on()
        seen += ["123456789*0#"[3 * index + k] for k, column in enumerate(columns) if column.value()]
        row.off()
    for row in rows:
        row(1)
    return "".join(seen)
"""


@BOTH
def test_a_scan_finds_the_keys_that_are_down_and_the_ghost(tmp_path, runtime):
    main = MATRIX + "while True:\n    report([scan(), [column() for column in columns]])\n    time.sleep_ms(5)"
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        assert reported(world) == ["", [0, 0, 0]]
        world.keys.press("6")
        run(world, 0.1)
        assert reported(world) == ["6", [0, 0, 1]]
        world.keys.press("#")
        run(world, 0.1)
        assert reported(world) == ["", [0, 0, 1]]  # low rows short the column that two keys share
        world.keys.release("6")
        run(world, 0.1)
        assert reported(world) == ["#", [0, 0, 1]]


@BOTH
def test_one_read_of_the_register_shows_what_every_input_shows(tmp_path, runtime):
    main = (
        MATRIX
        + """
from machine import lightsleep, mem32
reed = Pin(14, Pin.IN, Pin.PULL_UP)

def look():
    word = mem32[0x3FF4403C]
    assert [word >> pad & 1 for pad in (25, 26, 27, 14)] == [pin() for pin in columns + [reed]]
    return word >> 25 & 7

def rows_alone():
    seen = []
    for row in rows:
        for other in rows:
            other.init(Pin.OUT, value=other is row)
        seen.append(look())
    for row in rows:
        row(1)
    return seen

esp32.wake_on_ext1(columns, esp32.WAKEUP_ANY_HIGH)
while True:
    report([look(), rows_alone()])
    lightsleep(5)
    assert look() == 0  # the RTC has the pads
    for column in columns:
        column.init(Pin.IN, Pin.PULL_DOWN)
    time.sleep_ms(5)
"""
    )
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        assert reported(world) == [0, [0, 0, 0, 0]]
        world.keys.press("6")
        run(world, 0.1)
        assert reported(world) == [4, [0, 4, 0, 0]]
        world.door.open()
        world.keys.press("0")
        run(world, 0.1)
        assert reported(world) == [6, [0, 4, 0, 2]]


@BOTH
def test_contacts_bounce_within_a_few_milliseconds(tmp_path, runtime):
    main = (
        MATRIX
        + """
seen = []
while len(seen) < 400:
    seen.append(columns[1].value())
    time.sleep_us(100)
report(seen)
machine.deepsleep()
"""
    )
    with board(tmp_path, runtime, main) as world:
        run(world, 0.43)
        world.keys.press("5")
        run(world, 1)
        seen = reported(world)
        assert 2 <= sum(a != b for a, b in zip(seen, seen[1:], strict=False)) <= 9
        assert seen[-200:] == [1] * 200


@BOTH
@pytest.mark.parametrize(("hold", "boots"), [(True, 2), (False, 1)])
def test_only_held_rows_let_a_key_wake_the_chip(tmp_path, runtime, hold, boots):
    main = (
        MATRIX
        + f"""
report([machine.reset_cause(), machine.wake_reason()])
for row in rows:
    row.init(Pin.OUT, value=1, hold={hold})
esp32.wake_on_ext1(columns, esp32.WAKEUP_ANY_HIGH)
machine.deepsleep()
"""
    )
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        world.keys.press("7")
        run(world, 0.2)
        world.keys.release("7")
        run(world, 1)
        assert world.chip.boots == boots
        assert reported(world) == ([4, 3] if hold else [1, 0])


@BOTH
def test_a_held_row_stays_high_after_the_wake_until_it_is_released(tmp_path, runtime):
    main = """
from machine import Pin
column = Pin(25, Pin.IN, Pin.PULL_DOWN)
if machine.reset_cause() == machine.PWRON_RESET:
    Pin(32, Pin.OUT, value=1, hold=True)
    machine.deepsleep(1000)
row = Pin(32, Pin.OUT, value=0)
seen = [column()]
row.init(hold=False)
report(seen + [column()])
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        world.keys.press("1")
        run(world, 3)
        assert reported(world) == [1, 0]


@BOTH
def test_pads_refuse_what_they_cannot_do(tmp_path, runtime):
    main = """
from machine import ADC, I2C, Pin

def refused(call):
    try:
        call()
    except (ValueError, OSError) as error:
        return type(error).__name__
    return None

report([
    refused(lambda: Pin(34, Pin.OUT)),
    refused(lambda: Pin(20)),
    refused(lambda: Pin(6, Pin.OUT)),
    refused(lambda: ADC(Pin(14))),
    refused(lambda: I2C(0).readfrom_mem(0x50, 0, 1)),
    Pin(4) is Pin(4),
    I2C(0, scl=Pin(22), sda=Pin(21)).scan(),
])
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        assert reported(world) == ["ValueError"] * 4 + ["OSError", True, [0x68]]


@BOTH
def test_motor_and_switches_and_reed(tmp_path, runtime):
    main = """
import time
from machine import Pin
in1, in2, enable = [Pin(n, Pin.OUT, value=0) for n in (18, 19, 23)]
locked, unlocked, reed = Pin(34, Pin.IN), Pin(35, Pin.IN), Pin(14, Pin.IN, Pin.PULL_UP)
seen = [(locked(), unlocked())]
in1(1)
time.sleep_ms(1000)
seen.append((locked(), unlocked()))
enable(1)
time.sleep_ms(300)
seen.append((locked(), unlocked()))
time.sleep_ms(400)
seen.append((locked(), unlocked()))
enable(0)
report(seen + [reed()])
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        world.door.open()
        run(world, 3)
        assert reported(world) == [[0, 1], [0, 1], [1, 1], [1, 0], 1]
        assert world.bolt.openings == 1


@BOTH
def test_a_reset_takes_the_current_off_the_motor(tmp_path, runtime):
    main = """
from machine import Pin
if machine.reset_cause() == machine.PWRON_RESET:
    for n in (18, 23):
        Pin(n, Pin.OUT, value=1)
    machine.reset()
report(machine.reset_cause())
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 3)
        assert reported(world) == 2
        assert not world.bolt.driven
        assert world.bolt.locked


@BOTH
def test_pwm_sounds_and_stands_still_in_light_sleep(tmp_path, runtime):
    main = """
import time
from machine import PWM, Pin
buzzer = PWM(Pin(17), freq=1000, duty_u16=32768)
time.sleep_ms(10)
buzzer.freq(2000)
time.sleep_ms(10)
machine.lightsleep(10)
time.sleep_ms(10)
buzzer.duty_u16(0)
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        heard = [(round((us - 420_000) / 1000), hz) for us, _, hz in world.signals.edges]
        assert heard == [(0, 1000), (10, 2000), (20, 0), (30, 2000), (40, 0)]


@BOTH
def test_adc_measures_the_divided_battery(tmp_path, runtime):
    main = """
from machine import ADC, Pin
high, low = ADC(Pin(36), atten=ADC.ATTN_11DB), ADC(Pin(36))
report([high.read_uv(), low.read_uv(), high.read_u16()])
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        world.battery.open_mv = 4500
        run(world, 1)
        microvolts, saturated, raw = reported(world)
        assert abs(microvolts - 1_500_000) < 5000
        assert saturated == 950_000
        assert abs(raw - 31_710) < 100


@BOTH
def test_the_ds3231_is_read_and_written_over_i2c(tmp_path, runtime):
    main = """
from machine import I2C, Pin
i2c = I2C(0, scl=Pin(22), sda=Pin(21), freq=100_000)
buffer = bytearray(7)
i2c.readfrom_mem_into(0x68, 0, buffer)
i2c.writeto_mem(0x68, 7, b"\\x59")
report([list(buffer), list(i2c.readfrom_mem(0x68, 7, 1))])
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        registers, alarm = reported(world)
        assert registers[:3] + registers[4:] == [0, 0, 0x08, 0x02, 0x03, 0x26]
        assert alarm == [0x59]
