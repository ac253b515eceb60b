"""Plays the steps of a plan at a House, each when its time has come."""

from random import Random

from tests.host.soak.audit import audit
from tests.host.soak.faults import Faults
from tests.host.soak.house import LONGEST_S
from tests.host.soak.indoors import Indoors
from tests.host.soak.parts import Parts
from tests.host.soak.troubles import Troubles


class Steps(Parts, Indoors, Faults, Troubles):
    """A step of kind `courier` is the method `_courier`."""

    def play(self, step):
        """One Step, when its time has come; then the lock rests."""
        house = self.house
        lock = house.lock
        lock.forget()
        self.chance = Random(step.seed)
        lock.wait(max(0, house.began + step.at - lock.now))
        if not lock.powered:
            house.ready()
        self._come_back()
        house.tell(step.kind)
        getattr(self, f"_{step.kind}")()
        if not lock.powered:
            lock.wait(self.chance.choice((1, 30, 3600)))
            house.ready()
        house.rest(LONGEST_S)
        house.check_openings()

    def _come_back(self):
        house = self.house
        for what, at in list(self.until.items()):
            if house.lock.now >= at:
                del self.until[what]
                house.tell(f"{what} is back")
                if what == "broker":
                    house.broker("up")
                elif what == "clock":
                    house.clock_is_back()
                else:
                    house.lock.world.radio.access_point.up = True

    def _audit(self):
        """All is well for some hours: by then the gateway has the whole log, and it tells what was heard."""
        house = self.house
        if house.erased:
            return
        for what in list(self.until):
            self.until[what] = 0
        self._come_back()
        house.broker("up")
        house.rest(LONGEST_S)
        audit(house)
