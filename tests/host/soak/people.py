"""Who comes to the door, with which code: those who may enter, and those who may not."""

from firmware.core.checkdigit import check_digit
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.verify import otp_code
from firmware.core.words import EVENT, HOLD_OPEN, UNLOCK
from tests.host.soak.books import STEP, Code
from tests.host.soak.gateway import CARRIER
from tests.host.soak.house import FAST
from tests.host.soak.setting import OWNERS_CODE, PARCELS, WINDOW

DAY_S = 86_400


class Given:
    """A grant that was put into the lock by radio by `issuer`. until: unix second at which it ends. taken: it is being
    revoked. holds: its codes hold the bolt open."""

    def __init__(self, number, lock_id, until, issuer=CARRIER, permissions=UNLOCK):
        self.label, self.number, self.until, self.issuer = f"given{number}", number, until, issuer
        self.taken = False
        self.holds = bool(permissions & HOLD_OPEN)
        key = number.to_bytes(20, "big")
        self.record = pack_grant(
            id=number,
            kind=EVENT,
            key=key,
            digits=8,
            check=True,
            window=WINDOW,
            issuer=issuer,
            permissions=permissions,
            label=self.label,
            valid_until=until,
        )
        self._lock_id = lock_id

    def code(self, counter):
        """The digits to type."""
        return otp_code(Grants(self.record), 0, 0, counter, self._lock_id)


class People:
    """Part of Steps: house, chance. given: the Given grants that the lock has, by its life and their label."""

    def __init__(self, house):
        self.house = house
        self.chance = None
        self.given = {}
        self._counters = {}  # next of each event grant, as `given`
        self._parcels = 0

    def _event_code(self, label):
        """One that was given out and has not opened, or now and then one that has."""
        house = self.house
        books = house.books
        old = [code for code in books.codes.values() if code.label == label and code.spent]
        if old and self.chance.random() < 0.15:
            return self.chance.choice(old[-30:])
        house.books.past(label, WINDOW)
        out = [code for code in books.codes.values() if code.label == label and not code.spent]
        while len(out) < WINDOW // 4:
            out.append(self._next(label))
        return self.chance.choice(out)

    def _next(self, label):
        house = self.house
        key = house.lives, label
        while True:
            counter = self._counters.get(key, 0)
            self._counters[key] = counter + 1
            given = self.given.get(key)
            digits = given.code(counter) if given else house.lock.issue(label, counter=counter)
            if digits not in house.books.codes:
                return house.books.enter(Code(digits, label, counter, 0, given.until if given else 0))

    def _interval_code(self, label, step_s, steps):
        house = self.house
        begins = int(house.lock.now) // step_s * step_s + steps * step_s
        serial = self.chance.randrange(2) if label == "guest" else 0
        digits = house.lock.issue(label, at=begins, serial=serial)
        known = house.books.codes.get(digits)
        if known and known.begins == begins:
            return known
        return house.books.enter(Code(digits, label, serial, begins, begins + step_s))  # six digits come again

    def _courier(self):
        """With a code of the grant that all couriers have, or of one that was given to one of them by radio."""
        given = [each.label for (life, _), each in self.given.items() if life == self.house.lives and not each.holds]
        label = self.chance.choice(given) if given and self.chance.random() < 0.2 else "courier"
        self.house.visit(self._event_code(label))

    def _slip(self):
        """A courier whose finger slips: he is told so at once, it costs no guess, and then his code opens."""
        house, chance = self.house, self.chance
        code = self._event_code("courier")
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(code.digits))
            slips = [digit for digit in "0123456789" if digit != code.digits[place]]
            house.stranger(code.digits[:place] + chance.choice(slips) + code.digits[place + 1 :])
        house.visit(code)

    def _guest(self):
        self.house.visit(self._interval_code("guest", STEP, self.chance.choice((0,) * 7 + (-3, -1, 1, 2))))

    def _app(self):
        self.house.visit(self._interval_code("app", 30, self.chance.choice((0,) * 5 + (-8, 1))))

    def _owner(self):
        self.house.visit(self.house.books.codes[OWNERS_CODE])

    def _fitter(self):
        self.house.visit(self._event_code("fitter"))

    def _alarm(self):
        self.house.visit(self._event_code("alarm"))

    def _parcel(self):
        house, label = self.house, f"parcel{self._parcels % PARCELS}"
        self._parcels += self.chance.random() < 0.8
        digits = house.lock.issue(label)
        house.visit(house.books.codes.get(digits) or house.books.enter(Code(digits, label)))

    def _stranger(self):
        house, chance = self.house, self.chance
        for _ in range(chance.choice((1, 2, 4, 20))):
            length = chance.choice((6, 9, 9, 9, 10, 12, 7))
            seen = [code.digits for code in house.books.codes.values() if code.spent]
            digits = "".join(chance.choices("0123456789", k=length))
            if length == 9 and chance.random() < 0.8:
                digits = digits[:8] + str(check_digit(digits[:8].encode(), 8))
            if seen and chance.random() < 0.3:
                digits = chance.choice(seen)
                if chance.random() < 0.5:
                    place = chance.randrange(len(digits))
                    digits = digits[:place] + chance.choice("0123456789") + digits[place + 1 :]
            house.stranger(digits)

    def _keys(self):
        """A child at the keypad: keys in any order, none of them a code."""
        house, chance = self.house, self.chance
        if house.ready():
            before = house.lock.openings
            for _ in range(chance.randint(1, 4)):
                house.books.unsure += 2
                house.lock.type(
                    "".join(chance.choices("123456789", k=chance.randint(0, 5))) + chance.choice("*#"), **FAST
                )
                house.lock.press("".join(chance.sample("0123456789*#", k=2)), 60)
                house.lock.type("*", **FAST)
            assert house.lock.openings == before
