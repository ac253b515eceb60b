"""Every name of a module told apart: locals get their short names, globals become symbols, attributes are renamed.

A symbol is `module:name`, the same wherever it is used; no identifier has a colon, so the two cannot be mixed up.
"""

import ast
import string

LOCALS = string.ascii_uppercase
OWN = "."
"""Begins the name of an attribute that only the program's own classes have, until it gets its short one."""
_BY_TEXT = frozenset(("delattr", "dir", "eval", "exec", "getattr", "globals", "hasattr", "locals", "__import__"))
"""Builtins that look names up by their text, where what nobody asks for by its name would not be there any more."""


def short_names(letters, taken):
    """Names from `letters` on that are not `taken`: first of one letter, then of two."""
    tails = ["", *string.ascii_letters]
    return (name for tail in tails for first in letters if (name := first + tail) not in taken)


class _Scope:
    """What names mean in a function, a lambda or a comprehension (`names`: old -> new), and in what is around it."""

    def __init__(self, outer, fresh):
        self.outer = outer
        self.fresh = fresh
        self.names = {}

    def find(self, name):
        scope = self
        while scope:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None


class Resolver(ast.NodeTransformer):
    """Rewrites one module. `attributes`: old name -> new. `kept`: names that no local gets, and no parameter loses."""

    def __init__(self, program, module, attributes, kept):
        self._program = program
        self._module = module
        self._attributes = attributes
        self._kept = kept
        self._scope = None
        self._class = None  # names bound in the body of the class that is being visited itself
        self._globals = {}  # name -> symbol
        self._aliases = {}  # name -> module
        for node in without_docstring(module.tree.body):
            self._bind(node)

    def resolve(self):
        """The statements of the module without its docstring and its imports from the program."""
        body = [self.visit(node) for node in without_docstring(self._module.tree.body)]
        return [node for node in body if node is not None]

    def _bind(self, node):
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._take_imports(node, self._globals)
        elif not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign):
            self._module.refuse(node, "a module that does something when it is imported")
        for name in _bound(node):
            if name in self._globals:
                self._module.refuse(node, f"{name} is bound twice")
            self._globals[name] = f"{self._module.name}:{name}"

    def _take_imports(self, node, names):
        """Note what an import of the program's own binds; the names of a foreign one stay."""
        if not self._program.targets(node):
            return
        if isinstance(node, ast.Import) or any(alias.name == "*" for alias in node.names):
            self._module.refuse(node, "only `from` and names can be linked")
        for alias in node.names:
            bound, inner = alias.asname or alias.name, f"{node.module}.{alias.name}"
            if inner in self._program.modules:
                if names is not self._globals:
                    self._module.refuse(node, "a module imported within a function")
                self._aliases[bound] = inner
            else:
                names[bound] = f"{node.module}:{alias.name}"

    # Scopes.

    def _enter(self, parameters, bound, node):
        outer = self._scope
        self._scope = _Scope(outer, short_names(LOCALS, self._kept))
        taken = set()
        while outer:
            taken.update(outer.names.values())
            outer = outer.outer
        self._scope.fresh = short_names(LOCALS, self._kept | taken)
        foreign = _foreign_imports(node, self._program)
        for name in dict.fromkeys((*parameters, *bound)):
            stays = name in self._kept or name in foreign
            self._scope.names[name] = name if stays else next(self._scope.fresh)

    def _leave(self):
        self._scope = self._scope.outer

    def _function(self, node):
        arguments = node.args
        arguments.defaults = [self.visit(value) for value in arguments.defaults]
        arguments.kw_defaults = [value and self.visit(value) for value in arguments.kw_defaults]
        stars = [star for star in (arguments.vararg, arguments.kwarg) if star]
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars]
        body = node.body if isinstance(node.body, list) else [node.body]
        bound = [name for part in body for name in _bound(part)]
        inside, self._class = self._class, None
        self._enter([parameter.arg for parameter in parameters], bound, node)
        for part in body:
            for inner in _own_nodes(part):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    self._take_imports(inner, self._scope.names)
        for parameter in parameters:
            parameter.arg = self._scope.names[parameter.arg]
        if isinstance(node.body, list):
            node.body = [done for part in without_docstring(body) if (done := self.visit(part))] or [ast.Pass()]
        else:
            node.body = self.visit(node.body)
        self._leave()
        self._class = inside

    def _renamed(self, name):
        if self._class is not None:
            return self._attributes.get(name, name)
        return (self._scope.find(name) if self._scope else None) or self._globals.get(name, name)

    def visit_FunctionDef(self, node):  # noqa: N802  (ast's own name)
        node.decorator_list = [self.visit(value) for value in node.decorator_list]
        node.name = self._renamed(node.name)
        self._function(node)
        return node

    def visit_Lambda(self, node):  # noqa: N802
        self._function(node)
        return node

    def visit_ClassDef(self, node):  # noqa: N802
        if self._scope or self._class is not None:
            self._module.refuse(node, "a class within another or in a function")
        node.name = self._renamed(node.name)
        node.bases = [self.visit(base) for base in node.bases]
        body = without_docstring(node.body)
        names = [name for part in body for name in _bound(part)]
        for name in names:
            if names.count(name) > 1:
                self._module.refuse(node, f"{name} is bound twice")
        self._class = set(names)
        node.body = [self.visit(part) for part in body] or [ast.Pass()]
        self._class = None
        return node

    def _comprehension(self, node):
        first = node.generators[0]
        first.iter = self.visit(first.iter)
        inside, self._class = self._class, None
        targets = [name for part in node.generators for name in stored(part.target)]
        self._enter((), targets, node)
        for part in node.generators:
            part.target = self.visit(part.target)
            if part is not first:
                part.iter = self.visit(part.iter)
            part.ifs = [self.visit(test) for test in part.ifs]
        for field in ("elt", "key", "value"):
            if hasattr(node, field):
                setattr(node, field, self.visit(getattr(node, field)))
        self._leave()
        self._class = inside
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    # Names.

    def visit_Name(self, node):  # noqa: N802
        name = node.id
        if self._class is not None and name in self._class:
            node.id = self._attributes.get(name, name)
        elif local := self._scope and self._scope.find(name):
            node.id = local
        elif name in self._aliases:
            self._module.refuse(node, f"the module {name} is used as a value")
        elif name in _BY_TEXT and name not in self._globals:
            self._module.refuse(node, f"{name} asks for names by what they are called")
        else:
            node.id = self._globals.get(name, name)
        return node

    def visit_Attribute(self, node):  # noqa: N802
        value = node.value
        if (
            isinstance(value, ast.Name)
            and value.id in self._aliases
            and not (self._scope and self._scope.find(value.id))
        ):
            return ast.Name(f"{self._aliases[value.id]}:{node.attr}", node.ctx, lineno=node.lineno, col_offset=0)
        node.attr = self._attributes.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node):  # noqa: N802
        if node.name:
            node.name = self._renamed(node.name)
        return self.generic_visit(node)

    def visit_Global(self, node):  # noqa: N802
        self._module.refuse(node, "a global that changes")

    visit_Nonlocal = visit_Global  # noqa: N815

    def visit_ImportFrom(self, node):  # noqa: N802
        """An import of the program's own becomes one without a module, of symbols; at the top it is dropped."""
        if not self._program.targets(node):
            return node
        if self._scope is None:
            return None
        symbols = [self._scope.names.get(alias.asname or alias.name) for alias in node.names]
        return ast.ImportFrom(None, [ast.alias(symbol) for symbol in symbols if symbol], 0)


def without_docstring(body):
    """The statements but for those that are nothing but a text."""
    return [part for part in body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]


INNER = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _own_nodes(node):
    """The nodes below `node`, itself included, but for the inside of functions, classes and comprehensions."""
    yield node
    if not isinstance(node, INNER):
        for child in ast.iter_child_nodes(node):
            yield from _own_nodes(child)


def stored(node):
    """The names that are bound anywhere in `node`."""
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]


def _bound(node):
    """The names that a statement binds where it stands, in order; imports of the program's own are told apart later."""
    for part in _own_nodes(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler) and part.name:
            yield part.name


def _foreign_imports(node, program):
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Import | ast.ImportFrom) and not program.targets(part):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in part.names}
    return found
