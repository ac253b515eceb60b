"""The locals of a function share the places of its frame: one that is not needed any more leaves its place to another.

A local is needed from where it first stands to where it last does, and throughout each loop in which it stands; but
for a loop around the whole of a body that was put in the place of a call, since that begins anew at each turn. What a
comprehension or an inner function has of its function's locals keeps a place, as does what is imported.
"""

import ast

from tools.linker.bodies import Inlined
from tools.linker.symbols import INNER, LOCALS, short_names


def pack(function, kept):
    """Give the locals of `function`, and of what is within it, their names; none of those `kept` but what has it."""
    lives = _Lives(function)
    fixed = {name for name in lives.all if name in kept} | lives.imported
    parameters = lives.parameters
    taken = kept | fixed
    fresh = short_names(LOCALS, taken)
    names = {name: name for name in fixed}
    for name in parameters:
        if name not in names:
            names[name] = next(fresh)
    places = {names[name]: lives.end(name) for name in parameters if name not in lives.shared}
    for name in sorted(lives.spans, key=lambda name: lives.begin(name)):
        if name in names:
            continue
        free = [place for place, end in places.items() if end < lives.begin(name)]
        names[name] = free[0] if free and name not in lives.shared else next(fresh)
        if name not in lives.shared:
            places[names[name]] = lives.end(name)
    for name in sorted(lives.all - names.keys()):
        names[name] = next(fresh)
    _Renamer(names).generic_visit(function)
    _flatten(function)
    while len(function.body) > 1 and _says_nothing(function.body[-1]):
        function.body.pop()


def _says_nothing(node):
    return isinstance(node, ast.Return) and (node.value is None or getattr(node.value, "value", 0) is None)


def _flatten(node):
    for child in ast.iter_child_nodes(node):
        _flatten(child)
    for field in ("body", "orelse", "finalbody"):
        inner = getattr(node, field, None)
        if isinstance(inner, list):
            made = []
            for part in inner:
                made += part.body if isinstance(part, Inlined) else [part]
            setattr(node, field, made)


class _Lives(ast.NodeVisitor):
    """Where the locals of a function stand. all: names bound in it or within it; spans: {local: [(position, bodies
    around it)]}; shared: locals that stand in something inner; imported: those that an import binds."""

    def __init__(self, function):
        arguments = function.args
        stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
        self.parameters = [part.arg for part in (*arguments.args, *arguments.kwonlyargs, *stars)]
        self.all, self.imported, self.shared = set(self.parameters), set(), set()
        self.spans = {name: [(0, ())] for name in self.parameters}
        self._loops = []
        self._around = ()
        self._now = 0
        self._depth = 0
        _Bound(self).visit(function)
        for node in function.body:
            self.visit(node)

    def begin(self, name):
        return self._reach(name)[0]

    def end(self, name):
        return self._reach(name)[1]

    def _reach(self, name):
        spots = self.spans[name]
        first, last = spots[0][0], spots[-1][0]
        around = _common([around for _, around in spots])
        for start, end, inside in self._loops:
            if inside[: len(around)] == around and any(start <= at <= end for at, _ in spots):
                first, last = min(first, start), max(last, end)
        return first, last

    def _spot(self, name):
        self._now += 1
        if name in self.spans:
            self.spans[name].append((self._now, self._around))
            if self._depth:
                self.shared.add(name)

    def visit(self, node):
        if isinstance(node, INNER):
            self._inner(node)
        else:
            super().visit(node)

    def _inner(self, node):
        if isinstance(node, ast.FunctionDef):
            self._spot(node.name)
        first = node.generators[0].iter if hasattr(node, "generators") else None
        outside = set()
        if first:
            self.visit(first)
            outside.update(ast.walk(first))
        self._depth += 1
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and child not in outside:
                self._spot(child.id)
        self._depth -= 1

    def visit_Name(self, node):  # noqa: N802  (ast's own name)
        self._spot(node.id)

    def visit_Assign(self, node):  # noqa: N802
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_For(self, node):  # noqa: N802
        self.visit(node.iter)
        self._turns(node, [node.target, *node.body])

    def visit_While(self, node):  # noqa: N802
        self._turns(node, [node.test, *node.body])

    def _turns(self, node, parts):
        start = self._now + 1
        for part in parts:
            self.visit(part)
        self._now += 1
        if not getattr(node, "once", False):
            self._loops.append((start, self._now, self._around))
        for part in node.orelse:
            self.visit(part)

    def visit_ExceptHandler(self, node):  # noqa: N802
        """Its name is taken away at its end."""
        if node.name:
            self._spot(node.name)
        self.generic_visit(node)
        if node.name:
            self._spot(node.name)

    def visit_Inlined(self, node):  # noqa: N802
        around, self._around = self._around, (*self._around, node)
        self.generic_visit(node)
        self._around = around


def _common(paths):
    """The longest beginning that all have."""
    first = paths[0]
    same = [all(path[: end + 1] == first[: end + 1] for path in paths) for end in range(len(first))]
    return first[: same.index(False)] if False in same else first


class _Bound(ast.NodeVisitor):
    """Finds what is bound: in the function itself its locals."""

    def __init__(self, lives):
        self._lives = lives
        self._depth = -1

    def visit(self, node):
        lives = self._lives
        inner = isinstance(node, INNER)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        elif isinstance(node, ast.arg):
            lives.all.add(node.arg)
        elif (
            isinstance(node, ast.ExceptHandler) and node.name or isinstance(node, ast.FunctionDef) and self._depth >= 0
        ):
            self._bind(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom) and (isinstance(node, ast.Import) or node.module):
            for alias in node.names:
                name = (alias.asname or alias.name).partition(".")[0]
                self._bind(name)
                lives.imported.add(name)
        self._depth += inner
        self.generic_visit(node)
        self._depth -= inner

    def _bind(self, name):
        if ":" in name:  # what an import of the program's own binds
            return
        self._lives.all.add(name)
        if self._depth == 0:
            self._lives.spans.setdefault(name, [])


class _Renamer(ast.NodeTransformer):
    def __init__(self, names):
        self._names = names

    def visit_Name(self, node):  # noqa: N802
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        node.arg = self._names.get(node.arg, node.arg)
        return node

    def visit_ExceptHandler(self, node):  # noqa: N802
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):  # noqa: N802
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)
