"""The statements of a program as parts of it: which of them are used at all, and which are loaded together.

A part is one statement at the top of a module, and it has no effect but to bind its names. What no part that is used
asks for is left out, of a class each method. An entry, and what an import within a function names, is a root: loading
it loads all that it uses, but for what is there already whenever that function runs. Parts with the same roots are
loaded together, as one chunk; those that a wake by a key loads are with it, whoever else wants some of them. A method
for which only what is loaded later asks comes with that, and is given to its class there.
"""

import ast

from tools.linker.program import LinkError

WAKE = ("firmware.board", "firmware.app", "firmware.assembly")
"""The roots that a wake by a key loads, in this order."""


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
    asked = [*entries, *[symbol for part in parts for symbol in (*part.uses, *_all_later(part))]]
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
        wanted = [symbol for part in live for symbol in (*part.uses, *_all_later(part))]
        waiting = [homes[symbol] for symbol in wanted if homes[symbol] not in live] or (list(live) if added else [])
    return [part for part in parts if part in live]


def chunks(parts, entries, called):
    """The `parts` in lists of those that are loaded together, each in the order of `parts`: {module's name: list}."""
    methods = _for_later(parts, entries, called)
    found, roots = _grouped([*parts, *methods], entries)
    keys = {part: key for key, of in found.items() for part in of}
    for method in methods:
        key = keys[method]
        if not key or not any(part.binds for part in found[key]):
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
    """Methods of the classes that a wake by a key loads for which nothing in such a wake asks, taken out of them."""
    homes = {symbol: part for part in parts for symbol in part.binds}
    roots = _roots(parts, entries)[0]
    first = [homes[symbol] for name in WAKE for symbol in roots.get(name, ())]
    methods = [method for part in _closure(first, homes, {}) for method in part.apart(called)]
    methods.sort(key=lambda method: (parts.index(method.owner), method.name))
    while True:
        wake = _closure(first, homes, {})
        asked = set().union(*[part.attributes for part in wake])
        more = [method for method in methods if method.name in asked and method.owner in wake]
        for method in more:
            method.together()
            methods.remove(method)
        if not more:
            break
    for method in methods:
        if method.owner not in wake:
            method.together()
    return [method for method in methods if method.owner in wake]


def _roots(parts, entries):
    """{root: its symbols}, and {root: the parts with functions that import it}, of an entry None."""
    roots = {}
    for symbol in entries:
        roots.setdefault(symbol.partition(":")[0], {})[symbol] = None
    importers = dict.fromkeys(roots)
    for part in parts:
        for module, symbols in part.later.items():
            roots.setdefault(module, {}).update(symbols)
            if importers.setdefault(module, []) is not None:
                importers[module].append(part)
    return roots, importers


def _grouped(parts, entries):
    """{roots: parts that are loaded with these}, and {root: symbols}."""
    homes = {symbol: part for part in parts for symbol in part.binds}
    roots, importers = _roots(parts, entries)
    named = {}
    for part in parts:
        if part.owner:
            named.setdefault(part.name, []).append(part)
    closures = {name: _closure([homes[symbol] for symbol in symbols], homes, named) for name, symbols in roots.items()}
    before = _before(parts, closures, importers)
    found = {}
    for part in parts:
        of = [name for name in closures if part in closures[name] and part not in before[name]]
        wake = [name for name in WAKE if name in of]
        found.setdefault(tuple(wake[:1] or of), []).append(part)
    return found, roots


def _all_later(part):
    return [symbol for symbols in part.later.values() for symbol in symbols]


def _closure(parts, homes, named):
    found = set()
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting += [homes[symbol] for symbol in part.uses]
            waiting += [method for name in part.attributes for method in named.get(name, ())]
    return found


def _before(parts, closures, importers):
    """{root: the parts that are there whenever it is loaded}; of an entry, none."""
    before = {name: set() if of is None else set(parts) for name, of in importers.items()}
    changed = True
    while changed:
        changed = False
        for name, of in importers.items():
            if of is None:
                continue
            ways = [before[root] | closures[root] for part in of for root in closures if part in closures[root]]
            now = set.intersection(*ways)
            changed = changed or now != before[name]
            before[name] = now
    return before


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
