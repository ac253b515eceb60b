"""The one file that makes a board a lock, and back from that file to its parts.

It begins at flash address 0x1000 and ends with the last used sector of `vfs`. Between its parts it has 0xFF, also where
`nvs` and `locklog` are: whoever writes the file as a whole takes from the board its keys and its log.
"""

import os
from typing import NamedTuple

from tools.image import Refused, base, layout


class Part(NamedTuple):
    """Bytes of the image and the flash address where they belong."""

    address: int
    content: bytes


def join(stock, vfs):
    """The bytes of the image file, from a `base.Base` and the bytes of a file system."""
    table = layout.table()
    parts = (
        Part(layout.BOOTLOADER, stock.bootloader),
        Part(layout.TABLE, table.to_bytes()),
        Part(layout.APPLICATION, stock.application),
        Part(table.by_name("vfs").offset, vfs),
    )
    image = bytearray()
    for address, content in parts:
        image += b"\xff" * (address - layout.BOOTLOADER - len(image)) + content
    return bytes(image)


def split(image):
    """The Parts of an image file: all that it has, and nothing where the lock keeps its own. Raises Refused."""
    stock = base.read(image)
    table = layout.table()
    start = table.by_name("vfs").offset
    vfs = image[start - layout.BOOTLOADER :]
    if image[layout.TABLE - layout.BOOTLOADER :][: layout.TABLE_SIZE] != table.to_bytes() or not vfs:
        raise Refused("this is no image of a lock: make one with `make image BASE=...`")
    return (
        Part(layout.BOOTLOADER, stock.bootloader),
        Part(layout.TABLE, table.to_bytes()),
        Part(layout.APPLICATION, stock.application),
        Part(start, vfs),
    )


def write(path, content):
    """Write the file at `path` (Path) as a whole or not at all. Raises OSError."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        scratch.write_bytes(content)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
