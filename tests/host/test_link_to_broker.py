"""The lock's own link and MQTT client on the simulated chip, with a real mosquitto over TLS."""

import shutil

import pytest

from host_sim.runtime import RUNTIMES
from host_sim.world.ends import FaultyEnd, TcpEnd
from tests.host.boards import board, reported, run
from tests.host.broker import GATEWAY, HOST, KEY, LOCK
from tests.host.certificates import Authority
from tests.host.mqtt_client import MqttClient
from tests.host.test_chip_mqtt import DOWN, JOIN, NEWER, UP, forget
from tests.host.vm import ROOT

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

SESSION = """
import socket
from umqtt import simple
from firmware.net.link import Link, LinkError, Stream, over_tls
from firmware.net.mqtt import Mqtt

machine.RTC().datetime((2026, 3, 2, 0, 8, 0, 0, 0))
began = time.ticks_ms()

def turn():
    time.sleep_ms(10)

def now():
    return time.ticks_diff(time.ticks_ms(), began)

got = []
stream = Stream(socket.socket(), now, turn, 5000)
link = Link(stream, over_tls(*TRUST))
mqtt = Mqtt(simple, link, bytes.fromhex(LOCK), ("10.0.0.2", 8883), USER, USER, got.append, turn)
try:
    mqtt.connect()
    mqtt.say(1, b"hello")
    mqtt.say(1, bytes(1000))
    mqtt.settle()
    mqtt.close()
    report([message.decode() for message in got])
except LinkError as error:
    link.close()
    report([error.reason, now()])
wlan.active(False)
machine.deepsleep(60000)
"""


def outcome(folder, runtime, end, trust, user=LOCK, library=ROOT / "lib", seconds=20):
    """What the board reports, and the world."""
    shutil.copytree(ROOT / "firmware" / "net", folder / "firmware" / "net")
    main = JOIN + f"TRUST = {trust!r}\nLOCK = {LOCK!r}\nUSER = {user!r}\n" + SESSION
    with board(folder, runtime, main, library=library) as world:
        world.network.routes["10.0.0.2", 8883] = end
        run(world, seconds)
        return reported(world), world


@BOTH
@pytest.mark.parametrize("library", [ROOT / "lib", NEWER], ids=["1.3.4", "1.8"])
def test_a_check_ins_worth_of_messages_takes_few_turnarounds(tmp_path, runtime, library, broker):
    forget(broker, LOCK)
    gateway = MqttClient(broker.plain, GATEWAY)
    gateway.subscribe("dropbolt/+/up/+")
    trust = (HOST, broker.authority.der)
    said, world = outcome(tmp_path, runtime, lambda: TcpEnd(broker.tls), trust, library=library)
    assert said == []
    assert gateway.receive() == (UP, b"hello")
    assert gateway.receive() == (UP, bytes(1000))
    assert world.network.traffic.turnarounds == 3  # CONNECT, SUBSCRIBE, PINGREQ
    for message in (b"one", b"two"):
        gateway.publish(DOWN, message)
    shutil.rmtree(tmp_path / "firmware")
    (tmp_path / "lib").unlink()
    said, world = outcome(tmp_path, runtime, lambda: TcpEnd(broker.tls), trust, library=library)
    assert said == ["one", "two"]
    assert world.network.traffic.turnarounds == 2
    gateway.close()


@BOTH
def test_whoever_is_not_the_broker_is_refused(tmp_path, runtime, broker):
    for folder, trust, why in (
        ("authority", (HOST, Authority("other").der), 4),
        ("name", ("elsewhere.example", broker.authority.der), 4),
        ("rubbish", (HOST, b"no certificate"), 4),
        ("key", (HOST, b"", LOCK, b"k" * 32), 5),  # a broker with a certificate and without the key
    ):
        (tmp_path / folder).mkdir()
        said, world = outcome(tmp_path / folder, runtime, lambda: TcpEnd(broker.tls), trust)
        assert said[0] == why, folder
        assert world.network.traffic.turnarounds == 0


def test_a_pre_shared_key_on_the_vm(tmp_path, broker):
    forget(broker, LOCK)
    trust = (HOST, b"", LOCK, bytes.fromhex(KEY))
    said, world = outcome(tmp_path, "micropython", lambda: TcpEnd(broker.psk), trust, user=None)
    assert said == []
    assert world.network.traffic.turnarounds == 3


def test_a_broker_with_another_key_and_one_with_a_certificate_are_no_brokers_for_a_key(tmp_path, broker):
    for folder, port in (("psk", broker.psk), ("certificate", broker.tls)):
        (tmp_path / folder).mkdir()
        trust = (HOST, b"", LOCK, b"k" * 32)
        said, _ = outcome(tmp_path / folder, "micropython", lambda port=port: TcpEnd(port), trust, user=None)
        assert said[0] == 5


@BOTH
def test_a_user_whom_the_broker_does_not_know(tmp_path, runtime, broker):
    said, _ = outcome(tmp_path, runtime, lambda: TcpEnd(broker.tls), (HOST, broker.authority.der), user="stranger")
    assert said[0] == 6


@BOTH
@pytest.mark.parametrize("down", [0, 1, 90, 700, 1150, 1300])
def test_a_peer_that_stalls_stalls_until_the_deadline(tmp_path, runtime, broker, down):
    end = lambda: FaultyEnd(TcpEnd(broker.tls), down=down)  # noqa: E731
    said, _ = outcome(tmp_path, runtime, end, (HOST, broker.authority.der))
    assert said[0] == 7
    assert 5000 <= said[1] < 5200
