"""The figures as tables for people, as lines of Markdown for the document, and as JSON for programs."""

import json
from itertools import groupby

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tools.bench.design import ROWS, of_design
from tools.bench.figures import AT_LEAST, AT_MOST

_COLUMNS = (("figure", 29), ("ours", 8), ("other", 8), ("ratio", 6), ("goal", 14), ("met", 3))
_NUMBERS = ("ours", "other", "ratio")
_DESIGN = ("figure", "ours", "other", "ratio", "goal", "met", "other is")
_BEGIN, _END = "<!-- begin: make bench -->\n", "<!-- end: make bench -->\n"


def lines(figures):
    """Yield what to print: the figures of the design in one table, then the others under headings."""
    yield _design(of_design(figures))
    others = [figure for figure in figures if not figure.row]
    yield Padding(_rows([[Text(name, "bold bright_black") for name, _ in _COLUMNS]]), (1, 2, 0, 2), expand=False)
    for (group, against), members in groupby(others, key=lambda figure: (figure.group, figure.against)):
        yield Text(f"\n{group}; other: {against}" if against else f"\n{group}", "bold")
        yield Padding(_rows([_cells(figure) for figure in members]), (0, 2), expand=False)


def _design(figures):
    """The table of the design's numbers."""
    shown = Table(box=None, pad_edge=False, header_style="bold bright_black")
    for name in _DESIGN:
        shown.add_column(name, justify="right" if name in _NUMBERS else "left")
    for figure in figures:
        _, *cells, met = _cells(figure)
        shown.add_row(Text(f"{ROWS[figure.row]}, {figure.unit}"), *cells, met, figure.against or "")
    return shown


def _rows(rows):
    """Rows under the columns of the whole."""
    shown = Table.grid(padding=(0, 1))
    for name, width in _COLUMNS:
        shown.add_column(width=width, justify="right" if name in _NUMBERS else "left")
    for row in rows:
        shown.add_row(*row)
    return shown


def write(figures, path):
    """Write the figures to the file `path`, whose folder is made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"figures": [figure.as_dict() for figure in figures]}, indent=1) + "\n")


def in_page(figures, page):
    """The document's text `page` with its table written anew. Raises ValueError where it has no place for one."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError("the document has no lines between which the table stands")
    rows = [_DESIGN, ["---:" if name in _NUMBERS else "---" for name in _DESIGN]]
    for figure in of_design(figures):
        _, *cells, met = map(str, _cells(figure))
        rows.append((f"{ROWS[figure.row]}, {figure.unit}", *cells, met, figure.against or ""))
    return before + begin + "".join(f"| {' | '.join(row)} |\n" for row in rows) + end + after


def _cells(figure):
    ratio = "" if figure.ratio is None else f"{figure.ratio:.1f}"
    other = "" if figure.other is None else _number(figure.other)
    return f"{figure.name}, {figure.unit}", _number(figure.ours), other, ratio, _goal(figure.goal), _met(figure.met)


def _number(value):
    if isinstance(value, float) and value < 1000:
        return f"{value:.3f}" if value < 10 else f"{value:.1f}"
    return f"{value:,.0f}"


def _goal(goal):
    if goal is None:
        return ""
    how, value = goal
    return f"{how} {value:,}" if how in (AT_MOST, AT_LEAST) else f"{value} times less"


def _met(met):
    return Text("") if met is None else Text("yes", "green") if met else Text("no", "bold red")


def modules(watched):
    """Yield what to print of what the two wakes of a wake.Watched load, each file once, and of the modules in them."""
    both = {module.name for module in watched.keypad.imports}
    later = {module.name: module for module in reversed(watched.check_in.imports) if module.name not in both}.values()
    yield _imports("A wake by a key, file by file", watched.keypad.imports)
    yield Text(f"Until it is ready, it reads {watched.ready_read:,} bytes of journal and log besides.\n")
    yield _imports("More for a check-in", later)
    yield _imports("That code as modules by themselves", watched.keypad.by_module())


def _imports(heading, imports):
    """A table of wake.Imports, the longest first."""
    shown = Table(title=heading, title_justify="left", title_style="bold", box=None)
    for name in ("module", ".mpy, bytes", "heap, bytes", "time, µs"):
        shown.add_column(name, justify="left" if name == "module" else "right")
    for module in sorted(imports, key=lambda module: -module.file):
        shown.add_row(module.name, f"{module.file:,}", f"{module.heap:,}", f"{module.us:,}")
    shown.add_row("in all", *(f"{sum(getattr(m, name) for m in imports):,}" for name in ("file", "heap", "us")))
    return shown
