"""The installer's cable: what it does to a lock's board while its own firmware does not run.

It supplies the board, and runs the lock's own functions on its flash, RTC memory and clock chip.
"""

from firmware.core.state import State
from firmware.memory import Memory
from firmware.store.journal import Journal
from firmware.sync import synchronise
from host_sim.devices import FlashDevice, I2cBus, Namespace
from host_sim.world.chip import ASLEEP, OFF


class _Board:
    """What the firmware's functions ask of a board."""

    def __init__(self, world):
        self._world = world
        self.i2c = I2cBus(world.clock)

    def now(self):
        return self._world.timeline.now_us // 1000

    def rtc_seconds(self):
        return self._world.rtc.us // 1_000_000

    def recall(self):
        return self._world.rtc.memory if self._world.chip.powered else b""

    def remember(self, data):
        if self._world.chip.powered:
            self._world.rtc.store(data)


def open_journal(world, issuer):
    """(journal, its state) of the lock of `issuer`, not mounted yet."""
    state = State(issuer.grants)
    nvs = Namespace(world.nvs, "dropbolt")
    return Journal(FlashDevice(world.flash), state, issuer.journal_id, issuer.mac, nvs), state


def set_clock(world, journal, state, unix, uncertainty_ms, reset_floor=False):
    """Synchronise the lock of a mounted `journal` to `unix` seconds, which may have a fraction.

    Raises what `firmware.sync.synchronise` raises.
    """
    board = _Board(world)
    ms = round(unix * 1000)
    # The clock's second begins now: what the true one has of its own is doubt.
    synchronise(board, Memory(board), journal, state, ms // 1000, uncertainty_ms + ms % 1000, reset_floor)


def sync(world, issuer, offset_s, uncertainty_ms, reset_floor):
    """Mount the journal and set the clock to the true time and `offset_s`.

    Raises ValueError while the chip boots or runs, or where nothing was ever provisioned; StorageError.
    """
    if issuer is None or world.flash is None:
        raise ValueError("the lock was never provisioned")
    if world.chip.state not in (ASLEEP, OFF):
        raise ValueError(f"the chip is {world.chip.state}, must be asleep or without power")
    dark = world.flash.dead
    for memory in (world.flash, world.nvs):
        memory.revive()
    journal, state = open_journal(world, issuer)
    try:
        journal.mount()
        set_clock(world, journal, state, world.unix + offset_s, uncertainty_ms, reset_floor)
    finally:
        for memory in (world.flash, world.nvs) if dark else ():
            memory.kill()
