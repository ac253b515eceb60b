"""`dropbolt register`: the number of a parcel opens once, from the next check-in on, and nothing else changes."""

from dataclasses import replace

import pytest
from freezegun import freeze_time

from firmware.config import Config
from firmware.core.grants import GRANT_SIZE, Grants
from firmware.core.words import EVENT, NUMBER
from firmware.net.messages import DONE, PUT_GRANT
from firmware.net.orders import unpack
from host_sim.lock import DEFAULT_START
from tests.host.gateways import key_file
from tests.host.owners import CONFIG, folder, lock_of, record, run
from tests.host.radio_lock import GATEWAY, radio_lock
from tests.host.test_admission_by_radio import results
from tools.gateway.keyfile import load
from tools.gateway.store import Store
from tools.owner.register import registered

ISSUER = """
[[issuer]]
number = 1
label = "house"
permissions = ["unlock", "owner"]
quota = 40

[[bucket]]
length = 10
burst = 5
refill = "1d"
"""
TRACKING = "1Z 999 AA1 01 2345 6784"


@pytest.fixture(autouse=True)
def frozen():
    with freeze_time("2026-03-02 08:00:30", ignore=["_pytest.timing"]) as clock:
        yield clock


@pytest.fixture
def kept():
    return replace(record(config=CONFIG + ISSUER), board="240ac4d00b01")


@pytest.fixture
def keys(tmp_path, kept):
    return key_file(tmp_path, lock=(kept.lock_id.hex(), bytes(32), bytes(18)))


@pytest.fixture
def keep(tmp_path, kept):
    return folder(tmp_path / "keep", kept)


def fails(done, *texts):
    assert done.exit_code == 2, done.output
    assert [text for text in texts if text not in done.stderr] == [], done.stderr


def waiting(keys):
    store = Store(load(keys).store)
    return [(each.kind, each.text, each.shown) for each in store.open_commands(next(iter(load(keys).locks)))]


def test_a_parcel_opens_once(keep, kept, keys):
    done = run(keep, "register", "front", TRACKING, "--gateway", keys, "--for", "UPS", "--when", "tomorrow 9-12")
    assert done.exit_code == 0, done.output
    for text in ("code    0123456784", "opens   Tue 3 Mar 2026 09:00 to 12:00 (UTC+1), once", "command 1 waits"):
        assert text in done.stdout
    assert "last 10 digits of the number on the parcel" in done.stdout
    now = keep.load("front")
    [(kind, text, shown)] = waiting(keys)
    assert (kind, shown) == (PUT_GRANT, "put-grant parcel 8")
    (packed,) = unpack(PUT_GRANT, text)
    assert now.issuer.packed == kept.issuer.packed + packed
    grant = Grants(packed)
    assert (grant.id(0), grant.kind(0), grant.uses(0), grant.length(0)) == (8, NUMBER, 1, 10)
    assert b"0123456784" not in text
    Config(now.issuer.settings, now.issuer.packed)
    with lock_of(now) as lock:
        lock.wait(25 * 3600)
        for expected in ("opened", "used"):
            lock.wake()
            lock.type(now.grants[-1]["number"] + "#")
            lock.wait(20)
            assert lock.log()[-1 if expected == "used" else -2]["decision"] == expected
    listed = run(keep, "list", "front").stdout
    assert [text for text in ("parcel 8", "UPS", "not yet") if text not in listed] == []


def test_the_lock_takes_it_at_its_next_check_in(kept):
    made, issued = registered(kept, TRACKING, DEFAULT_START)
    packed = made.issuer.packed[-GRANT_SIZE:]
    with radio_lock(grants=kept.grants, settings=kept.settings, seed=1) as (lock, peer):
        for decision in ("wrong", "opened", "used"):
            lock.wake()
            lock.type(issued.digits + "#")
            lock.run_until(lambda: not lock.awake, 90)
            assert [each["decision"] for each in lock.log() if each["kind"] == "entry"][-1] == decision
            if decision == "wrong":
                assert results(lock, peer, GATEWAY, (PUT_GRANT, packed)) == [(DONE, "")]


def test_ids_go_on_and_nothing_else_changes(keep, keys):
    run(keep, "register", "front", TRACKING, "--gateway", keys)
    run(keep, "issue", "front", "couriers")
    run(keep, "register", "front", "20461735 0000", "--gateway", keys, "--last", "10")
    now = keep.load("front")
    assert [(each["id"], each["label"]) for each in now.grants[-2:]] == [(8, "parcel 8"), (9, "parcel 9")]
    assert (now.used[-2:], now.next[2], len(now.codes)) == ([8, 9], 1, 3)
    assert now.table.kind(now.place("couriers")) == EVENT
    assert len(now.issuer.packed) == 9 * GRANT_SIZE


def test_what_is_wrong_registers_nothing(keep, kept, keys, tmp_path):
    before = (keep.path / "front.age").read_bytes()
    words = ("register", "front", TRACKING, "--gateway", keys)
    fails(run(keep, "register", "front", "12-34", "--gateway", keys), "that number has 4 digits", "takes the last")
    fails(run(keep, *words, "--last", "9"), "takes no numbers of 9 digits", "[[bucket]]", "make provision")
    fails(run(keep, *words, "--last", "12"), "takes no numbers of 12 digits")
    fails(run(keep, *words, "--unpredictable", "3"), "risk: a stranger opens")
    fails(run(keep, *words, "--when", "9-5"), "9:00 to 17:00, or overnight")
    fails(run(keep, "register", "front", TRACKING, "--gateway", tmp_path / "none"), "No such file")
    assert (keep.path / "front.age").read_bytes() == before
    assert waiting(keys) == []
    assert run(keep, *words).exit_code == 0
    fails(run(keep, *words), "same number as grant 8")


def test_who_may_not_register(tmp_path, kept, keys):
    joined = folder(tmp_path / "joined", replace(kept, board=""))
    fails(run(joined, "register", "front", TRACKING, "--gateway", keys), "provisioned from another computer")
    guest = kept.settings | {"issuers": [[1, "house", 1, 40]]}
    other = folder(tmp_path / "guest", replace(kept, settings=guest))
    fails(run(other, "register", "front", TRACKING, "--gateway", keys), "it must be an owner")
    stranger = key_file(tmp_path)
    fails(run(joined, "register", "front", TRACKING, "--gateway", stranger), "provisioned from another computer")
