"""The radio of lock.toml: what is wrong is told with its line, what is secret is asked for, and the lock checks in."""

import json
import ssl
import time
from types import SimpleNamespace

import pytest

from firmware.calling import BANKS
from firmware.net.keys import Keys
from firmware.net.link import BROKER, CERTIFICATE, DENIED
from firmware.net.settings import Radio
from firmware.store.vault import Vault
from host_sim.devices import Namespace
from host_sim.world.ends import TcpEnd
from tests.host.broker import LOCK
from tests.host.cabled import Cabled, installed
from tests.host.certificates import Authority
from tests.host.owners import CONFIG, NUMBERS, folder
from tests.host.peer import Issuers, Peer
from tests.host.prompted import Prompt, bare_lock
from tests.host.test_provision_check import Person
from tests.host.vm import ROOT
from tools.config.reader import ConfigErrors, parse
from tools.image import Refused, release
from tools.owner.advice import RADIO
from tools.provision.books import Wanted
from tools.provision.check import _TRIALS, FAILED, PASSED, check
from tools.provision.flow import Provisioning
from tools.provision.lock import Lock as AtPrompt
from tools.provision.lock import connected
from tools.provision.wireless import radio

ISSUER = """
[[issuer]]
number = 1
label = "house"
permissions = ["owner", "unlock"]
quota = 9
"""
PLAIN = """
[radio]
ssid = "dropbolt"
host = "broker.example"
port = 1883
ip = "10.0.0.2"
security = "insecure"
gateway = "house"
"""
WIFI = "correct horse"


def typed(question):
    return {"p": WIFI, "6": "ab" * 32}.get(question[0], "let me in")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ('host = "broker.example"', "[radio]: host is missing"),
        ('ssid = "' + "x" * 33 + '"', "ssid: must have at most 32 bytes"),
        ("port = 0", "port: must be 1 to 65535"),
        ('ip = "10.0.0"', "ip: must be an address"),
        ('security = "tls"', 'security: must be "certificate", "key" or "insecure"'),
        ('security = "certificate"', "security: a certificate wants ca"),
        ('security = "key"', "security: a pre-shared key wants user"),
        ('gateway = "hause"', "gateway: there is no issuer 'hause'"),
        ('bssid = "24-0a"', 'bssid: must be as "24:0a:c4:d0:0b:01"'),
        ('rarely = "60s"', "rarely: must not be less than often"),
        ('often = "30s"', "often: must be 60 to 86400 s"),
        ('address = ["10.0.0.9"]', "address: must be four addresses"),
        ('password = "x"', "password: keys and codes never stand in this file"),
        ("prt = 1883", "prt: unknown; did you mean port?"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line, wrong):
    key = line.partition(" ")[0]
    lines = [each for each in (CONFIG + ISSUER + PLAIN).splitlines() if not each.startswith(f"{key} =")]
    if "is missing" in wrong:
        wrong = "radio: host is missing"
    else:
        lines.append(line)
    with pytest.raises(ConfigErrors) as caught:
        parse("\n".join(lines))
    place = lines.index("[radio]") + 1 if "missing" in wrong else len(lines)
    assert [at for at, text in caught.value.errors] == [place]
    assert caught.value.errors[0][1].startswith(wrong)


def test_a_gateway_wants_to_be_an_owner_and_the_owner_of_every_key_is_asked_once(tmp_path):
    with pytest.raises(ConfigErrors, match='gateway: issuer .house. wants the permission "owner"'):
        parse(CONFIG + ISSUER.replace('"owner", ', "") + PLAIN)
    config = parse(CONFIG + ISSUER + PLAIN + 'user = "front"\n')
    asked = []

    def hidden(question):
        asked.append(question)
        return typed(question)

    made = radio(config.radio, None, tmp_path, hidden)
    assert asked == ["password of the Wi-Fi dropbolt", "the broker's password of front (none: none)"]
    assert radio(config.radio, made, tmp_path, hidden) == made
    assert len(asked) == 2
    assert radio(config.radio | {"ssid": "other"}, made, tmp_path, hidden)["settings"]["ssid"] == "other"
    assert len(asked) == 3
    assert radio(None, made, tmp_path, hidden) is None


def test_certificate_and_key(tmp_path):
    plain = parse(CONFIG + ISSUER + PLAIN).radio
    authority = Authority()
    (tmp_path / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(authority.der))
    made = radio(plain | {"security": "certificate", "ca": "ca.pem"}, None, tmp_path, typed)
    assert bytes.fromhex(made["authority"]) == authority.der
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(Refused, match="ca.pem: no certificate in PEM"):
        radio(plain | {"security": "certificate", "ca": "ca.pem"}, None, tmp_path, typed)
    made = radio(plain | {"security": "key", "user": "front"}, None, tmp_path, typed)
    assert made["settings"]["key"] == "ab" * 32
    with pytest.raises(Refused, match="does not take this key of the radio"):
        radio(plain | {"security": "key", "user": "front"}, None, tmp_path, lambda question: "short")


class Site:
    def __init__(self, lock, keep):
        self.lock, self.keep, self.person = lock, keep, Person(lock)

    def provision(self, config, hidden=typed):
        """(the Record, the Result of its radio or None) of one run at which somebody types `hidden(question)`."""
        board = AtPrompt(Prompt(self.lock), "port")
        board.check("fw-000000000000")
        config = parse(config)
        wanted = Wanted(config, NUMBERS, radio(config.radio, None, self.keep.path, hidden))
        work = Provisioning(board, self.keep, "front", wanted, False, self.person)
        record = work.write()
        results = {result.part: result for result in check(board, record, self.person)}
        board.restart()
        work.finish()
        return record, results.get("radio")

    def vault(self):
        """The Radio that the lock has."""
        return Radio(*Vault(Namespace(self.lock.world.nvs, "dropbolt"), BANKS).load())

    def answered(self, record):
        """Have the gateway answer."""
        roots = {1: bytes.fromhex(record.secrets["root 1"])}
        peer = Peer(Issuers(record.lock_id, lambda: self.lock.now, roots))
        self.lock.world.network.routes["10.0.0.2", 1883] = peer.end
        return peer


@pytest.fixture
def site(tmp_path, monkeypatch):
    with bare_lock(monkeypatch) as lock:
        yield Site(lock, folder(tmp_path))


def test_the_lock_checks_in_with_its_gateway_and_from_then_on_by_itself(site):
    record, result = site.provision(CONFIG + ISSUER + PLAIN)
    assert result.state == FAILED
    assert (result.seen, result.todo) == ("no broker", RADIO[BROKER])
    assert any("radio WITHOUT TLS" in line for line in site.person.told)
    peer = site.answered(record)
    record, result = site.provision(CONFIG + ISSUER + PLAIN)
    assert (result.state, result.seen) == (PASSED, "the broker takes it; it checks in after the restart")
    assert not peer.issuers.said
    site.lock.door("closed")
    site.lock.wait(60)
    assert peer.issuers.said
    vault = site.vault()
    assert (vault.ssid, vault.password, vault.gateway) == ("dropbolt", WIFI, 1)
    assert WIFI not in " ".join(site.person.told + site.person.asked)


OVER_TLS = PLAIN.replace("1883", "8883").replace('"insecure"', '"certificate"\nca = "ca.pem"') + f'user = "{LOCK}"\n'


def trusting(site, broker, authority):
    """Have a real broker where the configuration says, and its lock trust the certificates of `authority`."""
    (site.keep.path / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(authority.der))
    site.lock.world.network.routes["10.0.0.2", 8883] = lambda: TcpEnd(broker.tls)


def test_the_trial_goes_over_tls_to_a_real_broker_and_to_no_other(site, broker):
    def rightly(question):
        return WIFI if "Wi-Fi" in question else LOCK

    said = broker.log.count(f"u'{LOCK}'")
    trusting(site, broker, Authority(1))
    _, result = site.provision(CONFIG + ISSUER + OVER_TLS, rightly)
    assert (result.state, result.todo) == (FAILED, RADIO[CERTIFICATE])
    assert broker.log.count(f"u'{LOCK}'") == said
    trusting(site, broker, broker.authority)
    _, result = site.provision(CONFIG + ISSUER + OVER_TLS, rightly)
    assert (result.state, result.seen) == (PASSED, "the broker takes it; it checks in after the restart"), result
    assert broker.log.count(f"u'{LOCK}'") == said + 1
    _, result = site.provision(CONFIG + ISSUER + OVER_TLS)
    assert (result.state, result.todo) == (FAILED, RADIO[DENIED])


def test_the_trial_goes_over_tls_on_the_vm_too(tmp_path, broker, monkeypatch):
    (tmp_path / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(broker.authority.der))
    config = parse(CONFIG + ISSUER + OVER_TLS)
    monkeypatch.setattr("tools.provision.check._TRIALS", {"radio": _TRIALS["radio"]})
    monkeypatch.setattr("tools.prompt._SILENT_S", 0.2)
    made = radio(config.radio, None, tmp_path, lambda question: WIFI if "Wi-Fi" in question else LOCK)
    with Cabled(installed(tmp_path), held=True) as cable:
        assert cable.settle()
        person = cable.do(Person)
        cable.do(lambda lock: lock.world.network.routes.update({("10.0.0.2", 8883): lambda: TcpEnd(broker.tls)}))
        now = SimpleNamespace(time=lambda: cable.do(lambda lock: lock.now), monotonic=time.monotonic, sleep=time.sleep)
        monkeypatch.setattr("tools.provision.flow.time", now)
        monkeypatch.setattr("tools.provision.lock.time", now)
        with connected(cable.port) as board:
            board.check(release.build().folder)
            work = Provisioning(board, folder(tmp_path), "front", Wanted(config, NUMBERS, made), False, person)
            (result,) = check(board, work.write(), person)
    assert (result.state, result.seen) == (PASSED, "the broker takes it; it checks in after the restart"), result


def test_keys_that_the_lock_has_are_left_and_new_issuers_get_theirs(site):
    record, _ = site.provision(CONFIG + ISSUER + PLAIN)
    vault = Vault(Namespace(site.lock.world.nvs, "dropbolt"), BANKS)
    text, more = vault.load()
    rotated = bytes((1, 2)) + b"r" * 32
    vault.replace(text, more[:2] + rotated)
    second = ISSUER.replace("number = 1", "number = 2").replace("house", "carrier")
    record, _ = site.provision(CONFIG + ISSUER + second + PLAIN)
    keys = site.vault().keys
    assert isinstance(keys, Keys)
    assert keys.in_use() == [(1, 2), (2, 1)]
    assert keys.root(1, 2) == b"r" * 32
    assert keys.root(2, 1).hex() == record.secrets["root 2"]


def test_without_a_radio_in_the_file_the_lock_has_none_any_more(site):
    site.provision(CONFIG + ISSUER + PLAIN)
    record, result = site.provision(CONFIG + ISSUER)
    assert (record.radio, result) == (None, None)
    kept = {names[1] for names in site.lock.world.nvs.snapshot()[0] if names[0] == "dropbolt"}
    assert not {name for name in kept if name[0] in BANKS}
    assert json.loads(record.dumped())["radio"] is None


def test_the_radio_of_the_example_reads_well():
    text = (ROOT / "docs" / "lock.example.toml").read_text(encoding="utf-8")
    head, mark, radio_lines = text.partition("# [radio]\n")
    made = parse(head + "\n".join(line.removeprefix("# ") for line in (mark + radio_lines).splitlines())).radio
    assert (made["security"], made["ca"], made["gateway"], made["rarely_s"]) == ("certificate", "ca.pem", 1, 3600)
