"""The firmware under CPython, in this process, each chip with modules of its own.

The chip starts with empty memory at every wake, so each boot finds the modules of firmware and chip as if they had just
been executed; most are kept from the boot before and put right (kept.py). They see `builtins` of their own, whose
`__import__` knows the chip's names and `firmware`, and leaves the rest to CPython. Nothing global is changed: any
number of chips run beside each other. Nor do they catch what is not theirs: a Ctrl-C at this computer ends the program
wherever the firmware is, for the chip has a KeyboardInterrupt of its own.
"""

import builtins
import traceback
from types import ModuleType

from host_sim.runtime.image import SHIMS, chip_image, firmware_image
from host_sim.runtime.kept import keep
from host_sim.runtime.run import Run


class _ChipInterrupt(BaseException):
    """What the chip knows as KeyboardInterrupt: a Ctrl-C at its serial port."""


_RAISED_ON_THE_CHIP = (Exception, SystemExit, GeneratorExit, _ChipInterrupt)


class CPythonRuntime:
    """Runs boot.py and main.py of `root`."""

    def __init__(self, root):
        self._images = firmware_image(root), chip_image(*SHIMS)
        self._resting = None

    def boot(self, port):
        """Start the firmware from boot.py; returns its Run."""
        return Run(lambda: self._run(port))

    def close(self):
        """Let go of the modules that were kept."""
        if self._resting:
            self._resting.clear()
            self._resting = None

    def _run(self, port):
        modules, self._resting = self._resting or _Modules(*self._images), None
        try:
            join(modules, port)
            modules.find("start").start(modules.execute, _describe)
        finally:
            modules.rest()
            self._resting = modules


def join(modules, port):
    """Begin a boot of `modules` whose chip asks the world of `port` without turning requests into bytes and back."""
    chip, answer, present, flash = modules.find("bus").chip, port.answer, port.present, port.world.flash

    def call(operation, payload=b""):
        spent = chip.dozed, chip.unasked, chip.taken
        error, reply = answer(operation, chip.now, chip.fed, spent, chip.tail, payload)
        chip.tail, chip.readings, chip.wifi = b"", (), None
        chip.dozed = chip.unasked = chip.taken = 0
        chip.now, chip.next, chip.levels, contacts, chip.flags = present()
        if contacts != chip.contacts:
            chip.close(contacts)
        if error:
            raise OSError(error, "refused")
        return reply

    chip.call = call
    chip.begin(flash and flash.cells)


def _describe(exception):
    return "".join(traceback.format_exception(exception))


class _Modules:
    """The module table of one boot after the other.

    _table: what this boot has loaded. _kept: what further boots need not execute. _unkept: names of what they must.
    """

    def __init__(self, firmware, chip):
        self._firmware = firmware
        self._chip = chip
        self._table = {}
        self._kept = {}
        self._unkept = set()
        self._builtins = {
            **vars(builtins),
            "__import__": self._import,
            "BaseException": _RAISED_ON_THE_CHIP,
            "KeyboardInterrupt": _ChipInterrupt,
        }
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

    def rest(self):
        """A boot is over: break the ties of what is not kept, so that nothing waits for the garbage collector."""
        for name, module in self._table.items():
            if name not in self._kept:
                module.__dict__.clear()
        for kept in self._kept.values():
            kept.renew()
        self._table.clear()
        self._main.clear()
        self._main.update(__name__="__main__", __builtins__=self._builtins)

    def clear(self):
        """There is no further boot: break the ties of what was kept, too."""
        for kept in self._kept.values():
            kept.module.__dict__.clear()
        self._kept.clear()

    def _load(self, name):
        kept = self._kept.get(name)
        if kept:
            return self._enter(name, kept.module)
        found = self._chip.module(name) or self._firmware.module(name)
        return self._execute_module(name, *found) if found else None

    def _enter(self, name, module):
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(self.find(parent), last, module)
        self._table[name] = module
        return module

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
        if name not in self._unkept:
            self._keep(name, module)
        if parent:
            setattr(self._table[parent], last, module)
        return module

    def _keep(self, name, module):
        kept = keep(module, self._stays)
        if kept:
            self._kept[name] = kept
        else:
            self._unkept.add(name)

    def _stays(self, name):
        return name in self._kept or name not in self._table

    def _import(self, name, globals=None, locals=None, fromlist=(), level=0):
        module = self._table.get(name) if fromlist and not level else None
        if module is None:
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
