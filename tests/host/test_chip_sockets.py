"""Sockets of the simulated chip wait, time out, fail and hang as those of the ESP32, on both runtimes."""

import pytest

from host_sim.runtime import RUNTIMES
from host_sim.world.ends import FaultyEnd, ScriptedEnd
from tests.host.boards import SECOND, board, reported, run
from tests.host.test_chip_mqtt import JOIN

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

BEGIN = (
    JOIN
    + """
import socket

began = 0

def ms():
    return time.ticks_diff(time.ticks_ms(), began)

def attempt(call, *arguments):
    # [what came or the error's number, after how many milliseconds]
    global began
    began = time.ticks_ms()
    try:
        found = call(*arguments)
    except OSError as error:
        found = error.errno
    return [found.decode() if isinstance(found, bytes) else found, ms()]

def connected(timeout):
    sock = socket.socket()
    sock.settimeout(timeout)
    sock.connect(("10.0.0.2", 7))
    return sock

"""
)

END = "\nmachine.deepsleep()"


class Echo(ScriptedEnd):
    """Says again what it hears; `q` ends the connection."""

    def received(self, data):
        self.say(data)
        self.closed = b"q" in data


def found(folder, runtime, main, end=Echo, seconds=60, prepare=None):
    """What a board reports at last that has `end` at 10.0.0.2:7."""
    with board(folder, runtime, BEGIN + main + END) as world:
        world.network.routes["10.0.0.2", 7] = end
        if prepare:
            prepare(world)
        run(world, seconds)
        return reported(world)


@BOTH
def test_an_answer_takes_twice_the_delay_and_more_of_it_nothing(tmp_path, runtime):
    main = """
sock = connected(5)
sock.write("hel")
sock.write(b"xlo!", 1)
sock.write(b"xlo!", 1, 2)
report([attempt(sock.read, 3), attempt(sock.recv, 9), attempt(sock.write, b""), attempt(sock.write, b"abc", 2),
        attempt(sock.read, 2)])
"""

    def slow(world):
        world.network.delay_us = 50_000

    answer, rest, nothing, written, again = found(tmp_path, runtime, main, prepare=slow)
    assert answer == ["hel", pytest.approx(100, abs=2)]
    assert rest == ["xlo", 0]
    assert (nothing[0], written[0]) == (0, 2)
    assert again == ["ab", pytest.approx(100, abs=2)]


@BOTH
@pytest.mark.parametrize(("timeout", "error", "ms"), [(1, 116, 1100), (0.25, 116, 300), (0.05, 11, 100), (0, 11, 0)])
def test_timeouts_come_in_tenths_of_a_second(tmp_path, runtime, timeout, error, ms):
    main = f"sock = connected(5)\nsock.settimeout({timeout})\nreport(attempt(sock.recv, 1))"
    assert found(tmp_path, runtime, main) == [error, pytest.approx(ms, abs=2)]


@BOTH
def test_without_waiting_a_read_gives_what_is_there_and_none_for_nothing(tmp_path, runtime):
    main = """
sock = connected(5)
sock.setblocking(False)
sock.write(b"abc")
early = sock.read(1)
time.sleep_ms(100)
buffer = bytearray(5)
report([early, sock.readinto(buffer), buffer.decode(), sock.read(1)])
"""
    assert found(tmp_path, runtime, main) == [None, 3, "abc\0\0", None]


@BOTH
def test_the_end_of_a_connection_is_told_again_and_again(tmp_path, runtime):
    main = """
sock = connected(5)
sock.write(b"one\\ntwo q")
report([sock.readline().decode(), sock.read(20).decode(), sock.read(1).decode(), sock.recv(1).decode()])
"""
    assert found(tmp_path, runtime, main) == ["one\n", "two q", "", ""]


@BOTH
def test_blocking_mode_forgets_the_timeout_and_hangs_until_the_watchdog(tmp_path, runtime):
    main = """
if machine.reset_cause() == machine.WDT_RESET:
    report("watchdog")
    machine.deepsleep()
sock = connected(1)
machine.WDT(timeout=8000)
sock.setblocking(True)
report("waits")
sock.read(1)
report("never")
"""
    assert found(tmp_path, runtime, main) == "watchdog"


@BOTH
def test_the_world_goes_on_while_a_read_waits(tmp_path, runtime):
    main = """
from machine import Pin
reed = Pin(14, Pin.IN, Pin.PULL_UP)
sock = connected(3)
before = reed()
late = attempt(sock.recv, 5)
report([before, late, reed()])
"""

    class Late(ScriptedEnd):
        pass

    late = Late()

    def prepare(world):
        world.timeline.at(4 * SECOND, world.door.open)
        world.timeline.at(4 * SECOND, lambda: late.say(b"late"))

    before, answer, after = found(tmp_path, runtime, main, lambda: late, prepare=prepare)
    assert (before, after) == (0, 1)
    assert answer == ["late", pytest.approx(4000 - 420 - 1646, abs=20)]


@BOTH
def test_nobody_there_refuses_or_is_silent(tmp_path, runtime):
    main = """
def connect(address, timeout):
    sock = socket.socket()
    sock.settimeout(timeout)
    return attempt(sock.connect, (address, 7))
results = [connect("10.0.0.3", 5), connect("10.0.0.4", 2), connect("10.0.0.2", 0)]
wlan.disconnect()
report(results + [connect("10.0.0.2", 5)])
"""

    def silence(world):
        world.network.silent.add("10.0.0.4")

    refused, silent, busy, cut_off = found(tmp_path, runtime, main, prepare=silence)
    assert refused == [111, pytest.approx(20, abs=1)]
    assert silent == [116, pytest.approx(2100, abs=1)]
    assert busy == [119, 0]
    assert cut_off == [118, 0]


@BOTH
def test_a_connection_that_was_not_waited_for_comes_about(tmp_path, runtime):
    main = """
sock = socket.socket()
sock.setblocking(False)
began = attempt(sock.connect, ("10.0.0.2", 7))[0]
early = sock.write(b"abc")
time.sleep_ms(30)
written = sock.write(b"abc")
time.sleep_ms(30)
report([began, early, written, sock.read(3).decode()])
"""
    assert found(tmp_path, runtime, main) == [119, None, 3, "abc"]


@BOTH
def test_a_socket_that_is_closed_or_was_never_connected_is_none(tmp_path, runtime):
    main = """
sock = socket.socket()
never = [attempt(sock.send, b"x")[0], attempt(sock.recv, 1)[0]]
sock = connected(1)
sock.close()
sock.close()
report(never + [attempt(sock.recv, 1)[0]])
"""
    assert found(tmp_path, runtime, main) == [128, 128, 9]


@BOTH
def test_connections_go_with_the_radio(tmp_path, runtime):
    main = """
sock = connected(5)
wlan.active(False)
gone = attempt(sock.recv, 1)
wlan.active(True)
report(gone + [attempt(sock.send, b"x")[0], wlan.ifconfig()[0]])
"""
    assert found(tmp_path, runtime, main) == [113, 0, 113, "0.0.0.0"]


@BOTH
def test_an_end_that_stops_reading_blocks_the_writer(tmp_path, runtime):
    main = """
sock = connected(1)
count = 0
while True:
    result = attempt(sock.send, bytes(1000))
    if result[1]:
        break
    count += result[0]
report([count, result])
"""
    count, result = found(tmp_path, runtime, main, lambda: FaultyEnd(Echo(), up=2_000))
    assert count == 2_000 + 5_744
    assert result == [116, pytest.approx(1100, abs=2)]


@BOTH
@pytest.mark.parametrize(("closing", "last"), [(False, 116), (True, "")])
def test_an_end_that_fails_after_so_many_bytes(tmp_path, runtime, closing, last):
    main = """
sock = connected(1)
sock.write(b"0123456789")
report([attempt(sock.recv, 9)[0], attempt(sock.recv, 9)[0]])
"""
    assert found(tmp_path, runtime, main, lambda: FaultyEnd(Echo(), down=4, closing=closing)) == ["0123", last]


@BOTH
def test_a_short_loss_of_the_network_delays_and_loses_nothing(tmp_path, runtime):
    def flap(world):
        point = world.radio.access_point
        world.timeline.at(3 * SECOND, lambda: setattr(point, "up", False))
        world.timeline.at(6 * SECOND, lambda: setattr(point, "up", True))

    main = """
sock = connected(20)
time.sleep_ms(2000)
sock.write(b"abc")
report(attempt(sock.read, 3))
"""
    text, ms = found(tmp_path, runtime, main, prepare=flap)
    assert text == "abc"
    assert 1000 < ms < 2100


@BOTH
def test_names_are_resolved_or_not_or_never(tmp_path, runtime):
    main = """
def resolve(name):
    return socket.getaddrinfo(name, 8883)[0][4]
report([attempt(resolve, "broker.example"), attempt(resolve, "elsewhere.example")])
"""

    def name(world):
        world.network.names["broker.example"] = "10.0.0.2"

    known, unknown = found(tmp_path, runtime, main, prepare=name)
    assert known == [["10.0.0.2", 8883], pytest.approx(20, abs=1)]
    assert unknown[0] == -202


@BOTH
def test_a_resolver_that_never_answers_hangs_until_the_watchdog(tmp_path, runtime):
    main = """
if machine.reset_cause() == machine.WDT_RESET:
    report("watchdog")
    machine.deepsleep()
machine.WDT(timeout=8000)
socket.getaddrinfo("broker.example", 8883)
report("never")
"""

    def silence(world):
        world.network.resolver = "silent"

    assert found(tmp_path, runtime, main, prepare=silence) == "watchdog"


@BOTH
def test_datagrams_are_answered_or_lost(tmp_path, runtime):
    main = """
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(1)
sock.sendto(b"ping", ("10.0.0.1", 53))
answer, source = sock.recvfrom(100)
sock.sendto(b"ping", ("10.0.0.9", 53))
report([answer.decode(), source, attempt(sock.recvfrom, 100)])
"""

    def serve(world):
        world.network.datagrams["10.0.0.1", 53] = lambda data: data + b" pong"

    answer, source, lost = found(tmp_path, runtime, main, prepare=serve)
    assert (answer, source) == ("ping pong", ["10.0.0.1", 53])
    assert lost == [116, pytest.approx(1100, abs=1)]
