"""TLS on the simulated chip: what is wrong with a certificate is refused; pre-shared keys, where they are known."""

import re
from datetime import UTC, datetime

import pytest

from host_sim.runtime import RUNTIMES
from host_sim.world.ends import FaultyEnd, TcpEnd
from tests.host.boards import board, reported, run
from tests.host.broker import HOST, KEY, LOCK, Broker
from tests.host.certificates import Authority
from tests.host.test_chip_mqtt import JOIN

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

CLOCK = "machine.RTC().datetime((2026, 3, 2, 0, 8, 0, 0, 0))\n"

CONNECT = """
import socket
import tls
raw = socket.socket()
raw.settimeout(5)
raw.connect(("10.0.0.2", 8883))
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
"""

SHAKE = """
try:
    secure = context.wrap_socket(raw, server_hostname=NAME)
    report("connected")
except (OSError, ValueError, AttributeError) as error:
    report([type(error).__name__, str(error)])
machine.deepsleep()
"""


def trusting(der, name=HOST, clock=CLOCK):
    """main.py of a board that connects to a broker with a certificate of the authority `der`."""
    return JOIN + clock + CONNECT + f"context.load_verify_locations({der!r})\nNAME = {name!r}" + SHAKE


def outcome(folder, runtime, main, end):
    """What the board reports, and how the network fared."""
    with board(folder, runtime, main) as world:
        world.network.routes["10.0.0.2", 8883] = end
        run(world, 30)
        return reported(world), world


@BOTH
def test_a_good_certificate_is_good(tmp_path, runtime, broker):
    said, world = outcome(tmp_path, runtime, trusting(broker.authority.der), lambda: TcpEnd(broker.tls))
    assert said == "connected"
    assert (world.network.traffic.connects, world.network.traffic.handshakes) == (1, 2)


@BOTH
def test_another_authority_and_another_name_are_refused(tmp_path, runtime, broker):
    for folder, der, name, why in (
        ("a", Authority("other").der, HOST, "not correctly signed by the trusted CA"),
        ("n", broker.authority.der, "elsewhere.example", "does not match with the expected CN"),
    ):
        (tmp_path / folder).mkdir()
        said, _ = outcome(tmp_path / folder, runtime, trusting(der, name), lambda: TcpEnd(broker.tls))
        assert said[0] == "ValueError"
        assert why in said[1]


@pytest.fixture(params=["expired", "future"])
def stale(request, tmp_path_factory):
    """A broker whose certificate is no longer, or not yet valid, and what is said of it."""
    dates = {
        "expired": (datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC), "validity has expired"),
        "future": (datetime(2048, 1, 1, tzinfo=UTC), datetime(2049, 1, 1, tzinfo=UTC), "validity starts in the future"),
    }
    begin, end, why = dates[request.param]
    running = Broker(tmp_path_factory.mktemp("stale"), issued=Authority().issue(HOST, begin, end))
    yield running, why
    running.stop()


@BOTH
def test_a_certificate_out_of_its_dates_is_refused(tmp_path, runtime, stale):
    broker, why = stale
    said, _ = outcome(tmp_path, runtime, trusting(broker.authority.der), lambda: TcpEnd(broker.tls))
    assert said[0] == "ValueError"
    assert why in said[1]


def test_dates_are_held_against_the_chips_clock_on_cpython(tmp_path, broker):
    said, _ = outcome(tmp_path, "cpython", trusting(broker.authority.der, clock=""), lambda: TcpEnd(broker.tls))
    assert said == ["ValueError", "The certificate validity starts in the future\n"]


def test_a_pre_shared_key_needs_no_clock_and_no_certificate_on_the_vm(tmp_path, broker):
    main = (
        JOIN
        + CONNECT
        + f"""
context.verify_mode = tls.CERT_NONE
context.psk_identity = "{LOCK}"
context.psk_key = bytes.fromhex("{KEY}")
NAME = None
"""
        + SHAKE
    )
    said, world = outcome(tmp_path, "micropython", main, lambda: TcpEnd(broker.psk))
    assert said == "connected"
    assert world.network.traffic.received < 400


def test_there_are_no_pre_shared_keys_on_cpython(tmp_path, broker):
    main = JOIN + CONNECT + "NAME = 'x'\ncontext.psk_key = bytes(32)"
    with board(tmp_path, "cpython", main) as world:
        world.network.routes["10.0.0.2", 8883] = lambda: TcpEnd(broker.psk)
        run(world, 10)
        assert "has no attribute 'psk_key'" in world.chip.console


@BOTH
@pytest.mark.parametrize("down", [0, 3, 90, 700, 1150])
def test_a_handshake_that_stalls_ends_with_the_sockets_timeout(tmp_path, runtime, broker, down):
    said, world = outcome(
        tmp_path, runtime, trusting(broker.authority.der), lambda: FaultyEnd(TcpEnd(broker.tls), down=down)
    )
    assert said[0] == "OSError"
    assert re.search("116|ETIMEDOUT", said[1])
    assert world.meter.seconds("chip", "asleep") > 10
    assert world.meter.seconds("radio", "listening") > 5


DEAD = """
secure = context.wrap_socket(raw, server_hostname=NAME)

def attempt():
    began = time.ticks_ms()
    try:
        found = secure.read(1).decode()
    except OSError as error:
        found = error.args[0]
    return [found, time.ticks_diff(time.ticks_ms(), began)]

report([hasattr(secure, "settimeout"), attempt(), attempt()])
machine.deepsleep()
"""


@BOTH
def test_a_secure_socket_that_timed_out_once_is_dead(tmp_path, runtime, broker):
    main = trusting(broker.authority.der).replace(SHAKE, DEAD)
    (has_timeout, first, again), _ = outcome(tmp_path, runtime, main, lambda: FaultyEnd(TcpEnd(broker.tls), down=10**6))
    assert not has_timeout
    assert first == [116, pytest.approx(5100, abs=2)]
    assert again == [116, 0]


@BOTH
def test_a_secure_connection_that_is_cut_looks_like_its_end(tmp_path, runtime, broker):
    folders = [tmp_path / name for name in ("good", "cut")]
    for folder in folders:
        folder.mkdir()
    main = trusting(broker.authority.der)
    handshake = outcome(folders[0], runtime, main, lambda: TcpEnd(broker.tls))[1].network.traffic.received
    main = main.replace(SHAKE, DEAD)
    _, first, again = outcome(
        folders[1], runtime, main, lambda: FaultyEnd(TcpEnd(broker.tls), down=handshake, closing=True)
    )[0]
    assert first[0] == again[0] == ""
