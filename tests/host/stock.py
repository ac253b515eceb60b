"""The stock MicroPython image that the tests build on, and a board that starts from a built file system."""

import hashlib
import struct
from functools import cache, reduce
from operator import xor

import pytest

from tests.host.vm import ROOT

FOLDER = ROOT / "build" / "stock"
ESP32 = FOLDER / "ESP32_GENERIC-20250415-v1.25.0.bin"
ESP8266 = FOLDER / "ESP8266_GENERIC-20250415-v1.25.0.bin"
APPLICATION = 0x10000 - 0x1000
"""Where the application begins in the file."""

_BOOT = """
import os
import sys
import vfs

class Disk:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.content = file.read()

    def readblocks(self, block, buffer, offset=0):
        start = block * 4096 + offset
        part = self.content[start : start + len(buffer)]
        buffer[:] = part + b"\\xff" * (len(buffer) - len(part))

    def writeblocks(self, block, buffer, offset=None):
        raise OSError(30)

    def ioctl(self, operation, argument):
        return {4: BLOCKS, 5: 4096}.get(operation, 0)

sys.path[:] = ["", ".frozen", "/lib"] + ["/host" + path for path in sys.path if path.startswith("/")]
disk = Disk("IMAGE")
vfs.umount("/")
vfs.mount(disk, "/")
vfs.mount(vfs.VfsPosix("/"), "/host")
execfile("boot.py")
"""


@cache
def stock_image():
    """The bytes of the official image."""
    if not ESP32.exists():
        pytest.fail(f"the stock image is missing: run `make build/stock/{ESP32.name}`", pytrace=False)
    return ESP32.read_bytes()


def sealed(image):
    """`image` with the SHA-256 of its application made to fit again."""
    size = len(image) - 32
    return image[:size] + hashlib.sha256(image[APPLICATION:size]).digest()


def other_version(version):
    """The official image, saying that it is another version of MicroPython (bytes, as long as 1.25.0)."""
    return sealed(stock_image().replace(b"MicroPython v1.25.0", b"MicroPython v" + version))


def small_image():
    """The official image with a tiny application, which is quicker to write."""
    said = b"MicroPython v1.25.0 on 2025-04-15\0".ljust(64, b"\0")
    header = bytearray(stock_image()[APPLICATION:][:24])
    header[1] = 1  # segments
    application = bytes(header) + struct.pack("<II", 0x3F400020, len(said)) + said
    checksum = reduce(xor, said, 0xEF)
    application += bytes(-(len(application) + 1) % 16) + bytes([checksum])
    return sealed(stock_image()[:APPLICATION] + application + bytes(32))


def partitions(table):
    """(type, subtype, address, size, name) of each entry of a partition table, read as ESP-IDF's loader does."""
    found = []
    while table[32 * len(found) :][:2] == b"\xaa\x50":
        kind, subtype, address, size, name = struct.unpack_from("<BBII16s", table, 32 * len(found) + 2)
        found.append((kind, subtype, address, size, name.rstrip(b"\0").decode()))
    closing = table[32 * len(found) :][:32]
    assert closing == b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(table[: 32 * len(found)]).digest()
    return found


def rooted(folder, image, blocks):
    """A root for a simulated lock on the VM whose boot.py mounts the file system `image`, then starts what is in it."""
    (folder / "vfs.bin").write_bytes(image)
    (folder / "firmware").mkdir()
    boot = _BOOT.replace("IMAGE", str(folder / "vfs.bin")).replace("BLOCKS", str(blocks))
    (folder / "boot.py").write_text(boot)
    (folder / "main.py").write_text("raise RuntimeError('not from the image')\n")
    return folder
