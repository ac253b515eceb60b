"""The same accepted entries, kept in three ways on the same simulated NOR flash, with everything counted.

An accepted entry is four records, each on flash before the next step: attempt, burn, event of the log, outcome. The
lock's own way also raises the anchor in NVS for the first two: pages erased and bytes programmed there count.
"""

from dataclasses import dataclass

from firmware.core.grants import Grants
from firmware.core.words import EVENT, INTERVAL, OPENED
from firmware.store.vault import MAX_SETTINGS, Vault
from host_sim.devices import Namespace
from host_sim.world.flash import NorFlash
from host_sim.world.nvs import Nvs
from host_sim.world.nvs_system import system_entries
from tools.bench.tables import NOW

_REFILL_S = 8 * 3600
_LEVEL_S = 9 * _REFILL_S


@dataclass(frozen=True)
class Cost:
    """What `entries` accepted entries cost the flash."""

    entries: int
    erases: int
    programmed: int
    """bytes"""

    @property
    def erases_each(self):
        """Sector erases per entry."""
        return self.erases / self.entries

    @property
    def bytes_each(self):
        """Bytes programmed per entry."""
        return self.programmed / self.entries


class CountedFlash(NorFlash):
    """256 KiB of NOR flash that also counts the bytes programmed, and beside it `nvs`, as full as a lock's."""

    def __init__(self, packed):
        super().__init__()
        self.nvs = Nvs()
        self.nvs.load(system_entries())
        Vault(Namespace(self.nvs, "dropbolt")).replace(bytes(MAX_SETTINGS), packed)
        self._programmed = 0
        self.on_op = self._count

    def _count(self, kind, _address, data):
        if kind == "program":
            self._programmed += len(data)

    @property
    def programmed(self):
        """Bytes, those of NVS too."""
        return self._programmed + self.nvs.programmed

    @property
    def erased(self):
        """Erases of all sectors, and of the pages of NVS."""
        return sum(self.erases) + self.nvs.page_erases


class Door:
    """Entries that open, one after the other, turning through the grants; `store` is one of tools.bench.stores."""

    def __init__(self, store, packed):
        self._store = store
        self._grants = Grants(packed)
        self._codes = [(i, serial) for i in range(len(self._grants)) for serial in range(self._grants.serials(i))]
        self._entries = 0

    def enter(self, count):
        """Let `count` entries open."""
        for _ in range(count):
            self._enter(*self._codes[self._entries % len(self._codes)])
            self._entries += 1

    @property
    def codes(self):
        """Entries after which every grant has opened once, with each of its serials."""
        return len(self._codes)

    def _enter(self, i, serial):
        grants, store = self._grants, self._store
        state, length, grant_id = store.state, grants.length(i), grants.id(i)
        t = NOW + 60 * self._entries
        store.keep(state.attempt(length, _LEVEL_S - _REFILL_S, 60 * self._entries, t, t))
        store.keep(state.burn(length, _LEVEL_S, [(grant_id, serial, self._value(i))]))
        store.tell(decision=OPENED, t=t, grant=grant_id, length=length, attempt=state.attempts, mv=5900, quality=1)
        store.keep(state.outcome(OPENED, length, _LEVEL_S, grant_id, store.head))
        store.rest()

    def _value(self, i):
        """The code that is used: the day's step, the next counter, or one use more."""
        kind, turn = self._grants.kind(i), self._entries // len(self._codes)
        if kind == INTERVAL:
            return self._grants.step_at(i, NOW) + turn
        return turn if kind == EVENT else turn + 1


def cost(make_store, packed, entries):
    """The Cost of `entries` entries, counted once every code of the table has been used."""
    flash = CountedFlash(packed)
    door = Door(make_store(flash, packed), packed)
    door.enter(door.codes)
    erases, programmed = flash.erased, flash.programmed
    door.enter(entries)
    return Cost(entries, flash.erased - erases, flash.programmed - programmed)
