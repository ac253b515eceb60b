"""Who comes to the door, with which code: those who may enter, and those who may not."""

from firmware.core.checkdigit import check_digit
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.verify import otp_code
from firmware.core.words import EVENT
from firmware.net import messages as m
from tests.host.soak.books import STEP, Code
from tests.host.soak.gateway import CARRIER, GATEWAY
from tests.host.soak.house import FAST
from tests.host.soak.setting import OWNERS_CODE, PARCELS, WINDOW

APPROVED, DENIED = (m.APPROVE_ENTRY, m.REFUSE_ENTRY)


class Given:
    """A grant that was put into the lock by radio. until: unix second at which it ends. taken: it is being revoked."""

    def __init__(self, number, lock_id, until):
        self.label, self.number, self.until = f"given{number}", number, until
        self.taken = False
        key = number.to_bytes(20, "big")
        self.record = pack_grant(
            id=number,
            kind=EVENT,
            key=key,
            digits=8,
            check=True,
            window=WINDOW,
            issuer=CARRIER,
            label=self.label,
            valid_until=until,
        )
        self._lock_id = lock_id

    def code(self, counter):
        """The digits to type."""
        return otp_code(Grants(self.record), 0, 0, counter, self._lock_id)


class People:
    """Part of Steps: house, chance. given: the Given grants, by life of the lock and label."""

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
        return known or house.books.enter(Code(digits, label, serial, begins, begins + step_s))

    def _courier(self):
        """With a code of the grant that all couriers have, or of one that was given to one of them by radio."""
        given = [label for life, label in self.given if life == self.house.lives]
        label = self.chance.choice(given) if given and self.chance.random() < 0.2 else "courier"
        self.house.visit(self._event_code(label))

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

    def _in_home(self):
        """A code that waits for the owner's yes by radio."""
        house = self.house
        answer = self.chance.choice((APPROVED, APPROVED, DENIED, None))
        code = self._event_code("both")

        def asked(hello):
            if hello.waiting and answer:
                nonce = hello.waiting.boots, hello.waiting.number
                house.gateway.command(CARRIER, answer, *nonce, once=True)

        house.gateway.at_hello = asked
        house.wait_for(code, answer == APPROVED)
        house.gateway.at_hello = lambda hello: None

    def _call(self):
        """A courier without a code calls; perhaps the owner opens from afar."""
        house = self.house
        opens = self.chance.random() < 0.6

        def called(hello):
            if hello.reason == m.BY_CALL and opens and not house.books.radio:
                nonce, until = (hello.nonce.boots, hello.nonce.number), int(house.lock.now) + 600
                house.books.radio = 1
                house.gateway.command(CARRIER, m.UNLOCK_NOW, *nonce, until, once=True)

        house.gateway.at_hello = called
        house.gateway.listen = 20
        house.call(self._event_code("caller") if self.chance.random() < 0.5 else None)
        house.gateway.at_hello = lambda hello: None
        house.gateway.listen = house.books.radio = 0

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

    def _menu(self):
        """The owner at the menu, before the closed door."""
        house, chance, books = self.house, self.chance, self.house.books
        books.buckets.pass_time(house.lock.now)
        if house.jammed or house.weak or house.erased:
            return
        answer, moved = house.enter(OWNERS_CODE)
        books.heard(OWNERS_CODE, answer, house.lock.powered)
        books.moved(books.codes[OWNERS_CODE], moved)
        if answer != "opened":
            return
        house.lock.run_until(lambda: house.lock.bolt == "locked", 20)
        function = chance.choice(("1", "2", "3", "5", "7", "83"))
        answer, moved = house.enter(function)
        assert not moved
        if function == "7" and answer == "accepted":
            books.buckets.filled()
        if function == "83" and answer == "accepted":
            code = self._event_code("courier")
            answer, moved = house.enter(code.digits)
            assert not moved
            books.unsure += 2
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

    def _order(self):
        """The gateway wants something: it is done once, whatever becomes of the message."""
        house, chance = self.house, self.chance
        what = chance.choice(("identify", "mute", "log", "code", "base", "give", "give", "take"))
        if what == "identify":
            house.gateway.command(GATEWAY, m.IDENTIFY)
        elif what == "mute":
            house.gateway.command(GATEWAY, m.MUTE, chance.randrange(2))
        elif what == "log":
            house.gateway.command(GATEWAY, m.SEND_LOG, max(1, house.gateway.told - 50))
        elif what == "code":
            code = self._event_code("courier")
            if not code.spent:
                code.doubtful = True
                house.gateway.command(CARRIER, m.REVOKE_CODE, 1, 0, code.value, done=self._revoked(code))
        elif what == "give":
            self._give()
        elif what == "take":
            self._take_back()
        else:
            house.gateway.command(CARRIER, m.SET_BASE, 1, self._highest("courier"))

    def _give(self):
        """A grant for some days, by radio; its codes are typed once the lock has said that it has it."""
        house = self.house
        house.given += 1
        given = Given(house.given, house.lock.lock_id, int(house.lock.now) + self.chance.randint(1, 9) * 86_400)
        key = house.lives, given.label

        def done(word):
            if word in (m.DONE, m.BEFORE):
                self.given[key] = given

        house.gateway.command(GATEWAY, m.PUT_GRANT, given.record, done=done)

    def _take_back(self):
        """One of these grants is revoked."""
        house, books = self.house, self.house.books
        mine = [given for (life, label), given in self.given.items() if life == house.lives and not given.taken]
        if not mine:
            return
        given = self.chance.choice(mine)
        given.taken = True
        books.revoking.add(given.label)

        def done(word):
            if word in (m.DONE, m.BEFORE):
                books.revoked.add(given.label)

        house.gateway.command(GATEWAY, m.REVOKE_GRANT, given.number, done=done)

    def _highest(self, label):
        """The lowest counter of a grant that may still open: what `set base` may name."""
        out = [code.value for code in self.house.books.codes.values() if code.label == label and not code.spent]
        return min(out, default=self._counters.get((self.house.lives, label), 0))

    def _revoked(self, code):
        def done(word):
            if word in (m.DONE, m.BEFORE):
                code.doubtful, code.spent = False, True

        return done
