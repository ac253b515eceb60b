"""What is ordered by radio: done once, whatever becomes of the message; not at all, if the sender may not order it.

`_order` queues one, to go with whichever check-in comes next; `_dark` lets the power go in the midst of one.
"""

from firmware.core.words import CALL, UNLOCK
from firmware.net import messages as m
from host_sim.world.tears import TEARS
from tests.host.soak.gateway import BY_OWNER, CARRIER, DONE, GATEWAY, GUEST
from tests.host.soak.people import DAY_S, Given, People
from tests.host.soak.setting import HOLD_S

CHANGES = ("give", "give", "take", "employ", "dismiss", "rotate", "settings", "mute", "code", "base")
"""Orders that change what is in flash: while they are done the power is cut."""
ORDERS = (*CHANGES, "identify", "log", "time", "wrong", "stale", "again", "open")
FIRMS = range(30, 34)
"""Numbers of issuers who come and go."""
CHECK_IN_S = 2 * 3600
_REFUSED = (m.REFUSED,)


class Orders(People):
    """Part of Steps. firms: by life of the lock, number -> epoch of the issuers who are there; epochs: highest that
    each number ever had; rotating: issuers whose next key is on its way; asked: (life, Given) ever ordered."""

    def __init__(self, house):
        super().__init__(house)
        self.firms, self.epochs, self.rotating, self.asked = {}, {}, set(), []

    def _order(self):
        what = self.chance.choice(ORDERS)
        self.house.tell(f"order: {what}")
        getattr(self, f"_order_{what}")()

    def _dark(self):
        """The power goes in the midst of a check-in: at an operation of flash or NVS, or at any time."""
        house, chance = self.house, self.chance
        lock, gateway = house.lock, house.gateway
        if house.erased or self.until:
            return
        for _ in range(chance.randint(1, 3)):
            what = chance.choice(CHANGES)
            house.tell(f"order: {what}")
            getattr(self, f"_order_{what}")()
        before = gateway.nonce
        lock.run_until(lambda: gateway.nonce != before, CHECK_IN_S)
        way = chance.choice(("flash", "NVS", "NVS", "time"))
        if way == "flash":
            lock.cut_at_flash_op(chance.randint(1, 16), chance.choice(TEARS), chance.getrandbits(16))
        elif way == "NVS":
            lock.world.nvs.cut_at(chance.randint(1, 24), chance.choice(("old", "new")))
        else:
            lock.wait(chance.random() * 3)
            lock.cut_power()
        lock.run_until(lambda: not lock.awake, 120)
        lock.cut_at_flash_op(0)
        lock.world.nvs.cut_at(0)
        if not lock.powered:
            house.went_dark()

    # What only tells or moves

    def _order_identify(self):
        self.house.gateway.command(self.chance.choice((GATEWAY, CARRIER, GUEST)), m.IDENTIFY)

    def _order_log(self):
        self.house.gateway.command(GATEWAY, m.SEND_LOG, max(1, self.house.gateway.told - 50))

    def _order_time(self):
        house = self.house
        house.gateway.live(GATEWAY, m.SET_TIME, lambda nonce: (*nonce, int(house.lock.now), 0, 900))

    def _order_open(self):
        """The owner opens from afar, though nobody calls: at the next check-in, once, or never."""
        house = self.house
        if house.erased or self.until:
            return
        lock, gateway = house.lock, house.gateway
        before, nonce = lock.openings, gateway.nonce
        house.books.radio = 1
        gateway.live(GATEWAY, m.UNLOCK_NOW, lambda nonce: (*nonce, int(lock.now) + 600))
        lock.run_until(lambda: gateway.nonce != nonce, CHECK_IN_S)
        lock.run_until(lambda: lock.openings > before or not lock.awake, 60)
        self._opened_from_afar(lock.openings - before)
        gateway.queue[:] = [order for order in gateway.queue if order.kind != m.UNLOCK_NOW]  # not said in time
        house.books.radio = 0

    def _order_stale(self):
        """An order to open that names another check-in, or is over, and a yes to an entry that does not wait."""
        house = self.house
        now = int(house.lock.now)
        far, wrong = now + 10 * DAY_S, self.chance.choice((1, 2, 7))
        gateway, number = house.gateway, self.chance.choice((GATEWAY, CARRIER))
        gateway.live(number, m.UNLOCK_NOW, lambda nonce: (nonce[0], nonce[1] ^ wrong, far), (m.STALE,))
        gateway.live(number, m.UNLOCK_NOW, lambda nonce: (nonce[0] ^ wrong, nonce[1], far), (m.STALE,))
        gateway.live(CARRIER, m.APPROVE_ENTRY, lambda nonce: nonce, (m.STALE, m.STORAGE))
        if house.honest:
            gateway.live(number, m.UNLOCK_NOW, lambda nonce: (*nonce, now - 60), (m.EXPIRED,))

    def _order_again(self):
        """The broker delivers once more what it has delivered before."""
        self.house.gateway.replays = self.chance.randint(1, 40)

    # What changes the lock

    def _order_mute(self):
        self.house.gateway.command(GATEWAY, m.MUTE, self.chance.randrange(2), words=DONE)

    def _order_code(self):
        house, code = self.house, self._event_code("courier")
        if code.spent:
            return
        code.doubtful = True

        def done(word):
            if word in DONE:
                code.doubtful, code.spent = False, True

        house.gateway.command(CARRIER, m.REVOKE_CODE, 1, 0, code.value, done=done)

    def _order_base(self):
        """No further than to the lowest counter that may still open."""
        house = self.house
        out = [code.value for code in house.books.codes.values() if code.label == "courier" and not code.spent]
        lowest = min(out, default=self._counters.get((house.lives, "courier"), 0))
        house.gateway.command(CARRIER, m.SET_BASE, 1, lowest, words=DONE)

    def _order_give(self):
        """A grant for some days, by owner or firm; its codes are typed once the lock has said that it has it."""
        issuer = self.chance.choice((CARRIER, *self._firms()))
        self._put(self.chance.randint(1, 9) * DAY_S, issuer)

    def _put(self, seconds, issuer, permissions=UNLOCK):
        """Order that a grant is put into the lock, for so long: the Given."""
        house = self.house
        house.given += 1
        until = int(house.lock.now) + seconds
        given, life = Given(house.given, house.lock.lock_id, until, issuer, permissions), house.lives
        self.asked.append((life, given))
        house.books.labels[given.number] = given.label

        def done(word):
            if word in DONE:
                self.given[life, given.label] = given

        sender = GATEWAY if issuer in (BY_OWNER, CARRIER) or self.chance.random() < 0.5 else issuer
        house.gateway.command(sender, m.PUT_GRANT, given.record, done=done)
        return given

    def _order_take(self):
        """One of these grants is revoked."""
        mine = [given for given in self._mine() if not given.taken]
        if mine:
            self._take(self.chance.choice(mine))

    def _take(self, given):
        self._taking([given])
        self.house.gateway.command(GATEWAY, m.REVOKE_GRANT, given.number, done=self._taken([given]))

    def _order_employ(self):
        """An issuer is new, and has a key."""
        house = self.house
        number, life, gateway = self.chance.choice(FIRMS), house.lives, house.gateway
        if number in self.firms.setdefault(life, {}) or (life, number) in self.rotating:
            return
        epoch = self.epochs[life, number] = self.epochs.get((life, number), 0) + 1
        root = self.chance.randbytes(32)
        self.rotating.add((life, number))

        def done(word):
            self.rotating.discard((life, number))
            if word in DONE:
                gateway.introduce(number, epoch, root)
                self.firms[life][number] = epoch

        fields = number, UNLOCK | CALL, 64, epoch, root, f"firm{number}"
        gateway.command(GATEWAY, m.PUT_ISSUER, *fields, done=done, words=(*DONE, m.FULL))

    def _order_dismiss(self):
        """One of them is an issuer no more: nothing of his opens, and nothing that he orders is answered."""
        firms = self._firms()
        if firms:
            number = self.chance.choice(firms)
            self.house.gateway.command(GATEWAY, m.REVOKE_ISSUER, number, done=self._dismissing(number), words=DONE)

    def _order_rotate(self):
        """An issuer's next key; it seals by it once the lock has said that it knows it."""
        house = self.house
        gateway, life = house.gateway, house.lives
        number = self.chance.choice((GATEWAY, CARRIER, GUEST, *self._firms()))
        if (life, number) in self.rotating:
            return
        self.rotating.add((life, number))
        epoch, root = gateway.epochs[number] + 1, self.chance.randbytes(32)

        def done(word):
            self.rotating.discard((life, number))
            if word in DONE:
                gateway.introduce(number, epoch, root)
                self.epochs[life, number] = epoch

        sender = self.chance.choice((GATEWAY, number))
        gateway.command(sender, m.ROTATE, number, epoch, root, done=done)

    def _order_settings(self):
        """Settings as they may be, or as they must not."""
        chance = self.chance
        right = (
            {"relock_s": chance.randint(2, 12), "ajar_s": chance.randint(30, 120)},
            {"hold_s": chance.randint(600, HOLD_S)},
            {"battery_low_mv": chance.randint(4500, 5000)},
            {"zone": chance.choice(("UTC0", "CET-1CEST,M3.5.0,M10.5.0/3"))},
            {"schedules": [[[31, 480, 1080]]] * chance.randint(0, 3)},
        )
        wrong = (
            ({"journal": "00" * 8}, _REFUSED),
            ({"colour": "red"}, _REFUSED),
            ({"risk_one_in": 1_000_000}, _REFUSED),
            ({"relock_s": 0}, (m.MALFORMED,)),
            ({"buckets": []}, (m.MALFORMED,)),
            ({"battery_low_mv": 3600}, (m.MALFORMED,)),
        )
        if chance.random() < 0.7:
            changed, words = chance.choice(right), (*DONE, m.FULL)
        else:
            changed, words = chance.choice(wrong)
        self.house.gateway.command(GATEWAY, m.SET_SETTINGS, changed, words=words)

    def _order_wrong(self):
        """What is not the sender's to order."""
        house = self.house
        given = Given(house.given + 1, house.lock.lock_id, int(house.lock.now) + DAY_S)
        number, kind, *fields = self.chance.choice(
            (
                (GUEST, m.PUT_GRANT, given.record),
                (GUEST, m.REVOKE_GRANT, 1),
                (GUEST, m.REVOKE_CODE, 1, 0, 10**6),
                (CARRIER, m.SET_BASE, 2, 5),
                (CARRIER, m.MUTE, 1),
                (CARRIER, m.SEND_LOG, 1),
                (CARRIER, m.REVOKE_ISSUER, GUEST),
                (GUEST, m.ROTATE, CARRIER, 200, bytes(range(32))),
                (GUEST, m.SET_SETTINGS, {"relock_s": 100}),
                (GATEWAY, m.REVOKE_ISSUER, GATEWAY),
                (GATEWAY, m.PUT_ISSUER, GATEWAY, UNLOCK, 0, 0, bytes(32), "gateway"),
            )
        )
        house.gateway.command(number, kind, *fields, words=_REFUSED)

    def _dismissing(self, number):
        """An issuer is to be none any more; what to call with the word by which that has ended."""
        house = self.house
        gateway, life = house.gateway, house.lives
        theirs = [given for other, given in self.asked if (other, given.issuer) == (life, number)]
        self._taking(theirs)
        taken = self._taken(theirs)
        del self.firms[life][number]
        records = {given.record for given in theirs}

        def void(order):
            return order.number == number or order.kind == m.PUT_GRANT and order.fields()[0] in records

        gateway.queue[:] = [order for order in gateway.queue if not void(order)]

        def done(word):
            taken(word)
            if word in DONE and (life, number) not in self.rotating:  # else he is employed anew
                gateway.live(number, m.UNLOCK_NOW, lambda nonce: (*nonce, int(house.lock.now) + 600), ())
                gateway.live(number, m.IDENTIFY, lambda nonce: (), ())

        return done

    def _firms(self):
        """Numbers of the issuers who have come, in their order."""
        return sorted(self.firms.get(self.house.lives, ()))

    def _mine(self):
        return [given for (life, _), given in self.given.items() if life == self.house.lives]

    def _taking(self, givens):
        for given in givens:
            given.taken = True
            self.house.books.revoking.add(given.label)

    def _taken(self, givens):
        books = self.house.books

        def done(word):
            if word in DONE:
                books.revoked.update(given.label for given in givens)

        return done
