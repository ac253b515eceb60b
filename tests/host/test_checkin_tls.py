"""Check-ins through a real mosquitto over TLS, with a gateway in a thread of its own."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from firmware.core.words import LOST, TRUSTED
from firmware.net import link as links
from firmware.net import messages as m
from host_sim.lock import Lock, LockConfig
from host_sim.runtime import RUNTIMES
from host_sim.world.ends import TcpEnd
from tests.host.broker import GATEWAY, HOST, KEY, LOCK, Broker
from tests.host.certificates import Authority
from tests.host.mqtt_client import MqttClient
from tests.host.peer import KEYS, Issuers
from tests.host.radio_lock import GRANTS, ISSUERS
from tools.protocol.messages import Bye, Events, Hello

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
LOCK_ID = bytes.fromhex(LOCK)


class Gateway:
    """Answers hellos through a broker, from its making to `close()`."""

    def __init__(self, port, issuers):
        self.issuers = issuers
        self._client = MqttClient(port, GATEWAY)
        self._client.subscribe(f"dropbolt/{LOCK}/up/+")
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        try:
            while True:
                for message in self.issuers.take(*self._client.receive()):
                    self._client.publish(f"dropbolt/{LOCK}/down", message)
        except OSError:
            pass

    def close(self):
        self._client.shut()
        self._thread.join()


@contextmanager
def locked(runtime, broker, radio, synchronised=True, grants=GRANTS, **options):
    """(lock, issuers) with a gateway at `broker`."""
    settings = {"issuers": ISSUERS, "lock": LOCK}
    radio = {"host": HOST, "user": LOCK, "login": LOCK, "keys": KEYS, **radio}
    MqttClient(broker.plain, LOCK).close()
    config = LockConfig(grants=grants, settings=settings, radio=radio, synchronised=synchronised)
    with Lock(runtime, config, **options) as lock:
        network = lock.world.network
        for port, real in ((8883, broker.tls), (8884, broker.psk)):
            network.routes["10.0.0.2", port] = lambda real=real: TcpEnd(real)
        issuers = Issuers(LOCK_ID, lambda: lock.now)
        gateway = Gateway(broker.plain, issuers)
        try:
            yield lock, issuers
        finally:
            gateway.close()


def said_bye(lock, issuers, seconds=40):
    """Let time pass until the lock has taken its leave once more and sleeps."""
    before = len(issuers.of(Bye))
    assert lock.run_until(lambda: len(issuers.of(Bye)) > before and not lock.awake, seconds), lock.log()


def reasons(lock):
    return [event["detail"] for event in lock.log() if event["kind"] == "radio"]


@BOTH
def test_a_lock_and_its_gateway_over_tls(runtime, broker):
    with locked(runtime, broker, {"authority": broker.authority.der}) as (lock, issuers):
        said_bye(lock, issuers)
        issuers.order(1, m.IDENTIFY)
        issuers.order(1, m.SET_SETTINGS, {"relock_s": 9})
        traffic = lock.world.network.traffic
        before = traffic.turnarounds
        said_bye(lock, issuers, 7200)
        assert traffic.turnarounds - before <= 5
        assert issuers.words() == [m.DONE, m.DONE]
        said_bye(lock, issuers, 7200)
        told = [record for said in issuers.of(Events) for record in said.records]
        assert len(told) == issuers.of(Hello)[-1].head[0] == len(lock.log())
        assert reasons(lock) == []


def test_a_lock_and_its_gateway_with_a_pre_shared_key_on_the_vm(broker):
    radio = {"port": 8884, "security": "key", "key": KEY}
    with locked("micropython", broker, radio) as (lock, issuers):
        said_bye(lock, issuers)
        assert issuers.of(Hello)[-1].quality == TRUSTED


@BOTH
def test_the_first_connection_of_a_lock_that_does_not_know_the_time(runtime, broker):
    with locked(runtime, broker, {"authority": broker.authority.der}, synchronised=False) as (lock, issuers):
        said_bye(lock, issuers)
        assert issuers.of(Hello)[-1].quality == LOST
        said_bye(lock, issuers, 7200)
        hello = issuers.of(Hello)[-1]
        assert hello.quality == TRUSTED
        assert abs(hello.t - lock.now) < 10
        assert lock.world.rtc.us < 86400 * 1_000_000 or runtime == "micropython"  # the calendar is as it was


def test_a_certificate_of_tomorrow_waits_for_the_clock_on_cpython(tmp_path):
    begin, end = datetime(2026, 2, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    broker = Broker(tmp_path, issued=Authority().issue(HOST, begin, end))
    try:
        with locked("cpython", broker, {"authority": broker.authority.der}, synchronised=False) as (lock, issuers):
            lock.wait(40)
            assert reasons(lock) == [links.CERTIFICATE]
            lock.sync()
            said_bye(lock, issuers, 3 * 7200)
    finally:
        broker.stop()


@BOTH
def test_whoever_is_not_the_broker_hears_nothing(runtime, broker):
    for radio, why in (
        ({"authority": Authority("other").der}, links.CERTIFICATE),
        ({"authority": broker.authority.der, "host": "elsewhere.example"}, links.CERTIFICATE),
        ({"authority": broker.authority.der, "login": "wrong"}, links.DENIED),
        ({"security": "key", "key": "ab" * 32}, links.TLS),
        ({"authority": broker.authority.der, "port": 9999}, links.TLS),
    ):
        with locked(runtime, broker, radio) as (lock, issuers):
            lock.wait(60)
            assert reasons(lock) == [why], radio
            assert issuers.said == []
            lock.wake()
            lock.type(lock.issue("couriers") + "#")
            assert lock.run_until(lambda lock=lock: lock.openings == 1, 3)


@BOTH
def test_the_name_of_the_broker_is_asked_for_once(runtime, broker):
    asked = []

    def answer(query):
        asked.append(query)
        return (
            query[:2]
            + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
            + query[12:]
            + b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x0a\x00\x00\x02"
        )

    with locked(runtime, broker, {"authority": broker.authority.der, "ip": ""}) as (lock, issuers):
        lock.wait(5)
        lock.world.network.datagrams["10.0.0.1", 53] = answer
        said_bye(lock, issuers, 7300)
        said_bye(lock, issuers, 7300)
        assert len(asked) == 1
        lock.world.network.resolver = "silent"  # the chip's own, which the lock does not ask
        said_bye(lock, issuers, 7300)
