"""Which columns of the key matrix read high: the electrical rule that the chip's stubs and the world share.

Four rows (bit 0: keys 1 2 3, bit 1: 4 5 6, bit 2: 7 8 9, bit 3: * 0 #) cross three columns with pull-downs. A closed
contact joins its row and its column, without a diode: current finds any way over closed contacts, so three keys at the
corners of a rectangle join the fourth corner as well, the ghost. Plain Python without imports, for both runtimes.
"""

KEYS = "123456789*0#"
"""The key at each bit of a contacts mask: bit 3 * row + column."""


def columns(rows_high, rows_driven, contacts):
    """Mask of the columns that read high, bit 0 the left one.

    `rows_driven`: rows that are outputs; `rows_high`: those of them that are high; the others float. `contacts`: closed
    contacts, a bit for each of KEYS. A column joined to both a high and a low row reads low: two equal outputs against
    each other give half the supply, which is no high level.
    """
    if not contacts:
        return 0
    return _joined(rows_high & rows_driven, contacts) & ~_joined(rows_driven & ~rows_high, contacts)


def _joined(rows, contacts):
    """Mask of the columns to which any of `rows` is joined, directly or over other rows."""
    reached = 0
    for row in range(4):
        if rows >> row & 1:
            reached |= contacts >> 3 * row & 7
    before = -1
    while reached != before:
        before = reached
        for row in range(4):
            crossing = contacts >> 3 * row & 7
            if crossing & reached:
                reached |= crossing
    return reached
