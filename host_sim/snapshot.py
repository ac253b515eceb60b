"""A lock put aside while its firmware does not run, to try from the same moment what else might happen.

Kept is what a bench would find: flash, NVS, both clocks and the RTC memory, bolt, door, battery, what a sleeping chip
waits for, and the owner's books. Not kept: fingers on keys, obstacles before the bolt, faults given to a device, counts
and the trace. Contact bounce and noise begin anew from the lock's seed, so that two runs from one snapshot are equal.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace

from host_sim.world.chip import ASLEEP
from host_sim.world.tears import torn_erase, torn_program


@dataclass(frozen=True)
class Snapshot:
    """us: microseconds of the world's time. flash: the partition's contents, None without one. nvs: see `Nvs.snapshot`.

    struck: None, or the flash operation in whose midst the power last went: (kind, address, bytes before, bytes to
    program). bolt: its position. clock: see `DS3231.snapshot`. sleep: what the chip waits for, None without power.
    rtc: the chip's clock in microseconds and its memory, None without power. issuer: the owner's books, None for a bare
    board.
    """

    us: int
    flash: bytes | None
    struck: tuple | None
    nvs: tuple
    bolt: float
    door_open: bool
    battery_mv: int
    clock: tuple
    sleep: tuple | None
    rtc: tuple | None
    issuer: object = field(compare=False)

    def torn(self, tear, seed=0):
        """The same moment, had the cut that struck left `tear`, one of `host_sim.world.tears.TEARS`, instead.

        Raises ValueError where no cut struck a flash operation.
        """
        if self.struck is None:
            raise ValueError("no flash operation was cut")
        kind, address, old, new = self.struck
        left = torn_erase(old, tear, seed) if kind == "erase" else torn_program(old, new, tear, seed)
        return replace(self, flash=self.flash[:address] + left + self.flash[address + len(left) :])


def take(world, issuer):
    """The Snapshot of `world`. Raises ValueError while the chip boots or runs: its memory cannot be put aside."""
    chip = world.chip
    if chip.powered and chip.state != ASLEEP:
        raise ValueError(f"the chip is {chip.state}, must be asleep or without power")
    return Snapshot(
        us=world.timeline.now_us,
        flash=world.flash and world.flash.snapshot(),
        struck=world.flash and world.flash.struck,
        nvs=world.nvs.snapshot(),
        bolt=world.bolt.position,
        door_open=world.door.is_open,
        battery_mv=world.battery.open_mv,
        clock=world.clock.snapshot(),
        sleep=chip.sleep if chip.powered else None,
        rtc=(world.rtc.us, world.rtc.memory) if chip.powered else None,
        issuer=deepcopy(issuer),
    )


def put_back(world, snapshot):
    """Bring a new `world` of the same beginning to the moment of `snapshot`; returns the owner's books."""
    world.advance(snapshot.us)
    if world.flash:
        world.flash.load(snapshot.flash)
        world.flash.struck = snapshot.struck
    world.nvs.load(snapshot.nvs)
    world.bolt.turn(snapshot.bolt)
    if snapshot.door_open:
        world.door.open()
    world.battery.open_mv = snapshot.battery_mv
    world.clock.load(snapshot.clock)
    if snapshot.sleep:
        world.power_on()
        world.chip.deep_sleep(*snapshot.sleep)
        world.rtc.us, world.rtc.memory = snapshot.rtc
    world.begin()
    return deepcopy(snapshot.issuer)
