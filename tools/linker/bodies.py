"""The body of a function as statements for the place of a call: its results go where the call's did.

A `return` at the end of a path needs nothing but that what would follow it stands in another branch. One within a loop
becomes a `break`, and what follows the loop stands in its `else`. For any other the whole is a loop of one turn, and
each `return` a `break` out of it.
"""

import ast
import copy


class NotHere(Exception):
    """A body that cannot stand in the place of this call."""


class Inlined(ast.stmt):
    """Statements that were a function's body, with locals of their own (frames.py); body: they."""

    _fields = ("body",)


def dropped(value):
    """The statements for a result that nobody wants."""
    return [] if value is None or isinstance(value, ast.Constant | ast.Name) else [ast.Expr(value)]


def stored_in(target):
    """What makes statements that store a result in `target`."""

    def store(value):
        return [ast.Assign([copy.deepcopy(target)], value or ast.Constant(None), lineno=0)]

    return store


def returned(body):
    """The statements for `return f()`."""
    return body if ends(body) else [*body, ast.Return(None)]


def unasked(body, last):
    """The statements for a call whose result nobody wants; `last`: the last thing that its function does."""
    try:
        return _nested(body, dropped)
    except NotHere:
        if last:
            return returned(_replaced(body, lambda value: [*dropped(value), ast.Return(None)], deep=True))
        return sunk(body, dropped)


def sunk(body, sink):
    """The statements whose results `sink` takes: value -> statements. Raises NotHere."""
    try:
        return _nested(body, sink)
    except NotHere:
        inner = _replaced(body, lambda value: [*sink(value), ast.Break()])
        loop = ast.While(ast.Constant(True), inner if ends(body) else [*inner, *sink(None), ast.Break()], [])
        loop.once = True
        return [loop]


def ends(body):
    """Whether what follows these statements is never reached from them."""
    last = body[-1] if body else None
    if isinstance(last, ast.If):
        return ends(last.body) and ends(last.orelse)
    if isinstance(last, ast.Try):
        return ends(last.finalbody) or ends(last.orelse or last.body) and all(ends(part.body) for part in last.handlers)
    if isinstance(last, ast.While):
        return is_true(last.test) and not _breaks(last.body)
    return isinstance(last, ast.Return | ast.Raise) or isinstance(last, Inlined) and ends(last.body)


def is_true(node):
    """Whether it is `True`."""
    return isinstance(node, ast.Constant) and node.value is True


def returns(body):
    """Whether a result, None too, ever comes of these statements."""
    return not ends(body) or any(map(_returns, body))


def _returns(node):
    return any(isinstance(part, ast.Return) for part in ast.walk(node))


def _breaks(body):
    """Whether a `break` in `body` leaves the loop that it is the body of."""
    for node in body:
        inner = node.orelse if isinstance(node, ast.For | ast.While) else [*_lists(node)]
        if isinstance(node, ast.Break) or _breaks(inner):
            return True
    return False


def _lists(node):
    """The statements right within a statement."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, ast.ExceptHandler):
            yield from child.body


def _nested(body, sink):
    made = []
    for place, node in enumerate(body):
        rest = body[place + 1 :]
        if isinstance(node, ast.Return):
            return made + sink(node.value)
        if not _returns(node):
            made.append(node)
        elif isinstance(node, Inlined):
            return made + _nested([*node.body, *rest], sink)
        elif isinstance(node, ast.If):
            return made + _branches(node, rest, sink)
        elif isinstance(node, ast.For | ast.While):
            return [*made, _loop(node, rest, sink)]
        elif isinstance(node, ast.Try) and not rest:
            return [*made, _tried(node, sink)]
        else:
            raise NotHere
    return made if ends(body) else made + sink(None)


def _branches(node, rest, sink):
    if rest and not ends(node.body) and not ends(node.orelse):
        raise NotHere
    body = _nested(node.body if ends(node.body) else [*node.body, *rest], sink)
    orelse = _nested(node.orelse if ends(node.orelse) else [*node.orelse, *rest], sink)
    if body:
        return [ast.If(node.test, body, orelse)]
    return [ast.If(ast.UnaryOp(ast.Not(), node.test), orelse, [])] if orelse else [ast.Expr(node.test)]


def _loop(node, rest, sink):
    if node.orelse or _breaks(node.body):
        raise NotHere
    endless = isinstance(node, ast.While) and is_true(node.test)
    made = copy.copy(node)
    made.body = _replaced(node.body, lambda value: [*sink(value), ast.Break()])
    made.orelse = [] if endless else _nested(rest, sink)
    return made


def _tried(node, sink):
    if any(map(_returns, node.finalbody)) or node.finalbody and sink is not dropped:
        raise NotHere
    if node.orelse and any(map(_returns, node.body)):
        raise NotHere
    made = copy.copy(node)
    if node.orelse:
        made.orelse = _nested(node.orelse, sink)
    else:
        made.body = _nested(node.body, sink)
    made.body = made.body or [ast.Pass()]
    made.handlers = [copy.copy(handler) for handler in node.handlers]
    for handler in made.handlers:
        handler.body = _nested(handler.body, sink) or [ast.Pass()]
    return made


def _replaced(body, sink, deep=False):
    """The statements with another in place of each `return`; `deep`: in loops, too."""
    made = []
    for node in body:
        if isinstance(node, ast.Return):
            made += sink(node.value)
        elif not _returns(node):
            made.append(node)
        elif (
            isinstance(node, ast.For | ast.While)
            and not deep
            or isinstance(node, ast.With)
            or isinstance(node, ast.Try)
            and node.finalbody
        ):
            raise NotHere
        else:
            made.append(_within(node, sink, deep))
    return made


def _within(node, sink, deep):
    made = copy.copy(node)
    for field in ("body", "orelse", "finalbody"):
        if hasattr(node, field):
            setattr(made, field, _replaced(getattr(node, field), sink, deep))
    made.body = made.body or [ast.Pass()]
    if isinstance(node, ast.Try):
        made.handlers = [_within(handler, sink, deep) for handler in node.handlers]
    return made
