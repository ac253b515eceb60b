"""What is loaded where: the roots of a program, what loading each of them loads, and what is there by then.

A root is what boot.py, main.py and third parties' modules import, or what an import within a function names.
"""

WAKE = ("firmware.board", "firmware.app", "firmware.assembly")
"""The roots that each wake loads, in this order."""
KEY = ("firmware.visitor", "firmware.attempt")
"""Those that its first key loads besides."""

LATE = {
    "firmware.assembly": "Wake._held_s Wake._note_power Wake._tell_boot",
    "firmware.calling": "Calling._affords",
    "firmware.commanders": "Commanders.keep_keys Commanders.store_keys",
    "firmware.changes": "Changes._new_place",
    "firmware.clock": "Clock._jump",
    "firmware.core.burns": "Burns.is_past Burns.revoke_code",
    "firmware.core.newcomer": "_opens",
    "firmware.core.state": "State.snapshot",
    "firmware.drivers.signals": "Signals.play",
    "firmware.limits": "Limits.grants",
    "firmware.remote": "Remote._spares",
    "firmware.net.commands": "Commands._retired Commands._unlock",
    "firmware.store.audit": "Audit._carry",
    "firmware.store.ring": "Ring._clean Ring._leave Ring._rotate Ring.restart",
    "firmware.store.sectors": "Sectors.repair",
}
"""Functions and methods that few wakes call: they are loaded when they are called, those of a module together."""

TEXTS = ("firmware.core.bounds", "firmware.core.newcomer", "firmware.net.reading")
"""Modules that tell what is wrong where mostly nothing is: these texts are loaded with the first of them."""


def roots_of(parts, entries):
    """{root: its symbols}, and {root: the parts with functions that import it}, of an entry None."""
    roots = {}
    for symbol in entries:
        roots.setdefault(symbol.partition(":")[0], {})[symbol] = None
    importers = dict.fromkeys(roots)
    for part in parts:
        for module, symbols in part.later.items():
            roots.setdefault(module, {}).update(symbols)
            if importers.setdefault(module, []) is not None:
                importers[module].append(part)
    return roots, importers


def all_later(part):
    """The symbols that functions of the part import when they are called."""
    return [symbol for symbols in part.later.values() for symbol in symbols]


def closure(parts, homes, named):
    """The parts that are loaded with these: what they use, and of the methods by themselves, {name: Parts}, those that
    any of them asks for. homes: {symbol: its part}."""
    found = set()
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting += [homes[symbol] for symbol in part.uses]
            waiting += [method for name in part.attributes for method in named.get(name, ())]
    return found


def by_name(methods):
    """{name: methods by themselves that are called so}."""
    named = {}
    for method in methods:
        named.setdefault(method.name, []).append(method)
    return named


def before_each(parts, closures, importers):
    """{root: the parts that are there whenever it is loaded}; of an entry, none. What the first key loads is there all
    together for whatever is loaded later."""
    before = {name: set() if of is None else set(parts) for name, of in importers.items()}
    changed = True
    while changed:
        changed = False
        for name, of in importers.items():
            if of is None:
                continue
            ways = []
            for root in [root for root in closures if any(part in closures[root] for part in of)]:
                along = KEY if root in KEY and name not in KEY else (root,)
                ways.append(before[root].union(*[closures[each] for each in along if each in closures]))
            now = set.intersection(*ways)
            changed = changed or now != before[name]
            before[name] = now
    return before
