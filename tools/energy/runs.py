"""What the lock takes from its batteries for each thing it does: measured in simulated runs.

An opening, a refusal and sleep are the lock's own firmware, typed at as a person does. A check-in is scripted
(`on_chip/check_in.py`): the lock's own link and MQTT, messages as long as the real ones. What the runs draw, and the
computing for which simulated time stands still, is in host_sim/world/figures.py.
"""

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from struct import calcsize

from firmware.net import messages
from host_sim.lock import DEFAULT_START, Lock, LockConfig
from host_sim.runtime import RUNTIMES
from host_sim.runtime.image import PROJECT
from host_sim.world.figures import COMPUTING_US, MICROAMPS
from host_sim.world.world import World
from tools.energy.peer import Peer

_SECOND = 1_000_000
_BASE = (("chip", "asleep"), ("board", "fed"))
_MAIN = Path(__file__).with_name("on_chip") / "check_in.py"
_GAP_MS = 400  # between two keys: half a second a digit
_CODE = [{"label": "lobby", "kind": "event", "digits": 8, "check": True}]
_DELAY_US = 50_000  # one way, to the broker and back through the gateway
_DEADLINE_S = 20  # of an exchange
_OVERHEAD = 32  # bytes of a sealed message beside its content

CERTIFICATE = (((22,), 147, 1186), ((22, 20, 22), 126, 51))
"""A handshake as mbedTLS 3.6 and mosquitto made it, RSA of 2048 bits: records and bytes of the lock, of the broker."""
PRE_SHARED = (((22,), 105, 114), ((22, 20, 22), 78, 51))
"""The same with a pre-shared key."""


@dataclass(frozen=True)
class Run:
    """`counts`: (part, state) -> (seconds, millicoulombs), beyond what sleep would have taken; turnarounds over TLS."""

    counts: dict
    turnarounds: int = 0
    bytes: int = 0

    def mc(self, part=None):
        """Millicoulombs in all, or of one part."""
        return sum(mc for (of, _), (_, mc) in self.counts.items() if part in (None, of))

    def seconds(self, part, *states):
        """How long `part` was in one of the states."""
        return sum(self.counts.get((part, state), (0, 0))[0] for state in states)

    @property
    def radio_on(self):
        """Seconds."""
        return self.seconds("radio", "joining", "listening", "sending")


@dataclass(frozen=True)
class CheckIn:
    """How a check-in is made; as it stands here, as the lock makes it where it can.

    static: the address is configured, else asked for by DHCP. bssid: the access point is known, else looked for.
    flights: of the TLS handshake. gathered: False is plain umqtt. events, commands: how many. listen_s: after a call.
    silent: nobody answers at the broker's address, until the deadline.
    """

    static: bool = True
    bssid: bool = True
    flights: tuple = PRE_SHARED
    gathered: bool = True
    events: int = 1
    commands: int = 0
    listen_s: int = 0
    silent: bool = False


@cache
def asleep():
    """Microamperes of a lock that nobody touches, measured over an hour."""
    with Lock(config=LockConfig(grants=_CODE)) as lock:
        lock.wait(60)
        before = lock.world.meter.mc()
        lock.wait(3600)
        return (lock.world.meter.mc() - before) / 3600 * 1000


@cache
def opening():
    """A code that opens; the door is opened, closed after five seconds, and the lock throws the bolt and sleeps."""

    def act(lock):
        lock.wake()
        lock.type(lock.issue("lobby") + "#", gap_ms=_GAP_MS)
        if not lock.run_until(lambda: lock.bolt == "unlocked"):
            raise RuntimeError("the lock did not open")
        lock.wait(1)
        lock.door("open")
        lock.wait(5)
        lock.door("closed")

    return _at_the_door(act, "opening")


@cache
def refused():
    """Eight digits that are no code."""

    def act(lock):
        lock.wake()
        lock.type("00000000#", gap_ms=_GAP_MS)

    return _at_the_door(act, "refused")


def _at_the_door(act, name):
    with Lock(config=LockConfig(grants=_CODE)) as lock:
        lock.wait(60)
        before = lock.world.meter.counts()
        act(lock)
        if not lock.run_until(lambda: not lock.awake and lock.bolt == "locked", 120):
            raise RuntimeError("the lock does not sleep")
        return Run(_more(lock.world.meter.counts(), before, {"chip": COMPUTING_US[name]}))


@cache
def check_in(how=CheckIn()):
    """One check-in, from the timer's wake to sleep."""
    sealed = calcsize(messages.RESULT_FORMAT) + _OVERHEAD
    commands = [_OVERHEAD + calcsize(messages.COMMANDS[messages.PUT_GRANT][0])] * how.commands
    reply = _OVERHEAD + calcsize(messages.COMMANDS[messages.REPLY][0])
    options = {
        "static": how.static,
        "bssid": how.bssid,
        "flights": how.flights,
        "gathered": how.gathered,
        "events": how.events,
        "hello": _OVERHEAD + calcsize(messages.HELLO_FORMAT) + 2 * calcsize(messages.COUNTER_FORMAT),
        "head": _OVERHEAD + calcsize(messages.EVENTS_FORMAT),
        "event": messages.EVENT_SIZE,
        "result": sealed,
        "commands": 1 + how.commands,
        "listen_ms": how.listen_s * 1000,
        "deadline_ms": (_DEADLINE_S + how.listen_s) * 1000,
    }
    with tempfile.TemporaryDirectory() as folder, _board(Path(folder), options) as world:
        world.network.delay_us = _DELAY_US
        world.network.routes["10.0.0.2", 8883] = lambda: Peer(how.flights, [reply, *commands])
        if how.silent:
            world.network.silent.add("10.0.0.2")
        world.power_on()
        until_s = how.listen_s + 60
        while world.chip.state != "asleep" and world.timeline.now_us < until_s * _SECOND:
            world.advance(world.timeline.now_us + _SECOND // 100)
        if world.chip.state != "asleep":
            raise RuntimeError(f"the check-in does not end: {world.chip.state}\n{world.chip.console}")
        traffic = world.network.traffic
        computing = {"chip": COMPUTING_US["check-in"], "radio": COMPUTING_US["check-in"]}
        counts = _more(world.meter.counts(), {}, computing)
        return Run(counts, traffic.turnarounds, traffic.sent + traffic.received)


class _board:
    """A world whose chip runs the scripted check-in from `folder`."""

    def __init__(self, folder, options):
        for name in ("firmware/__init__.py", "firmware/core/__init__.py", "firmware/net"):
            source, target = PROJECT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
        (folder / "lib").symlink_to(PROJECT / "lib")
        (folder / "boot.py").write_text("")
        (folder / "main.py").write_text(f"OPTIONS = {options!r}\n{_MAIN.read_text(encoding='utf-8')}")
        self._runtime = RUNTIMES["cpython"](folder)
        self._world = World(self._runtime, {}, DEFAULT_START)

    def __enter__(self):
        return self._world

    def __exit__(self, *_):
        self._world.chip.kill()
        self._runtime.close()


_BUSY = {"chip": "awake", "radio": "listening"}


def _more(after, before, computing):
    """What came in between, but for sleep and the board, and with the computing, which takes the chip longer."""
    counts = {
        key: (seconds - before.get(key, (0, 0))[0], mc - before.get(key, (0, 0))[1])
        for key, (seconds, mc) in after.items()
        if key not in _BASE
    }
    for part, us in computing.items():
        key = part, _BUSY[part]
        seconds, mc = counts.get(key, (0, 0))
        counts[key] = seconds + us / _SECOND, mc + us * MICROAMPS[key] / 1e9
    return {key: count for key, count in counts.items() if count[1]}
