"""What the lock takes from its batteries for each thing it does: measured in simulated runs.

Openings, refusals, check-ins and sleep are the lock's own firmware, typed at as a person does and answered by an issuer
of this program. TLS is left out of the runs and added by its turnarounds, bytes and computing. What the runs draw, and
the computing for which simulated time stands still, is in host_sim/world/figures.py.
"""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from struct import calcsize

from firmware.core.packing import pack_grant
from firmware.core.words import EVENT, OWNER, UNLOCK
from firmware.net import messages
from firmware.net.orders import COMMANDS
from host_sim.lock import DEFAULT_START, Lock, LockConfig
from host_sim.runtime import RUNTIMES
from host_sim.runtime.image import PROJECT
from host_sim.world import figures
from host_sim.world.figures import COMPUTING_US, MICROAMPS
from host_sim.world.world import World
from tools.energy.peer import GATEWAY, ROOT, Issuer, Peer
from tools.protocol.seal import OVERHEAD

_SECOND = 1_000_000
_BASE = (("chip", "asleep"), ("board", "fed"))
_MAIN = Path(__file__).with_name("on_chip") / "plain.py"
_GAP_MS = 400  # between two keys: half a second a digit
_CODE = [{"label": "lobby", "kind": "event", "digits": 8, "check": True}]
_BROKER = ("10.0.0.2", 1883)
_NEAR = "02d40b017001"  # BSSID of the simulated access point
_ADDRESS = ["10.0.0.7", "255.255.255.0", "10.0.0.1", "10.0.0.1"]
_DELAY_US = 50_000  # one way, to the broker and back through the gateway
_LONG_S = 14 * 3600  # less a tenth, longer than the lock keeps an address that it was given

CERTIFICATE = (4, 1_510, figures.TLS_CERTIFICATE_US)
"""TLS as mbedTLS 3.6 and mosquitto spoke it, RSA of 2048 bits: delays of the handshake, its bytes, computing."""
PRE_SHARED = (4, 348, figures.TLS_PSK_US)
"""The same with a pre-shared key."""


@dataclass(frozen=True)
class Run:
    """`counts`: (part, state) -> (seconds, millicoulombs), beyond what sleep would have taken. Turnarounds after TLS.

    events: of the log, how many were told.
    """

    counts: dict
    turnarounds: int = 0
    bytes: int = 0
    events: int = 0

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

    asks: for an address, which is neither configured nor remembered. bssid: the access point is known, else looked for.
    tls: handshake. openings, refusals, commands: what there is to tell and to do; an opening is two events, a command
    or a refusal one. listen_s: it is asked to. silent: nobody answers at the broker's address, until the deadline.
    """

    asks: bool = False
    bssid: bool = True
    tls: tuple = PRE_SHARED
    openings: int = 0
    refusals: int = 0
    commands: int = 0
    listen_s: int = 0
    silent: bool = False


TEN_UP_TWO_DOWN = CheckIn(openings=3, refusals=2, commands=2)
"""Ten events and two commands."""


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
    return _at_the_door(_open, "opening")


@cache
def refused():
    """Eight digits that are no code."""

    return _at_the_door(_refuse, "refused")


def _refuse(lock):
    lock.wake()
    lock.type("00000000#", gap_ms=_GAP_MS)


def _open(lock):
    lock.wake()
    lock.type(lock.issue("lobby") + "#", gap_ms=_GAP_MS)
    if not lock.run_until(lambda: lock.bolt == "unlocked"):
        raise RuntimeError("the lock did not open")
    lock.wait(1)
    lock.door("open")
    lock.wait(5)
    lock.door("closed")


def _sleeps(lock):
    if not lock.run_until(lambda: not lock.awake and lock.bolt == "locked", 120):
        raise RuntimeError("the lock does not sleep")


def _at_the_door(act, name):
    with Lock(config=LockConfig(grants=_CODE)) as lock:
        lock.wait(60)
        before = lock.world.meter.counts()
        act(lock)
        _sleeps(lock)
        return Run(_more(lock.world.meter.counts(), before, {"chip": COMPUTING_US[name]}))


@cache
def check_in(how=CheckIn()):
    """One check-in, from the timer's wake to sleep."""
    with Lock(config=_with_radio(how)) as lock:
        world = lock.world
        issuer = Issuer(lock.lock_id, lambda: lock.now)
        topic = f"dropbolt/{lock.lock_id.hex()}/down"
        world.network.delay_us = _DELAY_US
        world.network.routes[_BROKER] = lambda: Peer(topic, issuer.take)
        lock.wait(60)  # the first one, which tells all
        for _ in range(how.openings):
            _open(lock)
            _sleeps(lock)
        for _ in range(how.refusals):
            _refuse(lock)
            _sleeps(lock)
        issuer.orders = [(messages.PUT_GRANT, _grant(100 + number)) for number in range(how.commands)]
        issuer.listen = how.listen_s
        issuer.told = 0
        if how.silent:
            world.network.silent.add(_BROKER[0])
        traffic, before = world.network.traffic, world.meter.counts()
        turnarounds, count = traffic.turnarounds, traffic.sent + traffic.received
        if not lock.run_until(lambda: lock.awake, _LONG_S + 60):
            raise RuntimeError("the lock does not check in")
        _sleeps(lock)
        if issuer.words != [messages.DONE] * (0 if how.silent else how.commands):
            raise RuntimeError(f"the commands ended so: {issuer.words}")
        counts = _more(world.meter.counts(), before, _busy_us(how.tls, how.silent))
        count = traffic.sent + traffic.received - count
        return Run(counts, traffic.turnarounds - turnarounds, count + how.tls[1], issuer.told)


def _with_radio(how):
    radio = {
        "security": "insecure",
        "port": _BROKER[1],
        "keys": {(GATEWAY, 1): ROOT},
        "bssid": _NEAR if how.bssid else "",
        "address": [] if how.asks else _ADDRESS,
        "rarely_s": _LONG_S if how.asks else 3600,
    }
    return LockConfig(grants=_CODE, settings={"issuers": [[GATEWAY, "owner", OWNER | UNLOCK, 64]]}, radio=radio)


def _grant(number):
    return pack_grant(id=number, kind=EVENT, key=bytes([number]) * 20, digits=8, check=True, window=1)


@cache
def by_umqtt(events, commands):
    """The same, told to a broker as a sketch with umqtt would: a message for each event, one after the other."""
    result = OVERHEAD + calcsize(messages.RESULT_FORMAT)
    event = OVERHEAD + calcsize(messages.EVENTS_FORMAT) + messages.EVENT_SIZE
    hello = OVERHEAD + calcsize(messages.HELLO_FORMAT) + 2 * calcsize(messages.COUNTER_FORMAT)
    kinds = [messages.REPLY] + [messages.PUT_GRANT] * commands
    down = [bytes(OVERHEAD + calcsize(COMMANDS[kind][0])) for kind in kinds]
    waiting = list(down)

    def take(_):
        while waiting:
            yield waiting.pop(0)

    options = {"up": [hello] + [event] * events + [result] * commands, "down": len(down)}
    with tempfile.TemporaryDirectory() as folder:
        _lay_out(Path(folder), options)
        runtime = RUNTIMES["cpython"](Path(folder))
        world = World(runtime, {}, DEFAULT_START)
        world.network.delay_us = _DELAY_US
        world.network.routes[_BROKER] = lambda: Peer("dropbolt/0000000000000000/down", take)
        world.power_on()
        while world.chip.state != "asleep" and world.timeline.now_us < 60 * _SECOND:
            world.advance(world.timeline.now_us + _SECOND // 100)
        traffic, counts = world.network.traffic, _more(world.meter.counts(), {}, _busy_us(PRE_SHARED, False))
        world.chip.kill()
        runtime.close()
    return Run(counts, traffic.turnarounds, traffic.sent + traffic.received + PRE_SHARED[1], events)


def _lay_out(folder, options):
    """The board's files."""
    (folder / "firmware").mkdir()
    (folder / "firmware" / "__init__.py").write_text("")
    (folder / "lib").symlink_to(PROJECT / "lib")
    (folder / "boot.py").write_text("")
    (folder / "main.py").write_text(f"OPTIONS = {options!r}\n{_MAIN.read_text(encoding='utf-8')}")


def _busy_us(tls, silent):
    """Microseconds of chip and radio beyond the run: computing, and the handshake where somebody shakes hands."""
    delays, count, computing = tls
    us = COMPUTING_US["check-in"]
    if not silent:
        us += delays * _DELAY_US + computing + count * figures.BYTE_US
    return {"chip": us, "radio": us}


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
