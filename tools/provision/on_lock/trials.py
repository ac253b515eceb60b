"""At the lock's prompt, after install.py: each part of the lock tried by the firmware's own driver."""

from firmware.drivers.battery import Battery
from firmware.drivers.bolt import Bolt
from firmware.drivers.ds3231 import DS3231, ClockError
from firmware.drivers.keypad import Keypad
from firmware.drivers.signals import Signals

_POLL_MS = 5
_LONGEST_MS = 5000  # of a bolt's way: two tries and the pause between them take less

keypad = Keypad(board.rows, board.keyed)
battery = Battery(board.adc)


def keys(ms):
    """Keys that went down within so many ms, and whether one is down at the end."""
    found, end = "", board.now() + ms
    while board.now() < end:
        keypad.poll(board.now())
        found += keypad.read() or ""
        board.wait(_POLL_MS)
    say(found, keypad.active)


def inputs():
    """Whether the end switches say all out and all in, whether the door is closed; the cells in mV."""
    say(not board.locked.value(), not board.unlocked.value(), not board.reed.value(), battery.millivolts())


def play(name):
    """Light and sound of a pattern, to its end."""
    signals = Signals(board.led, board.buzzer)
    signals.play(name, board.now())
    while signals.playing:
        signals.tick(board.now())
        board.wait(_POLL_MS)
    say()


def drive(target, min_mv):
    """Turn the bolt to an end: whether it arrived, the ms it took, where it is, the least of the cells in mV."""
    bolt = Bolt(board.motor[0], board.motor[1], board.motor[2], board.locked, board.unlocked, min_mv)
    began, least = board.now(), battery.millivolts()
    if bolt.start(target, least, began):
        while bolt.moving and board.now() - began < _LONGEST_MS:
            bolt.tick(board.now())
            least = min(least, battery.millivolts())
            board.wait(_POLL_MS)
    bolt.off()
    say(bolt.position == target, board.now() - began, bolt.position, least)


def seconds():
    """By how many seconds the clock went on in three of the chip's, whether it was running; nothing if it is dumb."""
    clock = DS3231(board.i2c)
    try:
        before, running = clock.read()
        board.wait(3000)
        say(clock.read()[0] - before, running)
    except ClockError as error:
        say(str(error))


def memory():
    """Whether NVS keeps a number, and every sector of the partition can be read."""
    nvs.set_i32("trial", board.now())
    nvs.commit()
    kept = nvs.get_i32("trial")
    nvs.erase_key("trial")
    nvs.commit()
    sector = bytearray(4096)
    for number in range(SECTORS):
        partition.readblocks(number, sector, 0)
    say(kept <= board.now())
