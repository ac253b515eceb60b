"""Sixty-four grants change at once, and NVS has no room for two such sets: they go there piece by piece."""

import json

import pytest
from mpremote.transport import TransportError

from firmware.store.vault import Vault
from host_sim.devices import Namespace
from host_sim.world.nvs import Nvs
from tests.host.owners import folder
from tests.host.prompted import bare_lock
from tests.host.test_provision_cuts import opens, provision
from tools.image import Refused
from tools.owner.issue import digits_of, issue

BUCKETS = """
[[bucket]]
length = 8
burst = 5
refill = "1d"

[[bucket]]
length = 9
burst = 5
refill = "1d"
"""
OWNER = """
[[grant]]
id = 100
label = "owner"
kind = "number"
digits = 12
uses = 0
permissions = ["unlock", "owner"]
"""


def config(ids, window):
    """Grants with these ids; the owner stands before them, so that each that goes moves others."""
    grants = [
        f'[[grant]]\nid = {number}\nlabel = "courier {number}"\nkind = "event"\ndigits = 8\nwindow = {window}\n'
        for number in ids
    ]
    return BUCKETS + OWNER + "\n".join(grants)


BEFORE, AFTER = config(range(1, 64), 4), config([*range(40, 64), *range(3, 40), 101, 102], 3)


@pytest.fixture
def lock(monkeypatch):
    with bare_lock(monkeypatch) as made:
        fill(made)
        yield made


def fill(lock):
    """Have 2 KiB more in NVS, as of a certificate."""
    nvs = Nvs()
    nvs.load(lock.world.nvs.snapshot())
    nvs.set_blob("misc", "certificate", bytes(2048))
    lock.world.nvs.load(nvs.snapshot())


def contents(lock):
    """(settings, grants) in the vault, whatever has become of the lock."""
    nvs = Nvs()
    nvs.load(lock.world.nvs.snapshot())
    settings, grants = Vault(Namespace(nvs, "dropbolt")).load()
    return json.loads(settings), bytes(grants)


def test_a_change_of_all_grants_is_made_and_the_lock_is_closed_until_it_is(lock, tmp_path):
    keep = folder(tmp_path)
    provision(lock, keep, BEFORE)
    with keep.change("front") as record:
        used = digits_of(record, issue(record, "courier 50", int(lock.now)).code)
    assert opens(lock, used) == "opened"
    lock.wait(30)
    old = contents(lock)
    moment, content, began = lock.snapshot(), (keep.path / "front.age").read_bytes(), lock.nvs_ops
    record, _ = provision(lock, keep, AFTER)
    operations = lock.nvs_ops - began
    assert contents(lock)[1] == record.issuer.packed
    assert opens(lock, used) == "used"

    seen = set()
    for number in range(2, operations, 7):
        lock.go_back(moment)
        (keep.path / "front.age").write_bytes(content)
        lock.world.nvs.cut_at(number, ("old", "new")[number % 2])
        with pytest.raises((TransportError, Refused)):
            provision(lock, keep, AFTER)
        found, new = contents(lock), keep.load("front").issuer.packed
        whole = found == old or found[1] == new and found[0].keys() == old[0].keys()
        lock.restore_power()
        assert opens(lock, used) == ("used" if whole else "owner")
        record, _ = provision(lock, keep, AFTER)
        assert contents(lock)[1] == record.issuer.packed == new
        assert opens(lock, used) == "used"
        works = digits_of(record, issue(record, "courier 40", int(lock.now)).code)
        lock.wait(30)
        assert opens(lock, works) == "opened"
        seen.add(whole)
    assert seen == {True, False}
