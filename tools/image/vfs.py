"""The lock's file system as bytes: littlefs as MicroPython mounts it (`extmod/vfs_lfs.c`), made from a release.

Its cache must be no larger than the chip's 128 bytes: littlefs keeps files up to the size of its cache inside the
folder's own block, and a smaller cache could not read them back. Version 2.0 of the format is read by every littlefs 2.
"""

from littlefs import LittleFS
from littlefs.context import UserContext
from littlefs.errors import LittleFSError

from tools.image import Refused, layout

_OPTIONS = {
    "block_size": layout.SECTOR,
    "read_size": 32,
    "prog_size": 32,
    "cache_size": 128,
    "lookahead_size": 32,
    "disk_version": 0x00020000,
}


def build(release, size):
    """A file system of `size` bytes with `release`, up to its last sector that is not erased. Raises Refused: full."""
    try:
        system = LittleFS(block_count=size // layout.SECTOR, **_OPTIONS)
        for path, content in release.everything().items():
            folder = path.rpartition("/")[0]
            if folder:
                system.makedirs(folder, exist_ok=True)
            with system.open(path, "wb") as file:
                file.write(content)
    except LittleFSError as error:
        if error.code != LittleFSError.Error.LFS_ERR_NOSPC:
            raise
        raise Refused(f"the firmware does not fit into the {size:,} bytes of the partition vfs") from error
    used = len(bytes(system.context.buffer).rstrip(b"\xff"))
    return bytes(system.context.buffer[: -(-used // layout.SECTOR) * layout.SECTOR])


def main_of(blocks, size):
    """main.py of a file system of `size` bytes, given as bytes or as a UserContext; no bytes where it has none."""
    if isinstance(blocks, bytes):
        blocks = UserContext(buffer=bytearray(blocks.ljust(size, b"\xff")))
    try:
        system = LittleFS(blocks, block_count=size // layout.SECTOR, **_OPTIONS)
        with system.open("main.py", "rb") as file:
            return file.read()
    except LittleFSError:
        return b""
