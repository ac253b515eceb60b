"""The statements of a program as parts of it: which of them are used at all, and which are loaded together.

A part is one statement at the top of a module, and it has no effect but to bind its names. What no part that is used
asks for is left out, of a class each method. An entry, and what an import within a function names, is a root: loading
it loads all that it uses, but for what is there already whenever that function runs. Parts with the same roots are
loaded together, as one chunk; those that each wake loads are with it, whoever else wants some of them, and so is what
the first key loads and something else, too. A method for which only what is loaded later asks comes with that, and is
given to its class there.
"""

import ast

from tools.linker.program import LinkError
from tools.linker.roots import KEY, WAKE, all_later, before_each, by_name, closure, roots_of


class Part:
    """`node`: the statement, with symbols for globals. binds: its symbols. uses: symbols that must be there when it is;
    later: {module: symbols} that its functions import when they are called. attributes: names of those it asks for.
    methods: {name: statement} of a class, taken out until `add`. inside: symbols that its body itself asks for.
    along: methods by themselves that must be there when it is."""

    owner = None
    """Of a method by itself: the Part of its class."""

    def __init__(self, node):
        self.node = node
        self.binds = _binds(node)
        self.along = []
        self.uses, self.later, self.attributes = {}, {}, set()
        self.inside = {child.id for child in _outside_functions(node) if ":" in child.id}
        inner = node.body if isinstance(node, ast.ClassDef) else []
        self.methods = {method.name: method for method in inner if isinstance(method, ast.FunctionDef)}
        if self.methods:
            node.body = [member for member in inner if member not in self.methods.values()]
        self._look(node, frozenset())

    def functions(self):
        """The functions right within it, or itself."""
        inner = self.node.body if isinstance(self.node, ast.ClassDef) else [self.node]
        return [node for node in inner if isinstance(node, ast.FunctionDef)]

    def add(self, name):
        """Put a method back."""
        self._take(self.methods.pop(name))

    def _take(self, method):
        self.node.body.append(method)
        self._look(method, frozenset())

    def apart(self, fixed):
        """The Parts of the methods that could be given to the class later: plain ones whose names are not `fixed`."""
        inner = self.node.body if isinstance(self.node, ast.ClassDef) else []
        methods = [member for member in inner if _is_plain(member, fixed)]
        if not methods:
            return []
        self.node.body = [member for member in self.node.body if member not in methods]
        self.look_again()
        return [_Method(method, self) for method in methods]

    def look_again(self):
        """Find anew what it asks for, after a change of its statement."""
        self.uses, self.later, self.attributes = {self.owner.binds[0]: None} if self.owner else {}, {}, set()
        self._look(self.node, frozenset())

    def _look(self, node, imported):
        if isinstance(node, ast.FunctionDef):
            lazy = [part for part in ast.walk(node) if is_own_import(part)]
            for part in lazy:
                for alias in part.names:
                    self.later.setdefault(alias.name.partition(":")[0], {})[alias.name] = None
            imported = imported | {alias.name for part in lazy for alias in part.names}
        if isinstance(node, ast.Name) and ":" in node.id and node.id not in imported:
            self.uses[node.id] = None
        elif isinstance(node, ast.Attribute):
            self.attributes.add(node.attr)
        for child in ast.iter_child_nodes(node):
            self._look(child, imported)


class _Method(Part):
    """A method by itself; `together`: back into its class."""

    def __init__(self, node, owner):
        super().__init__(node)
        self.name = node.name
        self.binds = []
        self.owner = owner
        self.uses[owner.binds[0]] = None

    def together(self):
        """Put it back."""
        self.owner._take(self.node)

    def given(self):
        """The statements that give it to the class."""
        self.node.name = "_"
        target = ast.Attribute(ast.Name(self.owner.binds[0], ast.Load()), self.name, ast.Store())
        return [self.node, ast.Assign([target], ast.Name("_", ast.Load()), lineno=0)]


def _is_plain(member, fixed):
    if not isinstance(member, ast.FunctionDef) or member.decorator_list or member.name in fixed:
        return False
    own = any(isinstance(node, ast.Name) and node.id == "super" for node in ast.walk(member))
    return not own and not member.name.startswith("__")


def is_own_import(node):
    """Whether it is an import of symbols within a function."""
    return isinstance(node, ast.ImportFrom) and node.module is None


def used(parts, entries, called):
    """The `parts` that are used, in the same order, their classes without methods that nobody asks for.

    entries: symbols used from outside. called: names of methods that others' code calls.
    """
    homes = {symbol: part for part in parts for symbol in part.binds}
    asked = [*entries, *[symbol for part in parts for symbol in (*part.uses, *all_later(part))]]
    for symbol in asked:
        if symbol not in homes:
            raise LinkError(f"{symbol} is nowhere defined")
    live, names, waiting = {}, set(called), [homes[symbol] for symbol in entries]
    while waiting:
        live.update(dict.fromkeys(waiting))
        known, added = len(names), False
        for part in live:
            for name in [name for name in part.methods if name in names or name.startswith("__")]:
                part.add(name)
                added = True
            names |= part.attributes
        added = added or len(names) > known
        wanted = [symbol for part in live for symbol in (*part.uses, *all_later(part))]
        waiting = [homes[symbol] for symbol in wanted if homes[symbol] not in live] or (list(live) if added else [])
    return [part for part in parts if part in live]


def chunks(parts, entries, called):
    """The `parts` in lists of those that are loaded together, each in the order of `parts`: {module's name: list}."""
    methods = _for_later(parts, entries, called)
    found, roots = _grouped([*parts, *methods], entries)
    keys = {part: key for key, of in found.items() for part in of}
    for method in methods:
        key = keys[method]
        if not key or key[0] in WAKE or not any(part.binds for part in found[key]):
            method.together()
            found[key].remove(method)
    _come_along(found, roots, parts)
    return _named({key: of for key, of in found.items() if of}, roots)


def _come_along(found, roots, parts):
    """Have what several roots load for the methods that it gives to a class loaded by each of them: they ask for these
    by attributes, which import nothing."""
    homes = {symbol: part for part in parts for symbol in part.binds}
    for key, of in found.items():
        methods = [part for part in of if part.owner]
        for asker in {homes[symbol]: None for root in key for symbol in roots[root]} if methods else ():
            asker.along += methods


def _for_later(parts, entries, called):
    """Methods of the classes that a wake by a key loads for which nothing asks that comes with the class, taken out of
    it."""
    homes = {symbol: part for part in parts for symbol in part.binds}
    roots = roots_of(parts, entries)[0]
    first = [homes[symbol] for name in WAKE for symbol in roots.get(name, ())]
    typed = first + [homes[symbol] for name in KEY for symbol in roots.get(name, ())]
    methods = [method for part in closure(typed, homes, {}) for method in part.apart(called)]
    methods.sort(key=lambda method: (parts.index(method.owner), method.name))
    wake = _settled(methods, lambda: closure(first, homes, {}), ())
    by_key = _settled(methods, lambda: closure(typed, homes, by_name(methods)), wake)
    for method in [method for method in methods if method.owner not in by_key]:
        method.together()
        methods.remove(method)
    return methods


def _settled(methods, find, but):
    """What `find` finds once each of the `methods` for which something in it asks, and whose class is in it, is in its
    class again, where that is not one of `but`."""
    more = [None]
    while more:
        found = find()
        asked = set().union(*[part.attributes for part in found])
        more = [one for one in methods if one.name in asked and one.owner in found and one.owner not in but]
        for method in more:
            method.together()
            methods.remove(method)
    return found


def _grouped(parts, entries):
    """{roots: parts that are loaded with these}, and {root: symbols}."""
    homes = {symbol: part for part in parts for symbol in part.binds}
    roots, importers = roots_of(parts, entries)
    starts = {name: [homes[symbol] for symbol in symbols] for name, symbols in roots.items()}
    methods = [part for part in parts if part.owner]
    closures = {name: closure(of, homes, by_name(methods)) for name, of in starts.items()}
    before = before_each(parts, closures, importers)
    wake = set().union(*[closures.get(name, ()) for name in WAKE])
    early = by_name([method for method in methods if method.owner in wake])
    direct = {name: closure(of, homes, early) for name, of in starts.items() if name not in KEY}
    found = {}
    for part in parts:
        of = [name for name in closures if part in closures[name] and part not in before[name]]
        first = [name for name in (*WAKE, *KEY) if name in of]
        if first and first[0] in KEY and any(part in direct[name] for name in of if name in direct):
            first = WAKE[-1:]
        found.setdefault(tuple(first[:1] or of), []).append(part)
    return found, roots


def _named(found, roots):
    """A name for each chunk: its root's; where it has several, or the name is taken, that of its last part's module."""
    named = {}
    for of, parts in sorted(found.items(), key=lambda pair: len(pair[0])):
        module = of[0] if len(of) == 1 else [part for part in parts if part.binds][-1].binds[0].partition(":")[0]
        name = "firmware." + module.removeprefix("firmware.").replace(".", "_")
        while name in named or name in roots and of != (name,):
            name += "_"
        named[name] = parts
    return named


def _binds(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]


def _outside_functions(node):
    """The names in the body of a class, but for those within its methods."""
    if not isinstance(node, ast.ClassDef):
        return
    for member in node.body:
        if isinstance(member, ast.FunctionDef):
            defaults = [value for value in (*member.args.defaults, *member.args.kw_defaults) if value]
            parts = [*member.decorator_list, *defaults]
        else:
            parts = [member]
        for part in parts:
            yield from [child for child in ast.walk(part) if isinstance(child, ast.Name)]
