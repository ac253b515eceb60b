"""Entries for which one code at the keypad is not enough: a second code, the owner's yes by radio, a call."""

from firmware.net import messages as m
from tests.host.soak.gateway import CARRIER, FINAL, GUEST
from tests.host.soak.people import People

WAITS_S = 60
"""For which a first part waits."""
YES, NO = m.APPROVE_ENTRY, m.REFUSE_ENTRY
ANSWERS = {
    "yes": [(CARRIER, YES, 0, FINAL)],
    "yes, twice": [(CARRIER, YES, 0, FINAL), (CARRIER, YES, 0, (m.BEFORE, m.STALE))],
    "no": [(CARRIER, NO, 0, FINAL)],
    "no, then yes": [(CARRIER, NO, 0, FINAL), (CARRIER, YES, 0, (m.BEFORE, m.STALE))],
    "yes by a guest": [(GUEST, YES, 0, (m.REFUSED,))],
    "yes to another": [(CARRIER, YES, 1, (m.STALE,))],
    "": [],
}
"""What comes by radio for an entry that waits: issuer, command, by how much the entry's number is wrong, the answers
that there may be."""


class Parts(People):
    """Part of Steps."""

    def _in_home(self):
        """A code that waits for the owner's yes by radio."""
        house = self.house
        words = self.chance.choice(("yes", "yes", "yes", *ANSWERS))
        code, asked = self._event_code("both"), set()

        def hello(hello):
            if hello.waiting and hello.waiting not in asked:
                asked.add(hello.waiting)
                for number, kind, wrong, ends in ANSWERS[words]:
                    nonce = hello.waiting.boots, hello.waiting.number + wrong
                    house.gateway.command(number, kind, *nonce, once=True, words=ends)

        house.gateway.at_hello = hello
        self._wait_for(code, words in ("yes", "yes, twice"))
        house.gateway.at_hello = lambda hello: None

    def _wait_for(self, code, approved):
        """Type a Code of two parts, and wait for what the other end says; `approved`: it will say yes."""
        house = self.house
        lock, books = house.lock, house.books
        books.buckets.pass_time(lock.now)
        may = not house.erased and books.may_open(code, lock.now, house.honest) and approved
        before = lock.openings
        answer, _ = house.enter(code.digits)
        # The other end may be so quick that "accepted" is cut off, and a muted lock's light then reads like "early".
        books.heard(code.digits, "accepted" if answer == "early" else answer, lock.powered)
        lock.run_until(lambda: lock.openings > before or not lock.awake, 90)
        moved = lock.openings - before
        if moved:
            house.tell("approved, and the bolt opened")
            lock.run_until(lambda: lock.bolt != "between", 3)
            books.said["opened"] += 1
            books.opened(code.label)
            books.unsure += not lock.powered
            house.judged(code, "opened", moved, may)
            house.go_in()
        elif approved:
            code.doubtful = not code.spent
            books.unsure += 1

    def _pair(self):
        """A courier's code, and the recipient's own within a minute; one alone opens nothing."""
        house, chance = self.house, self.chance
        lock, books = house.lock, house.books
        first, second = self._event_code("pair"), self._event_code("recipient")
        way = chance.choice(("both", "both", "both", "late", "pulled", "alone"))
        books.buckets.pass_time(lock.now)
        right = house.must_open(first, 2) and house.must_open(second, 2)
        may = way == "both" and not house.erased
        may = may and all(books.may_open(code, lock.now, house.honest) for code in (first, second))
        if way != "alone":
            answer, moved = house.enter(first.digits)
            assert not moved, f"{first} alone opened"
            assert not right or answer == "accepted", f"{first} is right, the answer was {answer}"
            self._one_part(first, answer)
        if way == "late":
            lock.wait(WAITS_S + 5)
        elif way == "pulled":
            self._pull()
        answer, moved = house.enter(second.digits)
        assert not moved or may, f"{first} and {second} opened, {way}"
        assert not (right and may) or answer == "opened", f"{first} and {second} are right, the answer was {answer}"
        self._two_parts(first, second, answer, moved)

    def _one_part(self, code, answer):
        self.house.books.heard(code.digits, answer, self.house.lock.powered)
        code.spent |= answer == "used"

    def _two_parts(self, first, second, answer, moved):
        house = self.house
        books, whole = house.books, house.lock.powered
        if answer in ("opened", "jammed") and whole:
            books.said["owner or accepted"] += 1  # the log has the second part beside what it opened
            books.heard(first.digits, answer)
        else:
            books.heard(second.digits, answer, whole)
        books.moved(first, moved)
        for code in (first, second):
            if answer in ("opened", "jammed") or moved:
                code.spent = True
            elif answer is None:
                code.doubtful = not code.spent
        if answer == "used":
            second.spent = True
        if answer == "opened" and whole:
            house.go_in()

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
        self._ring(self._event_code("caller") if self.chance.random() < 0.5 else None)
        house.gateway.at_hello = lambda hello: None
        house.gateway.listen = house.books.radio = 0

    def _ring(self, code):
        """Call the other end, by a Code or without one, and wait for what it does; it may open once."""
        house = self.house
        lock, books = house.lock, house.books
        before = lock.openings
        if code is None:
            house.enter("0")
        else:
            books.buckets.pass_time(lock.now)
            answer, _ = house.enter(code.digits)
            assert not code.spent or answer != "accepted", f"{code} called, and is spent"
            books.heard(code.digits, answer, lock.powered)
            code.spent |= answer in ("accepted", "used")
            code.doubtful = not code.spent and answer in (None, "opened")
        lock.run_until(lambda: lock.openings > before or not lock.awake, 150)
        self._opened_from_afar(lock.openings - before)

    def _opened_from_afar(self, moved):
        """The bolt has moved so often for an order by radio."""
        house = self.house
        assert moved <= house.books.radio, "the bolt opened, and nobody at the other end has asked for it"
        house.books.openings += moved
        if moved:
            house.tell("opened from afar")
            house.go_in()
