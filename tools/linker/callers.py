"""Which functions and methods are called in one place of the program only.

A function's name stands nowhere but there. A method is asked for there, and no other can be meant: no other class has
one called so, or what is asked is surely of its own class, and nothing else in the program can have been asked for it.
"""

import ast
from collections import defaultdict

from tools.linker.names import FOREIGN
from tools.linker.parts import is_own_import
from tools.linker.symbols import stored

_EAGER = frozenset(("all", "any", "bytearray", "bytes", "dict", "list", "max", "min", "set", "sorted", "sum", "tuple"))
"""Builtins that have done with a generator when they return."""
_STAYS = ast.FunctionDef, ast.Lambda, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Import
"""What may not stand in another function than its own."""

_BYTES = {
    ast.Attribute: 3,
    ast.Call: 2,
    ast.Constant: 2,
    ast.Expr: 1,
    ast.For: 8,
    ast.If: 3,
    ast.Return: 0,
    ast.Assign: 0,
    ast.Try: 8,
    ast.While: 5,
}
_CALL = 5
"""Bytes of a call, which is not needed any more."""
_GROWTH = 30
"""Bytes by which code may grow for a function less."""


class Function:
    """A function of the program: `node`, the `part` that it is in, `head` of its chunk. owner: of a method the symbol
    of its class; me: its name for its object; sites: where it is asked for, if it may stand there instead, (Function,
    node) each, the node a call, or what asks for a property; callees: those with sites in it."""

    def __init__(self, node, part, head):
        self.node, self.part, self.head = node, part, head
        home = part if isinstance(part.node, ast.ClassDef) else part.owner
        self.owner = owner = home and home.binds[0]
        self.sites, self.callees = [], []
        self.me = node.args.args[0].arg if owner and node.args.args else None
        if self.me in stored(node):
            self.me = None


class Callers:
    """Of the chunks `made`: {name: Parts}; entries: symbols used from outside; called: names of methods that others'
    code calls; texts: names of attributes that may be set by their text.

    functions: all; loose: attributes that are not set by `__init__` only.
    """

    def __init__(self, made, entries, called, texts):
        self._entries = frozenset(entries)
        self._foreign, self._texts = FOREIGN | called, texts
        found = [(node, part, head) for head, parts in made.items() for part in parts for node in part.functions()]
        self.functions = [Function(*each) for each in found]
        self._kin = kin_of(made)
        self._calls, self._attributes, self._fixed = defaultdict(list), defaultdict(list), set()
        self.loose = set()
        for parts in made.values():
            for part in parts:
                self._look_at(part)
        self._choose()

    def _look_at(self, part):
        inside = {node: each for each in self.functions if each.part is part for node in body_nodes(each.node)}
        callers = {node.func: node for node in inside if isinstance(node, ast.Call)}
        for node in ast.walk(part.node):
            function = inside.get(node)
            if isinstance(node, ast.Name) and not function:
                self._fixed.add(node.id)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._calls[node.id].append((function, callers.get(node)))
            elif isinstance(node, ast.Attribute) and _asks_a_class(node.value, self._kin):
                self._fixed.add(node.attr)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                mine = function and function.me and isinstance(node.value, ast.Name) and node.value.id == function.me
                kin = self._kin[function.owner] if mine else None
                self._attributes[node.attr].append((kin, function, callers.get(node), node))
            elif isinstance(node, ast.Attribute):
                self._fixed.add(node.attr)
                if not function or function.node.name != "__init__":
                    self.loose.add(node.attr)
            elif isinstance(node, ast.FunctionDef) and node.decorator_list:
                self.loose.add(node.name)

    def _choose(self):
        """Find the sites of what may move, and whom each function asks."""
        methods = defaultdict(list)
        for function in self.functions:
            if function.owner:
                methods[function.node.name].append(function)
        for function in self.functions:
            name = function.node.name
            if name in self._entries or name in self._fixed or not _can_move(function):
                continue
            found = self._sites(function, methods[name]) if function.owner else self._calls[name]
            if found and all(caller and site for caller, site in found) and _pays(function.node, len(found)):
                function.sites = found
                for caller, _ in found:
                    caller.callees.append(function)

    def _sites(self, function, named):
        """Where the method may be asked for, (function, node) each; nothing where that is not sure."""
        name, kin = function.node.name, self._kin[function.owner]
        found = [each for each in self._attributes[name] if each[0] in (None, kin)]
        alone = len([each for each in named if self._kin[each.owner] == kin]) == 1
        sure = len(named) == 1 or all(each[0] for each in found)
        own = name not in self._foreign and not name.startswith("__")
        if function.node.decorator_list:
            return [(each[1], each[3]) for each in found] if alone and sure and own and name not in self._texts else []
        return [each[1:3] for each in found] if alone and sure and own else []


def _asks_a_class(value, kin):
    """Whether it is a class, or `super()`, whose methods are not its object's."""
    name = value.func if isinstance(value, ast.Call) else value
    return isinstance(name, ast.Name) and (name.id == "super" if name is not value else name.id in kin)


def kin_of(made):
    """{class: a name that all have that are above or below it}."""
    kin = {}
    for node in [part.node for parts in made.values() for part in parts if isinstance(part.node, ast.ClassDef)]:
        above = [base.id for base in node.bases if isinstance(base, ast.Name) and ":" in base.id]
        group = [node.name, *above]
        known = {kin.get(name, name) for name in group}
        for name in {*group, *[name for name in kin if kin[name] in known]}:
            kin[name] = min(known)
    return kin


def _can_move(function):
    """Whether the body may stand elsewhere."""
    node = function.node
    arguments = node.args
    if any(getattr(each, "id", "") != "property" for each in node.decorator_list):
        return False
    if arguments.vararg or arguments.kwarg or function.owner and not function.me:
        return False
    callers = {part: call for call in body_nodes(node) if isinstance(call, ast.Call) for part in call.args}
    for part in body_nodes(node):
        if isinstance(part, ast.GeneratorExp):
            call = callers.get(part)
            if not call or not isinstance(call.func, ast.Name) or call.func.id not in _EAGER:
                return False
        elif (
            isinstance(part, _STAYS)
            or getattr(part, "id", "") == "super"
            or isinstance(part, ast.ImportFrom)
            and not is_own_import(part)
        ):
            return False
    return True


def _pays(node, count):
    """Whether it takes fewer bytes of the heap in `count` places than as a function, and hardly more of a file."""
    return count == 1 or sum(map(_bytes, body_nodes(node))) * (count - 1) <= _GROWTH + _CALL * count


def _bytes(node):
    """About as many bytes of code as a node takes by itself."""
    if isinstance(node, ast.Name):
        return 3 if ":" in node.id else 1
    return _BYTES.get(type(node), 0 if isinstance(node, ast.expr_context | ast.operator | ast.arguments) else 1)


def body_nodes(function):
    """The nodes of what a function does."""
    return [node for statement in function.body for node in ast.walk(statement)]
