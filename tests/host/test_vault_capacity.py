"""Sixty-four grants and all that a radio needs fit the chip's NVS beside what the system keeps, and can be changed."""

from random import Random

import pytest

from firmware.calling import BANKS
from firmware.core.grants import FLAGS_AT, GRANT_SIZE, REVOKED
from firmware.core.packing import pack_grant
from firmware.core.state import MAX_ISSUERS
from firmware.core.words import INTERVAL
from firmware.limits import ALL_CHANGES, COMMANDS
from firmware.net import rekeying
from firmware.net.keys import Keys
from firmware.net.settings import pack
from firmware.store import FULL
from firmware.store.vault import MAX_SETTINGS, Vault, VaultError
from host_sim.devices import Namespace
from host_sim.world.nvs import Nvs
from host_sim.world.nvs_system import write_system_entries
from tests.host.flood import PERIOD_S

JUNK_A_DAY = 86_400 // PERIOD_S + 3
"""Attempts that a stranger makes at the best rate (`make flood`), each of which sets a number."""


def grants(fill):
    return b"".join(
        pack_grant(id=n, kind=INTERVAL, key=bytes([fill]) * 32, sha256=True, label="delivery", early=0)
        for n in range(1, 65)
    )


class Full:
    """A store with all that there can be: the system's entries, 64 grants, the radio's settings and its keys."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.nvs = Nvs()
        write_system_entries(self.nvs)
        space = Namespace(self.nvs, "dropbolt")
        for number in range(4):  # the anchor, and those of former journals
            self.nvs.set_i32("dropbolt", f"j{number}", 0)
        self.lock, self.radio = Vault(space), Vault(space, BANKS)
        self.settings = self.random.randbytes(MAX_SETTINGS)
        self.table = bytearray(grants(0))
        self.keys = Keys(b"".join(bytes((number, 1)) + self.random.randbytes(32) for number in range(1, 19)))
        self.wireless, self.authority = self.random.randbytes(600), self.random.randbytes(2048)
        self.lock.replace(self.settings, self.table)
        self.radio.replace(self.wireless, pack(rekeying.revoked(self.keys, 0), self.authority))

    def put(self, place=None):
        """A grant, and the settings with the counter of its command."""
        at = (self.random.randrange(64) if place is None else place) * GRANT_SIZE
        self.table[at : at + GRANT_SIZE] = self.random.randbytes(GRANT_SIZE)
        self.set()

    def revoke(self):
        """Grants of an issuer."""
        for i in self.random.sample(range(64), self.random.choice((1, 9, 64))):
            self.table[i * GRANT_SIZE + FLAGS_AT] ^= REVOKED
        self.set()

    def set(self):
        self.settings = self.random.randbytes(MAX_SETTINGS)
        self.lock.replace(self.settings, self.table)

    def rotate(self):
        """An issuer's key; the one before is dropped at the first message under the next."""
        number = self.random.randrange(1, 19)
        epoch = max(e for n, e in self.keys.in_use() if n == number) + 1
        self.keep(rekeying.rotated(self.keys, number, epoch, self.random.randbytes(32)))
        self.keep(rekeying.retired(self.keys, number, epoch))

    def renew(self):
        """An issuer is revoked and put again."""
        number = self.random.randrange(1, 19)
        epoch = max(e for n, e in self.keys.in_use() if n == number) + 1
        self.keep(rekeying.revoked(self.keys, number))
        self.set()
        self.keep(rekeying.put(self.keys, number, epoch, self.random.randbytes(32)))
        self.set()

    def keep(self, packed):
        self.keys.load(packed)
        self.radio.replace(self.wireless, pack(packed, self.authority))

    def system(self):
        """What the chip writes by itself."""
        self.nvs.set_blob("phy", "cal_data", self.random.randbytes(1904))
        self.nvs.commit("phy")
        for _ in range(self.random.randrange(200)):
            self.nvs.set_i32("dropbolt", "j0", self.random.randrange(1 << 31))
            self.nvs.commit("dropbolt")


@pytest.mark.parametrize("seed", range(3))
def test_every_change_finds_room_beside_64_grants_and_a_radio(seed):
    store = Full(seed)
    assert store.nvs.available_entries < 105
    for n in range(240):
        store.random.choice((store.put, store.revoke, store.set, store.rotate, store.renew, store.system))()
        if n % 8 == 0:
            assert store.lock.load() == (store.settings, store.table)
            assert store.radio.load() == (store.wireless, pack(rekeying.revoked(store.keys, 0), store.authority))
        assert not store.nvs.uncommitted


def test_what_does_not_fit_is_refused_and_leaves_nothing_behind():
    store = Full(9)
    kept = len(store.nvs.snapshot()[0])
    for _ in range(20):
        with pytest.raises(VaultError) as caught:
            store.lock.replace(bytes(MAX_SETTINGS), grants(1))
        assert caught.value.reason == FULL
        assert len(store.nvs.snapshot()[0]) == kept
        assert store.lock.load() == (store.settings, store.table)
        store.put()


@pytest.mark.parametrize("count", [4, 48, 64])
def test_what_others_may_have_written_in_a_day_leaves_nvs_twenty_years(count):
    store = Full(count)
    store.table = store.table[: count * GRANT_SIZE]  # the more there is, the fewer pages are left to turn among
    store.set()

    def wear(times, write):
        """Erases of the worst page for each of so many writes."""
        before = list(store.nvs.erases)
        for n in range(1, times + 1):
            write(n)
            store.nvs.commit("dropbolt")
        return max(after - first for first, after in zip(before, store.nvs.erases, strict=True)) / times

    change = wear(200, lambda n: store.put(n % count))
    rotation = wear(200, lambda n: store.rotate())
    command = wear(3000, lambda n: store.nvs.set_i32("dropbolt", "j0", n))
    print(
        f"{count} grants: a change {change:.2f}, a key {rotation:.2f}, a command {command:.4f} erases of the worst page"
    )
    assert JUNK_A_DAY * command * 3 * 365.25 < 100_000
    everybody = MAX_ISSUERS - 1  # one is the gateway, an owner
    assert (ALL_CHANGES * max(change, rotation) + everybody * COMMANDS * command) * 20 * 365.25 < 100_000
