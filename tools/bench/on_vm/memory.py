"""Heap that State, Journal and Audit take once they are mounted: memory.py IMAGE GRANTS, on the MicroPython VM."""

import gc
import json
import sys

from firmware.core.grants import Grants
from firmware.core.state import State
from firmware.store.audit import Audit
from firmware.store.journal import Journal

_BLOCK = 4096
_JOURNAL_ID = b"bench-id"
_KEY = bytes(range(16))


class Image:
    """The partition, read only, and behind it the number that NVS has: the journal's anchor."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self._data = memoryview(file.read())

    def readblocks(self, block, buf, at=0):
        start = block * _BLOCK + at
        buf[:] = self._data[start : start + len(buf)]

    def ioctl(self, op, _):
        return len(self._data) // _BLOCK if op == 4 else _BLOCK

    def get_i32(self, _):
        return int.from_bytes(self._data[-4:], "little")


def allocated():
    """Bytes of the heap in use."""
    gc.collect()
    return gc.mem_alloc()


def main(image_path, grants_path):
    """Print the bytes that each of the three has taken."""
    image = Image(image_path)
    with open(grants_path, "rb") as file:
        grants = Grants(file.read())
    taken = [allocated()]
    state = State(grants)
    taken.append(allocated())
    journal = Journal(image, state, _JOURNAL_ID, _KEY, image)
    journal.mount()
    taken.append(allocated())
    audit = Audit(image, _JOURNAL_ID)
    audit.mount()
    taken.append(allocated())
    names = ("state", "journal", "log")
    print(json.dumps({name: taken[k + 1] - taken[k] for k, name in enumerate(names)}))


main(*sys.argv[1:])
