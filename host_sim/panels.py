"""The live screen in parts: what each panel shows, as text for the terminal, from what is seen of the lock."""

from rich.text import Text

from host_sim.session.fields import utc_text
from host_sim.session.palette import ANSWERS, UNKNOWN

SECTORS_IN_A_ROW = 16
AUDIT_FROM = 16  # first sector of the audit log; the state journal lies before it
FULL_MV, EMPTY_MV = 6000, 3000
_BAR = 10
_NAME = 9  # width of the names at the left of values


def keypad(held, led, hz):
    """Twelve keys as boxes, those in `held` lit; below them the LED and the buzzer's frequency in Hz, 0: silent."""
    text = Text()
    for row in ("123", "456", "789", "*0#"):
        for edge in ("╭───╮", "│ {} │", "╰───╯"):
            for key in row:
                text.append(edge.format(key), "bold black on yellow" if key in held else "")
            text.append("\n")
    text.append("● LED" if led else "○ LED", "bold bright_green" if led else "bright_black")
    text.append(f" ♪ {hz} Hz" if hz else " ♪ silent", "bold bright_cyan" if hz else "bright_black")
    return text


def state(rows):
    """Names and values, one pair to a line."""
    return Text("\n").join(Text.assemble((name.ljust(_NAME), "bright_black"), value) for name, value in rows)


def answer(name):
    """What light and buzzer said last, None: nothing yet."""
    style, meaning = ANSWERS.get(name, UNKNOWN)
    return Text.assemble(((name or "—").upper(), f"bold {style}"), f"\n{' ' * _NAME}{meaning}")


def bolt(position, place, jammed):
    """The bolt from 0.0 (unlocked) to 1.0 (locked), and in words where it is."""
    style = {"locked": "red", "unlocked": "green"}.get(place, "yellow")
    out = round(position * (_BAR - 2)) + 2
    text = Text.assemble(("█" * out, style), ("·" * (_BAR - out), "bright_black"), "▏", (place, f"bold {style}"))
    return text.append("\n" + " " * _NAME + "something blocks it", "yellow") if jammed else text


def battery(mv, low_mv, least_mv):
    """The voltage; below `low_mv` the batteries are low, below `least_mv` the motor is not driven."""
    style = "red" if mv < least_mv else "yellow" if mv < low_mv else "green"
    cells = min(_BAR, max(0, round((mv - EMPTY_MV) / (FULL_MV - EMPTY_MV) * _BAR)))
    return Text.assemble(("█" * cells, style), ("·" * (_BAR - cells), "bright_black"), (f" {mv / 1000:.2f} V", style))


def chip(powered, awake, console, key):
    """Whether the chip runs, its console is open, the maintenance key is down."""
    if not powered:
        text = Text("no power", "bold red")
    elif console:
        text = Text("console open", "bold yellow")
    else:
        text = Text("awake", "bold green") if awake else Text("asleep: * wakes it", "blue")
    return text.append(", key held", "yellow") if key else text


def flash(erases, used, newest, recent):
    """Each sector as its number of erases, `used` ones bright, the `newest` of each ring lit; then what was written."""
    text = Text()
    for sector, count in enumerate(erases):
        if sector % SECTORS_IN_A_ROW == 0:
            text.append({0: "state ", AUDIT_FROM: "audit "}.get(sector, " " * 6), "bright_black")
        style = "cyan" if sector < AUDIT_FROM else "magenta"
        style = f"bold black on {style}" if sector in newest else style if sector in used else "bright_black"
        text.append(str(count) if count < 10 else "+", style)
        if sector % SECTORS_IN_A_ROW == SECTORS_IN_A_ROW - 1:
            text.append("\n")
    for place, line in enumerate(recent):
        text.append(f"\n{line}", "bright_black" if place else "")
    return text


def codes(named):
    """Codes to try, (label, digits) each."""
    return Text("\n").join(Text.assemble((label.ljust(_NAME), "bright_black"), digits + "#") for label, digits in named)


def log(events):
    """Events of the audit log, as `Lock.log` has them, the newest first."""
    return Text("\n").join(_event(event) for event in reversed(events))


def _event(event):
    what = event["decision"] or event["kind"]
    style, _ = ANSWERS.get(what, UNKNOWN)
    text = Text.assemble((utc_text(event["t"])[5:], "bright_black"), "  ", (what, style))
    if event["grant"]:
        text.append(f"  {event['grant']}")
    if event["decision"] and event["count"] > 1:
        text.append(f"  {event['count']} times")
    return text
