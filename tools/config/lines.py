"""Where in a TOML file a table or a key stands: tomllib tells no lines of what it has read."""

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w-]+)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*(\"?)([^\s\"'=#\[\]]+)\1\s*=")


class Lines:
    """Lines of one file by (table, place among the tables of that name, key); "" is the table that no header begins.

    For layouts as people write them: a key at the beginning of its line. A key that it cannot find is where its table
    begins, and what is in no table is on line 1.
    """

    def __init__(self, text):
        self._lines = {("", 0, ""): 1}
        table, place = "", 0
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.fullmatch(line):
                table = header[2]
                place = self._count(table) if header[1] == "[[" else 0
                self._lines.setdefault((table, place, ""), number)
            elif key := _KEY.match(line):
                self._lines.setdefault((table, place, key[2]), number)

    def of(self, table="", place=0, key=""):
        """The line of a key, or of the table that holds it."""
        for where in ((table, place, key), (table, place, ""), ("", 0, table)):
            if where in self._lines:
                return self._lines[where]
        return 1

    def _count(self, table):
        return sum(name == table and not key for name, _, key in self._lines)
