"""main.py in the file system of a board, by esptool: block by block, since all of it would take most of a minute.

`python -m tools.image.peek PORT BAUD`, a process of its own as esptool is, prints it among what esptool says; nothing
where there is none. The board stays in its loader. littlefs only reads: what it would write is refused.
"""

import sys

import esptool
from littlefs.context import UserContext

from tools.image import layout, vfs


class _Blocks(UserContext):
    """The partition at flash address `start`, of which each block is read once. `esp`: esptool's, connected."""

    def __init__(self, esp, start):
        super().__init__(0)
        self._esp = esp
        self._start = start
        self._known = {}

    def read(self, cfg, block, off, size):
        if block not in self._known:
            self._known[block] = self._esp.read_flash(self._start + block * layout.SECTOR, layout.SECTOR)
        return self._known[block][off : off + size]

    def prog(self, cfg, block, off, data):
        raise PermissionError("a board is only looked at")

    def erase(self, cfg, block):
        raise PermissionError("a board is only looked at")


def main(port, baud):
    """Print the file; the loader is the chip's own again."""
    esp = esptool.run_stub(esptool.connect_esp(port, "esp32", esptool.ESPLoader.ESP_ROM_BAUD))
    esp.change_baud(baud)
    esptool.attach_flash(esp)
    part = layout.table().by_name("vfs")
    print(vfs.main_of(_Blocks(esp, part.offset), part.size).decode("utf-8", "replace"))
    esptool.reset_chip(esp, "no-reset")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
