"""Boards that run a few lines of MicroPython instead of the lock's firmware, to try the chip and the runtimes."""

import json
from contextlib import contextmanager

from host_sim.runtime import RUNTIMES
from host_sim.world.world import World

START = 1_772_438_400
SECOND = 1_000_000

_BOOT = """
import json
import machine

def report(value):
    machine.RTC().memory(json.dumps(value).encode())
"""


@contextmanager
def board(folder, runtime, main, modules=None, library=None, **options):
    """A world whose chip has just got its batteries. `main` may call `report(value)`, which `reported` reads.

    `modules`: sources of further files of firmware/ by name. `library`: the folder that is lib/ on the chip. `options`
    go to the World.
    """
    firmware = folder / "firmware"
    firmware.mkdir(exist_ok=True)
    (folder / "boot.py").write_text(_BOOT)
    (folder / "main.py").write_text(main)
    for name, source in {"__init__.py": "", **(modules or {})}.items():
        (firmware / name).write_text(source)
    if library:
        (folder / "lib").symlink_to(library)
    machine = RUNTIMES[runtime](folder, **({"apart": True} if runtime == "micropython" else {}))
    world = World(machine, {}, START, **options)
    try:
        world.power_on()
        yield world
    finally:
        world.chip.kill()
        machine.close()


def reported(world):
    """The last value that the firmware reported."""
    return json.loads(world.rtc.memory)


def run(world, seconds):
    """Let time pass."""
    world.advance(world.timeline.now_us + round(seconds * SECOND))
