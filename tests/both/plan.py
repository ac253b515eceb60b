"""What the power-loss harness works with: flash of several shapes, grants and codes, and what must hold."""

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.words import EVENT, INTERVAL
from firmware.store.chain import KEY_SIZE

ID = b"journal1"
MAC = b"m" * 16
FIRST = b"f" * KEY_SIZE
DAY = 86400
NOW = 20000 * DAY
STEP = NOW // DAY
LENGTH = 8
REFILL = 100
CAPACITY = 1000 * REFILL
SLOT = 32

CHECKS = {
    "nor": "a slot is programmed once after an erase, but for being blotted out",
    "mount": "a flash that a cut left can be mounted",
    "picture": "a mount finds what was acknowledged, or that and the record in flight",
    "burn": "a code that opened never opens again, one that was not typed does",
    "attempts": "every answer was counted",
    "budget": "every wrong answer has cost a token, and an entry that was no guess none",
    "bolt": "the bolt moves once for a code",
    "answer": "the lock says what is so",
    "cut": "an opening whose outcome is missing is found at the next mount",
    "log": "every acknowledged event is in the log as it was, and nothing else",
    "anchor": "no earlier state of the journal is ever taken for the newest",
    "keys": "a sector of the log that was left has no key any more",
    "flash": "no operation fails while the chip works",
    "error": "nothing but StorageError is raised",
}


class Broken(Exception):
    """Something that must hold does not: `check` of CHECKS."""

    def __init__(self, check, text):
        super().__init__(f"{check}: {text}")
        self.check = check


class Shape:
    """Where the rings lie: `journal` and `log` are (sectors of `size` bytes, records written beforehand).

    So no sector is new, and each ring rotates during a life.
    """

    def __init__(self, name, size, journal, log):
        self.name, self.size = name, size
        self.journal, self.journal_fill = journal
        self.log, self.log_fill = log

    def later(self, records):
        """The same with so many more records in the journal, so that it rotates earlier in a life."""
        name = f"{self.name}+{records}"
        return Shape(name, self.size, (self.journal, self.journal_fill + records), (self.log, self.log_fill))


SMALL = Shape("small", 512, (2, 24), (3, 31))
THREE = Shape("three", 512, (3, 24), (4, 42))
FULL = Shape("full", 4096, (16, 1957), (48, 6025))
SHAPES = {shape.name: shape for shape in (SMALL, THREE, FULL)}
PHASES = range(12)  # records by which a small journal is tried later: its sector holds fewer


def named(name):
    """The shape of that name, `small` or `small+3`; raises KeyError."""
    name, _, later = name.partition("+")
    return SHAPES[name].later(int(later)) if later else SHAPES[name]


GRANTS = Grants(
    pack_grant(id=1, kind=INTERVAL, key=b"k" * 20, step=DAY, grace_after=2)
    + pack_grant(id=2, kind=EVENT, key=b"k" * 20)
)
# digits -> (grant's place, serial, step or counter); the second lives in the bitmap behind the first
CODES = {b"11111111": (0, 0, STEP), b"11111110": (0, 0, STEP - 1), b"22222222": (1, 0, 3)}
ENTRIES = (b"11111111", b"11111110", b"00000000", b"22222222")


class Codes:
    """A verifier that looks the digits up."""

    def match(self, digits, n, t):
        hit = CODES.get(bytes(digits[:n]))
        return [hit] if hit else []
