"""Short names for what only the program has: as few as can be, and in each file those that its table has anyway.

A file's table has each name once, whatever it stands for there. Two globals may have one name where no file has both,
and two attributes where no object has both: an object has what its class binds, in its body or by `self.x = ...`; what
is set from outside might be any object's. A name that MicroPython has in its ROM takes no heap, and the first of those
but two bytes of a table.
"""

import ast
import keyword
import string
from collections import Counter, defaultdict

from tools.linker.callers import kin_of
from tools.linker.names import READY
from tools.linker.symbols import OWN, short_names, stored

_READY = frozenset(READY)
_SHORT = frozenset(READY[: READY.index("e")])
"""Those that take two bytes of a table, however long they are."""
_HEAP = 12
"""Bytes that a name takes that is not in the ROM."""


def owners(parts):
    """{attribute of the program's own: classes whose objects may have it}, by one name for all that are related; what
    is also set from outside may be any object's, and is not there."""
    kin = kin_of({"": parts})
    found, loose = defaultdict(set), set()
    for part in parts:
        methods = part.functions() if isinstance(part.node, ast.ClassDef) else []
        own = [node for method in methods for node in _set_by(method)]
        names = [node.attr for node in own] + [method.name for method in methods]
        names += [name for member in getattr(part.node, "body", ()) if member not in methods for name in stored(member)]
        for name in names if isinstance(part.node, ast.ClassDef) else ():
            found[name].add(kin.get(part.binds[0], part.binds[0]))
        loose.update(node.attr for node in ast.walk(part.node) if _is_set(node) and node not in own)
    return {name: of for name, of in found.items() if name not in loose}


def _set_by(method):
    """The attributes of its object that a method sets."""
    me = method.args.args[0].arg if method.args.args and method.args.args[0].arg not in stored(method) else None
    return [node for node in ast.walk(method) if _is_set(node) and getattr(node.value, "id", None) == me is not None]


def _is_set(node):
    return isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)


class Naming:
    """made: {file: Parts}; entries: symbols used from outside; kept: names that no global gets; taken: that no
    attribute of the program's own gets; owners: as the function says, from before anything was put elsewhere."""

    def __init__(self, made, entries, kept, taken, owners):
        self._entries = dict.fromkeys(entries)
        self._kept = kept | {symbol.partition(":")[2] for symbol in entries}
        self._taken = taken | set(keyword.kwlist)
        self._tables = defaultdict(set)  # file: names that it has anyway
        self._files = defaultdict(set)  # symbol or attribute: files that have it
        self._uses = Counter()
        self._globals = defaultdict(set)  # name: files that have it already
        self._attributes = defaultdict(set)  # name: classes that have it already
        self._inside = {symbol for of in made.values() for part in of for symbol in part.inside}
        every = set().union(*owners.values(), [OWN])
        for head, parts in made.items():
            for name in [name for part in parts for name in (*_names(part.node), *part.uses)]:
                if ":" in name or name.startswith(OWN):
                    self._files[name].add(head)
                    self._uses[name] += 1
                else:
                    self._tables[head].add(name)
        self._owners = {name: owners.get(name) or every for name in self._files}

    def given(self):
        """{symbol or attribute: its name}; those choose first that most files have."""
        names = {symbol: symbol.partition(":")[2] for symbol in self._entries}
        for symbol, name in names.items():
            self._take(symbol, name)
        for one in sorted(self._files, key=lambda one: (-len(self._files[one]), -self._uses[one], one)):
            if one not in names:
                names[one] = min(self._free(one), key=lambda name: self._price(name, one))
                self._take(one, names[one])
        return names

    def _free(self, one):
        """Names that it may have, among them a new one."""
        if one in self._inside:
            fresh = short_names(string.ascii_uppercase, self._kept)
            return [next(name for name in fresh if name[1:].isupper() and not self._globals[name] & self._files[one])]
        is_global = ":" in one
        had, of = (self._globals, self._files[one]) if is_global else (self._attributes, self._owners[one])
        but = self._kept if is_global else self._taken
        known = dict.fromkeys([*READY, *sorted({*self._globals, *self._attributes})])
        known = [name for name in known if name not in but and name[0].islower() and not had.get(name, set()) & of]
        return [*known, next(short_names(string.ascii_lowercase, but | {*READY, *self._globals, *self._attributes}))]

    def _price(self, name, one):
        """Bytes that it takes in the tables of all files that have it, and of the heap."""
        files = [head for head in self._files[one] if name not in self._tables[head]]
        new = name not in _READY and name not in self._globals and name not in self._attributes
        return len(files) * (2 if name in _SHORT else len(name) + 2) + _HEAP * new

    def _take(self, one, name):
        had, of = (self._globals, self._files) if ":" in one else (self._attributes, self._owners)
        had[name] |= of[one]
        for head in self._files[one]:
            self._tables[head].add(name)


def _names(node):
    """All names that the code of a part has."""
    for inner in ast.walk(node):
        for field in ("id", "attr", "name", "arg"):
            name = getattr(inner, field, None)
            if isinstance(name, str):
                yield name
        if isinstance(inner, ast.Import | ast.ImportFrom):
            yield inner.module if isinstance(inner, ast.ImportFrom) and inner.module else "firmware"
