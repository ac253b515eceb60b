"""The lock's board as its own modules ask it, but nothing can be changed: flash, NVS and RTC memory stand still.

What is told has no key, no code and no password: keys only as hidden.py hides them. One JSON list to a line: a name,
and what there is of it.
"""

import json

from firmware.board import Board


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


board = Bench(Board())
