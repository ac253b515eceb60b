"""A door lived with: the whole lock beside its gateway and the books, and everything that a step may need of them."""

from collections import Counter

from firmware.core.checkdigit import check_digit
from host_sim.lock import Lock
from host_sim.world.chip import BOOTING
from tests.host.peer import Peer
from tests.host.soak.books import Books, Code
from tests.host.soak.gateway import Gateway
from tests.host.soak.setting import GRANTS, OWNERS_CODE, PARCELS, config

LONGEST_S = 200
"""For which the lock may be awake after a visit: a check-in, and who listens after it."""
SHORTEST, CHECKED = 6, 9
"""The shortest length of a code as it is typed, and the one that has a check digit."""
FAST = {"hold_ms": 35, "gap_ms": 35}
DOORS_OWN = ("ready", "key", "busy", "locked", "ajar")


class House:
    """lock, books, peer, gateway: as they stand. story: a line for each thing that was done.

    jammed, weak, erased, clockless: the bolt is blocked; the batteries are low; the chip has erased its NVS; it has no
    clock. lives: how often the lock was provisioned. entries: typed so far. given: highest id of a grant. misled_at,
    set_at: when the clock was last put in doubt, and when it was last set over the cable. held: a code keeps the bolt
    open. words: how often orders to the locks before this one ended how. weighed: days, charge, entries and check-ins
    at the last audit.
    """

    def __init__(self, seed, runtime="cpython", story=None, **options):
        self.lock = Lock(runtime, config(), seed=seed, **options)
        self.began = self.lock.now
        self.story = []
        self._tell = story or (lambda line: None)
        self.entries = self.lives = self._connects = 0
        self._unslept = 0  # entries of this session, whose log may not be complete
        self._seed = seed
        self.weighed = self.began / 86_400, 0, 0, 0
        self.words = Counter()
        self.move_in()

    def close(self):
        self.lock.close()

    def move_in(self):
        """The lock was provisioned: everything begins anew."""
        lock = self.lock
        self.words += self.gateway.words if self.lives else Counter()
        self.books = Books(lock.now)
        self.books.labels = {number: grant["label"] for number, grant in enumerate(config().grants, 1)}
        self._moved = lock.openings
        self.gateway = Gateway(lock.lock_id, lambda: self.lock.now, self.books)
        self._connects += self.peer.connects if self.lives else 0
        self.peer = Peer(self.gateway)
        self.jammed = self.weak = self.erased = self.held = self.clockless = False
        self.misled_at, self.set_at = 0, lock.now
        self.broker("up")
        self.books.enter(Code(OWNERS_CODE, "owner"))
        self.lives += 1
        self.given = len(GRANTS) + PARCELS
        self.rest(300)

    def provision_again(self):
        """New keys, a new journal, a new log."""
        self.ready()
        self.rest(300)
        self.lock.provision(config(), self._seed + 1000 * self.lives)
        self.move_in()

    def tell(self, text):
        """Add a line to the story."""
        self.story.append(f"{(self.lock.now - self.began) / 86400:8.3f} d  {text}")
        self._tell(self.story[-1])

    @property
    def check_ins(self):
        """How often the lock has connected."""
        return self._connects + self.peer.connects

    def broker(self, state):
        """ "up"; "down": nobody answers there; or "stalls" """
        routes = self.lock.world.network.routes
        routes.clear()
        if state == "up":
            routes["10.0.0.2", 1883] = self.peer.end

    @property
    def broken(self):
        """Whether nobody may come in, or need not."""
        return self.erased or self.books.ill

    @property
    def honest(self):
        """Whether the lock's clock is right, by all that was done to it, and the lock can know."""
        trusted = max(self.set_at, self.gateway.trusted_at or 0)
        return not self.clockless and self.misled_at < trusted and self.lock.now - trusted < 7 * 86_400

    def clock_is_back(self):
        """The clock chip answers and goes again, and what it says is not what the lock may rest on."""
        self.lock.world.clock.connected = True
        self.lock.stop_clock(False)
        self.clockless = self.books.buckets.clockless = False
        self.mislead()

    def mislead(self):
        """The clock is not what the lock may rest on, until it is set."""
        self.misled_at = self.lock.now
        self.books.buckets.unproven()

    # At the door

    def ready(self):
        """Somebody stands there, with batteries if need be. False: the power went while the lock woke."""
        lock = self.lock
        if not lock.powered:
            lock.cut_at_flash_op(0)
            lock.restore_power()
            lock.wait(1)
        for _ in range(3):  # who finds the lock busy with itself, or asleep again, presses once more
            if lock.awake:
                lock.run_until(lambda: lock.world.chip.state != BOOTING, 1)
                lock.wait(0.5)
            if not lock.awake and lock.powered:
                lock.press("*")
                lock.wait(1)
            if lock.awake or not lock.powered:
                break
        else:
            raise AssertionError("the lock does not wake")
        lock.run_until(lambda: lock.bolt != "between", 5)
        return lock.powered

    def enter(self, digits):
        """Type an entry: (answer or None, how often the bolt opened)."""
        lock = self.lock
        self.entries += 1
        self._unslept += 1
        self.books.possible += len(digits) >= SHORTEST
        if not self.ready():
            return self._heard(digits, None, 0)
        before, erased = lock.openings, sum(lock.world.flash.erases)
        lock.type(digits + "#", **FAST)
        typed = lock.now - 0.06

        def answers():
            return [name for t, name in lock.answers if t >= typed and name not in DOORS_OWN]

        lock.run_until(lambda: answers() or not lock.powered, 25)
        told, moved = answers(), lock.openings - before
        if moved and lock.powered and sum(lock.world.flash.erases) > erased:
            told.append(
                "opened"
            )  # its first light lasted for the erase, too: the same to a person, not to the eye here
        return self._heard(digits, told[0] if told else None, moved)

    def _heard(self, digits, answer, moved):
        self.books.possible -= len(digits) >= SHORTEST and answer == "mistyped"
        self.tell(f"{digits}# -> {answer}" + ", and the bolt opened" * moved)
        if not self.lock.powered:
            self.went_dark()
        return answer, moved

    def went_dark(self):
        """The power went."""
        self.tell("the power is gone")
        self.held = False
        self.mislead()
        self.books.unsure += self._unslept

    def visit(self, code, cut=None):
        """Type a Code, and go in where it opens; `cut`: power goes at this flash operation."""
        if self.typed(code, cut) == "opened" and self.lock.powered:
            self.go_in()

    def typed(self, code, cut=None):
        """Type a Code and hold what happens against the books; the answer."""
        lock, books = self.lock, self.books
        books.buckets.pass_time(lock.now)
        must = self.must_open(code) and cut is None
        may = not self.erased and books.may_open(code, lock.now, self.honest)
        if cut:
            lock.cut_at_flash_op(*cut)
        answer, moved = self.enter(code.digits)
        lock.cut_at_flash_op(0)
        assert not must or answer == "opened", f"{code} must open, the answer was {answer}"
        books.heard(code.digits, answer, lock.powered)
        self.judged(code, answer, moved, may)
        return answer

    def must_open(self, code, entries=1):
        """Whether nothing can keep a Code from opening, as one of so many entries."""
        trouble = self.jammed or self.weak or self.broken
        return not trouble and self.books.must_open(code, self.lock.now, self.honest, entries)

    def judged(self, code, answer, moved, may):
        """What a Code is worth after it was answered so, and the bolt has moved so often; `may`: it may open."""
        books = self.books
        assert may or not moved, f"{code} opened, and may not"
        books.moved(code, moved)
        if answer in ("opened", "jammed", "used"):
            books.spend(code)
        if code.doubtful and answer in ("wrong", "used", "late", "opened"):
            code.doubtful, code.spent = False, code.label != "owner"
        if (answer is None or self.books.ill and answer == "owner") and not moved:
            code.doubtful = code.label != "owner"

    def go_in(self):
        """Through the open door, and close it behind."""
        lock = self.lock
        lock.run_until(lambda: lock.bolt == "unlocked", 2)
        lock.door("open")
        lock.wait(4)
        lock.door("closed")

    def stranger(self, digits):
        """Somebody who has no right types digits, which may be those of a code that was seen."""
        code = self.books.codes.get(digits)
        if code:
            self.visit(code)
            return
        self.books.buckets.pass_time(self.lock.now)
        answer, moved = self.enter(digits)
        assert not moved, f"{digits} is no code, and opened"
        slip = len(digits) == CHECKED and check_digit(digits[:-1].encode(), CHECKED - 1) != int(digits[-1])
        right = ("mistyped", None) if slip else ("wrong", "later", None)
        vague = (self.broken or not (slip or self.honest)) and answer == "owner"  # it might be of a time
        assert answer in right or vague, f"{digits}, no code{', a slip' * slip}, and answered {answer}"
        self.books.heard(digits, answer, self.lock.powered)

    def nonsense(self, digits):
        """Digits of no code's length were typed, and then `#`; it waits for no answer."""
        if digits:
            self._unslept += 1
            self.books.said["wrong"] += 1

    def check_openings(self):
        """Each time that the bolt was drawn somebody had a right to it."""
        moved = self.lock.openings - self._moved
        assert moved == self.books.openings, f"{moved} openings, {self.books.openings} had a right"

    def rest(self, seconds=90):
        """Let the lock go to sleep, and see that it left the door locked."""
        lock = self.lock
        if not lock.powered:
            return
        assert lock.run_until(lambda: not lock.awake, seconds), "the lock does not go to sleep"
        if not lock.powered:
            self.went_dark()
            return
        self._unslept = 0
        locked = lock.bolt == "locked" or self.jammed or self.weak or self.held or lock.door_state == "open"
        assert locked, f"the lock sleeps, and the bolt is {lock.bolt}"
        assert not lock.prompt
