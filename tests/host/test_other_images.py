"""Whoever can write to the partition at any time, and cut the power: images of other times put back, mixed and spoilt.

NVS is as it is. Whatever is in the partition, a lock that takes it knows of every code that has opened and of every
attempt whose answer was given. What its journal was like is kept at every step, cuts and boots included; and now and
then the lock lives on from such an image, if it takes it, so that there are journals that went different ways.
"""

import random
from collections import Counter

import pytest

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import EVENT, OPENED, WRONG
from firmware.store import DAMAGED, REVERTED, StorageError
from firmware.store.journal import Journal
from tests.both.nor import TEARS, Nor, PowerCut

ID = b"journal1"
GRANTS = Grants(pack_grant(id=1, kind=EVENT, key=b"k" * 20, window=64))
SIZE, SLOT = 512, 32
HEAD = (7, b"head")
LENGTHS = 8, 9


class Watched:
    """A lock's journal, what was seen at its door, and every image that its flash ever had."""

    def __init__(self, chance):
        self.chance = chance
        self.nor = Nor(chance.choice((2, 3, 4)), SIZE)
        self.images = []
        self.opened = set()
        self.answers = 0
        journal, _ = self.on_flash()
        journal.format()

    def on_flash(self):
        state = State(GRANTS)
        return Journal(self.nor, state, ID, b"m" * 16, self.nor, 0, self.nor.blocks), state

    def mounted(self):
        """(journal, state); raises StorageError."""
        journal, state = self.on_flash()
        journal.mount()
        return journal, state

    def keep(self):
        self.images.append(bytes(self.nor.data))

    def write(self, journal, body):
        journal.write(body)
        self.keep()

    def boot(self, journal, state):
        self.write(journal, state.clock(0, 0, 0, state.boots + 1))

    def idle(self, journal, _):
        journal.tidy()

    def guess(self, journal, state):
        length = self.chance.choice(LENGTHS)
        self.write(journal, state.attempt(length, 5, 5, 0, 0))
        self.answers += 1
        self.write(journal, state.outcome(WRONG, length, 5, 0, HEAD))

    def enter(self, journal, state):
        self.write(journal, state.attempt(8, 5, 5, 0, 0))
        self.answers += 1
        counter = next(n for n in range(state.event_base(0), 2**32) if not state.event_used(0, n))
        self.write(journal, state.burn(8, 6, [(1, 0, counter)]))
        assert counter not in self.opened, "a code opened twice"
        self.opened.add(counter)
        self.write(journal, state.outcome(OPENED, 8, 6, 1, HEAD))

    def live(self, steps):
        lock = self.mounted()
        for _ in range(steps):
            self.keep()
            if self.chance.random() < 0.2:
                self.nor.cut_at(self.chance.randrange(1, 9), self.chance.choice(TEARS), self.chance.randrange(99))
            try:
                self.chance.choice((self.boot, self.boot, self.idle, self.guess, self.enter))(*lock)
            except PowerCut:
                self.nor.revive()
                lock = self.mounted()
            self.nor.cut_at(0, "none")
            if self.chance.random() < 0.2:
                lock = self.put_back()

    def put_back(self):
        """The lock on an image of not long ago, if it takes it."""
        now = bytes(self.nor.data)
        self.nor.data[:] = self.chance.choice(self.images[-9:])
        try:
            return self.mounted()
        except StorageError:
            self.nor.data[:] = now
            return self.mounted()

    def spoil(self):
        """Bring something of another time, or nothing, to some places of an image."""
        chance, data = self.chance, self.nor.data
        data[:] = chance.choice((self.images[-1], chance.choice(self.images)))
        for _ in range(chance.randrange(5)):
            other = chance.choice(self.images)
            sector = chance.randrange(self.nor.blocks) * SIZE
            slot = chance.randrange(len(data) // SLOT) * SLOT
            rest = slot // SIZE * SIZE + SIZE
            kind = chance.choice(("sector", "moved", "slot", "rest", "blank", "bit"))
            if kind == "sector":
                data[sector : sector + SIZE] = other[sector : sector + SIZE]
            elif kind == "moved":
                place = chance.randrange(self.nor.blocks) * SIZE
                data[place : place + SIZE] = other[sector : sector + SIZE]
            elif kind == "slot":
                data[slot : slot + SLOT] = other[slot : slot + SLOT]
            elif kind == "rest":
                data[slot:rest] = other[slot:rest]
            elif kind == "blank":
                data[slot : slot + SLOT] = b"\xff" * SLOT
            else:
                data[slot + chance.randrange(SLOT)] ^= 1 << chance.randrange(8)


@pytest.mark.parametrize("part", range(4))
def test_no_other_image_opens_again_or_gives_a_guess_back(part):
    ends = Counter()
    for seed in range(25 * part, 25 * part + 25):
        watched = Watched(random.Random(seed))
        watched.live(40)
        watched.keep()
        for _ in range(40):
            watched.spoil()
            try:
                _, state = watched.mounted()
            except StorageError as error:
                ends[error.reason] += 1
                continue
            ends[None] += 1
            forgotten = [counter for counter in watched.opened if not state.event_used(0, counter)]
            assert not forgotten, f"seed {seed}: {forgotten} would open again"
            assert state.attempts >= watched.answers, f"seed {seed}: {state.attempts} attempts of {watched.answers}"
    assert min(ends[reason] for reason in (None, DAMAGED, REVERTED)) > 50
