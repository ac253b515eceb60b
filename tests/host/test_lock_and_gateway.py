"""A simulated lock and the owner's gateway, with a real mosquitto between them, over TLS."""

import ssl
import time

import pytest
from typer.testing import CliRunner

from host_sim.lock import Lock, LockConfig
from host_sim.provision import Issuer
from host_sim.runtime import RUNTIMES
from host_sim.world.ends import TcpEnd
from tests.host.broker import GATEWAY, Broker
from tests.host.certificates import Authority
from tests.host.gateways import Running, key_file
from tests.host.peer import KEYS, ROOTS
from tests.host.radio_lock import GRANTS, ISSUERS
from tools.cli import app
from tools.log.verify import verify

NAME = "localhost"
ADDRESS = ("10.0.0.2", 8883)


@pytest.fixture(params=list(RUNTIMES))
def ends(request, tmp_path):
    """(lock, `gateway run`, a function that calls `gateway` with words, first key of the log)."""
    config = LockConfig(grants=GRANTS, settings={"issuers": ISSUERS})
    identity = Issuer(config)
    user = identity.lock_id.hex()
    broker = Broker(tmp_path, (user, GATEWAY), Authority().issue(NAME))
    (tmp_path / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(broker.authority.der))
    config.radio = {"host": NAME, "user": user, "login": user, "keys": KEYS, "authority": broker.authority.der}
    lines = f'ca = "ca.pem"\nport = {broker.tls}\nuser = "{GATEWAY}"\npassword = "{GATEWAY}"'
    keys = key_file(tmp_path, host=NAME, broker=lines, lock=(user, ROOTS[1], identity.audit_key))
    running = Running(keys)

    def gateway(*words):
        done = CliRunner().invoke(app, ["gateway", *words, "--keys", str(keys)])
        assert done.exit_code == 0, done.output
        return done.output

    with Lock(request.param, config, start=int(time.time()) - 3 * 3600) as lock:
        lock.world.network.routes[ADDRESS] = lambda: TcpEnd(broker.tls)
        try:
            yield lock, running, gateway, identity.audit_key
        finally:
            running.end()
            broker.stop()


def rested(lock, running):
    """Let time pass until the lock has taken its leave of the gateway, and sleeps; returns what the gateway shows."""
    assert lock.run_until(lambda: lock.world.radio.state != "off", 60)
    assert lock.run_until(lambda: lock.world.radio.state == "off" and not lock.awake, 150)
    return running.wait_for("bye")


def called(lock, running):
    """Call from the keypad without a code, and let it come to its end."""
    lock.wake()
    lock.type("0#")
    return rested(lock, running)


def test_time_commands_a_call_and_the_log_go_through_a_broker_over_tls(ends, tmp_path):
    lock, running, gateway, log_key = ends
    rested(lock, running)
    assert abs(lock.world.clock.unix - time.time()) < 60  # it was three hours slow
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    assert lock.run_until(lambda: lock.openings == 1 and lock.bolt == "locked" and not lock.awake, 60)
    gateway("send", "door 0", "revoke", "1")
    called(lock, running)
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    lock.wait(3)
    assert (lock.answer, lock.openings) == ("owner", 1)
    assert lock.run_until(lambda: not lock.awake, 60)
    gateway("send", "door 0", "unlock")
    called(lock, running)
    assert lock.openings == 2
    assert [event["issuer"] for event in lock.log() if event["decision"] == "opened"] == [None, "gateway"]
    gateway("export", "door 0", str(tmp_path / "log.jsonl"))
    sound = verify((tmp_path / "log.jsonl").read_text(), log_key)
    assert sound.events >= len(lock.log()) - 2  # what came after the last hello is told the next time
    assert "opened" in gateway("log", "door 0")
