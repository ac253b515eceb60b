"""The chip's clocks, sleeps, watchdog and resets behave as on the ESP32, on both runtimes."""

from datetime import UTC, datetime

import pytest

from host_sim.runtime import RUNTIMES
from tests.host.boards import SECOND, board, reported, run

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))


@BOTH
def test_ticks_wrap_at_two_to_the_thirtieth(tmp_path, runtime):
    main = """
import time
edge = time.ticks_add(0, -1)
report([
    edge, time.ticks_add(edge, 2), time.ticks_diff(1, edge), time.ticks_diff(edge, 1), time.ticks_diff(1 << 29, 0),
])
time.sleep(1200)
report([time.ticks_us()])
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        assert reported(world) == [2**30 - 1, 1, 2, -2, -(2**29)]
        run(world, 1300)
        (ticks,) = reported(world)
        assert ticks == pytest.approx(1_200_420_000 - 2**30, abs=100)


@BOTH
def test_sleeping_takes_exactly_as_long_as_asked(tmp_path, runtime):
    main = """
import time
began = time.ticks_us()
time.sleep_ms(250)
time.sleep_us(40)
time.sleep(0.5)
time.sleep_ms(-3)
report(time.ticks_diff(time.ticks_us(), began))
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 2)
        assert 750_040 <= reported(world) <= 750_050


@BOTH
def test_the_chips_own_clock_begins_in_2000_and_drifts_only_asleep(tmp_path, runtime):
    main = "import time\nreport([time.time(), machine.RTC().datetime()[:3]])\nmachine.deepsleep(1_000_000)"
    with board(tmp_path, runtime, main) as world:
        world.rtc.sleep_drift = 0.05
        run(world, 1)
        assert reported(world) == [0, [2000, 1, 1]]
        run(world, 1001)
        assert reported(world)[0] == pytest.approx(1050, abs=1)


@BOTH
def test_rtc_is_set_and_keeps_its_memory_without_power_loss(tmp_path, runtime):
    main = """
import time
rtc = machine.RTC()
if machine.reset_cause() == machine.PWRON_RESET:
    first = len(rtc.memory())
    rtc.datetime((2026, 3, 2, 0, 8, 30, 15, 0))
    rtc.memory(bytes([first, 7]))
    machine.reset()
kept = list(rtc.memory())
report([kept, list(rtc.datetime()[:7]), time.time(), list(time.gmtime())])
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 2)
        kept, date, seconds, fields = reported(world)
        assert kept == [0, 7]
        assert date == [2026, 3, 2, 0, 8, 30, 15]
        assert seconds == int((datetime(2026, 3, 2, 8, 30, 15) - datetime(2000, 1, 1)).total_seconds())
        assert fields == [2026, 3, 2, 8, 30, 15, 0, 61]


@BOTH
def test_gmtime_and_mktime_agree_with_the_calendar(tmp_path, runtime):
    days = [0, 58, 59, 60, 365, 366, 1460, 1461, 9556, 36_524, 36_525, 36_584, 36_585, 50_000]
    main = f"""
import time
days = {days}
report([list(time.gmtime(day * 86400 + 3661)) for day in days]
       + [time.mktime(time.gmtime(day * 86400 + 3661)) for day in days] + [time.mktime((2024, 14, 1, 0, 0, 0))])
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 1)
        *found, overflowing = reported(world)
        for day, fields, seconds in zip(days, found[: len(days)], found[len(days) :], strict=True):
            wanted = datetime.fromtimestamp(946_684_800 + day * 86400 + 3661, UTC).timetuple()
            assert fields == list(wanted)[:8]
            assert seconds == day * 86400 + 3661
        assert overflowing == int((datetime(2025, 2, 1) - datetime(2000, 1, 1)).total_seconds())


@BOTH
def test_an_unfed_watchdog_resets_the_chip(tmp_path, runtime):
    main = """
import time
from machine import Pin, WDT
report(machine.reset_cause())
if machine.reset_cause() == machine.WDT_RESET:
    machine.deepsleep()
Pin(16, Pin.OUT, value=1)
watchdog = WDT(timeout=2000)
for _ in range(4):
    time.sleep_ms(1500)
    watchdog.feed()
while True:
    time.sleep_ms(1)
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 8.41)
        assert reported(world) == 1
        run(world, 1)
        assert reported(world) == 3
        lit, dark = world.signals.edges
        assert (lit[0], dark[0]) == (420_000, pytest.approx(8_420_000, abs=100))


@BOTH
def test_light_sleep_does_not_count_for_the_watchdog(tmp_path, runtime):
    main = """
from machine import WDT
WDT(timeout=1000)
for _ in range(8):
    machine.lightsleep(500)
machine.lightsleep(20_000)
report(machine.reset_cause())
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        world.keys.press("1")
        run(world, 30)
        assert reported(world) == 1


@BOTH
@pytest.mark.parametrize(("arm", "reason"), [("wake_on_ext0(reed, 1)", 2), ("wake_on_ext1([reed], True)", 3)])
def test_an_armed_pin_ends_light_and_deep_sleep(tmp_path, runtime, arm, reason):
    main = f"""
import esp32
import time
from machine import Pin
reed = Pin(14, Pin.IN, Pin.PULL_UP)
if machine.reset_cause() == machine.DEEPSLEEP_RESET:
    report(machine.wake_reason())
    machine.deepsleep()
machine.lightsleep(100)
seen = [machine.wake_reason(), time.ticks_ms()]
esp32.{arm}
machine.lightsleep(60_000)
report(seen + [machine.wake_reason(), time.ticks_ms()])
while reed():
    time.sleep_ms(10)
machine.deepsleep(60_000)
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 2)
        world.door.open()
        run(world, 0.1)
        assert reported(world) == [4, 520, reason, 2000]
        world.door.close()
        run(world, 1)
        assert world.chip.state == "asleep"
        world.door.open()
        run(world, 0.5)
        assert reported(world) == reason


@BOTH
def test_a_level_that_is_there_already_ends_the_sleep_at_once(tmp_path, runtime):
    main = """
import esp32
from machine import Pin
esp32.wake_on_ext0(Pin(14), esp32.WAKEUP_ALL_LOW)
machine.lightsleep()
report(machine.wake_reason())
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 10)
        assert reported(world) == 2
        assert world.chip.boots > 5


@BOTH
def test_none_keeps_the_pins_of_ext1_and_an_empty_tuple_clears_them(tmp_path, runtime):
    main = """
import esp32
from machine import Pin
esp32.wake_on_ext1([Pin(34)], esp32.WAKEUP_ALL_LOW)
esp32.wake_on_ext1(None, esp32.WAKEUP_ALL_LOW)
machine.lightsleep(1000)
kept = machine.wake_reason()
esp32.wake_on_ext1((), esp32.WAKEUP_ALL_LOW)
machine.lightsleep(1000)
report([kept, machine.wake_reason()])
machine.deepsleep()
"""
    with board(tmp_path, runtime, main) as world:
        run(world, 3)
        assert reported(world) == [3, 4]


@BOTH
def test_a_collapsing_supply_looks_like_a_power_on(tmp_path, runtime):
    main = """
from machine import Pin
if machine.reset_cause() == machine.PWRON_RESET and not machine.RTC().memory():
    report("driving")
    for n in (18, 23):
        Pin(n, Pin.OUT, value=1)
while True:
    machine.lightsleep(1000)
"""
    with board(tmp_path, runtime, main) as world:
        world.battery.open_mv = 3100
        run(world, 0.9)
        assert world.chip.boots == 2
        assert not world.bolt.driven
        world.battery.open_mv = 2000
        run(world, 1)
        assert not world.chip.powered
        world.battery.open_mv = 6000
        world.recover()
        run(world, 0.5)
        assert world.chip.boots >= 3
        assert world.timeline.now_us == round(2.4 * SECOND)
