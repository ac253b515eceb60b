"""`gateway run` beside a real mosquitto, over TLS: check-ins, a kill at the worst moment, a broker that restarts."""

import json
import re
import signal
import ssl
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tests.host.broker import GATEWAY, LOCK, PROGRAMS, Broker
from tests.host.certificates import Authority
from tests.host.gateways import Running, key_file, opened, scripted
from tests.host.mqtt_client import MqttClient
from tests.host.vm import ROOT
from tools.cli import app

HOME = "homeassistant"
UP = f"dropbolt/{LOCK}/up/1"
DOWN = f"dropbolt/{LOCK}/down"


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A mosquitto with a certificate for its address, and with Home Assistant's lines in its ACL."""
    if not PROGRAMS.exists():
        pytest.fail("mosquitto is missing: run `make mosquitto`", pytrace=False)
    folder = tmp_path_factory.mktemp("mosquitto")
    running = Broker(folder, (LOCK, GATEWAY, HOME), Authority().issue("127.0.0.1"))
    running.stop()
    acl = folder / "acl"
    lines = re.compile(r"^# (?=(user|topic) .*(homeassistant|state|press))", re.MULTILINE)
    acl.write_text(lines.sub("", acl.read_text()))
    running.start()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def no_session(broker):
    """Nothing waits for the lock from the test before."""
    MqttClient(broker.plain, LOCK).close()


@pytest.fixture
def path(tmp_path, broker):
    lines = f'ca = "ca.pem"\nport = {broker.tls}\nuser = "{GATEWAY}"\npassword = "{GATEWAY}"'
    (tmp_path / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(broker.authority.der))
    return key_file(tmp_path, home="unlock", broker=lines)


@pytest.fixture
def running(path):
    gateway = Running(path)
    yield gateway
    gateway.end()


def connect(broker):
    client = MqttClient(broker.plain, LOCK, clean=False)
    if not client.session_present:
        client.subscribe(DOWN)
    return client


def say(client, messages):
    for message in messages:
        client.publish(UP, message, qos=0)


def check_in(broker, lock):
    client = connect(broker)
    say(client, lock.hello())
    while not lock.over:
        topic, message = client.receive()
        assert topic == DOWN
        say(client, lock.take(message))
    client.publish(UP, lock.bye())  # acknowledged: the broker has passed on all that was said before
    client.close()


def gateway(path, *words):
    done = CliRunner().invoke(app, ["gateway", *words, "--keys", str(path)])
    return done.output


def test_check_ins_commands_and_a_kill_between_command_and_result(broker, path, running):
    lock = scripted(30)
    check_in(broker, lock)
    running.wait_for("bye")
    assert lock.acknowledged == 30
    for words in (("unlock",), ("revoke", "5"), ("mute", "on")):
        gateway(path, "send", "door 0", *words)
    opened(lock)
    client = connect(broker)
    say(client, lock.hello())
    down = [client.receive()[1] for _ in range(4)]
    assert running.end(signal.SIGKILL) == -signal.SIGKILL
    for message in down:
        say(client, lock.take(message))  # nobody hears it
    client.close()
    running.start()
    check_in(broker, lock)
    check_in(broker, lock)
    for _ in range(2):
        running.wait_for("bye")
    assert lock.done.count(("unlock",)) == 1
    assert set(lock.done) == {("unlock",), ("revoke grant", 5), ("mute", True)}
    states = re.findall(r"(unanswered|done|failed|waiting|sent)\b", gateway(path, "queue"))
    assert states[:1] == ["unanswered"]
    assert not {"failed", "waiting", "sent"} & set(states)
    assert gateway(path, "log", "door 0", "--last", "100").count("opened") == 31
    assert "replayed" not in gateway(path, "alarms")


def test_a_retained_hello_is_answered_by_nothing(broker, path):
    lock = scripted(1)
    hello = lock.hello()[0]
    client = connect(broker)
    running = Running(path)
    client.publish(UP, hello, retain=True)
    assert client.receive()[0] == DOWN
    running.end()
    running = Running(path)
    assert "replayed: a hello that was heard before" in running.wait_for("alarm")
    gateway(path, "send", LOCK, "identify")
    client.publish(UP, b"", retain=True)
    client.close()
    check_in(broker, lock)
    assert (lock.done, lock.why) == ([("identify",)], 0)
    assert running.end() == 0


def test_it_comes_back_when_the_broker_does(broker, path, running):
    lock = scripted(3)
    check_in(broker, lock)
    broker.stop()
    running.wait_for("again in")
    broker.start()
    running.wait_for("connected")
    opened(lock)
    check_in(broker, lock)
    running.wait_for("bye")
    assert gateway(path, "log", "door 0").count("opened") == 4


def test_home_assistant_is_told_and_may_unlock_if_its_owner_says_so(broker, path, running):
    lock = scripted(2)
    check_in(broker, lock)
    running.wait_for("bye")
    home = MqttClient(broker.plain, HOME)
    home.subscribe("homeassistant/#")
    topic, payload = home.receive()
    device = json.loads(payload)
    assert topic == f"homeassistant/device/dropbolt-{LOCK}/config"
    home.subscribe(device["state_topic"])
    assert json.loads(home.receive()[1])["event"] == "opened"
    button = device["components"]["unlock"]
    home.publish(button["command_topic"], button["payload_press"].encode())
    client = connect(broker)
    while ("unlock",) not in lock.done:
        say(client, lock.hello())
        while not lock.over:
            say(client, lock.take(client.receive()[1]))
        say(client, [lock.bye()])
    client.close()
    home.close()


def test_a_broker_with_another_certificate_is_not_spoken_to(broker, path, tmp_path):
    (tmp_path / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(Authority(1).der))
    command = [sys.executable, "-u", "-m", "tools", "gateway", "run", "--keys", str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert "certificate verify failed" in process.stdout.readline()
    process.terminate()
    process.stdout.close()
    assert process.wait(150) == 0
