"""Parts that fail: a sector of the flash, the flash, NVS that somebody else has filled, the clock chip."""

from host_sim.world.flash import FAULTS
from host_sim.world.nvs import Nvs
from tests.host.soak.house import LONGEST_S
from tests.host.soak.orders import Orders

JOURNAL, SECTORS = 16, 64
"""Sectors of the partition: of the journal, which come first, and all."""
_SEQUENCE_AT, _SECTOR = 8, 4096
_ENOUGH = 16
"""Entries of NVS with which an attempt, a burn and an order are done as ever, though a change of the set may not be."""


class Faults(Orders):
    """Part of Steps."""

    def __init__(self, house):
        super().__init__(house)
        self._others = 0  # numbers that somebody else has in NVS
        self._before = 0  # entries before something failed

    def _sector(self):
        """A sector of the journal and one of the log do not erase any more, until others do not; mostly those that are
        erased next."""
        house, chance = self.house, self.chance
        flash = house.lock.world.flash
        flash.heal()
        for ring in (range(JOURNAL), range(JOURNAL, SECTORS)):
            ahead = chance.choice((2, 2, 2, chance.randrange(len(ring))))  # the next one is blank already
            sector = ring[(ring.index(self._newest(ring)) + ahead) % len(ring)]
            flash.fail(chance.choice(("erase", "erase", "worn")), sector)
            house.tell(f"sector {sector} does not erase")

    def _newest(self, ring):
        """The sector of a ring that was begun last."""
        image = self.house.lock.flash

        def sequence(sector):
            number = image[sector * _SECTOR + _SEQUENCE_AT :][:4]
            return 0 if number == b"\xff" * 4 else int.from_bytes(number, "little")

        return max(ring, key=sequence)

    def _chip(self):
        """The flash fails, some operations long or for hours: nobody need come in, and what was burnt stays so."""
        house, chance = self.house, self.chance
        if house.erased:
            return
        kind, times = chance.choice(FAULTS), chance.choice((1, 2, 5, None))
        flash = house.lock.world.flash
        house.tell(f"{kind} fails, {times or 'all'} times")
        flash.heal()
        flash.fail(kind, None, times)
        self._ill()
        flash.heal()
        self._well()

    def _full(self):
        """NVS is full of somebody else's: a change of the set need not be done; without any room, nothing need be."""
        house, chance = self.house, self.chance
        if house.erased:
            return
        house.rest(LONGEST_S)
        left = chance.choice((0, 1, 3, _ENOUGH, 40, 80))
        self._fill(left)
        house.tell(f"{left} entries are left in NVS")
        house.gateway.full = True
        self._order_give()
        getattr(self, f"_order_{chance.choice(('give', 'settings', 'employ', 'rotate', 'mute'))}")()
        if left < _ENOUGH:
            self._ill()
        else:
            self._visitors()
        house.rest(LONGEST_S)
        self._empty()
        house.gateway.full = False
        if left < _ENOUGH:
            self._well()

    def _fill(self, left):
        """Somebody else has all of NVS but so many entries; it takes no time."""
        nvs = self._nvs_copy()
        while nvs.available_entries > left + (not self._others):  # one is for the name
            nvs.set_i32("other", f"n{self._others}", 1)
            self._others += 1
        self.house.lock.world.nvs.load(nvs.snapshot())

    def _empty(self):
        """What `_fill` has put there is gone."""
        nvs = self._nvs_copy()
        for number in range(self._others):
            nvs.erase_key("other", f"n{number}")
        self._others = 0
        self.house.lock.world.nvs.load(nvs.snapshot())

    def _nvs_copy(self):
        nvs = Nvs()
        nvs.load(self.house.lock.world.nvs.snapshot())
        return nvs

    def _ill(self):
        """What the lock keeps cannot be kept: whoever comes need not get in, and nobody gets in who may not."""
        house = self.house
        house.books.ill = True
        self._before = house.entries
        self._visitors()
        house.lock.wait(self.chance.choice((60, 7200)))

    def _visitors(self):
        for _ in range(self.chance.randint(1, 3)):
            self.chance.choice((self._courier, self._guest, self._owner, self._slip, self._stranger))()
            self.house.rest(LONGEST_S)

    def _well(self):
        """It can be kept again, and whoever comes next finds a lock as before; the log may tell what it was."""
        house, lock = self.house, self.house.lock
        house.rest(LONGEST_S)
        house.ready()
        house.rest(LONGEST_S)
        house.books.ill = False
        house.books.unsure += house.entries - self._before
        house.books.excused = max([event["sequence"] for event in lock.log()], default=0)
        house.tell("all is well again")

    def _bus(self):
        """The clock chip does not answer, or stands, for hours or days: who needs no clock comes in all the same."""
        house, chance = self.house, self.chance
        if chance.random() < 0.5:
            house.lock.world.clock.connected = False
            house.tell("the clock does not answer")
        else:
            house.lock.stop_clock()
            house.tell("the clock has stopped")
        house.clockless = house.books.buckets.clockless = True
        house.mislead()
        self.until["clock"] = house.lock.now + chance.choice((600, 40_000, 200_000))
