"""From the sources of a program to one source for each chunk of it that is loaded together."""

import ast
import builtins
import copy
import keyword
from collections import Counter
from itertools import chain

from tools.linker.constants import put_in_place
from tools.linker.frames import pack
from tools.linker.inline import Inliner
from tools.linker.late import set_apart
from tools.linker.names import CALLED, FOREIGN
from tools.linker.naming import Naming, owners
from tools.linker.parts import Part, chunks, is_own_import, used
from tools.linker.program import PACKAGE, Program
from tools.linker.symbols import LOCALS, OWN, Resolver, stored

_SHORT = 120
"""Names of a file's table that take one byte where they are used, but for some that MicroPython itself puts first."""


def link(sources):
    """The sources to compile, file name -> bytes, from `sources`: boot.py, main.py, firmware/, third parties' modules.

    What is outside firmware/ stays as it is. Raises LinkError, or SyntaxError for what is no Python.
    """
    program = Program(sources)
    kept = _kept(program)
    texts = _texts(program)
    attributes, taken = _attributes(program, texts)
    bodies = {}
    for name, module in program.modules.items():
        bodies[name] = Resolver(program, module, attributes, kept).resolve()
    put_in_place(bodies)
    foreign = [node for body in bodies.values() for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    parts = [Part(node) for body in bodies.values() for node in body if node not in foreign]
    called = CALLED | program.asked
    parts = used(parts, program.entries, called)
    of = owners(parts)
    parts = set_apart(parts)
    made = chunks(parts, program.entries, called)
    Inliner(made, program.entries, called, texts).run()
    for part in chain(*made.values()):
        for function in part.functions():
            pack(function, kept)
    outside = {file: text for file, text in sources.items() if not file.startswith(PACKAGE + "/")}
    names = Naming(made, program.entries, kept, taken | texts, of).given()
    return {**outside, **_written(made, foreign, names)}


def _kept(program):
    """Names that stay what they are: of keywords, builtins, foreign modules, and arguments given by name."""
    kept = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
    for tree in program.trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg:
                kept.add(node.arg)
            elif isinstance(node, ast.Import | ast.ImportFrom) and not program.targets(node):
                kept |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return kept


def _texts(program):
    nodes = [node for tree in program.trees for node in ast.walk(tree)]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _attributes(program, texts):
    """({name: itself behind a dot} for attributes that only the program's own classes have, all others' names)."""
    bound, uses = set(), set()
    for module in program.modules.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute):
                uses.add(node.attr)
                if isinstance(node.ctx, ast.Store):
                    bound.add(node.attr)
            elif isinstance(node, ast.ClassDef):
                bound |= {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
                bound |= {name for part in node.body if isinstance(part, ast.Assign) for name in stored(part)}
    foreign = FOREIGN | program.asked
    own = {name for name in bound if name not in texts and name not in foreign and not name.startswith("__")}
    return {name: OWN + name for name in own}, (bound | uses) - own


def _written(made, foreign, names):
    homes = {symbol: head for head, parts in made.items() for part in parts for symbol in part.binds}
    heads = {part: head for head, parts in made.items() for part in parts}
    found = {}
    for head, parts in made.items():
        wanted = {}
        for symbol in dict.fromkeys(symbol for part in parts for symbol in part.uses if homes[symbol] != head):
            wanted.setdefault(homes[symbol], []).append(names[symbol])
        finish = _Finish(head, homes, names)
        statements = [node for part in parts for node in (part.given() if part.owner else [part.node])]
        rest = [finish.visit(node) for node in statements]
        lines = [*_often_used(rest), *_imports(foreign, finish.loaded)]
        lines += [f"from {home} import {', '.join(of)}" for home, of in wanted.items()]
        along = {heads[method]: None for part in parts for method in part.along if heads.get(method, head) != head}
        lines += [f"import {home}" for home in along if home not in wanted]
        found[head.replace(".", "/") + ".py"] = "\n".join([*lines, *map(ast.unparse, rest), ""]).encode()
    return found


def _often_used(statements):
    """Lines that do nothing, but have the names that are used most stand first in the table of a large file: there a
    name takes one byte wherever it is used, and behind the first 128 two."""
    uses = Counter()
    for node in [node for statement in statements for node in ast.walk(statement)]:
        if isinstance(node, ast.Attribute):
            uses[node.attr] += 1
        elif isinstance(node, ast.FunctionDef):
            uses.update([node.name, *[parameter.arg for parameter in node.args.args]])
        elif isinstance(node, ast.Name) and not node.id[0].isupper():
            uses[node.id] += 1
    often = [name for name, _ in sorted(uses.items(), key=lambda pair: (-pair[1], pair[0]))]
    if len(often) < 2 * _SHORT:
        return []
    first = LOCALS[0]
    return [f"{first} = None", f"if {first}: {'.'.join([first, *often[:_SHORT]])}"]


def _imports(foreign, loaded):
    lines = {}
    for node in foreign:
        for alias in node.names:
            if (alias.asname or alias.name) in loaded:
                one = copy.copy(node)
                one.names = [alias]
                lines[ast.unparse(one)] = None
    return list(lines)


class _Finish(ast.NodeTransformer):
    """Gives globals their names. loaded: all names that were loaded."""

    def __init__(self, head, homes, names):
        self._head, self._homes, self._names = head, homes, names
        self.loaded = set()

    def visit_Name(self, node):  # noqa: N802
        node.id = self._names.get(node.id, node.id)
        self.loaded.add(node.id)
        return node

    def visit_Attribute(self, node):  # noqa: N802
        node.attr = self._names.get(node.attr, node.attr)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node):  # noqa: N802
        node.name = self._names.get(node.name, node.name)
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node

    def visit_ClassDef(self, node):  # noqa: N802
        node.name = self._names[node.name]
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node

    def visit_ImportFrom(self, node):  # noqa: N802
        """One import for each chunk that has not been loaded already with this one."""
        if not is_own_import(node):
            return node
        wanted = {}
        for alias in node.names:
            home = self._homes[alias.name]
            if home != self._head:
                wanted.setdefault(home, []).append(ast.alias(self._names[alias.name]))
        return [ast.ImportFrom(home, names, 0) for home, names in wanted.items()] or None
