"""The configuration of mosquitto that docs/mosquitto/ ships: TLS, passwords, who may read and write what."""

import ssl

import pytest

from tests.host.broker import GATEWAY, HOST, LOCK
from tests.host.mqtt_client import MqttClient

DOWN = f"dropbolt/{LOCK}/down"
UP = f"dropbolt/{LOCK}/up/1"


def over_tls(broker, host=HOST):
    context = ssl.create_default_context(cadata=broker.authority.der)
    return lambda plain: context.wrap_socket(plain, server_hostname=host)


def test_messages_for_a_lock_wait_for_it_also_while_the_broker_restarts(broker):
    lock = MqttClient(broker.tls, LOCK, over_tls(broker), clean=False)
    assert lock.subscribe(DOWN) == 1
    lock.close()
    gateway = MqttClient(broker.tls, GATEWAY, over_tls(broker))
    gateway.publish(DOWN, b"one")
    gateway.close()
    broker.stop()
    broker.start()
    lock = MqttClient(broker.tls, LOCK, over_tls(broker), clean=False)
    assert lock.session_present
    assert lock.receive() == (DOWN, b"one")
    lock.close()


def test_the_gateway_hears_the_lock(broker):
    gateway = MqttClient(broker.tls, GATEWAY, over_tls(broker))
    assert gateway.subscribe("dropbolt/+/up/+") == 1
    lock = MqttClient(broker.tls, LOCK, over_tls(broker))
    lock.publish(UP, b"hello", qos=0)
    assert gateway.receive() == (UP, b"hello")
    lock.close()
    gateway.close()


@pytest.mark.parametrize("topic", ["dropbolt/+/up/+", "dropbolt/#", "#", "dropbolt/0123456789abcdef/down"])
def test_a_lock_reads_nothing_but_its_own(broker, topic):
    lock = MqttClient(broker.tls, LOCK, over_tls(broker))
    lock.subscribe(topic)
    assert lock.subscribe(DOWN) == 1
    gateway = MqttClient(broker.tls, GATEWAY, over_tls(broker))
    for foreign in (UP, "dropbolt/0123456789abcdef/down"):
        gateway.publish(foreign, b"not for it")
    gateway.publish(DOWN, b"for it")
    assert lock.receive() == (DOWN, b"for it")
    lock.close()
    gateway.close()


def test_a_lock_writes_nothing_but_its_own(broker):
    gateway = MqttClient(broker.tls, GATEWAY, over_tls(broker))
    gateway.subscribe("dropbolt/+/up/+")
    lock = MqttClient(broker.tls, LOCK, over_tls(broker))
    for foreign in (DOWN, "dropbolt/0123456789abcdef/up/1"):
        lock.publish(foreign, b"not its own")
    lock.publish(UP, b"its own")
    assert gateway.receive() == (UP, b"its own")
    lock.close()
    gateway.close()


def test_a_stranger_gets_in_nowhere(broker):
    with pytest.raises(ConnectionRefusedError):
        MqttClient(broker.tls, "stranger", over_tls(broker))
    with pytest.raises(ConnectionRefusedError):
        MqttClient(broker.plain, "stranger")


def test_the_certificate_is_for_the_brokers_name_alone(broker):
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        MqttClient(broker.tls, GATEWAY, over_tls(broker, "elsewhere.example"))


def test_nobody_takes_the_place_of_another(broker):
    lock = MqttClient(broker.tls, LOCK, over_tls(broker))
    gateway = MqttClient(broker.tls, GATEWAY, over_tls(broker))
    gateway.subscribe("dropbolt/+/up/+")
    lock.publish(UP, b"still here")
    assert gateway.receive() == (UP, b"still here")
    lock.close()
    gateway.close()
