"""The picture of docs/install.md: the reference board, each part at its pins.

The numbers come from firmware/board.py, which a computer cannot import: picture and firmware cannot differ.
"""

import ast
from html import escape
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parents[1]
FILE = _ROOT / "docs" / "wiring.svg"
_BOARD = _ROOT / "firmware" / "board.py"
_LAST_GPIO = 39


class Wire(NamedTuple):
    """From a pad of the chip (`pad`: its number, or the name of a supply) to `end` at the part.

    `beside`: what else hangs on the wire, and where its other end goes.
    """

    pad: int | str
    end: str
    beside: str = ""


class Part(NamedTuple):
    """A box beside the chip. `notes`: lines in it."""

    name: str
    notes: tuple
    wires: tuple


def pads():
    """The constants of firmware/board.py that are pads: name, without the underscore -> tuple of GPIO numbers."""
    found = {}
    for node in ast.parse(_BOARD.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            found |= _numbers(node.targets[0], node.value)
    return {name: numbers for name, numbers in found.items() if max(numbers) <= _LAST_GPIO}


def _numbers(target, value):
    if isinstance(target, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=True)
        return {name: number for each, one in pairs for name, number in _numbers(each, one).items()}
    values = value.elts if isinstance(value, ast.Tuple) else value.args
    return {target.id.removeprefix("_"): tuple(number.value for number in values)}


def parts():
    """(parts left of the chip, parts right of it), from the top."""
    pad = pads()
    return _keypad_and_signals(pad), _door_and_supply(pad)


def _keypad_and_signals(pad):
    keys = ("row 1 2 3", "row 4 5 6", "row 7 8 9", "row * 0 #", "column 1 4 7 *", "column 2 5 8 0", "column 3 6 9 #")
    matrix = map(Wire, pad["ROWS"] + pad["COLUMNS"], keys)
    bus = [Wire(*pad[name], name, "4.7 kΩ to 3.3 V") for name in ("SCL", "SDA")]
    return (
        Part("Keypad, 3 by 4", ("matrix, no diodes",), tuple(matrix)),
        Part("Clock DS3231", ("VBAT: a diode each from", "3.3 V and coin cell; VCC open"), tuple(bus)),
        Part("LED", ("to GND",), (Wire(*pad["LED"], "anode", "1 kΩ in the wire"),)),
        Part("Buzzer", ("passive piezo, to GND",), (Wire(*pad["BUZZER"], "+"),)),
        Part("Maintenance key", ("to GND, inside the door",), (Wire(*pad["MAINTENANCE"], "key", "100 kΩ to 3.3 V"),)),
    )


def _door_and_supply(pad):
    inputs = zip(pad["MOTOR"], ("AIN1", "AIN2", "nSLEEP"), strict=True)
    motor = [Wire(number, name, "100 kΩ to GND") for number, name in inputs]
    ends = [Wire(*pad[name], end, "1 MΩ to 3.3 V") for name, end in (("LOCKED", "bolt out"), ("UNLOCKED", "bolt in"))]
    supply = (Wire("3V3", "out"), Wire("GND", "GND, of all"))
    notes = ("VM: cells, 10 µF to GND", "AOUT1, AOUT2: motor", "AISEN, BISEN: GND")
    return (
        Part("Motor bridge DRV8833", notes, tuple(motor)),
        Part("End switches", ("to GND when reached",), tuple(ends)),
        Part("Reed contact", ("to GND while the door is closed",), (Wire(*pad["REED"], "door"),)),
        Part("Divider", ("2 MΩ from the cells,", "1 MΩ to GND"), (Wire(*pad["BATTERY"], "middle", "100 nF to GND"),)),
        Part("Regulator HT7833", ("in: four AA cells, 4 to 6.4 V", "10 µF at both sides"), supply),
    )


_STEP = 34
_TOP = 70
_CHIP_X, _CHIP_WIDTH = 490, 200
_BOX_WIDTH = 250
_WIDTH = 2 * _CHIP_X + _CHIP_WIDTH
_FONT = "font-family='DejaVu Sans, Verdana, Arial, sans-serif'"


def draw():
    """The picture as the text of an SVG file."""
    left, right = parts()
    body, depths = [], []
    for side, mirrored in ((left, False), (right, True)):
        y = _TOP
        for part in side:
            body += _part(part, y, mirrored)
            y += _height(part) + 14
        depths.append(y)
    bottom = max(depths)
    size = f"width='{_WIDTH}' height='{bottom + 20}'"
    parts_of_it = [
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} viewBox='0 0 {_WIDTH} {bottom + 20}'>",
        "<title>Wiring of the lock</title>",
        f"<rect {size} fill='#ffffff'/>",
        _text(20, 36, "Wiring of the lock", 20, bold=True),
        _rect(_CHIP_X, _TOP - 10, _CHIP_WIDTH, bottom - _TOP + 6, "#eef2f7"),
        _text(_CHIP_X + _CHIP_WIDTH / 2, 48, "ESP32-WROOM-32E", 16, "middle", True),
    ]
    return "\n".join(parts_of_it + body) + "\n</svg>\n"


def _height(part):
    return max(len(part.wires) * _STEP, 24 + 18 * len(part.notes)) + 10


def _part(part, y, mirrored):
    """The box, and its wires to the chip's side of it; all is drawn for the left and put right by `mirrored`."""
    box = 20 if not mirrored else _WIDTH - 20 - _BOX_WIDTH
    yield _rect(box, y, _BOX_WIDTH, _height(part), "#fdf6e3")
    anchor, text_x = ("start", box + 10) if not mirrored else ("end", box + _BOX_WIDTH - 10)
    yield _text(text_x, y + 20, part.name, 14, anchor, True)
    for number, note in enumerate(part.notes):
        yield _text(text_x, y + 40 + 17 * number, note, 11, anchor)
    inner, chip = (box + _BOX_WIDTH, _CHIP_X) if not mirrored else (box, _CHIP_X + _CHIP_WIDTH)
    toward = 1 if not mirrored else -1
    for number, wire in enumerate(part.wires):
        at = y + 22 + number * _STEP
        yield f"<path d='M{inner} {at}H{chip}' stroke='#333333' stroke-width='1.6'/>"
        yield _text(inner - 8 * toward, at + 4, wire.end, 12, "end" if not mirrored else "start")
        pad = f"GPIO {wire.pad}" if isinstance(wire.pad, int) else wire.pad
        yield _text(chip + 8 * toward, at + 5, pad, 13, "start" if not mirrored else "end", True)
        if wire.beside:
            middle = (inner + chip) // 2
            yield f"<circle cx='{middle}' cy='{at}' r='3.5' fill='#b03a2e'/>"
            yield _text(middle, at - 7, wire.beside, 11, "middle", colour="#b03a2e")


def _rect(x, y, width, height, fill):
    return f"<rect x='{x}' y='{y}' width='{width}' height='{height}' rx='6' fill='{fill}' stroke='#333333'/>"


def _text(x, y, text, size, anchor="start", bold=False, colour="#111111"):
    weight = " font-weight='bold'" if bold else ""
    style = f"{_FONT} font-size='{size}'{weight} text-anchor='{anchor}' fill='{colour}'"
    return f"<text x='{x:g}' y='{y}' {style}>{escape(text)}</text>"
