"""A NOR flash chip: what it holds, what it refuses, how long it takes, and how it looks after the power went.

Programming clears bits, only erasing sets them, a sector at a time. The chip here is stricter than a real one: a
program that would set a bit raises `NorViolation`, because firmware that asks for it has lost track of what it wrote.

Power can be cut at any program or erase, which then leaves one of the twelve tears of `tears.py` behind. From then on
the chip is dead: everything asked of it raises `PowerCut`, so that no `finally` of the firmware writes another byte.

What a partition over this chip must offer the firmware (ESP32 `esp32.Partition`, block size 4096):

- `readblocks(n, buf, off=0)`: `read`, any length.
- `writeblocks(n, buf)` erases every sector of `buf` first and then programs; `writeblocks(n, buf, off)` never erases.
- `ioctl(4, 0)` number of blocks, `ioctl(5, 0)` block size, `ioctl(6, n)` erases block n and returns 0; with a block
  size other than 4096 it returns -22 and does nothing, without raising. `ioctl(3, 0)` (sync) does nothing, returns 0.
- a failing chip is an OSError (`FlashError` here), a block beyond the end too.
"""

from host_sim.chip import protocol
from host_sim.world.tears import torn_erase, torn_program

PAGE_SIZE = 256
"""Bytes that one page program of the chip covers at most."""
FAULTS = ("read", "program", "erase", "worn")
"""Kinds of `NorFlash.fail`: the first three are reported by the chip, a worn sector silently stays as it was."""

_ESP_ERR_FLASH_OP_FAIL = 0x6001
_ESP_ERR_INVALID_SIZE = 0x104


class NorViolation(BaseException):
    """The firmware tried to program a bit from 0 to 1. Not an Exception: no handler of the firmware may hide it."""


class PowerCut(BaseException):
    """The power is gone. Not an Exception: no handler of the firmware may survive it."""


class FlashError(OSError):
    """The chip reported a failed operation, as MicroPython on the ESP32 does: negative ESP-IDF code and its name."""


class NorFlash:
    """A chip of `size` bytes in sectors of `sector_size`, blank at first.

    `spend(us)` is called for the time that each operation takes, after its effect; the world advances time there.
    """

    def __init__(self, size=256 * 1024, sector_size=4096, spend=lambda us: None):
        self.size = size
        self.sector_size = sector_size
        self.spend = spend
        self.program_us = 800
        """Microseconds for a page of 256 bytes or a part of it: 800 typical, 3000 at most (W25Q64)."""
        self.erase_us = 45_000
        """Microseconds for a sector: 45 000 typical, 400 000 at most (W25Q64)."""
        self.dead = False
        """True from a cut of the power until `revive`."""
        self.ops = 0
        """Programs and erases begun so far, failed and torn ones included."""
        self.programs = [0] * (size // sector_size)
        """Programs begun, by sector of their first byte."""
        self.erases = [0] * (size // sector_size)
        """Erases begun, by sector."""
        self.bytes_read = 0
        self.on_op = None
        """Called as `on_op(kind, addr, data)` after an operation: ("program", addr, the bytes programmed), ("erase",
        addr, b""), or ("torn", addr, what now stands there) after the one that a cut struck."""
        self.on_cut = None
        """Called without arguments when an armed cut strikes, before `PowerCut` is raised."""
        self.struck = None
        """The operation that the last cut struck: ("program" or "erase", addr, bytes before, bytes to program)."""
        self._cells = bytearray(b"\xff" * size)
        self._armed = None
        self._faults = []
        self.legible = True
        """Whether any read of the chip does what it should: nothing was made to fail since the last `heal`."""
        self._stuck = {}

    def read(self, addr, n):
        """`n` bytes from `addr`. Raises FlashError outside the chip or where `fail("read")` says so."""
        self._check(addr, n)
        self.bytes_read += n
        if self._faults:
            self._meet("read", addr, n)
        data = bytes(self._cells[addr : addr + n])
        self.spend(protocol.READ_CALL_US + n // protocol.READ_BYTES_PER_US)
        return data

    def program(self, addr, data):
        """Clear the bits at `addr` that are 0 in `data`. Raises NorViolation, FlashError or PowerCut."""
        data = bytes(data)
        self._check(addr, len(data))
        end = addr + len(data)
        old = bytes(self._cells[addr:end])
        if int.from_bytes(data) & ~int.from_bytes(old):
            raise NorViolation(f"program at 0x{addr:05x} of {data.hex()} over {old.hex()} sets bits")
        self.programs[addr // self.sector_size] += 1
        torn = self._begin()
        if torn is not None:
            self.struck = ("program", addr, old, data)
            self._strike(addr, torn_program(old, data, *torn))
        self._meet("program", addr, len(data))
        self._store(addr, data)
        if self.on_op:
            self.on_op("program", addr, data)
        pages = (end - 1) // PAGE_SIZE - addr // PAGE_SIZE + 1 if data else 0
        self.spend(pages * self.program_us)

    def erase(self, sector):
        """Set every bit of sector number `sector`. Raises FlashError or PowerCut."""
        addr = sector * self.sector_size
        self._check(addr, self.sector_size)
        self.erases[sector] += 1
        torn = self._begin()
        if torn is not None:
            old = bytes(self._cells[addr : addr + self.sector_size])
            self.struck = ("erase", addr, old, b"")
            self._strike(addr, torn_erase(old, *torn))
        self._meet("erase", addr, self.sector_size)
        if not self._hit("worn", addr, self.sector_size):
            self._store(addr, b"\xff" * self.sector_size)
        if self.on_op:
            self.on_op("erase", addr, b"")
        self.spend(self.erase_us)

    def cut_at(self, k, tear="none", seed=0):
        """Arm a cut of the power at the `k`-th program or erase from now (1: the next), leaving `tear` of `TEARS`.

        `seed` chooses the bits and bytes of the random tears. A later call replaces an earlier one; k = 0 disarms.
        """
        self._armed = (self.ops + k, tear, seed) if k else None

    def kill(self):
        """The power went between two operations: the chip is dead until `revive`."""
        self.dead = True

    def revive(self):
        """The power is back; contents, faults and counts are as they were."""
        self.dead = False

    def fail(self, kind, sector=None, times=None):
        """Make operations fail from now on: `kind` of `FAULTS`, everywhere or in one sector, for ever or so many times.

        A failing program or erase changes nothing.
        """
        if kind not in FAULTS:
            raise ValueError(f"fault {kind!r}, must be one of {', '.join(FAULTS)}")
        self._faults.append([kind, sector, times])
        self.legible = False

    def stick(self, addr, bit, level):
        """Let one cell keep `level` (0 or 1) whatever is programmed or erased there; the chip reports no error."""
        self._stuck[addr] = (*self._stuck.get(addr, ()), (1 << bit, level))
        self._store(addr, self._cells[addr : addr + 1])

    def heal(self):
        """Take back every `fail` and `stick`; contents stay."""
        self._faults.clear()
        self.legible = True
        self._stuck.clear()

    @property
    def cells(self):
        """The memory that holds the contents as they are at any time: only to be read."""
        return self._cells

    def move(self, memory):
        """Hold the contents in `memory` from now on: a buffer of as many bytes."""
        memory[:] = bytes(self._cells)
        self._cells = memory

    def snapshot(self):
        """A copy of all contents as bytes, at no simulated time; works on a dead chip too."""
        return bytes(self._cells)

    def load(self, image):
        """Replace all contents by `image`, as a programmer on the bench would. Raises ValueError for another size."""
        if len(image) != self.size:
            raise ValueError(f"image of {len(image)} bytes for a flash of {self.size}")
        self._store(0, image)

    def _check(self, addr, n):
        if self.dead:
            raise PowerCut
        if addr < 0 or addr + n > self.size:
            raise FlashError(-_ESP_ERR_INVALID_SIZE, "ESP_ERR_INVALID_SIZE")

    def _begin(self):
        """Count an operation; the (tear, seed) of the cut that strikes it, or None."""
        self.ops += 1
        if self._armed is None or self.ops < self._armed[0]:
            return None
        torn = self._armed[1:]
        self._armed = None
        return torn

    def _strike(self, addr, data):
        self._store(addr, data)
        self.dead = True
        if self.on_op:
            self.on_op("torn", addr, data)
        if self.on_cut:
            self.on_cut()
        raise PowerCut

    def _meet(self, kind, addr, n):
        if self._hit(kind, addr, n):
            raise FlashError(-_ESP_ERR_FLASH_OP_FAIL, "ESP_ERR_FLASH_OP_FAIL")

    def _hit(self, kind, addr, n):
        """True when a fault of `kind` lies on these bytes; uses up one of its times."""
        for fault in self._faults:
            sector, times = fault[1:]
            here = sector is None or addr // self.sector_size <= sector <= (addr + n - 1) // self.sector_size
            if fault[0] == kind and here and times != 0:
                if times is not None:
                    fault[2] -= 1
                return True
        return False

    def _store(self, addr, data):
        self._cells[addr : addr + len(data)] = data
        for stuck, cells in self._stuck.items():
            if addr <= stuck < addr + len(data):
                for mask, level in cells:
                    self._cells[stuck] = self._cells[stuck] | mask if level else self._cells[stuck] & ~mask
