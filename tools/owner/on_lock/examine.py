"""What runs at the prompt of a lock while `dropbolt doctor` asks: cable.py sends this file, MicroPython compiles it.

It looks at the lock with the lock's own modules, as a wake would, and changes nothing: neither flash nor NVS nor RTC
memory nor clock. What it prints has no key, no code and no password: keys only as hidden.py hides them. One JSON list
to a line: a name, and what there is of it.
"""

import json
import time
from binascii import unhexlify

from firmware.board import Board
from firmware.calling import BANKS
from firmware.clock import Clock
from firmware.config import Config, ConfigError
from firmware.core.grants import Grants
from firmware.core.schedule import Schedules  # noqa: F401  (Config asks for it and for Zone where a grant has hours)
from firmware.core.state import State
from firmware.core.zone import Zone  # noqa: F401
from firmware.drivers.battery import Battery
from firmware.drivers.ds3231 import DS3231, ClockError
from firmware.drivers.ds3231_service import temperature
from firmware.memory import Memory
from firmware.net.recall import Recall
from firmware.net.settings import Radio, RadioError
from firmware.store import BLANK, SECTORS, SIZE, StorageError
from firmware.store.journal import Journal
from firmware.store.vault import Vault, VaultError

_GRANT = 80
_SECRETS = ("salt", "mac")
_EDGE_MS = 1500
_LOST = 3


class Still:
    """A partition, or a namespace of NVS: it is read, and what would change it is refused."""

    def __init__(self, device):
        self.readblocks = getattr(device, "readblocks", None)
        self.get_blob = getattr(device, "get_blob", None)
        self.get_i32 = getattr(device, "get_i32", None)
        self._device = device

    def ioctl(self, operation, argument):
        return self._device.ioctl(operation, argument) if operation in (4, 5) else -22

    def commit(self):
        pass

    def _refuse(self, *_):
        raise OSError(30)

    writeblocks = set_blob = set_i32 = erase_key = _refuse


class Bench:
    """The board as the lock's modules ask it, whose memories stand still; `chip`: a Board."""

    def __init__(self, chip):
        self.adc, self.i2c = chip.adc, chip.i2c
        self.recall, self.rtc_seconds = chip.recall, chip.rtc_seconds
        found = chip.partition("locklog")
        self.partition = found and Still(found)
        self.nvs = Still(chip.nvs("dropbolt"))

    def remember(self, data):
        pass


def tell(*what):
    print(json.dumps(what))


def examine(bench):
    """Tell the set, the fault if there is one, and what of the guesses is left; returns the lock's Clock."""
    state, config, journal = State(Grants(b"")), None, None
    vault = Vault(bench.nvs)
    try:
        if bench.partition and bench.partition.ioctl(4, 0) != SECTORS:
            raise StorageError(SIZE)
        settings, grants = vault.load()
        _tell_set(settings, grants)
        config = Config(settings, grants)
        state = State(config.grants)
        Journal(bench.partition, state, config.journal, config.mac, bench.nvs).mount()
    except ConfigError as error:
        tell("fault", "settings", error.place)
    except VaultError as error:
        tell("fault", "unprovisioned" if error.reason == BLANK else "vault")
    except StorageError as error:
        tell("fault", error.reason)
    else:
        journal = True
    tell("set", vault.generation, state.generation)
    tell("battery", Battery(bench.adc).millivolts())
    clock = Clock(DS3231(bench.i2c), bench, Memory(bench), state)
    if journal:
        clock.read()
        _tell_buckets(config.budget, state, clock.credit)
    return clock


def _tell_set(settings, grants):
    fields = json.loads(bytes(settings).decode())
    for name in fields:
        tell("setting", name, known(unhexlify(fields[name])) if name in _SECRETS else fields[name])
    for at in range(0, len(grants), _GRANT):
        tell("grant", masked(grants[at : at + _GRANT]))


def _tell_buckets(budget, state, credit):
    """The typed lengths at which no guess is left, and the seconds until there is one."""
    for length, _, _ in budget.full(0):
        after = 0
        while not budget.allows(length, state, credit + after) and after < 1 << 22:
            after += 3600
        if after:
            tell("empty", length, after)


def radio(bench):
    """Tell the radio's settings, and how its last check-ins went."""
    try:
        found = Radio(*Vault(bench.nvs, BANKS).load())
    except VaultError as error:
        tell("radio", error.reason)
    except RadioError as error:
        tell("radio", "settings", error.setting)
    else:
        tell("radio", "")
        tell("broker", found.host, found.port, found.security, found.user)
        tell("Wi-Fi", found.ssid, bool(found.password), bool(found.bssid), bool(found.address))
        tell("check in", found.gateway, found.often_s, found.rarely_s)
        for number, epoch in found.keys.in_use():
            tell("root", number, epoch, known(found.keys.root(number, epoch)))
        past = Recall(Memory(bench).radio)
        if not past.fresh:
            tell("check-ins", past.failures)


def look(bench, clock):
    """Tell what the clock knows; the last line just as one of its seconds begins."""
    source = DS3231(bench.i2c)
    try:
        began, (t, running) = time.ticks_ms(), source.read()
        tell("celsius", temperature(bench.i2c) / 4)
        _, quality = clock.read()
        tell("clock", quality, clock.uncertainty, running)
        now = t
        while now == t and time.ticks_diff(time.ticks_ms(), began) < _EDGE_MS:
            time.sleep_ms(1)
            now, _ = source.read()
        tell("second", now)
    except ClockError as error:
        tell("clock", _LOST, 0, str(error))


def bench():
    return Bench(Board())
