"""The lock tried part by part, with a person at it: what was seen, and what to do about what was not.

The door is open while the bolt moves. A part that fails keeps nobody from going on: the lock refuses by itself what it
cannot do, and the same command tries everything again.
"""

from typing import NamedTuple

from firmware.drivers.bolt import BETWEEN, FAULT, LOCKED, UNLOCKED
from firmware.drivers.keypad import KEYS
from firmware.net import link
from firmware.store.audit import RADIO
from tools.log.words import detail_words
from tools.owner import advice
from tools.provision.lock import Failed

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

_LOOK_MS = 1000
_PATIENCE = 60
"""Looks without anything new until the person is asked."""
_CELLS_MV = 3600
"""Less is no four cells: the board is fed by the adapter."""
_ROWS = (KEYS[0:3], KEYS[3:6], KEYS[6:9], KEYS[9:12])
_COLUMNS = tuple(KEYS[place::3] for place in range(3))
_REACH_S = 60
_NO_ROOM = "see at the gateway whether it checks in by itself"
"""At the prompt there is less memory than in service."""


class Result(NamedTuple):
    """How a part did. state: PASSED, FAILED or SKIPPED. seen: what was found. todo: what to do about it, or ""."""

    part: str
    state: str
    seen: str
    todo: str = ""


def check(lock, record, screen):
    """Yield a Result for each part of the `lock` of `record`.

    screen: `waiting(text)`, a context in which a person is to do that, whose value takes newer texts; `ask(question)`,
    yes or no.
    """
    lock.load("trials")
    for name, trial in _TRIALS.items():
        if name == "radio" and not record.radio:
            continue
        try:
            yield trial(lock, record, screen)
        except Failed as error:
            yield Result(name, FAILED, f"the lock says {error.word}", "run this again; else `./dropbolt doctor`")


def _clock(lock, record, screen):
    with screen.waiting("wait: the clock, three seconds"):
        said = lock.ask("seconds()", 10)
    if len(said) == 1:
        return Result("clock", FAILED, f"the DS3231: {said[0]}", "look at GPIO 21 and 22, their 4.7 kOhm, its supply")
    passed, running = said
    if not running or not 2 <= passed <= 4:
        return Result("clock", FAILED, f"{passed} s in 3 s", "take another DS3231: its oscillator does not run true")
    return Result("clock", PASSED, "it runs")


def _flash(lock, record, screen):
    (kept,) = lock.ask("memory()", 30)
    if not kept:
        return Result("flash", FAILED, "NVS does not keep what is written", "take another board")
    return Result("flash", PASSED, "64 sectors and NVS")


def _battery(lock, record, screen):
    mv = lock.ask("inputs()")[3]
    seen = f"{mv / 1000:.2f} V"
    if mv < _CELLS_MV:
        todo = "take 3.3 V of the adapter off and put the cells in; else look at the divider at GPIO 36"
        return Result("batteries", FAILED, f"{seen}: no four cells", todo)
    if mv < record.settings["battery_low_mv"]:
        return Result("batteries", FAILED, seen, "put in new cells")
    return Result("batteries", PASSED, seen)


def _signals(lock, record, screen):
    while True:
        lock.ask("play('accepted')", 10)
        if screen.ask("Three tones, rising, with light: seen and heard?"):
            return Result("LED and buzzer", PASSED, "seen and heard")
        if not screen.ask("Once more?"):
            return Result("LED and buzzer", FAILED, "not seen or not heard", "look at GPIO 16 (LED) and 17 (buzzer)")


def _keypad(lock, record, screen):
    left, idle, down = KEYS, 0, False
    while left:
        with screen.waiting(_left(left)) as waiting:
            while left and idle < _PATIENCE:
                found, down = lock.ask(f"keys({_LOOK_MS})")
                idle = 0 if set(found) & set(left) else idle + 1
                left = "".join(key for key in left if key not in found)
                waiting.update(_left(left))
        if left and not screen.ask(f"Not seen: {' '.join(left)}. Go on pressing?"):
            return Result("keypad", FAILED, f"not seen: {' '.join(left)}", _wire(left, down))
        idle = 0
    return Result("keypad", PASSED, "twelve keys")


def _left(keys):
    return f"press every key once, still to come: {' '.join(keys)}"


def _wire(left, down):
    """Which wire to look at when these keys were not seen."""
    if down:
        return "a key is stuck, or a row touches a column: nothing counts until all are up"
    for name, lines in (("row", _ROWS), ("column", _COLUMNS)):
        gone = [number for number, line in enumerate(lines, 1) if set(line) <= set(left)]
        if gone and len(left) == sum(len(lines[number - 1]) for number in gone):
            return f"look at the wire of {name} {', '.join(map(str, gone))}"
    return "press harder; else another keypad"


def _door(lock, record, screen):
    for state, closed in (("closed", True), ("open", False)):
        while not _comes(lock, screen, state, closed):
            if not screen.ask(f"The reed contact does not say {state}. Go on trying?"):
                todo = "look at GPIO 14, and at how near the magnet comes"
                return Result("door", FAILED, f"never {state}", todo)
    return Result("door", PASSED, "closed and open")


def _comes(lock, screen, state, closed):
    doing = {"closed": "push the door to (the bolt stays as it is)", "open": "open the door, and leave it open"}
    with screen.waiting(doing[state]):
        for _ in range(_PATIENCE):
            if lock.ask("inputs()")[2] == closed:
                return True
            lock.ask(f"keys({_LOOK_MS})")
    return False


def _bolt(lock, record, screen):
    _, _, closed, mv = lock.ask("inputs()")
    min_mv = record.settings["battery_min_mv"]
    if mv < min_mv:
        return Result("bolt", SKIPPED, "too little for the motor", "put the cells in, and run this again")
    if closed:
        return Result("bolt", SKIPPED, "the door is not open", "mend the reed contact, and run this again")
    if not screen.ask("The bolt moves now, in, out and in: is the door open, and no finger near?"):
        return Result("bolt", SKIPPED, "not tried", "run this again")
    times, least = [], mv
    for target, other, way in ((UNLOCKED, LOCKED, "in"), (LOCKED, UNLOCKED, "out"), (UNLOCKED, LOCKED, "in")):
        arrived, ms, position, lowest = lock.ask(f"drive({target}, {min_mv})", 10)
        least = min(least, lowest)
        if not arrived:
            return Result("bolt", FAILED, f"it does not go {way}", _why_not(position, other, least, min_mv))
        times.append(ms)
    return Result("bolt", PASSED, f"{max(times)} ms at most, the cells down to {least / 1000:.2f} V")


def _why_not(position, other, least, min_mv):
    if least < min_mv:
        return "the cells give way under the motor: put in new ones"
    if position == FAULT:
        return "both end switches are closed: look for a bridge at GPIO 34 and 35"
    if position == other:
        return "it went the other way: swap the motor's two leads, or the two end switches"
    if position == BETWEEN:
        return "it stopped on the way, or an end switch does not close: look at GPIO 34 and 35, 18, 19 and 23"
    return "look at the bolt"


def _radio(lock, record, screen):
    lock.load("wireless")
    with screen.waiting("wait: the lock goes to its broker"):
        (reason,) = lock.ask("reach()", _REACH_S)
    if not reason:
        return Result("radio", PASSED, "the broker takes it; it checks in after the restart")
    todo = _NO_ROOM if reason == link.MEMORY else advice.RADIO.get(reason, "run this again; else see `./dropbolt log`")
    return Result("radio", FAILED, detail_words(RADIO, reason), todo)


_TRIALS = {
    "clock": _clock,
    "flash": _flash,
    "batteries": _battery,
    "LED and buzzer": _signals,
    "keypad": _keypad,
    "door": _door,
    "bolt": _bolt,
    "radio": _radio,
}
