"""The power-loss harness: one workload (`life.Life`), and every way of taking its power.

    none        never
    linear      one life whose boots are cut after 1, 2, 3, ... flash operations, until it is done
    doubling    the same after 1, 2, 4, 8, ...
    exhaustive  at every operation of a boot, with every tear, on copies of the flash; then the same of each boot that
                follows, n cuts deep
    silent      no cut, but one operation that does nothing and says that it did

A failure names the check that caught it and the cuts that replay it: operation and tear, boot by boot.
"""

from hashlib import sha256

from life import Life
from nor import NUMBER_SIZE, TEARS, Nor, NorError, PowerCut, Random, torn
from plan import Broken

SILENT = "silent"


class Chip(Nor):
    """Nor that keeps each change it makes in `changes`, unless that is None: (address, bytes, memory of the life).

    The lock's one number in NVS stands in `data` behind the sectors.
    lie_at: operation that does nothing and says that it did; `lied` tells that it came to that.
    """

    def __init__(self, shape):
        super().__init__(shape.journal + shape.log, shape.size)
        self._number_at = len(self.data)
        self.data += b"\xff" * NUMBER_SIZE
        self.changes = None
        self.life = None
        self.lie_at = 0
        self.lied = False

    def writeblocks(self, n, buf, off):
        at = n * self.size + off
        # A torn slot that is programmed again would hide where the bytes are the same.
        if any(buf) and self.data[at : at + len(buf)] != b"\xff" * len(buf):
            raise NorError("programmed twice")
        if not self._takes(at, buf):
            super().writeblocks(n, buf, off)

    def ioctl(self, op, arg):
        if op == 6 and self._takes(arg * self.size, b"\xff" * self.size):
            return 0
        return super().ioctl(op, arg)

    def get_i32(self, _):
        self.check()
        number = bytes(self.data[self._number_at :])
        if number == b"\xff" * NUMBER_SIZE:
            raise OSError(-4354)
        return int.from_bytes(number, "little")

    def set_i32(self, _, value):
        old, new = bytes(self.data[self._number_at :]), value.to_bytes(NUMBER_SIZE, "little")
        if self._takes(self._number_at, new):
            return
        cut = self.strikes()
        self.data[self._number_at :] = self.torn(old, new) if cut else new
        if cut:
            raise PowerCut

    def _takes(self, address, new):
        """Note a change that is to be made; True if nothing comes of it."""
        if self.changes is not None:
            self.changes.append((address, bytes(new), self.life.memory()))
        if self.lie_at and self.ops + 1 == self.lie_at:
            self.lie_at = 0
            self.ops += 1
            self.lied = True
            return True
        return False


class Caught(Exception):
    """A life that went wrong: `check` of plan.CHECKS, its `shape`, `cuts` [(operation, tear), ...] that replay it."""

    def __init__(self, check, text, shape, cuts):
        told = " ".join([f"{at}:{tear}" for at, tear in cuts])
        super().__init__(f"{text}\nreplay: python -m tests.longrun {shape.name} '{told}'")
        self.check = check
        self.shape = shape
        self.cuts = cuts


class Tally:
    """What was done: cuts of the power, boots after them, and boots that were spared since their flash was known."""

    def __init__(self):
        self.cuts = 0
        self.boots = 0
        self.spared = 0


class Explained:
    """Whatever goes wrong inside is raised as `Caught`, with the cuts that led there."""

    def __init__(self, life, cuts):
        self._life = life
        self._cuts = cuts

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is None or issubclass(kind, (PowerCut, Caught)):
            return False
        if issubclass(kind, Broken):
            check = error.check
        else:
            check = "nor" if issubclass(kind, NorError) else "error"
        raise Caught(check, repr(error), self._life.shape, self._cuts)


def begun(shape):
    """A lock that was just formatted."""
    life = Life(shape, Chip(shape))
    life.nor.life = life
    life.begin()
    return life


def resumed(shape, flash, memory):
    """A life that goes on with a copy of a flash."""
    life = Life(shape, Chip(shape))
    life.nor.life = life
    life.nor.data[:] = flash
    life.recall(memory)
    return life


def strike(life, at, tear):
    """Boot with a cut at operation `at`, torn like that; False if the boot was done before."""
    if tear == SILENT:
        life.nor.lie_at = life.nor.ops + at
        life.boot()
        struck = not life.nor.lie_at
        life.nor.lie_at = 0
        return struck
    life.nor.cut_at(at, tear, _seed(life.boots, at))
    try:
        life.boot()
    except PowerCut:
        life.nor.revive()
        return True
    return False


def _seed(boots, at):
    return 7 * at + boots


def replay(shape, cuts):
    """Live through exactly these cuts, and then to the end."""
    life = begun(shape)
    with Explained(life, cuts):
        for at, tear in cuts:
            strike(life, at, tear)
        life.nor.revive()
        life.boot()
    return life


def none(shape):
    return replay(shape, [])


def linear(shape, tear, tally):
    _growing(shape, tear, tally, lambda at: at + 1)


def doubling(shape, tear, tally):
    _growing(shape, tear, tally, lambda at: 2 * at)


def _growing(shape, tear, tally, longer):
    life = begun(shape)
    at = 1
    cuts = [(at, tear)]
    with Explained(life, cuts):
        while strike(life, at, tear):
            at = longer(at)
            cuts.append((at, tear))
            tally.boots += 1
    tally.cuts += len(cuts) - 1


def silent(shape, tally):
    """One operation after the other fails without a word."""
    first = begun(shape)
    at = 0
    struck = True
    while struck:
        at += 1
        life = resumed(shape, first.nor.data, first.memory())
        with Explained(life, [(at, SILENT)]):
            struck = strike(life, at, SILENT)
            life.boot()
        tally.boots += 1


def exhaustive(shape, widths, tally):
    """Cut everywhere, len(widths) deep; widths: how many of the tears each depth tries at an operation, in turn."""
    _exhaust(begun(shape), widths, tally, [], set())


def _exhaust(life, widths, tally, cuts, known):
    """Live to the end from here; then, for each operation on the way and each tear, from what a cut there leaves."""
    flash, boots = bytearray(life.nor.data), life.boots
    life.nor.changes = [] if widths else None
    with Explained(life, cuts):
        life.boot()
    tally.boots += 1
    for cut, left, memory in forks(flash, boots, life.nor.changes or (), widths[0] if widths else 0):
        tally.cuts += 1
        path = cuts + [cut]
        other = resumed(life.shape, left, memory)
        # From equal flash follow equal lives, but what must be true of it may differ.
        mark = int.from_bytes(sha256(left + bytes([len(path), other.place])).digest()[:7], "big")
        if mark in known:
            with Explained(other, path):
                other.look()
            tally.spared += 1
        else:
            known.add(mark)
            _exhaust(other, widths[1:], tally, path, known)


def forks(flash, boots, changes, width):
    """Yield (cut, flash, memory) for `width` tears of each of the changes that a boot made to `flash`.

    The flash that is yielded is valid until the next one.
    """
    for n, (address, new, memory) in enumerate(changes):
        end = address + len(new)
        old = bytes(flash[address:end])
        for k in range(width):
            tear = TEARS[(n + k * len(TEARS) // width) % len(TEARS)]  # over neighbouring operations each has its turn
            flash[address:end] = torn(old, new, tear, Random(_seed(boots, n + 1)))
            yield (n + 1, tear), flash, memory
        flash[address:end] = new
