"""A small strict NOR flash and a small NVS for tests on both runtimes, with a power cut at any operation.

`Nor` is a block device. Programming a bit from 0 to 1 raises `NorError`; no handler of `Exception` catches it, nor
`PowerCut`. After a cut the device is dead, whoever asks, until `revive`.
"""

NUMBER_SIZE = 4
_LATE = ("half", "all_but_byte", "all_but_bit", "all")
TEARS = ("none", "byte", "prefix", "half", "all_but_byte", "all_but_bit", "all", "bits", "suffix")


class PowerCut(BaseException):
    pass


class NorError(BaseException):
    pass


class Random:
    """Numbers that are the same on both runtimes (a 31-bit linear congruential generator)."""

    def __init__(self, seed):
        self.state = seed & 0x7FFFFFFF

    def below(self, n):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) % n

    def bytes(self, n):
        return bytes([self.below(256) for _ in range(n)])


def torn(old, new, tear, random):
    """What stands there when the change from `old` to `new` was cut; of a number in NVS, 4 bytes, one or the other."""
    n = len(new)
    if n == NUMBER_SIZE:
        return new if tear in _LATE else old
    if tear == "bits":
        mask = random.bytes(n)
        return bytes([o & ~m & 0xFF | w & m for o, w, m in zip(old, new, mask)])
    if tear == "all_but_bit":
        at = random.below(n)
        while old[at] == new[at] and old != new:
            at = (at + 1) % n
        bit = (old[at] ^ new[at]) & -(old[at] ^ new[at])
        return new[:at] + bytes([new[at] ^ bit]) + new[at + 1 :]
    if tear == "suffix":
        return old[: n // 2] + new[n // 2 :]
    done = {"none": 0, "byte": 1, "prefix": 13, "half": n // 2, "all_but_byte": n - 1, "all": n}[tear]
    return new[:done] + old[done:]


class Power:
    """Counts operations; cuts at operation `at` (1 is the next, 0 never)."""

    def __init__(self):
        self.ops = 0
        self.dead = False
        self._at = 0
        self._tear = ""
        self._random = Random(1)

    def cut_at(self, at, tear, seed=1):
        self._at = self.ops + at if at else 0
        self._tear = tear
        self._random = Random(seed)

    def revive(self):
        self.dead = False
        self._at = 0

    def check(self):
        if self.dead:
            raise PowerCut

    def strikes(self):
        """Begin an operation; True if it is the one that is cut."""
        self.check()
        self.ops += 1
        self.dead = self.ops == self._at
        return self.dead

    def torn(self, old, new):
        return torn(old, new, self._tear, self._random)


class Numbers(Power):
    """NVS with the chip's calls, of numbers alone; a cut leaves the old value or the new one."""

    def __init__(self):
        super().__init__()
        self.numbers = {}

    def get_i32(self, key):
        self.check()
        if key not in self.numbers:
            raise OSError(-4354)
        return self.numbers[key]

    def set_i32(self, key, value):
        if len(key) > 15 or not -0x80000000 <= value <= 0x7FFFFFFF:
            raise OSError(-4361)
        cut = self.strikes()
        if not cut or self._tear in _LATE:
            self.numbers[key] = value
        if cut:
            raise PowerCut

    def commit(self):
        self.check()


class Nor(Numbers):
    """`blocks` sectors of `size` bytes. `bad`: sectors that an erase leaves as they are; `answer`: what it says then.

    answer: an OSError to raise, or a number to return, 0 for an erase that claims to have worked.

    It is the lock's NVS for numbers as well, so that a cut by the count of operations strikes either.
    """

    def __init__(self, blocks, size):
        super().__init__()
        self.blocks = blocks
        self.size = size
        self.data = bytearray(b"\xff" * (blocks * size))
        self.programs = 0
        self.erases = [0] * blocks
        self.bytes_read = 0
        self.bad = ()
        self.answer = -22

    def readblocks(self, n, buf, off=0):
        self.check()
        at = n * self.size + off
        buf[:] = self.data[at : at + len(buf)]
        self.bytes_read += len(buf)

    def writeblocks(self, n, buf, off):
        at = n * self.size + off
        old = bytes(self.data[at : at + len(buf)])
        new = bytes(buf)
        if int.from_bytes(new, "big") & ~int.from_bytes(old, "big"):
            raise NorError("0 to 1")
        self.programs += 1
        cut = self.strikes()
        self.data[at : at + len(new)] = self.torn(old, new) if cut else new
        if cut:
            raise PowerCut

    def ioctl(self, op, arg):
        self.check()
        if op == 4:
            return self.blocks
        if op == 5:
            return self.size
        if op != 6:
            return None
        self.erases[arg] += 1
        cut = self.strikes()
        if arg in self.bad:
            if isinstance(self.answer, OSError):
                raise self.answer
            return self.answer
        at = arg * self.size
        blank = b"\xff" * self.size
        old = bytes(self.data[at : at + self.size])
        self.data[at : at + self.size] = self.torn(old, blank) if cut else blank
        if cut:
            raise PowerCut
        return 0


class Nvs(Numbers):
    """NVS with blobs too; a cut leaves the old value, the new one, or (tear "byte") of a blob none at all."""

    def __init__(self):
        super().__init__()
        self.blobs = {}

    def get_blob(self, key, buf):
        self.check()
        if key not in self.blobs:
            raise OSError(-4354)
        value = self.blobs[key]
        if len(value) > len(buf):
            raise OSError(-4364)
        buf[: len(value)] = value
        return len(value)

    def set_blob(self, key, buf):
        if len(key) > 15:
            raise OSError(-4361)
        cut = self.strikes()
        if not cut or self._tear == "all":
            self.blobs[key] = bytes(buf)
        elif self._tear == "byte":
            self.blobs.pop(key, None)
        if cut:
            raise PowerCut

    def erase_key(self, key):
        if key not in self.blobs:
            raise OSError(-4354)
        cut = self.strikes()
        if not cut or self._tear == "all":
            del self.blobs[key]
        if cut:
            raise PowerCut

    def commit(self):
        if self.strikes():
            raise PowerCut
