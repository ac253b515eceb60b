"""Numbers and words in place of the names of constants: of `const(...)`, a whole number, a word, a text used once."""

import ast
import operator

_LONGEST_WORD = 10  # MICROPY_ALLOC_PARSE_INTERN_STRING_LEN
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}


def put_in_place(bodies):
    """Replace constants in `bodies` (module name -> statements, symbols for globals) and drop their assignments, and
    imports of them."""
    candidates = {}
    for name, body in bodies.items():
        bodies[name] = body = [single for node in body for single in _singles(node)]
        for node in body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                candidates[node.targets[0].id] = node.value
    uses = _uses(bodies, candidates)
    values = {}
    for symbol in candidates:
        value = _value(candidates[symbol], candidates)
        if isinstance(value, int) or _is_word(value) or isinstance(value, str | bytes) and uses[symbol] <= 1:
            values[symbol] = value
    replacer = _Replacer(values)
    for name, body in bodies.items():
        bodies[name] = [replacer.visit(node) for node in body if not _assigns(node, values)]


def _singles(node):
    """The assignments that one of several names to as many values is made of; any other statement as it is."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
        pairs = zip(node.targets[0].elts, node.value.elts, strict=True)
        return [ast.Assign([target], value, lineno=node.lineno) for target, value in pairs]
    return [node]


def _is_word(value):
    """Whether it is a text that MicroPython keeps once, however often it is used, as it keeps names."""
    return isinstance(value, str) and value.isidentifier() and len(value) <= _LONGEST_WORD


def _assigns(node, values):
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in values


def _uses(bodies, candidates):
    uses = dict.fromkeys(candidates, 0)
    for body in bodies.values():
        for statement in body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in uses:
                    uses[node.id] += 1
    return uses


def _value(node, candidates):
    """What an expression of numbers and of constants comes to, or None."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const":
        return _value(node.args[0], candidates)
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) in (int, str, bytes) else None
    if isinstance(node, ast.Name) and node.id in candidates:
        return _value(candidates[node.id], candidates)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _value(node.operand, candidates)
        return -value if isinstance(value, int) else None
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        left, right = _value(node.left, candidates), _value(node.right, candidates)
        if isinstance(left, int) and isinstance(right, int):
            return _OPERATIONS[type(node.op)](left, right)
    return None


def _written(value):
    """The expression for it; a number below zero has its sign apart, as it has in a source, so that powers hold."""
    negative = isinstance(value, int) and value < 0
    return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if negative else ast.Constant(value)


class _Replacer(ast.NodeTransformer):
    def __init__(self, values):
        self._values = values

    def visit_Name(self, node):  # noqa: N802  (ast's own name)
        if isinstance(node.ctx, ast.Load) and node.id in self._values:
            return _written(self._values[node.id])
        return node

    def visit_ImportFrom(self, node):  # noqa: N802
        node.names = [alias for alias in node.names if alias.name not in self._values]
        return node if node.names else None
