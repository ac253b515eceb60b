"""Who has come in, or may stay: the menu of the owner and of a service code, a door left open, a bolt held open."""

from firmware.core.words import HOLD_OPEN, UNLOCK
from firmware.net import messages as m
from tests.host.soak.gateway import BY_OWNER
from tests.host.soak.house import LONGEST_S
from tests.host.soak.orders import CHECK_IN_S
from tests.host.soak.people import DAY_S, People
from tests.host.soak.setting import HOLD_S, OWNERS_CODE

_REVOKE = {"81": "_revoke_grant", "82": "_revoke_issuer", "83": "_revoke_code"}
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
            function = chance.choice(("1", "2", "3", "4", "5", "6", "7", *_REVOKE, "9"))
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
        if function in _REVOKE and answer == "accepted":
            getattr(self, _REVOKE[function])()
        return answer is not None and function not in _REVOKE

    def _revoke_grant(self):
        """One that was given by radio, by its number; or one that there is not."""
        house = self.house
        mine = [given for given in self._mine() if not given.taken]
        if not mine:
            assert house.enter("9999")[0] in ("wrong", None)
            return
        self._type_number(self.chance.choice(mine))

    def _type_number(self, given):
        """Of a grant that is to be revoked; whether it was."""
        self._taking([given])
        accepted = self.house.enter(str(given.number))[0] == "accepted"
        if accepted:
            self.house.books.revoked.add(given.label)
        return accepted

    def _revoke_issuer(self):
        """One who has come; or one that there is not, and then one is to come."""
        firms = self._firms()
        if not firms:
            self._order_employ()
            assert self.house.enter("200")[0] in ("wrong", None)
            return
        number = self.chance.choice(firms)
        ended = self._dismissing(number)
        if self.house.enter(str(number))[0] == "accepted":
            ended(m.DONE)

    def _revoke_code(self):
        house = self.house
        code = self._event_code("courier")
        house.books.buckets.pass_time(house.lock.now)
        answer, moved = house.enter(code.digits)
        assert not moved
        house.books.buckets.take(len(code.digits), answer)
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

    def _ended(self):
        """Who holds the bolt open is one whose grant is then revoked, at the keypad or by radio: the bolt is thrown."""
        house = self.house
        lock, books = house.lock, house.books
        if self.until or house.broken:
            return
        given = self._put(2 * DAY_S, BY_OWNER, UNLOCK | HOLD_OPEN)
        self._check_in(lambda: given in self._mine())
        if given not in self._mine():
            return
        house.held = True
        house.visit(self._event_code(given.label))
        if lock.powered and lock.bolt == "unlocked":
            if self.chance.random() < 0.5:
                if house.typed(books.codes[OWNERS_CODE]) == "opened" and house.enter("81")[0] == "accepted":
                    self._type_number(given)
            else:
                self._take(given)
                self._check_in(lambda: given.label in books.revoked)
        ended = given.label in books.revoked or not lock.powered
        lock.run_until(lambda: lock.bolt == "locked" or not lock.powered, 60 if ended else HOLD_S * 1.1 + 60)
        house.held = False
        stays = house.jammed or house.weak or not lock.powered
        assert stays or lock.bolt == "locked", "revoked, and the bolt is still held open"

    def _check_in(self, done):
        """Somebody calls, and the lock checks in; until `done()`, or the next check-in is over."""
        self.house.enter("0")
        self.house.lock.run_until(done, CHECK_IN_S)
        self.house.rest(LONGEST_S)

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
