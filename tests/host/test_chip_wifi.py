"""The station of the simulated chip joins, fails, loses and finds its network as on the ESP32, on both runtimes."""

import pytest

from host_sim.runtime import RUNTIMES
from host_sim.world import figures
from tests.host.boards import SECOND, board, reported, run
from tests.host.vm import ROOT

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

BEGIN = """
import network
import time

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
seen = []

def watch(ms):
    # report each status with the milliseconds from here at which it was first seen
    began = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), began) < ms:
        status = wlan.status()
        if not seen or seen[-1][1] != status:
            seen.append([time.ticks_diff(time.ticks_ms(), began), status])
        time.sleep_ms(10)
"""


def statuses(folder, runtime, main, seconds=30, prepare=None):
    """What the board reports at last, from a world that `prepare(world)` has changed."""
    with board(folder, runtime, BEGIN + main) as world:
        if prepare:
            prepare(world)
        run(world, seconds)
        return reported(world)


@BOTH
@pytest.mark.parametrize(
    ("address", "bssid", "us"),
    [
        ("", "", 1_626_000),
        ("", ", bssid=bytes.fromhex('02d40b017001')", 1_376_000),
        ("wlan.ifconfig(('10.0.0.9', '255.255.255.0', '10.0.0.1', '10.0.0.1'))\n", "", 734_000),
    ],
    ids=["dhcp", "bssid", "static"],
)
def test_joining_takes_its_time(tmp_path, runtime, address, bssid, us):
    main = address + f"wlan.connect('dropbolt', 'correct horse'{bssid})\nwatch(5000)\n"
    found = statuses(
        tmp_path, runtime, main + "report([seen, list(wlan.ifconfig()), wlan.isconnected()])\nwatch(10**6)"
    )
    (_, connecting), (when, connected) = found[0]
    assert (connecting, connected) == (1001, 1010)
    assert when == pytest.approx(us / 1000, abs=15)
    assert found[1][0] == ("10.0.0.9" if address else "10.0.0.7")
    assert found[2]


@BOTH
def test_a_network_that_is_not_there_is_looked_for_for_ever(tmp_path, runtime):
    main = "wlan.connect('elsewhere', 'correct horse')\nwatch(20000)\nreport(seen)\nmachine.deepsleep()"
    assert statuses(tmp_path, runtime, main) == [[0, 1001]]


@BOTH
@pytest.mark.parametrize(("ssid", "key", "status"), [("elsewhere", "correct horse", 201), ("dropbolt", "guess", 202)])
def test_after_so_many_tries_the_reason_is_told(tmp_path, runtime, ssid, key, status):
    main = (
        f"wlan.config(reconnects=1)\nwlan.connect('{ssid}', '{key}')\nwatch(12000)\nreport(seen)\nmachine.deepsleep()"
    )
    found = statuses(tmp_path, runtime, main)
    assert [what for _, what in found] == [1001, status]


@BOTH
def test_a_server_of_addresses_that_never_answers_leaves_the_station_connecting(tmp_path, runtime):
    def silence(world):
        world.radio.access_point.dhcp = "silent"

    main = "wlan.connect('dropbolt', 'correct horse')\nwatch(20000)\nreport([seen, wlan.ifconfig()[0]])\nwatch(90000)"
    assert statuses(tmp_path, runtime, main, prepare=silence) == [[[0, 1001]], "0.0.0.0"]


@BOTH
def test_a_lost_network_is_noticed_late_and_found_again(tmp_path, runtime):
    def flap(world):
        point = world.radio.access_point
        world.timeline.at(5 * SECOND, lambda: setattr(point, "up", False))
        world.timeline.at(20 * SECOND, lambda: setattr(point, "up", True))

    main = "wlan.connect('dropbolt', 'correct horse')\nwatch(28000)\nreport(seen)\nmachine.deepsleep()"
    found = statuses(tmp_path, runtime, main, prepare=flap)
    assert [status for _, status in found] == [1001, 1010, 1001, 1010]
    assert found[2][0] == pytest.approx((5 * SECOND + figures.BEACON_LOSS_US) / 1000 - 420, abs=15)
    assert found[3][0] > 19_580


@BOTH
def test_a_short_loss_is_not_noticed(tmp_path, runtime):
    def flap(world):
        point = world.radio.access_point
        world.timeline.at(5 * SECOND, lambda: setattr(point, "up", False))
        world.timeline.at(7 * SECOND, lambda: setattr(point, "up", True))

    main = "wlan.connect('dropbolt', 'correct horse')\nwatch(20000)\nreport(seen)\nmachine.deepsleep()"
    assert [status for _, status in statuses(tmp_path, runtime, main, prepare=flap)] == [1001, 1010]


@BOTH
def test_light_sleep_drops_the_network_and_deep_sleep_the_radio(tmp_path, runtime):
    main = """
wlan.connect("dropbolt", "correct horse")
watch(3000)
machine.lightsleep(50)
watch(3000)
report([status for _, status in seen])
machine.deepsleep(1000)
"""
    with board(tmp_path, runtime, BEGIN + main) as world:
        run(world, 7.2)
        assert reported(world) == [1001, 1010, 1001, 1010]
        assert world.radio.state == "off"
        assert world.radio.joins == 2


@BOTH
def test_a_scan_finds_the_network_with_its_bssid(tmp_path, runtime):
    main = "found = wlan.scan()[0]\nreport([found[0].decode(), found[1].hex(), found[2]])\nmachine.deepsleep()"
    assert statuses(tmp_path, runtime, main) == ["dropbolt", "02d40b017001", 6]


@BOTH
def test_charge_is_counted_by_state(tmp_path, runtime):
    main = """
wlan.connect("dropbolt", "correct horse")
watch(3000)
wlan.active(False)
for _ in range(10):
    machine.lightsleep(100)
machine.deepsleep(10000)
"""
    with board(tmp_path, runtime, BEGIN + main) as world:
        run(world, 14)
        meter = world.meter
        assert meter.seconds("chip", "dozing") == pytest.approx(1, abs=0.001)
        assert meter.seconds("chip", "awake") == pytest.approx(3.42, abs=0.02)
        assert meter.seconds("radio", "joining") == pytest.approx(1.626, abs=0.02)
        assert meter.mc("chip", "asleep") == pytest.approx(0.096, abs=0.005)
        assert meter.mc() == pytest.approx(
            sum(meter.mc(part) for part in ("chip", "radio", "board", "reed", "led", "buzzer"))
        )
        assert 100 < meter.mc("radio") + meter.mc("chip") < 400


@BOTH
def test_the_locks_board_hands_out_the_station(tmp_path, runtime):
    main = """
from firmware.board import Board
station = Board().wlan()
before = station.active()
report([before, station.active(True), station.status()])
machine.deepsleep()
"""
    source = (ROOT / "firmware" / "board.py").read_text()
    with board(tmp_path, runtime, main, {"board.py": source}) as world:
        run(world, 2)
        assert reported(world) == [False, True, 1000]
