"""`dropbolt doctor` with the lock on the cable: what it finds, that it changes nothing and tells no secret."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from firmware.calling import BANKS
from firmware.core.grants import GRANT_SIZE
from firmware.logbook import FAULTS
from firmware.net.settings import pack
from firmware.store.vault import Vault
from host_sim.devices import Namespace
from host_sim.lock import DEFAULT_START, LockConfig
from host_sim.provision import RADIO_SETTINGS
from tests.host.boards import SECOND
from tests.host.cabled import Cabled, installed
from tests.host.owners import CONFIG, folder, record, run
from tests.host.test_read_out import stands_in
from tools.image import Refused, release
from tools.log import words
from tools.owner import advice, beside, cable, show
from tools.owner.dump import OtherLock

ISSUER = '\n[[issuer]]\nnumber = 1\nlabel = "house"\npermissions = ["unlock", "owner"]\nquota = 40\n'
OWNER = "314159265358"


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("disk"))


@pytest.fixture
def kept():
    return record(config=CONFIG + ISSUER)


class Site:
    """A lock on the cable; `time` is that of a computer whose clock is right."""

    def __init__(self, cable):
        self.cable, self.do = cable, cable.do

    def time(self):
        return self.do(lambda lock: lock.world.unix)

    def sleep(self, seconds):
        """Wait as long as the lock takes to start: in its own time."""
        self.cable.settle()

    def enter(self, *parts):
        """Wake the lock, type, and wait until it sleeps again."""
        self.do(lambda lock: _enter(lock, parts))

    def opened(self):
        """Its port, once the console is open: cells out and in with the key held."""
        assert self.cable.replug(held=True)
        self.do(lambda lock: lock.maintenance_key(False))
        return self.cable.port

    def issue(self, label):
        return self.do(lambda lock: lock.issue(label))

    def memories(self):
        return self.do(lambda lock: (lock.flash, lock.nvs_ops, lock.world.rtc.memory))

    def look(self):
        """What it tells, with the restart left out, which takes as long as all of it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tools.prompt.restart", lambda transport: True)
            return cable.look(self.opened(), record().lock_id.hex())


def _enter(lock, parts):
    lock.wake()
    for part in parts:
        lock.type(part + "#")
        lock.wait(3)
    lock.run_until(lambda: not lock.awake, 90)


@pytest.fixture
def site(disk, kept, monkeypatch):
    monkeypatch.setattr("tools.prompt._SILENT_S", 0.2)
    with Cabled(disk, LockConfig(grants=kept.grants, settings=kept.settings), seed=1) as cable:
        made = Site(cable)
        made.do(lambda lock: lock.run_until(lambda: not lock.awake, 90))
        for module in ("owner.cable", "prompt"):
            monkeypatch.setattr(f"tools.{module}.time", made)
        yield made


def found(kept, seen, good=None, others=()):
    """Findings as lines; good: only those that are, or are not."""
    now = int(seen.second[1]) if seen.second else DEFAULT_START
    every = beside.findings(kept, seen, now, seen.release, others)
    return [f"{each.what} -> {each.do}" for each in every if good in (None, each.good)]


def told(lines, *texts):
    assert [text for text in texts if not any(text in line for line in lines)] == [], lines


def test_a_sound_lock(site, kept):
    site.enter(site.issue("couriers"))
    port, moments = site.opened(), []
    before = site.memories()
    seen = cable.look(
        port, kept.lock_id.hex(), lambda done, total: moments.append(site.memories()) if done == total else None
    )
    assert moments == [before]
    assert seen.closed
    assert found(kept, seen, good=False) == []
    told(
        found(kept, seen),
        "settings and grants are the record's; set number 1",
        "clock trusted, wrong by up to",
        "from this computer's",
        "batteries 6.0",
        "no radio",
        "nothing was refused",
        "log whole, as the lock wrote it",
        f"firmware {release.version()} (fw-",
        "time zone CET-1CEST",
        "0 flipped bits",
    )
    site.enter(site.issue("couriers"))
    assert site.do(lambda lock: lock.openings) == 2


def test_it_tells_no_secret(site, kept):
    radio(site, kept, password="open sesame", login="let me in")
    said = json.dumps(site.look().told)
    kept_secret = {name: octets for name, octets in kept.secrets.items() if name not in ("lock", "journal")}
    assert [name for name, octets in kept_secret.items() if stands_in(bytes.fromhex(octets), said.encode())] == []
    assert [text for text in ("open sesame", "let me in", "73913042", "314159265358") if text in said] == []
    assert "dropbolt" in said


def test_the_command(site, kept, tmp_path, monkeypatch):
    keep = folder(tmp_path, kept, record(seed=2, label="garage"))
    site.enter("123456")
    done = run(keep, "doctor", "front", "--port", site.opened())
    said = " ".join(done.stdout.split())
    assert (done.exit_code, release.build().folder in said) == (0, True), done.output
    told([said], "clock trusted", "wrong, 6 digits:")
    assert said.index("wrong, 6 digits:") < said.index("batteries")
    other = run(keep, "doctor", "garage", "--port", site.opened())
    assert (other.exit_code, "is not garage: it is front" in other.stderr) == (2, True)
    monkeypatch.setattr("tools.prompt._ANSWER_S", 0.5)
    shut = run(keep, "doctor", "front", "--port", site.cable.port)
    assert (shut.exit_code, "gives no prompt: hold its maintenance key" in shut.stderr) == (2, True)
    gone = run(keep, "doctor", "front", "--port", "/dev/no-such-port")
    assert (gone.exit_code, "is the cable plugged in" in gone.stderr) == (2, True)


def test_another_lock_is_told_before_anything_else(site, kept):
    seen, garage = site.look(), record(seed=2, label="garage")
    with pytest.raises(OtherLock, match="is not garage: it is front"):
        found(garage, seen, others=[kept])
    with pytest.raises(OtherLock, match="no record here is its"):
        found(garage, seen)
    assert cable.look(site.opened(), garage.lock_id.hex()).dump == b""


def test_a_console_that_stays_open(site, kept, monkeypatch):
    port = site.opened()
    monkeypatch.setattr("tools.prompt.restart", lambda transport: False)
    told(
        found(kept, cable.look(port, kept.lock_id.hex()), good=False),
        "its console is still open: nobody gets in by the keypad -> let go",
    )


def test_what_was_revoked_at_the_keypad_alone(site, kept):
    site.enter(OWNER, "81", "2")
    lines = found(kept, site.look(), good=False)
    told(lines, "couriers is revoked at the lock -> `dropbolt revoke front couriers`")


def vault(site, banks, settings, more):
    """Have another set in NVS. Writing takes time of the world's while the console is open: there is some."""

    def write(lock):
        lock.world.horizon_us = lock.world.timeline.now_us + 60 * SECOND
        Vault(Namespace(lock.world.nvs, "dropbolt"), banks).replace(settings, more)

    site.do(write)


def changed(site, kept, settings=None, **grants):
    """Another set: of grants by label, bytes to put at a place."""
    fields = json.loads(kept.issuer.settings) | (settings or {})
    packed = bytearray(kept.issuer.packed)
    for label, (at, octets) in grants.items():
        start = kept.place(label) * GRANT_SIZE + at
        packed[start : start + len(octets)] = octets
    vault(site, "ab", json.dumps(fields).encode(), packed)


def test_a_set_that_is_not_the_records(site, kept):
    settings = {"zone": "UTC0", "relock_s": 9, "issuers": []}
    changed(site, kept, settings, visitors=(45, b"another key of a kind"[:20]), days=(20, b"\1"), cleaner=(3, b"\5"))
    told(
        found(kept, site.look(), good=False),
        "time zone UTC0, but CET-1CEST",
        "relock_s is 9 at the lock, 5 in the record",
        "its issuers are not the record's",
        "codes of visitors are made with another key than the record's -> give out none of its codes from here",
        "days: valid_from other than in the record",
        "cleaner is revoked at the lock",
    )


def test_a_grant_more_and_one_less(site, kept):
    changed(site, kept, days=(0, b"\x63\0"))
    told(
        found(kept, site.look(), good=False),
        "the lock has grant 99 (days), which the record has not",
        "the lock has no grant 4 (days): its codes are wrong",
    )


def test_what_a_hostile_lock_calls_its_things_is_shown_as_text(site, kept):
    packed = bytearray(kept.issuer.packed[:GRANT_SIZE])
    packed[:2], packed[32:44] = b"\x63\0", b"\x1b[2J\xff".ljust(12, b"\0")
    changed(site, kept, {"zone": "\x1b[2JUTC0"}, days=(0, packed), visitors=(32, b"\xff\x9b"))
    radio(site, kept, ssid="\x1b[2J[/red]\n")
    seen, screen = site.look(), StringIO()
    every = list(beside.findings(kept, seen, int(seen.second[1]), seen.release))
    Console(file=screen, width=999, markup=False).print(show.findings(every))
    lines = screen.getvalue().splitlines()
    told(lines, "grant 99 (????????????)", "visitors: label other than", "Wi-Fi ?[2J[/red]?,", "?[2JUTC0")
    assert [line for line in lines if not line.isprintable()] == []


@pytest.mark.parametrize(
    ("happens", "texts"),
    [
        (lambda lock: lock.set_clock(lock.now + 7300), ["2.0 hours ahead of this computer's", "set it"]),
        (lambda lock: lock.stop_clock(), ["clock lost", "coin cell", "set it"]),
        (lambda lock: lock.battery(4300), ["V: the motor is not driven -> change them now"]),
        (lambda lock: lock.damage_sector(0), ["closed by a fault: damaged", "keep a dump; provision it with new keys"]),
        (lambda lock: lock.world.nvs.erase_all(), ["closed by a fault: unprovisioned", "provision it anew"]),
    ],
    ids=["clock set", "clock stopped", "battery", "journal", "NVS"],
)
def test_what_is_wrong_and_what_to_do(site, kept, happens, texts):
    site.enter("12")
    site.do(happens)
    site.enter("12")
    told(found(kept, site.look(), good=False), *texts)


def test_a_lockout(site, kept):
    for n in range(1, 7):
        site.enter(f"00000{n}")
    lines = found(kept, site.look(), good=False)
    told(lines, "no guess is left for entries of 6 digits: `budget`, the next in 96 h", "7#", ": budget: too many")


def radio(site, kept, root=None, **settings):
    keys = kept.radio_keys() if root is None else kept.radio_keys()[:2] + root
    fields = RADIO_SETTINGS | {"user": "door"} | settings
    vault(site, BANKS, json.dumps(fields).encode(), pack(keys, b"of an authority"))


def test_a_radio(site, kept):
    radio(site, kept)
    lines = found(kept, site.look())
    told(lines, "radio: Wi-Fi dropbolt, broker broker.example:8883 by certificate, gateway is issuer 1")
    assert [line for line in lines if "root key" in line] == []


def test_a_radio_that_is_not_the_records(site, kept):
    own = {"settings": RADIO_SETTINGS | {"user": "door", "login": "let me in"}, "authority": ""}
    told(found(replace(kept, radio=own), site.look(), good=False), "no radio -> ")
    radio(site, kept, host="broker.elsewhere", password="")
    lines = found(replace(kept, radio=own), site.look(), good=False)
    told(lines, "radio: host is broker.elsewhere at the lock, broker.example in the record")
    told(lines, "radio: password is not set at the lock, set in the record")
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"root": bytes(31) + b"\1"}, "the root key of issuer 1 is not the record's"),
        ({"gateway": 2}, "issuer 2, who answers its hellos, has no key there"),
        ({"security": "insecure"}, "give the broker TLS"),
        ({"port": 0}, "the radio's settings cannot be used (settings, setting port)"),
    ],
)
def test_a_radio_that_cannot_work(site, kept, settings, text):
    radio(site, kept, **settings)
    told(found(kept, site.look(), good=False), text)


def test_check_ins_that_come_to_nothing(site, kept):
    radio(site, kept, ssid="elsewhere")
    site.cable.replug(held=False)
    site.do(lambda lock: lock.run_until(lambda: lock.log()[-1]["kind"] == "radio" and not lock.awake, 120))
    told(found(kept, site.look(), good=False), "check-in: no Wi-Fi -> is the Wi-Fi there")


def test_a_board_that_is_bare(site, kept):
    site.do(lambda lock: (lock.world.nvs.erase_all(), lock.world.flash.load(b"\xff" * (64 * 4096))))
    told(found(kept, site.look(), good=False), "closed by a fault: unprovisioned", "log: ")


def test_firmware_that_cannot_be_asked(site, kept, monkeypatch):
    """The flash is read all the same."""
    monkeypatch.setitem(cable._SCRIPTS, "hidden", b"import firmware.nowhere")
    seen = site.look()
    told(found(kept, seen, good=False), "its own modules cannot be asked: ImportError", "`make deploy`, then ask again")
    told(found(kept, seen, good=True), "log whole")


def test_a_cable_that_is_pulled(site, kept):
    def pull(done, _):
        if done == 3:
            raise OSError(5, "Input/output error")

    port = site.opened()
    before = site.memories()
    with pytest.raises(Refused, match="nothing was changed; plug it in"):
        cable.look(port, kept.lock_id.hex(), pull)
    assert site.memories() == before


def test_every_fault_and_every_failed_check_in_has_its_advice():
    assert sorted(advice.FAULTS) == sorted(FAULTS[1:])
    assert set(advice.RADIO) == {detail for kind, detail in words._DETAILS if kind == words.RADIO}
