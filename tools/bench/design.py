"""The numbers that this lock must reach: what `make bench` measures is held against this list, and so is its document.

A figure that belongs to a row of it says so (`Figure.row`). A goal that is missed needs its reason and its plan in
docs/performance.md, under a heading that is the row's name.
"""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"

ROWS = {
    "openings": "Openings of a one-time code, under power cuts",
    "left": "HMACs left to compute after `#`, 64 candidates",
    "decision": "From `#` to the decision without flash, 64 candidates",
    "stretch": "The stretch of an entry, on the chip",
    "stretch differs": "Rounds by which the stretches of entries differ",
    "erases": "Sector erases of an accepted entry, 64 grants",
    "mount": "Flash read to mount full journals",
    "keypad mpy": "Compiled code loaded by a wake from the keypad",
    "check-in mpy": "Compiled code loaded by a check-in",
    "idle": "Heap of a keypad wake, idle",
    "entry": "Heap at the peak of an entry",
    "check-in": "Heap at the peak of a check-in",
    "turnarounds": "Turnarounds of a check-in, 10 events up and 2 commands down",
    "hourly": "Modelled life on four AA, ten openings a day, a check-in every hour",
    "calls": "Modelled life on four AA, ten openings a day, the radio on calls only",
    "cpython": "Full sessions of the simulator on CPython",
    "vm": "Full sessions of the simulator on the MicroPython VM",
    "year": "A simulated year, ten sessions a day and hourly check-ins",
}
"""In the order of the table."""


def of_design(figures):
    """The Figures that belong to a row, in the order of the rows. Raises KeyError for a row that does not exist."""
    places = {row: place for place, row in enumerate(ROWS)}
    return sorted((figure for figure in figures if figure.row), key=lambda figure: places[figure.row])


def unmeasured(figures):
    """Names of the rows to which no figure belongs."""
    there = {figure.row for figure in figures}
    return [name for row, name in ROWS.items() if row not in there]


def unexplained(figures, page):
    """Names of the rows whose goal is missed and that have no heading in `page`, the text of the document."""
    missed = {figure.row for figure in figures if figure.row and figure.met is False}
    return [name for row, name in ROWS.items() if row in missed and f"\n### {name}\n" not in page]
