"""Who has come in, or may stay: the menu of the owner and of a service code, a door left open, a bolt held open."""

from tests.host.soak.people import People
from tests.host.soak.setting import HOLD_S, OWNERS_CODE

_LOOKS = ("1", "2", "3")
"""Functions that are answered for so long that the menu may close meanwhile."""


class Indoors(People):
    """Part of Steps."""

    def _menu(self):
        """The owner, or somebody with a service code, at the menu before the closed door."""
        house, chance = self.house, self.chance
        if house.jammed or house.weak or house.erased:
            return
        owner = chance.random() < 0.7
        if house.typed(house.books.codes[OWNERS_CODE] if owner else self._event_code("fitter")) != "opened":
            return
        for _ in range(chance.randint(1, 3)):
            house.lock.run_until(lambda: house.lock.bolt == "locked", 20)
            function = chance.choice(("1", "2", "3", "4", "5", "6", "7", "81", "83", "9"))
            if not house.lock.powered or not self._function(function, owner) or function in (*_LOOKS, "6"):
                return

    def _function(self, function, owner):
        """Use a function of the menu; whether there may be another."""
        house = self.house
        answer, moved = house.enter(function)
        assert not moved or function == "4" and moved == 1, f"{function} moved the bolt {moved} times"
        house.books.openings += moved
        known = function in ("1", "2", "3", "4", "5", "6") or owner and function != "9"
        if function != "3":  # which answers as the last refusals were answered
            assert known == (answer != "wrong") or answer is None, f"{function}: {answer}, for the owner: {owner}"
        if function == "4":
            assert answer in ("accepted", None), f"the bolt's test: {answer}"
            house.lock.run_until(lambda: house.lock.bolt == "unlocked", 5)
        if function == "7" and answer == "accepted":
            house.books.buckets.filled()
        if function == "81" and answer == "accepted":
            self._revoke_grant()
        if function == "83" and answer == "accepted":
            self._revoke_code()
        return answer is not None and function not in ("81", "83")

    def _revoke_grant(self):
        """One that was given by radio, by its number; or one that there is not."""
        house = self.house
        mine = [given for (life, _), given in self.given.items() if life == house.lives and not given.taken]
        if not mine:
            assert house.enter("9999")[0] in ("wrong", None)
            return
        given = self.chance.choice(mine)
        given.taken = True
        house.books.revoking.add(given.label)
        if house.enter(str(given.number))[0] == "accepted":
            house.books.revoked.add(given.label)

    def _revoke_code(self):
        house = self.house
        code = self._event_code("courier")
        house.books.buckets.pass_time(house.lock.now)
        answer, moved = house.enter(code.digits)
        assert not moved
        house.books.unsure += 2
        code.doubtful = not code.spent and answer != "accepted"
        code.spent |= answer == "accepted"

    def _ajar(self):
        house = self.house
        self._owner()
        lock = house.lock
        if lock.powered and lock.bolt == "unlocked":
            lock.door("open")
            lock.wait(self.chance.choice((20, 70, 400)))
            lock.door("closed")

    def _hold(self):
        """A code that keeps the bolt open: until its time is over, somebody lets go of it, or the power goes."""
        house, chance = self.house, self.chance
        lock, code = house.lock, self._event_code("holder")
        house.held = True
        house.visit(code)
        if not lock.powered or lock.bolt == "locked":
            house.held = False
            return
        sure = house.honest and not (house.jammed or house.weak)
        lock.wait(40)
        assert not sure or not lock.powered or lock.bolt == "unlocked", "the bolt was to be held open"
        way = chance.choice(("time", "time", "let go", "pull"))
        if way == "pull":
            self._pull()
        elif way == "let go" and house.ready():
            lock.type("#")
            lock.run_until(lambda: lock.bolt == "locked", 10)
        else:
            lock.run_until(lambda: lock.bolt == "locked" or not lock.powered, HOLD_S * 1.1 + 60)
        house.held = False
        stays = house.jammed or house.weak or not lock.powered
        assert stays or lock.run_until(lambda: lock.bolt == "locked", 30), f"{way}: the bolt is still held open"
