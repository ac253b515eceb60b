"""Stand-ins for the pins and buses that drivers are given."""


class Pin:
    """A level that is set, or read; `driven` says whether it is an output."""

    IN, OUT = 1, 3

    def __init__(self, level=0):
        self.level = level
        self.driven = True

    def init(self, mode, value=None):
        self.driven = mode == self.OUT
        if value is not None:
            self.level = value

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = int(level)
        return None


class Matrix:
    """Row pins and column pins with contacts between them; `contacts` is a set of keys that are down."""

    LAYOUT = ("123", "456", "789", "*0#")

    def __init__(self):
        self.rows = [Pin() for _ in self.LAYOUT]
        self.contacts = set()
        self.looks = 0

    def look(self):
        """Columns that are high: a mask, bit 0 the left one."""
        self.looks += 1
        return sum([self._level(column) << column for column in range(3)])

    def _level(self, column):
        """A column is high if a chain of closed contacts joins it to a high row, and none to a low one."""
        high = self._joined(column, {r for r in range(4) if self.rows[r].driven and self.rows[r].level})
        low = self._joined(column, {r for r in range(4) if self.rows[r].driven and not self.rows[r].level})
        return int(high and not low)

    def _joined(self, column, lit):
        seen = set()
        while lit != seen:
            seen = set(lit)
            joined = {c for r in lit for c in range(3) if self.LAYOUT[r][c] in self.contacts}
            lit |= {r for r in range(4) for c in joined if self.LAYOUT[r][c] in self.contacts}
        return any(self.LAYOUT[r][column] in self.contacts for r in lit)
