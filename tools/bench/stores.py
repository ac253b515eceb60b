"""Three ways to keep an entry's records: rings on raw flash, files that grow, and a file that is replaced.

Each has `state`, `keep(body)` for a record of the state, `tell(**fields)` for an event, `head` of the log, and `rest()`
for the time between two entries.
"""

from littlefs import LittleFS, UserContext

from firmware.core.grants import Grants
from firmware.core.state import State
from firmware.store.anchor import Anchor
from firmware.store.audit import ENTRY, Audit
from firmware.store.chain import KEY_SIZE
from firmware.store.journal import Journal
from firmware.store.sectors import NO_MAC, SLOT_SIZE
from host_sim.devices import FlashDevice, Namespace

JOURNAL_ID = b"bench-id"
_KEY = bytes(range(16))
_LOG_KEY = bytes(range(KEY_SIZE))
_LITTLEFS = {"read_size": 32, "prog_size": 32, "cache_size": 128, "lookahead_size": 32, "block_cycles": 100}
"""What MicroPython's VfsLfs2 uses on the ESP32."""


class Rings:
    """The lock's own journal and log."""

    def __init__(self, flash, packed):
        self._device = FlashDevice(flash)
        self._nvs = Namespace(flash.nvs, "dropbolt")
        self._grants = Grants(packed)
        self._open()
        self._journal.format()
        self._audit.format(_LOG_KEY)

    def _open(self):
        self.state = State(self._grants)
        self._journal = Journal(self._device, self.state, JOURNAL_ID, _KEY, self._nvs)
        self._audit = Audit(self._device, JOURNAL_ID)

    def keep(self, body):
        """A record of the state, programmed and read back."""
        self._journal.write(body)

    def tell(self, **fields):
        """An event, programmed and read back."""
        self._audit.append(ENTRY, **fields)

    @property
    def head(self):
        """Of the log, for the outcome."""
        return self._audit.head

    @property
    def anchor(self):
        """What NVS says of the journal."""
        return Anchor(self._nvs, JOURNAL_ID).read()

    def rest(self):
        """As the lock does before it sleeps."""
        self._journal.tidy()
        self._audit.tidy()

    def mount(self):
        """As a wake does: everything read anew."""
        self._open()
        self._journal.mount()
        self._audit.mount()


class Appended:
    """The records appended to two files of littlefs, each flushed as soon as it is written."""

    anchor = 0

    def __init__(self, flash, packed):
        self.head = (0, NO_MAC)
        self._context = _Context(flash)
        self._grants = Grants(packed)
        self.state = State(self._grants)
        self._fs = _file_system(self._context, mount=False)
        self._fs.format()
        self._fs.mount()
        self._log = self._fs.open("log", "wb", buffering=0)
        self._begin()

    def _begin(self):
        self._states = self._fs.open("state", "wb", buffering=0)

    def keep(self, body):
        """A record of the state, flushed."""
        self.state.apply(body)
        self._append(self._states, body)

    def tell(self, **_):
        """An event, as long as ours, flushed; what it says costs littlefs nothing."""
        self._append(self._log, b"")
        self.head = (self.head[0] + 1, NO_MAC)

    @staticmethod
    def _append(file, body):
        file.write(bytes(body) + bytes(SLOT_SIZE - len(body)))
        file.flush()

    def rest(self):
        """Nothing is left to do."""

    def mount(self):
        """As a wake would: mount, read every record of the state, and the newest event."""
        fs = _file_system(self._context, mount=True)
        self.state = State(self._grants)
        with fs.open("state", "rb", buffering=0) as file:
            while record := file.read(SLOT_SIZE):
                self.state.apply(record[: len(record) - 8])
        with fs.open("log", "rb", buffering=0) as file:
            file.seek(-SLOT_SIZE, 2)
            file.read(SLOT_SIZE)


class Renamed(Appended):
    """The whole state written to a temporary file that is renamed over the old one; events appended and flushed."""

    def _begin(self):
        self._replace()

    def keep(self, body):
        """The whole state with this record in it."""
        self.state.apply(body)
        self._replace()

    def _replace(self):
        with self._fs.open("state.new", "wb", buffering=0) as file:
            for body in self.state.snapshot():
                file.write(bytes(body))
        self._fs.rename("state.new", "state")


class _Context(UserContext):
    """littlefs's way to the same simulated flash: no sector is programmed that was not erased before."""

    def __init__(self, flash):
        super().__init__(buffsize=0)
        self._flash = flash

    def read(self, cfg, block, off, size):
        return bytearray(self._flash.read(block * cfg.block_size + off, size))

    def prog(self, cfg, block, off, data):
        self._flash.program(block * cfg.block_size + off, data)
        return 0

    def erase(self, cfg, block):
        self._flash.erase(block)
        return 0


def _file_system(context, mount):
    return LittleFS(context, mount=mount, block_size=4096, block_count=64, **_LITTLEFS)
