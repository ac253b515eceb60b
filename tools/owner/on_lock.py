"""What runs at the prompt of a lock while `dropbolt doctor` asks: cable.py sends this file, MicroPython compiles it.

It looks at the lock with the lock's own modules, as a wake would, and changes nothing: neither flash nor NVS nor RTC
memory nor clock. What it prints has no key, no code and no password: keys only as the first bytes of their SHA-256, of
which the owner's record has the same. One JSON list to a line: a name, and what there is of it.
"""

import binascii
import json
import sys
import time
from hashlib import sha256

_GRANT = 80
_KEY, _KEY_END = 45, 77  # within a grant's record (firmware/core/grants.py)
_SECRETS = ("salt", "mac")
_SECTOR = 4096
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
    """The board as a wake asks it, whose memories stand still; `chip`: a firmware.board.Board."""

    def __init__(self, chip):
        self._chip = chip
        self.adc, self.i2c = chip.adc, chip.i2c
        self.recall, self.rtc_seconds = chip.recall, chip.rtc_seconds

    def partition(self, label):
        found = self._chip.partition(label)
        return found and Still(found)

    def nvs(self, namespace):
        return Still(self._chip.nvs(namespace))

    def remember(self, data):
        pass

    def now(self):
        return 0

    def poll(self, _):
        """As a keypad at which nobody types."""


def tell(*what):
    print(json.dumps(what))


def known(octets):
    """By what a secret is compared: eight bytes of its hash in hexadecimal digits."""
    return binascii.hexlify(sha256(octets).digest()[:8]).decode()


def masked(grant):
    """A grant's record in hexadecimal digits; of its key what it is known by."""
    parts = binascii.hexlify(grant[:_KEY]), binascii.hexlify(grant[_KEY_END:])
    return known(grant[_KEY:_KEY_END]).join([part.decode() for part in parts])


def examine(chip):
    """Tell everything but the clock and the partition; returns what a wake would be made of."""
    from firmware.assembly import Wake

    bench = Bench(chip)
    wake = Wake(bench)
    wake.load(bench)
    tell("micropython", *sys.implementation.version[:3])
    tell("fault", *wake.fault or ())
    tell("set", wake.vault.generation if wake.vault else 0, wake.state.generation)
    tell("battery", wake.battery.millivolts())
    if wake.vault and wake.vault.generation:
        _tell_set(*wake.vault.load())
    if not wake.fault:
        _tell_buckets(wake)
    _tell_radio(bench, wake.memory)
    return wake


def _tell_set(settings, grants):
    fields = json.loads(bytes(settings).decode())
    for name in fields:
        tell("setting", name, known(binascii.unhexlify(fields[name])) if name in _SECRETS else fields[name])
    for at in range(0, len(grants), _GRANT):
        tell("grant", masked(grants[at : at + _GRANT]))


def _tell_buckets(wake):
    """The typed lengths at which no guess is left, and the seconds until there is one."""
    wake.clock.read()
    credit, budget = wake.clock.credit, wake.config.budget
    for length, _, _ in budget.full(0):
        after = 0
        while not budget.allows(length, wake.state, credit + after) and after < 1 << 22:
            after += 3600
        if after:
            tell("empty", length, after)


def _tell_radio(bench, memory):
    from firmware.calling import BANKS
    from firmware.net.settings import Radio, RadioError
    from firmware.store.vault import Vault, VaultError

    try:
        radio = Radio(*Vault(bench.nvs("dropbolt"), BANKS).load())
    except VaultError as error:
        tell("radio", error.reason)
    except RadioError as error:
        tell("radio", "settings", error.setting)
    else:
        tell("radio", "")
        _tell_usable(radio, memory)


def _tell_usable(radio, memory):
    from firmware.net.recall import Recall

    tell("broker", radio.host, radio.port, radio.security, radio.user)
    tell("Wi-Fi", radio.ssid, bool(radio.password), bool(radio.bssid), bool(radio.address))
    tell("check in", radio.gateway, radio.often_s, radio.rarely_s)
    for number, epoch in radio.keys.in_use():
        tell("root", number, epoch, known(radio.keys.root(number, epoch)))
    past = Recall(memory.radio)
    if not past.fresh:
        tell("check-ins", past.failures, past.reason)


def look(chip, wake):
    """Tell what the clock knows; the last line just as one of its seconds begins."""
    from firmware.drivers.ds3231 import DS3231, ClockError
    from firmware.drivers.ds3231_service import temperature

    source = DS3231(chip.i2c)
    try:
        began, (t, running) = time.ticks_ms(), source.read()
        tell("celsius", temperature(chip.i2c) / 4)
        _, quality = wake.clock.read()
        tell("clock", quality, wake.clock.uncertainty, running)
        now = t
        while now == t and time.ticks_diff(time.ticks_ms(), began) < _EDGE_MS:
            time.sleep_ms(1)
            now, _ = source.read()
        tell("second", now)
    except ClockError as error:
        tell("clock", _LOST, 0, str(error))


def sectors(chip):
    """Tell how many sectors the lock's partition has, 0 if it has none."""
    found = chip.partition("locklog")
    tell("sectors", found.ioctl(4, 0) if found else 0)


def sector(chip, number):
    """Tell what is in a sector, in hexadecimal digits, without its blank end."""
    content = bytearray(_SECTOR)
    chip.partition("locklog").readblocks(number, content)
    end = _SECTOR
    while end and content[end - 1] == 0xFF:
        end -= 1
    tell("content", binascii.hexlify(memoryview(content)[:end]).decode())
