"""The chip's key-value store in flash, as ESP-IDF's NVS version 2 keeps it: entries, pages, and when there is no room.

A page of 4096 bytes holds 126 entries of 32 bytes; one page is always kept free, for the garbage collection. A number
takes one entry. A blob takes an index entry and, for each chunk, a header and as many entries as its bytes fill; a
chunk stays within a page. A new value is written before the old one is given up, and what was given up is free again
only when its whole page has been collected. A value set to what it already is writes nothing.
(`components/nvs_flash/src` of ESP-IDF 5.5: `nvs_storage.cpp`, `nvs_pagemanager.cpp`, `nvs_page.hpp`.)

Of the types, those that MicroPython offers: i32 and blob. `set_...` writes at once; `commit` has nothing left to do,
but whoever sets without it relies on that, so `uncommitted` shows it. A power cut during one set or erase leaves either
the old value or the new one, and every other value as it was.
"""

from dataclasses import dataclass, field

from host_sim.world.flash import PowerCut

ENTRIES = 126
"""Entries of a page."""
ENTRY_SIZE = 32
NAME_SIZE = 15
"""Longest name of a namespace or key, in bytes."""

_CHUNK_MAX = (ENTRIES - 1) * ENTRY_SIZE
_WRITE_US = 1_600  # an item and its mark in the page's table: two programs
_ERASE_US = 45_000
_LOOK_US = 100  # at each page, for a key to be erased that is not there
_MARK_SIZE = 4
_ERRORS = {
    "ESP_ERR_NVS_NOT_FOUND": 0x1102,
    "ESP_ERR_NVS_NOT_ENOUGH_SPACE": 0x1105,
    "ESP_ERR_NVS_INVALID_NAME": 0x1106,
    "ESP_ERR_NVS_KEY_TOO_LONG": 0x1109,
    "ESP_ERR_NVS_VALUE_TOO_LONG": 0x110E,
}


class NvsError(OSError):
    """A refusal, as MicroPython on the ESP32 raises it: negative ESP-IDF code and its name."""

    def __init__(self, name):
        super().__init__(-_ERRORS[name], name)


class Nvs:
    """A store of `pages` pages, empty at first. `spend(us)` is called for the time that writing takes.

    Invariants: `_values` holds one value for each (namespace, key, kind); the live items on the pages are exactly the
    namespaces and the parts of those values.
    """

    def __init__(self, pages=6, spend=lambda us: None):
        self.pages = pages
        self.spend = spend
        self.dead = False
        """True from a cut of the power until `revive`; everything asked of a dead store raises PowerCut."""
        self.ops = 0
        """Sets and erases begun so far, those that had nothing to write left out."""
        self.erases = [0] * pages
        """Erases of each page."""
        self.programmed = 0
        """Bytes programmed: items, and the words in a page's table that say of them that they are written or erased."""
        self.uncommitted = False
        """True while something was set or erased after the last `commit`."""
        self.on_cut = None
        """Called without arguments when an armed cut strikes, before PowerCut is raised."""
        self._armed = None
        self._wipe()

    def get_i32(self, namespace, key):
        """The number at `key`. Raises NvsError: no number there."""
        return self._get(namespace, key, "i32")

    def set_i32(self, namespace, key, value):
        """Write the number `value` at `key`. Raises NvsError: no room, bad name."""
        self._set((namespace, key, "i32"), value)

    def get_blob(self, namespace, key):
        """The bytes at `key`. Raises NvsError: no blob there."""
        return self._get(namespace, key, "blob")

    def set_blob(self, namespace, key, data):
        """Write the bytes `data` at `key`. Raises NvsError: no room, bad name, or more than all pages but one hold."""
        if len(data) > (self.pages - 1) * _CHUNK_MAX:
            raise NvsError("ESP_ERR_NVS_VALUE_TOO_LONG")
        self._set((namespace, key, "blob"), bytes(data))

    def erase_key(self, namespace, key):
        """Give up what is at `key`. Raises NvsError: nothing there."""
        self._check(namespace, key)
        owners = [owner for owner in self._values if owner[:2] == (namespace, key)]
        if not owners:
            self.spend(_LOOK_US)
            raise NvsError("ESP_ERR_NVS_NOT_FOUND")
        cut = self._begin()
        if cut != "old":
            for owner in owners:
                self._drop(owner, self._versions[owner])
                del self._values[owner], self._versions[owner]
        self._finish(cut)

    def commit(self, namespace):
        """Make sure that everything set is in flash; here it already is."""
        self._check(namespace, "-")
        self.uncommitted = False

    def erase_all(self):
        """Erase every page: what the system does by itself when it finds no free page or a newer version."""
        self._wipe()

    @property
    def page_erases(self):
        """Erases of all pages."""
        return sum(self.erases)

    @property
    def used_entries(self):
        """Entries of live items: values and names of namespaces (`nvs_stats_t.used_entries`)."""
        return sum(page.used for page in self._pages)

    @property
    def available_entries(self):
        """Entries that can still be filled after any garbage collection, the free page left out."""
        return (self.pages - 1) * ENTRIES - self.used_entries

    def cut_at(self, k, keeps="old"):
        """Arm a cut of the power at the `k`-th set or erase from now (1: the next), which leaves the "old" or the "new"
        value. A later call replaces an earlier one; k = 0 disarms."""
        self._armed = (self.ops + k, keeps) if k else None

    def kill(self):
        """The power went between two operations: the store is dead until `revive`."""
        self.dead = True

    def revive(self):
        """The power is back; contents and counts are as they were."""
        self.dead = False

    def snapshot(self):
        """A copy of all contents for `load`; works on a dead store too."""
        return self._copy((self._values, self._versions, self._namespaces, self._pages, self._free))

    def load(self, snapshot):
        """Go back to the contents of `snapshot`; counts go on."""
        self._values, self._versions, self._namespaces, self._pages, self._free = self._copy(snapshot)

    @staticmethod
    def _copy(contents):
        values, versions, namespaces, pages, free = contents
        return dict(values), dict(versions), set(namespaces), [page.copy() for page in pages], list(free)

    def _wipe(self):
        self._values = {}
        self._versions = {}
        self._namespaces = set()
        self._pages = [_Page(0)]
        self._free = list(range(1, self.pages))

    def _check(self, namespace, key):
        if self.dead:
            raise PowerCut
        if not 1 <= len(namespace.encode()) <= NAME_SIZE or not key:
            raise NvsError("ESP_ERR_NVS_INVALID_NAME")
        if len(key.encode()) > NAME_SIZE:
            raise NvsError("ESP_ERR_NVS_KEY_TOO_LONG")

    def _get(self, namespace, key, kind):
        if self.dead or (namespace, key, kind) not in self._values:
            self._check(namespace, key)
            raise NvsError("ESP_ERR_NVS_NOT_FOUND")
        return self._values[namespace, key, kind]

    def _set(self, owner, value):
        namespace, key, kind = owner
        self._check(namespace, key)
        if self._values.get(owner) == value:
            return
        if namespace not in self._namespaces:
            self._put((namespace,), 1)
            self._namespaces.add(namespace)
        cut = self._begin()
        old = self._versions.get(owner)
        new = 0 if old else 1
        if kind == "blob":
            self._put_blob(owner, new, len(value))
        else:
            self._put((owner, new, 0), 1)
        if cut == "old":
            self._drop(owner, new)
        else:
            self._drop(owner, old)
            self._values[owner] = value
            self._versions[owner] = new
        self._finish(cut)

    def _put_blob(self, owner, version, size):
        """Write chunks and index of a blob; where there is no room, take the chunks back and raise."""
        try:
            chunk = 0
            while True:
                page = self._pages[-1]
                room = page.room
                if chunk == 0 and (room < size or room == 0) and room < _CHUNK_MAX // 10:
                    self._turn()
                    if self._pages[-1].room == room:
                        raise NvsError("ESP_ERR_NVS_NOT_ENOUGH_SPACE")
                    continue
                if room == 0:
                    raise NvsError("ESP_ERR_NVS_NOT_ENOUGH_SPACE")
                here = min(size, room)
                size -= here
                chunk += 1
                self._put((owner, version, chunk), 1 + -(-here // ENTRY_SIZE))
                if size or room - here < ENTRY_SIZE:
                    self._turn()
                if not size:
                    self._put((owner, version, 0), 1)
                    return
        except NvsError:
            self._drop(owner, version)
            raise

    def _put(self, item, span):
        """Write an item of `span` entries, on a new page where the present one has no room."""
        if self._pages[-1].filled + span > ENTRIES:
            self._turn()
            if self._pages[-1].filled + span > ENTRIES:
                raise NvsError("ESP_ERR_NVS_NOT_ENOUGH_SPACE")
        self._pages[-1].put(item, span)
        self.programmed += span * ENTRY_SIZE + _MARK_SIZE
        self.spend(_WRITE_US)

    def _turn(self):
        """Close the present page and begin another; with one free page left, collect the emptiest page into it."""
        self._pages[-1].filled = ENTRIES
        if len(self._pages) < self.pages - 1:
            self._pages.append(_Page(self._free.pop(0)))
            return
        emptiest = min(self._pages, key=lambda page: page.used)
        if emptiest.used == ENTRIES:
            raise NvsError("ESP_ERR_NVS_NOT_ENOUGH_SPACE")
        collected = _Page(self._free.pop(0))
        for item, span in emptiest.live.items():
            collected.put(item, span)
            self.programmed += span * ENTRY_SIZE + _MARK_SIZE
        self._pages.remove(emptiest)
        self._pages.append(collected)
        self._free.append(emptiest.number)
        self.erases[emptiest.number] += 1
        self.spend(_ERASE_US + len(collected.live) * _WRITE_US)

    def _drop(self, owner, version):
        for page in self._pages:
            for item in [item for item in page.live if item[:2] == (owner, version)]:
                del page.live[item]
                self.programmed += _MARK_SIZE

    def _begin(self):
        """Count an operation; "old" or "new" when a cut strikes it, else None."""
        self.ops += 1
        self.uncommitted = True
        if self._armed is None or self.ops < self._armed[0]:
            return None
        keeps = self._armed[1]
        self._armed = None
        return keeps

    def _finish(self, cut):
        if cut:
            self.dead = True
            if self.on_cut:
                self.on_cut()
            raise PowerCut


@dataclass
class _Page:
    """Place of the page; live items with their spans, and how many entries are written, live or given up."""

    number: int
    live: dict = field(default_factory=dict)
    filled: int = 0

    @property
    def used(self):
        return sum(self.live.values())

    @property
    def room(self):
        """Bytes that a chunk written now could hold."""
        return max(0, ENTRIES - self.filled - 1) * ENTRY_SIZE

    def copy(self):
        """Another page with the same items."""
        return _Page(self.number, dict(self.live), self.filled)

    def put(self, item, span):
        self.live[item] = span
        self.filled += span
