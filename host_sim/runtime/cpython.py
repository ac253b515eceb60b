"""The firmware under CPython, in this process, each boot with modules of its own.

The chip starts with empty memory at every wake, so each boot gets fresh module objects for the firmware and for the
chip's modules. Its modules see `builtins` of their own, whose `__import__` knows the chip's names and `firmware`, and
leaves the rest to CPython. Nothing global is changed: any number of chips run beside each other.
"""

import builtins
import traceback
from types import ModuleType

from host_sim.runtime.image import SHIMS, chip_image, firmware_image
from host_sim.runtime.run import Run


class CPythonRuntime:
    """Runs boot.py and main.py of `root`."""

    def __init__(self, root):
        self._firmware = firmware_image(root)
        self._chip = chip_image(*SHIMS)

    def boot(self, serve):
        """Start the firmware from boot.py; returns its Run."""
        return Run(lambda: _run(_Modules(self._firmware, self._chip), serve))

    def close(self):
        """Nothing is kept between boots."""


def _run(modules, serve):
    try:
        modules.find("bus").connect(*_link(serve))
        modules.find("start").start(modules.execute, _describe)
    finally:
        modules.clear()


def _link(serve):
    payload = b""

    def exchange(request):
        nonlocal payload
        head, payload = serve(request)
        return head

    return exchange, lambda size: payload


def _describe(exception):
    return "".join(traceback.format_exception(exception))


class _Modules:
    """The module table of one boot."""

    def __init__(self, firmware, chip):
        self._firmware = firmware
        self._chip = chip
        self._table = {}
        self._builtins = {**vars(builtins), "__import__": self._import}
        self._main = {"__name__": "__main__", "__builtins__": self._builtins}

    def execute(self, name):
        """Run the file `name` in `__main__`; nothing happens where there is none, as on the chip."""
        code = self._firmware.code(name)
        if code is not None:
            exec(code, self._main)

    def find(self, name):
        """The module `name`, loaded when this boot has not done so, or None when it is none of the chip's."""
        module = self._table.get(name)
        if module is None:
            module = self._load(name)
        return module

    def clear(self):
        """Break the ties between modules and their functions, so that nothing waits for the garbage collector."""
        for module in self._table.values():
            module.__dict__.clear()
        self._main.clear()

    def _load(self, name):
        found = self._chip.module(name) or self._firmware.module(name)
        return self._execute_module(name, *found) if found else None

    def _execute_module(self, name, code, is_package):
        parent, _, last = name.rpartition(".")
        if parent:
            self.find(parent)
        module = ModuleType(name)
        module.__builtins__ = self._builtins
        module.__package__ = name if is_package else parent
        if is_package:
            module.__path__ = []
        self._table[name] = module
        try:
            exec(code, module.__dict__)
        except BaseException:
            del self._table[name]
            raise
        if parent:
            setattr(self._table[parent], last, module)
        return module

    def _import(self, name, globals=None, locals=None, fromlist=(), level=0):
        if level:
            parts = globals["__package__"].split(".")
            name = ".".join(parts[: len(parts) - level + 1] + ([name] if name else []))
        top = name.partition(".")[0]
        if self.find(top) is None:
            return builtins.__import__(name, globals, locals, fromlist, level)
        module = self.find(name)
        if module is None:
            raise ImportError(f"no module named '{name}'")
        if not fromlist:
            return self._table[top]
        for attribute in fromlist:
            if not hasattr(module, attribute):
                self.find(f"{name}.{attribute}")
        return module
