"""Functions, methods and properties that are called in one place of the program only, or that are small, put there.

Each function takes some 75 bytes of the heap beside its code: an object, a place in a table, and what a call needs.
Only what is loaded together with its caller is put there, a method only where no other can be meant. Arguments are
computed once and in their order, as before; a name or a number that stands for itself is used as it is.
"""

import ast
import copy
from collections import Counter
from functools import partial

from tools.linker.bodies import Inlined, NotHere, returned, returns, stored_in, sunk, unasked
from tools.linker.callers import Callers, body_nodes
from tools.linker.parts import is_own_import
from tools.linker.roots import WAKE


class Inliner:
    """`made`: {chunk's name: its Parts}; entries: symbols used from outside; called: names of methods that others'
    code calls; texts: names of attributes that may be set by their text."""

    def __init__(self, made, entries, called, texts):
        self._made = made
        self._callers = Callers(made, entries, called, texts)
        self._changing = self._callers.loose | texts
        self._count = 0
        self._settled, self._gone = {}, set()

    def run(self):
        """Put all in place that can be; the Parts have them no more."""
        for function in self._callers.functions:
            self._settle(function)
        for head, parts in self._made.items():
            self._made[head] = [part for part in parts if part.node not in self._gone]
            for part in self._made[head]:
                if isinstance(part.node, ast.ClassDef):
                    part.node.body = [member for member in part.node.body if member not in self._gone]
                part.look_again()

    def _settle(self, function):
        """Put in place what is asked for in `function`, then itself. False if it is under way: it calls itself."""
        if function not in self._settled:
            self._settled[function] = False
            free = [self._settle(callee) for callee in function.callees]
            if all(free) and function.sites:
                self._place(function)
            self._settled[function] = True
        return self._settled[function]

    def _place(self, function):
        node = function.node
        if not all(_fits(function, caller) for caller, _ in function.sites):
            return
        try:
            for caller, site in function.sites:
                self._planned(caller.node, site, node)
            for caller, site in function.sites:
                self._planned(caller.node, site, node)()
        except NotHere:
            return
        self._gone.add(node)
        for caller, _ in function.sites:
            _forget_import(caller.node, node.name)

    def _planned(self, caller, site, callee):
        """What puts the body in place of `site`, a call or a property that is asked for. Raises NotHere."""
        place = _find(caller.body, site, True)
        if not place:
            raise NotHere
        statements, at, last = place
        node = statements[at]
        first, body = self._body(site, callee)
        if isinstance(node, ast.Return) and node.value is site:
            made = returned(body)
        elif isinstance(node, ast.Expr) and node.value is site:
            made = unasked(body, last)
        elif isinstance(node, ast.Assign) and node.value is site and _is_plain(node.targets):
            made = sunk(body, stored_in(node.targets[0]))
        else:
            return self._planned_within(statements, at, site, first, body)
        return partial(statements.__setitem__, slice(at, at + 1), [Inlined([*first, *made])])

    def _planned_within(self, statements, at, site, first, body):
        """What puts it in place of a call within an expression of the statement."""
        node = statements[at]
        result = body[0].value if isinstance(body[0], ast.Return) and body[0].value else None
        turned = False
        if not result or first:
            turned = isinstance(node, ast.While) and not node.orelse
            if not self._reaches(node.test if turned else node, site):
                raise NotHere
        if not result:
            if not returns(body):  # it only raises, and leaves no result to take
                raise NotHere
            name = self._fresh("T")
            first = [*first, *sunk(body, stored_in(ast.Name(name, ast.Store())))]
            result = ast.Name(name, ast.Load())

        def put():
            _Replaced(site, result).visit(node)
            if turned:
                node.body[:0] = [Inlined(first), ast.If(ast.UnaryOp(ast.Not(), node.test), [ast.Break()], [])]
                node.test = ast.Constant(True)
            elif first:
                statements.insert(at, Inlined(first))

        return put

    def _fresh(self, name):
        self._count += 1
        return f"{name.partition('~')[0]}~{self._count}"

    def _body(self, site, callee):
        """(statements for the arguments, a copy of the body with names that nothing else has)."""
        given = _given(site, callee)
        body = copy.deepcopy(callee.body)
        nodes = [node for statement in body for node in ast.walk(statement)]
        loads = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        names = {name: self._fresh(name) for name in sorted(_bound(nodes) | given.keys())}
        bound = _bound(nodes)
        instead = {name: value for name, value in given.items() if name not in bound and _stands(value, loads[name])}
        body = [_Renamed(names, instead).visit(statement) for statement in body]
        first = []
        for name, value in reversed([pair for pair in given.items() if pair[0] not in instead]):
            here = loads[name] == 1 and name not in bound and self._reaches(body[0], names[name])
            if here and not first:  # else what follows it would be computed before
                body[0] = _Renamed({}, {names[name]: value}).visit(body[0])
            else:
                first.insert(0, ast.Assign([ast.Name(names[name], ast.Store())], value, lineno=0))
        return first, body

    def _reaches(self, node, wanted):
        """Whether nothing is done in `node` before the node, or name, `wanted`; None if it is not there at all."""
        if node is wanted or isinstance(node, ast.Name):
            return True if node is wanted or node.id == wanted else None
        if isinstance(node, ast.Constant):
            return None
        field = _FIRST.get(type(node))
        parts = getattr(node, field) if field else _parts(node)
        for part in parts if isinstance(parts, list) else [parts]:
            found = self._reaches(part, wanted)
            if found is not None:
                return found
        if isinstance(node, ast.Attribute):
            return None if isinstance(node.ctx, ast.Load) and node.attr not in self._changing else False
        return None if isinstance(node, ast.Tuple | ast.List | ast.keyword) else False


_FIRST = {
    ast.Return: "value",
    ast.Expr: "value",
    ast.Assign: "value",
    ast.If: "test",
    ast.For: "iter",
    ast.Raise: "exc",
    ast.IfExp: "test",
}
"""Of a statement or an expression, what is computed first, and surely."""


def _parts(node):
    """What an expression computes, in that order, as far as it surely does; of a body put in place its beginning."""
    if isinstance(node, ast.Call):
        return [node.func, *node.args, *node.keywords]
    if isinstance(node, ast.BoolOp):
        return node.values[:1]
    if isinstance(node, Inlined):
        return node.body[:1]
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return [node.value]
    if isinstance(node, ast.Compare):
        return [node.left, node.comparators[0]]
    plain = ast.Attribute, ast.BinOp, ast.List, ast.Subscript, ast.Tuple, ast.UnaryOp, ast.keyword
    return (
        [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)] if isinstance(node, plain) else []
    )


def _bound(nodes):
    """Names that are bound, or taken away, in any of the nodes."""
    names = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    return names | {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}


def _find(body, call, last):
    """(statements, place among them) of the one whose own expressions have the call, and whether nothing follows it."""
    for place, node in enumerate(body):
        end = last and place == len(body) - 1
        for inner in _inner_bodies(node):
            found = _find(inner, call, end and isinstance(node, ast.If | Inlined))
            if found:
                return found
        if call in ast.walk(node):
            return body, place, end
    return None


def _inner_bodies(node):
    if isinstance(node, ast.FunctionDef):
        return []
    bodies = [getattr(node, field, []) for field in ("body", "orelse", "finalbody")]
    return [body for body in bodies if isinstance(body, list)] + [part.body for part in getattr(node, "handlers", [])]


def _is_plain(targets):
    """Whether it is one target that may be written several times over."""
    plain = ast.Name, ast.Attribute, ast.Tuple, ast.expr_context
    return len(targets) == 1 and all(isinstance(node, plain) for node in ast.walk(targets[0]))


def _given(site, callee):
    """{parameter: value}, in the order in which they are computed. Raises NotHere."""
    arguments = callee.args
    names = [part.arg for part in arguments.args]
    asked = site.func if isinstance(site, ast.Call) else site
    values = [asked.value] if isinstance(asked, ast.Attribute) else []
    values += site.args if isinstance(site, ast.Call) else []
    if len(values) > len(names) or any(isinstance(value, ast.Starred) for value in values):
        raise NotHere
    given = dict(zip(names, values, strict=False))
    given.update((keyword.arg, keyword.value) for keyword in getattr(site, "keywords", ()))
    defaults = dict(zip(reversed(names), reversed(arguments.defaults), strict=False))
    defaults |= {part.arg: value for part, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)}
    for name in (*names, *[part.arg for part in arguments.kwonlyargs]):
        if name not in given:
            if not _stands(defaults.get(name), 1):
                raise NotHere
            given[name] = defaults[name]
    if None in given or len(given) != len(names) + len(arguments.kwonlyargs):
        raise NotHere
    return given


def _stands(value, loads):
    """Whether it can stand wherever its parameter did: a local, a number, a text; a global, if that is not often, since
    it takes two bytes more each time."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        value = value.operand
    return isinstance(value, ast.Constant) or isinstance(value, ast.Name) and (":" not in value.id or loads <= 2)


def _fits(function, caller):
    """Whether a body may stand in this function: loaded together with it, or surely after it and with no names of its
    own."""
    if function is caller or _imports_clash(caller.node, function.node):
        return False
    after = function.head in WAKE and caller.head not in WAKE
    return function.head == caller.head or after and not any(_late_and_early(function.node))


def _imports_clash(caller, callee):
    """Whether one imports when it runs what the other has loaded."""
    late, early = _late_and_early(caller)
    more_late, more_early = _late_and_early(callee)
    return bool((late - {callee.name}) & more_early or more_late & early)


def _late_and_early(function):
    nodes = body_nodes(function)
    late = {alias.name for node in nodes if is_own_import(node) for alias in node.names}
    return late, {node.id for node in nodes if isinstance(node, ast.Name) and ":" in node.id} - late


def _forget_import(function, symbol):
    for node in body_nodes(function):
        if is_own_import(node):
            node.names = [alias for alias in node.names if alias.name != symbol]


class _Replaced(ast.NodeTransformer):
    """Puts another node in place of one."""

    def __init__(self, node, other):
        self._node, self._other = node, other

    def visit(self, node):
        return self._other if node is self._node else self.generic_visit(node)


class _Renamed(ast.NodeTransformer):
    """Gives names others, and puts values in place of names that are loaded."""

    def __init__(self, names, instead):
        self._names, self._instead = names, instead

    def visit_Name(self, node):  # noqa: N802  (ast's own name)
        if node.id in self._instead:
            value = self._instead[node.id]
            return copy.copy(value) if isinstance(value, ast.Name) else value
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_ExceptHandler(self, node):  # noqa: N802
        node.name = self._names.get(node.name, node.name)
        return self.generic_visit(node)
