"""umqtt on the simulated chip talks to a real mosquitto: over TLS, with sessions that wait, the same in every run."""

import pytest

from host_sim.runtime import RUNTIMES
from host_sim.world.ends import TcpEnd
from tests.host.boards import board, reported, run
from tests.host.broker import GATEWAY, HOST, LOCK
from tests.host.mqtt_client import MqttClient
from tests.host.vm import ROOT

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

LIBRARY = ROOT / "lib"
NEWER = ROOT / "tests" / "umqtt_1_8"
DOWN = f"dropbolt/{LOCK}/down"
UP = f"dropbolt/{LOCK}/up/1"

JOIN = """
import network
import time

wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("dropbolt", "correct horse")
while not wlan.isconnected():
    time.sleep_ms(10)
"""

SECURE = f"""
import socket
import tls
from umqtt import simple

class Sockets:
    getaddrinfo = socket.getaddrinfo

    @staticmethod
    def socket():
        return Link()

class Link:
    def settimeout(self, timeout):
        pass  # this one's own

    def connect(self, address):
        raw = socket.socket()
        raw.settimeout(5)
        raw.connect(address)
        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(CA)
        self.sock = context.wrap_socket(raw, server_hostname="{HOST}")
        self.read, self.write, self.close = self.sock.read, self.sock.write, self.sock.close
        self.setblocking = self.sock.setblocking

simple.socket = Sockets
"""

SESSION = f"""
machine.RTC().datetime((2026, 3, 2, 0, 8, 0, 0, 0))
got = []
client = simple.MQTTClient("{LOCK}", "10.0.0.2", 8883, "{LOCK}", "{LOCK}")
client.set_callback(lambda topic, message: got.append([topic.decode(), message.decode()]))
present = client.connect(False)
if not present:
    client.subscribe("{DOWN}", 1)
else:
    client.wait_msg()
    client.wait_msg()
client.publish("{UP}", "hello", qos=0)
client.publish("{UP}", b"event", qos=1)
client.disconnect()
wlan.active(False)
report([present, got])
machine.deepsleep(60000)
"""


def check_in(broker):
    """main.py of a board that checks in over TLS every minute."""
    return f"CA = {broker.authority.der!r}\n" + JOIN + SECURE + SESSION


def forget(broker, user):
    """End the session of `user` at the broker."""
    MqttClient(broker.plain, user).close()


def check_in_twice(world, gateway):
    """Let the chip come twice; what its gateway, an MqttClient, sends meanwhile is there the second time."""
    run(world, 20)
    assert reported(world) == [0, []]
    assert gateway.receive() == (UP, b"hello")
    assert gateway.receive() == (UP, b"event")
    gateway.publish(DOWN, b"one")
    gateway.publish(DOWN, b"two")
    run(world, 60)
    assert reported(world) == [1, [[DOWN, "one"], [DOWN, "two"]]]


@BOTH
@pytest.mark.parametrize("library", [LIBRARY, NEWER], ids=["1.3.4", "1.8"])
def test_a_persistent_session_over_tls_keeps_what_came_meanwhile(tmp_path, runtime, library, broker):
    forget(broker, LOCK)
    gateway = MqttClient(broker.plain, GATEWAY)
    gateway.subscribe("dropbolt/+/up/+")
    with board(tmp_path, runtime, check_in(broker), library=library) as world:
        world.network.routes["10.0.0.2", 8883] = lambda: TcpEnd(broker.tls)
        check_in_twice(world, gateway)
    gateway.close()


@BOTH
def test_runs_are_alike_to_the_microsecond_and_the_byte(tmp_path, runtime, broker):
    seen = []
    for attempt in range(3):
        forget(broker, LOCK)
        gateway = MqttClient(broker.plain, GATEWAY)
        folder = tmp_path / str(attempt)
        folder.mkdir()
        with board(folder, runtime, check_in(broker), library=LIBRARY) as world:
            world.network.routes["10.0.0.2", 8883] = lambda: TcpEnd(broker.tls)
            run(world, 20)
            gateway.publish(DOWN, b"one")
            gateway.publish(DOWN, b"two")
            run(world, 60)
            assert reported(world) == [1, [[DOWN, "one"], [DOWN, "two"]]]
            seen.append((world.network.traffic, world.chip.sleep[0], world.meter.mc("radio")))
        gateway.close()
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0].connects == 2


LISTEN = f"""
machine.RTC().datetime((2026, 3, 2, 0, 8, 0, 0, 0))
client = simple.MQTTClient("{LOCK}", "10.0.0.2", 8883, "{LOCK}", "{LOCK}")
client.set_callback(lambda topic, message: report([message.decode(), time.ticks_ms()]))
client.connect(False)
client.subscribe("{DOWN}", 1)
report("listens")
while True:
    client.check_msg()
    time.sleep_ms(10)
"""


@BOTH
def test_what_others_do_while_the_lock_listens_arrives_at_once(tmp_path, runtime, broker):
    seen = []
    for attempt in range(2):
        forget(broker, LOCK)
        gateway = MqttClient(broker.plain, GATEWAY)
        folder = tmp_path / str(attempt)
        folder.mkdir()
        main = f"CA = {broker.authority.der!r}\n" + JOIN + SECURE + LISTEN
        with board(folder, runtime, main, library=LIBRARY) as world:
            world.network.patience_s = 0.5
            world.network.routes["10.0.0.2", 8883] = lambda: TcpEnd(broker.tls)
            run(world, 10)
            assert reported(world) == "listens"
            gateway.publish(DOWN, b"open")
            world.network.stir()
            run(world, 5)
            seen.append(reported(world))
        gateway.close()
    assert seen[0] == seen[1]
    assert seen[0][0] == "open"
    assert 10_000 <= seen[0][1] < 10_030
