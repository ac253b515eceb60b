"""Sixty-four grants, and another sixty-four to replace them, fit the chip's NVS beside what the system keeps there."""

import pytest

from firmware.calling import BANKS
from firmware.core.packing import pack_grant
from firmware.core.state import MAX_ISSUERS
from firmware.core.words import INTERVAL
from firmware.limits import ALL_CHANGES, COMMANDS
from firmware.store.vault import MAX_SETTINGS, Vault
from host_sim.world.nvs import Nvs
from host_sim.world.nvs_system import write_system_entries


class Namespace:
    """One open namespace of the store, with the calls of `esp32.NVS`."""

    def __init__(self, nvs, name):
        self._nvs = nvs
        self._name = name

    def get_blob(self, key, buf):
        data = self._nvs.get_blob(self._name, key)
        buf[: len(data)] = data
        return len(data)

    def set_blob(self, key, buf):
        self._nvs.set_blob(self._name, key, buf)

    def erase_key(self, key):
        self._nvs.erase_key(self._name, key)

    def commit(self):
        self._nvs.commit(self._name)


def grants(fill):
    return b"".join(
        pack_grant(id=n, kind=INTERVAL, key=bytes([fill]) * 32, sha256=True, label="delivery", early=0)
        for n in range(1, 65)
    )


def test_two_full_sets_fit_and_can_be_replaced_again_and_again():
    nvs = Nvs()
    write_system_entries(nvs)
    vault = Vault(Namespace(nvs, "dropbolt"))
    for fill in range(40):
        nvs.set_blob("phy", "cal_data", bytes([fill]) * 1904)
        for place in range(8):  # beside them there is room for numbers that change often
            nvs.set_i32("dropbolt", f"number{place}", fill)
        settings = bytes([fill]) * MAX_SETTINGS
        vault.replace(settings, grants(fill))
        assert vault.load() == (settings, grants(fill))
    assert not nvs.uncommitted


@pytest.mark.parametrize("count", [4, 48, 60])
def test_what_others_may_have_written_in_a_day_leaves_nvs_twenty_years(count):
    nvs = Nvs()
    write_system_entries(nvs)
    nvs.set_blob("phy", "cal_data", bytes(1904))
    lock, radio = Vault(Namespace(nvs, "dropbolt")), Vault(Namespace(nvs, "dropbolt"), BANKS)
    table = grants(1)[: count * 80]  # the more there is, the fewer pages are left to turn among
    lock.replace(bytes(900), table)
    radio.replace(bytes(400), bytes(1200))
    nvs.set_i32("dropbolt", "anchor", 0)

    def wear(times, write):
        """Erases of the worst page for each of so many writes."""
        before = list(nvs.erases)
        for n in range(1, times + 1):
            write(n)
            nvs.commit("dropbolt")
        return max(after - first for first, after in zip(before, nvs.erases, strict=True)) / times

    change = wear(200, lambda n: lock.replace(bytes([n]) * 900, table))
    rotation = 2 * wear(200, lambda n: radio.replace(bytes([n]) * 400, bytes(1200)))  # put, and the old one dropped
    command = wear(3000, lambda n: nvs.set_i32("dropbolt", "anchor", n))
    everybody = MAX_ISSUERS - 1  # one is the gateway, an owner
    assert (ALL_CHANGES * max(change, rotation) + everybody * COMMANDS * command) * 20 * 365.25 < 100_000
