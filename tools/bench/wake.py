"""What a wake loads and what heap it takes, watched on the MicroPython VM: the real boot.py, main.py and firmware.

A lock with 64 grants and a radio is woken by a key and opens, and later checks in with events and commands. Each
import and each request to the simulated world is watched by on_vm/watched.py; what the simulated chip's own modules
take, which a chip has in its ROM, is left out.
"""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from firmware.core.words import OWNER, UNLOCK
from firmware.net import messages
from host_sim.lock import Lock, LockConfig
from host_sim.runtime.image import PROJECT, firmware_image
from tools.bench import tables
from tools.bench.door import opens, sleeps
from tools.bench.vm import run_on_vm
from tools.energy.peer import GATEWAY, ROOT, Issuer, Peer
from tools.linker.program import Program

_BEFORE_MAIN = [Path(__file__).with_name("on_vm") / name for name in ("importing.py", "watched.py")]
_BROKER = ("10.0.0.2", 1883)
_RADIO = {"security": "insecure", "port": _BROKER[1], "keys": {(GATEWAY, 1): ROOT}, "rarely_s": 3600}
_SETTINGS = {"issuers": [[GATEWAY, "owner", OWNER | UNLOCK, 1000]], "risk_one_in": 100}
_NUMBER = 9_876_543_210
FROZEN = ("umqtt.simple",)
"""Modules that a stock ESP32 image has frozen in its ROM, through which MicroPython looks before any folder."""
_TWO_MORE = (201, 202)
"""Ids of the grants that come by radio."""


@dataclass(frozen=True)
class Import:
    """One module that a wake loads: bytes of its file, 0 for one of FROZEN, and of the heap, microseconds; not what it
    imports in turn."""

    name: str
    file: int
    heap: int
    us: int


@dataclass(frozen=True)
class Wake:
    """imports: of the firmware and its library, in order. heap: (microsecond of the boot, bytes), in order."""

    imports: tuple
    heap: tuple

    @property
    def loaded(self):
        """Bytes of all files; of one that was let go and loaded again, once."""
        return sum({module.name: module.file for module in self.imports}.values())

    @property
    def sources(self):
        """Bytes of the same modules as source."""
        return sum((PROJECT / file).stat().st_size for file in self._files)

    @property
    def _files(self):
        """Sources of the modules of which these are made."""
        files = _program().files("\n".join(f"import {name}" for name in self._modules).encode())
        names = [name for name in self._modules if name not in _program().modules and name not in FROZEN]
        return (*files, *(f"lib/{name.replace('.', '/')}.py" for name in names))

    @property
    def _modules(self):
        """Names of the modules after which the linked ones are named; they import the others that these are made of."""
        return [_module(module.name) for module in self.imports]

    def alone(self, compiled):
        """(bytes of the heap, microseconds) of these imports with nothing else on the VM, `compiled` or as source."""
        if compiled:
            names, library = [module.name for module in self.imports], firmware_image(PROJECT).linked()
        else:
            names, library = self._modules, f"{PROJECT}:{PROJECT / 'lib'}"
        rows = run_on_vm("imports", "\n".join(names).encode(), library=library)
        return sum(size for _, size, _ in rows), sum(us for _, _, us in rows)

    def by_module(self):
        """The Imports of the modules of which these are made, each compiled for itself, in the order of loading."""
        folder = firmware_image(PROJECT).separate()
        rows = run_on_vm("imports", "\n".join(self._modules).encode(), library=folder)
        return [Import(name, _compiled(folder, name), size, us) for name, size, us in rows]

    def last_before(self, us):
        """Bytes of the heap at the last look up to that instant."""
        return [size for at, size in self.heap if at <= us][-1]

    def peak(self, us=0):
        """Bytes of the heap, the most from that instant on."""
        return max(size for at, size in self.heap if at >= us)


@dataclass(frozen=True)
class Watched:
    """keypad, check_in: the two Wakes. typed_us: instant of the first digit in its boot. ready_read: bytes of the
    partition that the wake by a key has read by then.
    """

    keypad: Wake
    check_in: Wake
    typed_us: int
    ready_read: int

    @property
    def idle(self):
        """Bytes of the heap when the lock is ready and nobody has typed."""
        return self.keypad.last_before(self.typed_us)


@cache
def watched():
    """A wake by a key with an opening, and one by the timer with 10 events up and 2 commands down."""
    said = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("boot.py", "firmware", "lib"):
            (root / name).symlink_to(PROJECT / name)
        scripts = (*_BEFORE_MAIN, PROJECT / "main.py")
        (root / "main.py").write_bytes(b"\n\n".join(script.read_bytes() for script in scripts))
        config = LockConfig(grants=_grants(), settings=_SETTINGS, radio=_RADIO)
        with Lock("micropython", config, root=root, hear=said.append) as lock:
            issuer = Issuer(lock.lock_id, lambda: lock.now)
            topic = f"dropbolt/{lock.lock_id.hex()}/down"
            lock.world.network.routes[_BROKER] = lambda: Peer(topic, issuer.take)
            facts = _live(lock, issuer)
        files = firmware_image(root).linked()
        keypad, *_, check_in = [_wake(text, files) for text in said[1:]]
    return Watched(keypad, check_in, *facts)


def _live(lock, issuer):
    """The two wakes, and between them what there is to tell; returns (typed_us, ready_read)."""
    orders = [(messages.PUT_GRANT, tables.event(number)) for number in _TWO_MORE]
    issuer.orders = list(orders)
    sleeps(lock)  # the first check-in, which brings the grants up to 64
    read = lock.world.flash.bytes_read
    lock.wake()
    lock.wait(1)
    world = lock.world
    facts = world.timeline.now_us - world.chip.began_us, world.flash.bytes_read - read
    opens(lock, "e1")
    for _ in range(2):
        lock.wake()
        opens(lock, "e1")
    for _ in range(2):
        lock.wake()
        lock.type("00000000#")
        sleeps(lock)
    issuer.orders = list(orders)
    issuer.told = 0
    if not lock.run_until(lambda: lock.awake, _RADIO["rarely_s"] * 2):
        raise RuntimeError("the lock does not check in")
    sleeps(lock)
    if issuer.words != [messages.DONE] * 2 * len(orders) or issuer.told != 10:
        raise RuntimeError(f"{issuer.told} events, commands ended so: {issuer.words}")
    return facts


def _grants():
    """62 grants, a third of each kind."""
    grants = [{"kind": "event", "window": 4, "label": f"e{k}"} for k in range(21)]
    grants += [{"kind": "interval", "step": tables.DAY, "label": f"i{k}"} for k in range(21)]
    return [{**grant, "digits": 8, "check": True} for grant in grants] + [
        {"kind": "number", "number": f"{_NUMBER - 7919 * k}", "uses": 0, "label": f"n{k}"} for k in range(20)
    ]


def _compiled(folder, name):
    """Bytes of the compiled module `name`, or of the package of that name."""
    stem = name.replace(".", "/")
    files = (folder / f"{stem}.mpy", folder / stem / "__init__.mpy")
    return sum(file.stat().st_size for file in files if file.exists())


@cache
def _program():
    return Program({name: source for name, (_, source) in firmware_image(PROJECT).files.items()})


def _module(name):
    """The module after which the linked module `name` is named (tools/linker): firmware.net.names for net_names."""
    dotted = name.rstrip("_").replace("_", ".", 1)
    return dotted if dotted in _program().modules else name


def _wake(text, folder):
    """The Wake of a boot that has printed `text`; `folder` holds the files that it has loaded from."""
    imports, heap = [], []
    for kind, *words in map(str.split, text.splitlines()):
        if kind == "heap":
            heap.append(tuple(map(int, words)))
        else:
            name, file, size, us = words
            read = 0 if name in FROZEN else (folder / file).stat().st_size
            imports.append(Import(name, read, int(size), int(us)))
    return Wake(tuple(imports), tuple(heap))
