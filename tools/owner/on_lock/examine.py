"""Set, faults, guesses, batteries and clock, by the lock's own modules, as a wake would find them; after bench.py."""

import json
import time
from binascii import unhexlify

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
from firmware.settings import check  # noqa: F401  (Config asks for it)
from firmware.store import BLANK, SECTORS, SIZE, StorageError
from firmware.store.journal import Journal
from firmware.store.vault import Vault, VaultError

_GRANT = 80
_SECRETS = ("salt", "mac")
_EDGE_MS = 1500
_LOST = 3


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
