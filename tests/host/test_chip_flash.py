"""The chip's partition and NVS behave as on the ESP32, and the power can go at each of their operations."""

import pytest

from host_sim.runtime import RUNTIMES
from host_sim.world.tears import TEARS
from host_sim.world.world import World
from tests.host.boards import START, board, reported, run

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

DEVICE = """
import esp32
found = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="locklog")
device = found[0] if found else None
"""

REFUSED = """
def refused(call):
    try:
        call()
    except OSError as error:
        return error.errno
    return None
"""

# Numbers each boot's record after the last whole one, and sleeps a second; slots are 8 bytes, torn ones are left.
COUNTER = (
    DEVICE
    + """
slot = bytearray(8)
last = 0
place = 0
while True:
    device.readblocks(place // 8, slot, place % 8 * 8)
    if slot == b"\\xff" * 8:
        break
    if slot[:4] == slot[4:]:
        last = int.from_bytes(slot[:4], "little")
    place += 1
if place % 8 == 0 and place // 8 < 60:
    device.ioctl(6, place // 8 + 1)
report(last)
device.writeblocks(place // 8, (last + 1).to_bytes(4, "little") * 2, place % 8 * 8)
report(last + 1)
machine.deepsleep(1000)
"""
)


@BOTH
def test_partition_is_a_block_device_as_documented(tmp_path, runtime):
    main = (
        DEVICE
        + """
buffer = bytearray(3)
device.writeblocks(1, b"abc", 4000)
device.writeblocks(1, b"A", 4000)
device.readblocks(1, buffer, 4000)
seen = [buffer.decode()]
device.writeblocks(1, bytes(4096))
device.readblocks(1, buffer, 4000)
seen.append(list(buffer))
seen += [device.ioctl(6, 1), device.ioctl(3, 0), device.ioctl(4, 0), device.ioctl(5, 0)]
device.readblocks(1, buffer)
seen.append(list(buffer))
small = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="locklog", block_size=512)[0]
report(seen + [small.ioctl(4, 0), small.ioctl(6, 0), list(device.info())])
machine.deepsleep()
"""
    )
    with board(tmp_path, runtime, main) as world:
        run(world, 2)
        info = [1, 0x81, 0x200000, 0x40000, "locklog", False]
        assert reported(world) == ["Abc", [0, 0, 0], 0, 0, 64, 4096, [255, 255, 255], 512, -22, info]


@BOTH
def test_flash_operations_take_their_time(tmp_path, runtime):
    main = (
        DEVICE
        + """
import time
began = time.ticks_us()
device.ioctl(6, 0)
erased = time.ticks_us()
device.writeblocks(0, bytes(257), 0)
report([erased - began, time.ticks_us() - erased])
machine.deepsleep()
"""
    )
    with board(tmp_path, runtime, main) as world:
        run(world, 2)
        assert reported(world) == [pytest.approx(45_000, abs=10), pytest.approx(1600, abs=10)]


@BOTH
def test_a_partition_may_be_missing_small_or_failing(tmp_path, runtime):
    main = (
        DEVICE
        + REFUSED
        + """
if device is None:
    report("none")
else:
    report([refused(lambda: device.readblocks(2, bytearray(1), 0)), refused(lambda: device.writeblocks(0, b"x", 0)),
            refused(lambda: device.ioctl(6, 1)), refused(lambda: esp32.Partition("nothing"))])
machine.deepsleep()
"""
    )
    for size, wanted in ((None, "none"), (8192, [-0x104, -0x6001, None, 2])):
        with board(tmp_path, runtime, main, flash_size=size) as world:
            if world.flash:
                world.flash.fail("program")
            run(world, 2)
            assert reported(world) == wanted


@BOTH
def test_nvs_keeps_numbers_and_blobs_and_refuses_what_is_missing(tmp_path, runtime):
    main = (
        REFUSED
        + """
import esp32
nvs = esp32.NVS("test")
buffer = bytearray(4)
seen = [refused(lambda: nvs.get_blob("blob", buffer)), refused(lambda: nvs.get_i32("number"))]
if seen[0]:
    nvs.set_blob("blob", b"abc")
    nvs.set_i32("number", -5)
    nvs.commit()
seen += [nvs.get_blob("blob", buffer), list(buffer), nvs.get_i32("number")]
seen.append(refused(lambda: nvs.get_blob("blob", bytearray(2))))
seen.append(refused(lambda: nvs.set_i32("a name far too long", 1)))
report(seen)
if seen[0]:
    machine.reset()
nvs.erase_key("blob")
report(seen + [refused(lambda: nvs.erase_key("blob"))])
machine.deepsleep()
"""
    )
    with board(tmp_path, runtime, main) as world:
        run(world, 0.45)
        assert reported(world) == [-0x1102, -0x1102, 3, [97, 98, 99, 0], -5, -0x110C, -0x1109]
        run(world, 2)
        assert reported(world) == [None, None, 3, [97, 98, 99, 0], -5, -0x110C, -0x1109, -0x1102]


@BOTH
def test_power_cut_at_every_flash_operation(tmp_path, runtime):
    with board(tmp_path, runtime, COUNTER) as world:
        run(world, 1)
        counted = 0
        for cut, tear in enumerate(TEARS * 4, 1):
            world.flash.cut_at(1 + cut % 3, tear, seed=cut)
            run(world, 10)
            assert not world.chip.powered
            dead = world.flash.snapshot()
            run(world, 5)
            assert world.flash.snapshot() == dead
            world.rtc.memory = b"0"
            world.power_on()
            run(world, 0.5)
            assert world.chip.powered
            assert reported(world) > counted
            counted = reported(world)


@BOTH
def test_a_cut_between_operations_loses_nothing(tmp_path, runtime):
    with board(tmp_path, runtime, COUNTER) as world:
        for boots in range(1, 12):
            run(world, 0.5)
            assert reported(world) == boots
            world.cut_power()
            run(world, 1)
            world.power_on()


READER = (
    DEVICE
    + REFUSED
    + """
import time
buffer = bytearray(1000)
device.writeblocks(3, b"old", 5)
while True:
    began = time.ticks_us()
    error = refused(lambda: device.readblocks(3, memoryview(buffer)[:300], 5))
    report([error, list(buffer[:4]), time.ticks_us() - began])
    device.writeblocks(3, b"\\0", 5)
    time.sleep_ms(100)
"""
)


@BOTH
def test_a_read_tells_what_stands_there_is_counted_takes_time_and_may_fail(tmp_path, runtime):
    with board(tmp_path, runtime, READER) as world:
        run(world, 0.43)
        assert reported(world) == [None, [*b"old\xff"], 15 + 30 + 3]
        assert world.flash.bytes_read == 300
        run(world, 0.15)
        assert reported(world)[1] == [*b"\0ld\xff"]
        assert world.flash.bytes_read == 600
        world.flash.fail("read", times=1)
        run(world, 0.1)
        assert reported(world)[0] == -0x6001
        world.flash.load(bytes(world.flash.size))
        run(world, 0.1)
        assert reported(world)[1] == [0, 0, 0, 0]


@BOTH
def test_a_runtime_reads_the_flash_of_the_world_that_it_serves(tmp_path, runtime):
    main = DEVICE + "byte = bytearray(1)\ndevice.readblocks(0, byte)\nreport(byte[0])\nmachine.deepsleep(1000)"
    with board(tmp_path, runtime, main):
        pass
    machine = RUNTIMES[runtime](tmp_path)
    worlds = [World(machine, {}, START) for _ in range(3)]
    for number, world in enumerate(worlds):
        world.flash.program(0, bytes([number]))
        world.power_on()
        run(world, 5)
        assert reported(world) == number
        world.chip.kill()
    machine.close()
    assert [world.flash.snapshot()[:2] for world in worlds] == [b"\0\xff", b"\1\xff", b"\2\xff"]
