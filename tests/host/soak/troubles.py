"""What goes wrong at a lock: power, clock, flash, bolt, batteries, radio."""

import time

from host_sim.world.ends import FaultyEnd
from host_sim.world.tears import TEARS
from tests.host.soak.books import STEP
from tests.host.soak.brokers import Garbled, Slow
from tests.host.soak.house import LONGEST_S
from tests.host.soak.people import People
from tests.host.soak.setting import OWNERS_CODE

WINTER = (11, 12, 1, 2, 3)
"""Months in which it freezes at the door."""
COLD_MOHM = (1600, 2400, 3600)
"""Inner resistance of the cells then; with the last the chip loses its power when the motor stalls."""


class Troubles(People):
    """Part of Steps. until: when what is away (broker, Wi-Fi) is back."""

    def __init__(self, house):
        super().__init__(house)
        self.until = {}

    def _cut(self):
        """The power goes at one of the next operations of the flash, torn."""
        house, chance = self.house, self.chance
        cut = chance.randint(1, 9), chance.choice(TEARS), chance.getrandbits(16)
        what = chance.choice(("courier", "guest", "owner", "fitter"))
        if what == "guest":
            code = self._interval_code("guest", STEP, 0)
        else:
            code = house.books.codes[OWNERS_CODE] if what == "owner" else self._event_code(what)
        house.visit(code, cut)

    def _pull(self):
        house = self.house
        house.lock.cut_power()
        house.went_dark()
        house.lock.wait(self.chance.choice((2, 60, 3600, 40_000)))
        house.ready()

    def _sync(self):
        house = self.house
        if house.erased or house.clockless:
            return
        house.rest(LONGEST_S)
        if house.lock.powered:
            house.lock.sync(reset_floor=True)
            house.set_at = house.lock.now
            house.tell("the clock is set over the cable")

    def _misread(self):
        house = self.house
        house.lock.misread_clock(self.chance.randrange(946_684_800, 4_102_444_800))
        self._courier()

    def _jump(self):
        house, chance = self.house, self.chance
        span = int(10 ** chance.uniform(0.5, 9)) * chance.choice((-1, 1))
        house.lock.set_clock(min(max(int(house.lock.now) + span, 946_684_800), 4_102_444_799))
        house.tell(f"the clock jumps by {span} s")
        house.mislead()
        house.books.buckets.renewed()
        chance.choice((self._courier, self._guest, self._owner))()

    def _stopped(self):
        house = self.house
        house.lock.stop_clock()
        house.mislead()
        chance = self.chance
        chance.choice((self._courier, self._guest, self._owner))()
        house.lock.wait(chance.choice((60, 7200)))
        house.lock.stop_clock(False)
        house.mislead()

    def _coin(self):
        house = self.house
        house.lock.coin_cell(False)
        self._pull()
        house.lock.coin_cell(True)
        house.mislead()

    def _jam(self):
        """Something blocks the bolt, before somebody comes or once he is in; hours later nothing does.

        In winter it is as cold for the batteries and the clock, until the bolt has been thrown.
        """
        house, lock, chance = self.house, self.house.lock, self.chance
        if chance.random() < 0.5:
            house.visit(house.books.codes[OWNERS_CODE])
        lock.jam()
        house.jammed = True
        house.tell("the bolt is jammed")
        winter = time.gmtime(lock.now).tm_mon in WINTER
        if winter:
            self._weather(-15, chance.choice(COLD_MOHM))
        for _ in range(chance.randint(1, 3)):
            chance.choice((self._courier, self._guest, self._owner))()
            house.rest(LONGEST_S)
        lock.wait(chance.choice((60, 3600, 30_000)))
        lock.jam(False)
        house.tell("the bolt is free")
        if not lock.powered:
            house.ready()
        assert lock.run_until(lambda: lock.bolt == "locked", 2 * 86_400), "free again, the bolt is not thrown"
        if winter:
            self._weather(25, 800)
        house.jammed = False

    def _weather(self, celsius, milliohms):
        world = self.house.lock.world
        world.clock.temperature_c = celsius
        world.battery.resistance_mohm = milliohms
        self.house.tell(f"{celsius} degrees, the cells have {milliohms} milliohms")

    def _weak(self):
        house, lock, chance = self.house, self.house.lock, self.chance
        lock.battery(chance.choice((4900, 4300, 3600)))
        house.weak = True
        house.tell("the batteries are low")
        for _ in range(chance.randint(1, 3)):
            chance.choice((self._courier, self._guest, self._owner))()
            house.rest(LONGEST_S)
        lock.battery(6000)
        if not lock.powered:
            house.went_dark()
            house.ready()
        assert lock.run_until(lambda: lock.bolt == "locked", 2 * 86_400), "with fresh batteries the bolt is not thrown"
        house.weak = False

    def _broker(self):
        self.house.broker("down")
        self.house.peer.present = self.chance.random() < 0.5
        self.until["broker"] = self.house.lock.now + self.chance.choice((600, 7200, 80_000))

    def _stall(self):
        """The next connection goes silent or ends after so many bytes, either way."""
        chance = self.chance
        way = chance.choice(("up", "down"))
        fault = {way: chance.randint(0, 1500), "closing": chance.random() < 0.5}

        self._through(lambda end: FaultyEnd(end, **fault))

    def _through(self, around, times=1):
        """The next connections are through `around(end)`."""
        house = self.house
        left = [times]

        def end():
            left[0] -= 1
            if not left[0]:
                house.broker("up")
            return around(house.peer.end())

        if "broker" not in self.until:
            house.lock.world.network.routes["10.0.0.2", 1883] = end

    def _garble(self):
        """What comes by the next connections is not all that was said."""
        chance = self.chance
        often = chance.choice((0.03, 0.3, 1))
        self._through(lambda end: Garbled(end, chance, often), chance.randint(1, 4))

    def _slow(self):
        """By the next connections everything comes slowly."""
        timeline, chance = self.house.lock.world.timeline, self.chance
        count, gap_us = chance.choice((1, 7, 60)), int(10 ** chance.uniform(4, 6.7))
        self._through(lambda end: Slow(end, timeline, count, gap_us), chance.randint(1, 4))

    def _wifi(self):
        self.house.lock.world.radio.access_point.up = False
        self.until["Wi-Fi"] = self.house.lock.now + self.chance.choice((300, 7200, 40_000))

    def _nvs(self):
        """The chip erases its NVS: nobody comes in until the lock is provisioned again."""
        house = self.house
        if house.clockless:
            return
        house.rest(LONGEST_S)
        house.lock.world.nvs.erase_all()
        house.erased = True
        house.tell("the chip has erased its NVS")
        for visitor in (self._owner, self._courier, self._guest):
            visitor()
            house.rest(LONGEST_S)
        house.lock.wait(self.chance.choice((60, 90_000)))
        house.provision_again()
