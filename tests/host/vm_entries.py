"""On the MicroPython VM: 10,000 entries within one wake, by the lock's own `Attempts`, journal and log.

Prints the bytes of the heap that are in use after each 1,000, as JSON.
"""

import gc
import json

from entrance import Entrance
from keyring import event, interval, number
from nor import Nor

from firmware.core.words import OPENED, WRONG
from firmware.store.audit import ENTRY, Audit
from firmware.store.journal import Journal

_ENTRIES = 10_000
_LOOK = 1_000
_JOURNAL_SECTORS = 4
_LOG_SECTORS = 4
_ID = bytes(range(8))


class Lock(Entrance):
    """An entrance whose journal and log are on flash, small ones that go round often."""

    def __init__(self, *records):
        super().__init__(*records)
        nor = Nor(_JOURNAL_SECTORS + _LOG_SECTORS, 4096)
        self.journal = Journal(nor, self.state, _ID, bytes(16), nor, 0, _JOURNAL_SECTORS)
        self.journal.format()
        self.log = Audit(nor, _ID, _JOURNAL_SECTORS, _LOG_SECTORS)
        self.log.format(bytes(18))

    def write(self, body):
        if hasattr(self, "journal"):
            self.journal.write(body)
            self.written.append(body[0])

    def serve(self, code):
        """Judge a code, log what came of it, and make room, as a session does."""
        self.credit += 1000
        self.now += 20_000
        self.attempts.begin()
        self.attempts.work()
        decision = self.enter(code)
        self.log.append(ENTRY, decision, self.t, length=len(code), attempt=self.state.attempts)
        self.journal.tidy()
        self.log.tidy()
        return decision


def main():
    lock = Lock(event(), interval(), number("12345678"))
    found = []
    for entry in range(_ENTRIES):
        code = lock.code(0, entry // 10) if not entry % 10 else f"{entry * 7919:08d}"
        if lock.serve(code) not in (OPENED, WRONG):
            raise ValueError("not what the entry should come to")
        if not (entry + 1) % _LOOK:
            gc.collect()
            found.append(gc.mem_alloc())
    print(json.dumps(found))


main()
