"""The modules of the firmware, and what an import names."""

import ast

PACKAGE = "firmware"


class LinkError(ValueError):
    """Sources that cannot be linked; the text names the file and says why."""


class Module:
    """One module: `name` with dots, its `file`, its syntax `tree`."""

    def __init__(self, name, file, source):
        self.name = name
        self.file = file
        self.tree = ast.parse(source, file)

    def refuse(self, node, why):
        """Raise LinkError for what stands at `node`."""
        raise LinkError(f"{self.file}:{node.lineno}: {why}")


class Program:
    """`sources`: file name -> bytes. modules: name -> Module, each after those that it imports when it is loaded.
    entries: symbols (symbols.py) that boot.py, main.py and third parties' modules import. asked: names of attributes
    that boot.py and main.py ask for: of the program's objects, too. trees: of all sources.

    Raises LinkError, or SyntaxError for what is no Python.
    """

    def __init__(self, sources):
        self.modules = {}
        outside = []
        for file, source in sorted(sources.items()):
            if file.startswith(PACKAGE + "/"):
                name = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                self.modules[name] = Module(name, file, source)
            else:
                outside.append(Module(None, file, source))
        self.entries = [entry for module in outside for entry in self._entries(module)]
        self.trees = [module.tree for module in (*self.modules.values(), *outside)]
        starts = [node for module in outside if "/" not in module.file for node in ast.walk(module.tree)]
        self.asked = frozenset(node.attr for node in starts if isinstance(node, ast.Attribute))
        found = {}
        for name in self.modules:
            self._order(name, found)
        self.modules = found

    def targets(self, node):
        """The modules of the program that an import statement names; () for any other node."""
        if isinstance(node, ast.Import):
            return tuple(alias.name for alias in node.names if alias.name.split(".")[0] == PACKAGE)
        if not isinstance(node, ast.ImportFrom) or node.level or node.module not in self.modules:
            return ()
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        return tuple(name if name in self.modules else node.module for name in inner)

    def files(self, script):
        """The files of the modules that a `script` (bytes) from outside loads when it begins."""
        found, waiting = {}, [ast.parse(script)]
        while waiting:
            for name in [name for node in waiting.pop().body for name in self.targets(node)]:
                parents = [".".join(name.split(".")[:end]) for end in range(1, name.count(".") + 2)]
                for needed in [parent for parent in parents if parent in self.modules and parent not in found]:
                    found[needed] = self.modules[needed].file
                    waiting.append(self.modules[needed].tree)
        return list(found.values())

    def _entries(self, module):
        for node in ast.walk(module.tree):
            if not self.targets(node):
                continue
            if isinstance(node, ast.Import) or any(alias.name == "*" for alias in node.names):
                module.refuse(node, "only `from` and names can be linked")
            if node.module.count(".") != 1:
                module.refuse(node, f"only what is directly in {PACKAGE}/ can be imported from outside of it")
            yield from [f"{node.module}:{alias.name}" for alias in node.names]

    def _order(self, name, found):
        if name in found:
            return
        found[name] = self.modules[name]
        for node in self.modules[name].tree.body:
            for needed in self.targets(node):
                if needed not in self.modules:
                    self.modules[name].refuse(node, f"there is no module {needed}")
                self._order(needed, found)
        found[name] = found.pop(name)
