"""Modules that outlive a boot: executed once, and brought back to how that left them before each further boot.

To execute forty modules anew takes longer than the rest of a wake, and CPython runs code faster that it has run before.
A module is kept when all that it holds either cannot change or can be put right: values, functions and classes of kept
modules, containers of values. Whatever else a module holds, it is executed anew at each boot, as it is on the chip.
"""

from io import IOBase
from types import BuiltinFunctionType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType

_OF_ABC = type(vars(IOBase)["_abc_impl"])  # what CPython keeps of a class that inherits from an abstract one
_PLAIN = (int, float, str, bytes, type(None), _OF_ABC)
_PLAIN += (BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType)
_CONTAINERS = (dict, list, set, bytearray)
BEGUN_ANEW = "BEGUN_ANEW"
"""Attribute that is true in a class whose instances begin anew at each boot by themselves."""


class Kept:
    """A module as its execution left it; `containers`, `classes`: what it holds that may be changed in place."""

    def __init__(self, module, containers, classes):
        self.module = module
        self._now = vars(module)
        self._names = dict(self._now)
        self._containers = [(container, container.copy()) for container in containers]
        self._classes = [(cls, vars(cls), dict(vars(cls))) for cls in classes]

    def renew(self):
        """Put right what a boot has changed."""
        if self._now != self._names:
            self._now.clear()
            self._now.update(self._names)
        for container, was in self._containers:
            if container != was:
                _refill(container, was)
        for cls, now, was in self._classes:
            if now != was:
                _reset(cls, was)


def keep(module, stays):
    """The Kept of a `module` that has just been executed, None for one that is to be executed anew at each boot.

    stays(name): whether what the module of that name holds is still the same at the next boot.
    """
    inventory = _Inventory(module.__name__, stays)
    names = {name: value for name, value in vars(module).items() if name != "__builtins__"}
    return Kept(module, inventory.containers, inventory.classes) if all(map(inventory.stays, names.values())) else None


class _Inventory:
    """Finds out whether values stay, and collects those that may be changed in place."""

    def __init__(self, name, stays):
        self.containers = []
        self.classes = []
        self._name = name
        self._stays = stays

    def stays(self, value):
        """Whether `value` is the same at each boot, or can be made so."""
        if isinstance(value, _PLAIN) or getattr(type(value), BEGUN_ANEW, False):
            return True
        if isinstance(value, (tuple, frozenset)):
            return all(map(self.stays, value))
        if isinstance(value, _CONTAINERS):
            self.containers.append(value)
            return all(map(self._is_value, value.values() if isinstance(value, dict) else value))
        if isinstance(value, ModuleType):
            return self._stays(value.__name__)
        if isinstance(value, (staticmethod, classmethod)):
            return self.stays(value.__func__)
        if isinstance(value, property):
            return all(map(self.stays, (value.fget, value.fset)))
        if isinstance(value, (FunctionType, type)):
            return self._is_of_a_kept_module(value)
        return False

    def _is_of_a_kept_module(self, value):
        if value.__module__ != self._name:
            return self._stays(value.__module__)
        if isinstance(value, type):
            self.classes.append(value)
            return all(map(self.stays, vars(value).values()))
        return value.__code__.co_freevars in ((), ("__class__",)) and all(map(self.stays, value.__defaults__ or ()))

    def _is_value(self, value):
        if isinstance(value, tuple):
            return all(map(self._is_value, value))
        return isinstance(value, _PLAIN)


def _refill(container, was):
    if isinstance(container, (dict, set)):
        container.clear()
        container.update(was)
    else:
        container[:] = was


def _reset(cls, was):
    for name in set(vars(cls)) - set(was):
        delattr(cls, name)
    for name, value in was.items():
        if vars(cls)[name] is not value:
            setattr(cls, name, value)
