"""What is loaded when it comes to it: functions that few wakes call, and texts that tell what is wrong.

Each becomes a function by itself, and in its place stands a call of that, behind its import.
"""

import ast

from tools.linker.parts import Part
from tools.linker.roots import LATE, TEXTS
from tools.linker.symbols import INNER, OWN

_LONG = 16
"""Letters of a text that is worth a function."""


def set_apart(parts):
    """The `parts`, with the functions and methods that LATE names, and the texts of the modules TEXTS, made so."""
    made = []
    for part in parts:
        made.append(part)
        module = part.binds[0].partition(":")[0]
        functions = []
        for node in part.functions():
            name = node.name.rpartition(":")[2].removeprefix(OWN)
            if isinstance(part.node, ast.ClassDef):
                name = f"{part.binds[0].partition(':')[2]}.{name}"
            if name in LATE.get(module, "").split():
                functions.append(_moved(node, f"{module}_:{name}"))
            elif module in TEXTS:
                functions += _Texts(f"{module}_:{name}").taken(node)
        if functions:
            part.look_again()
            made += [Part(function) for function in functions]
    return made


def _moved(method, symbol):
    """The function `symbol` that does what the method did, which now calls it."""
    names = [argument.arg for argument in method.args.args]
    function = _function(symbol, names, method.body)
    method.body = [_imported(symbol), ast.Return(_call(symbol, names))]
    return function


def _function(symbol, names, body):
    arguments = ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])
    return ast.FunctionDef(symbol, arguments, body, [], lineno=0)


def _call(symbol, names):
    return ast.Call(ast.Name(symbol, ast.Load()), [ast.Name(name, ast.Load()) for name in names], [])


def _imported(symbol):
    return ast.ImportFrom(None, [ast.alias(symbol)], 0)


class _Texts(ast.NodeTransformer):
    """Takes the texts out of what a function raises or yields; `symbol`: how theirs begin."""

    def __init__(self, symbol):
        self._symbol = symbol
        self._functions = []

    def taken(self, function):
        """The functions that make the texts now."""
        nodes = [node for statement in function.body for node in ast.walk(statement)]
        self._locals = {argument.arg for argument in function.args.args}
        self._locals |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        function.body = self._statements(function.body)
        return self._functions

    def _statements(self, body):
        made = []
        for node in body:
            for field in ("body", "orelse", "finalbody"):
                if getattr(node, field, None) and not isinstance(node, INNER):
                    setattr(node, field, self._statements(getattr(node, field)))
            known = len(self._functions)
            if isinstance(node, ast.Raise) or isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield):
                self.visit(node)
            made += [*[_imported(function.name) for function in self._functions[known:]], node]
        return made

    def visit_JoinedStr(self, node):  # noqa: N802  (ast's own name)
        if any(isinstance(inner, INNER) for inner in ast.walk(node)):
            return node
        asked = [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)]
        names = [name for name in dict.fromkeys(asked) if name in self._locals]
        symbol = f"{self._symbol}.{len(self._functions)}"
        self._functions.append(_function(symbol, names, [ast.Return(node)]))
        return _call(symbol, names)

    def visit_Constant(self, node):  # noqa: N802
        return self.visit_JoinedStr(node) if isinstance(node.value, str) and len(node.value) >= _LONG else node
