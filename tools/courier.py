"""The picture of docs/courier.md: what each answer of the lock looks like, what it means, and what to do.

The light is drawn from the firmware's own patterns, so that picture and lock cannot differ.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

from firmware.drivers.signals import PATTERNS, unpacked

FILE = Path(__file__).parents[1] / "docs" / "courier.svg"


@dataclass(frozen=True)
class Row:
    """One answer: its pattern, what it says in two or three words, and what a person at the door does then."""

    name: str
    says: str
    do: str


ROWS = (
    Row("opened", "Open", "Go in. Pull the door shut when you leave: it locks by itself."),
    Row("accepted", "Right, go on", "The second code, or the owner's yes, must follow within a minute."),
    Row("busy", "Wait", "Type nothing for 15 seconds. No answer? Type it again."),
    Row("mistyped", "Slip of the finger", "Type it again. This costs nothing."),
    Row("wrong", "No such code", "Compare every digit. Is this the right door?"),
    Row("early", "Too early", "Come back when your time begins."),
    Row("late", "Too late", "Your time is over. Ask for a new code."),
    Row("used", "Already used", "This code has opened before. Ask for a new one."),
    Row("later", "Not now", "Come back at the hours you were told. If that is now: in a few hours."),
    Row("owner", "Ask the owner", "The lock will not open for this code. Call whoever gave it to you."),
    Row("battery", "Batteries too weak", "The bolt cannot move. Tell the owner."),
    Row("jammed", "Bolt stuck", "Push or pull the door and try again. If it says Already used: tell the owner."),
    Row("ajar", "Door is open", "Pull it shut."),
    Row("locked", "Locked", "The bolt is out. You can go."),
)
"""In the order of the picture. The clicks of the keys have no row."""

CALL = (
    "Only on a lock with a radio: 0# calls whoever can open from afar. "
    "Right, go on: called, wait a minute. Not now: called too often. No such code: no radio."
)

_WIDTH = 1180
_ROW = 46
_TOP = 78
_BAR_X = 20
_PX_PER_S = 150
_SAYS_X = 410
_DO_X = 610
_FONT = "font-family='DejaVu Sans, Verdana, Arial, sans-serif'"


def draw():
    """The picture as the text of an SVG file."""
    end = _TOP + _ROW * len(ROWS)
    height = end + _ROW
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH}' height='{height}' viewBox='0 0 {_WIDTH} {height}'>",
        "<title>What the lock says</title>",
        f"<rect width='{_WIDTH}' height='{height}' fill='#ffffff'/>",
        _text(_BAR_X, 30, "The light", 19, bold=True),
        _text(_SAYS_X, 30, "The lock says", 19, bold=True),
        _text(_DO_X, 30, "What to do", 19, bold=True),
        *_scale(),
    ]
    for place, row in enumerate(ROWS):
        parts += _row(row, _TOP + place * _ROW)
    parts.append(f"<path d='M{_BAR_X} {end}H{_WIDTH - _BAR_X}' stroke='#cccccc'/>")
    parts.append(_text(_BAR_X, end + 28, CALL, 14))
    return "\n".join(parts) + "\n</svg>\n"


def _scale():
    for second in range(3):
        x = _BAR_X + second * _PX_PER_S
        yield f"<path d='M{x} 58v8' stroke='#555555'/>"
        yield _text(x + 4, 62, f"{second} s", 12)


def _row(row, y):
    """A dark strip as long as the answer, with the light in it, and the words beside it."""
    steps = unpacked(PATTERNS[row.name])
    yield f"<path d='M{_BAR_X} {y}H{_WIDTH - _BAR_X}' stroke='#cccccc'/>"
    middle = y + _ROW // 2
    lights = _lights(steps)
    yield f"<rect x='{_BAR_X}' y='{middle - 13}' width='{_px(sum(lights[-1]))}' height='26' fill='#333333'/>"
    for begun, ms in lights:
        x = _BAR_X + _px(begun)
        yield f"<rect x='{x}' y='{middle - 13}' width='{_px(ms)}' height='26' fill='#ffc400' stroke='#333333'/>"
    yield _text(_SAYS_X, middle + 6, row.says, 17, bold=True)
    yield _text(_DO_X, middle + 6, row.do, 14)


def _lights(steps):
    """(begin, duration) in ms of each time that the light is on."""
    now, lights = 0, []
    for led, _, ms in steps:
        if led and lights and sum(lights[-1]) == now:
            lights[-1] = lights[-1][0], lights[-1][1] + ms
        elif led:
            lights.append((now, ms))
        now += ms
    return lights


def _px(ms):
    return ms * _PX_PER_S // 1000


def _text(x, y, text, size, bold=False):
    weight = " font-weight='bold'" if bold else ""
    return f"<text x='{x}' y='{y}' {_FONT} font-size='{size}'{weight} fill='#111111'>{escape(text)}</text>"
