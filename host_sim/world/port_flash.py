"""The part of the bus that reads and writes flash: partitions and NVS.

Each operation takes the port it arrived at and the request's payload, and returns the payload of the reply or None.
"""

import struct
from functools import cache

from host_sim import wiring
from host_sim.chip import protocol


def _partitions(port, _):
    flash = port.world.flash
    if flash is None:
        return b""
    label = wiring.LOCKLOG.encode()
    kind, subtype = wiring.LOCKLOG_TYPE, wiring.LOCKLOG_SUBTYPE
    return struct.pack("<BBII16s", kind, subtype, wiring.LOCKLOG_ADDRESS, flash.size, label)


def _read(port, payload):
    address, count = struct.unpack("<II", payload)
    return port.world.flash.read(address - wiring.LOCKLOG_ADDRESS, count)


def _program(port, payload):
    address = struct.unpack_from("<I", payload)[0]
    port.world.flash.program(address - wiring.LOCKLOG_ADDRESS, payload[4:])


def _erase(port, payload):
    address, count = struct.unpack("<II", payload)
    flash = port.world.flash
    first = (address - wiring.LOCKLOG_ADDRESS) // flash.sector_size
    for sector in range(first, first + count // flash.sector_size):
        flash.erase(sector)


def _names(payload):
    """The namespace and key at the head of a request to NVS, and the rest."""
    return *_in_text(payload[:32]), payload[32:]


@cache
def _in_text(names):
    return tuple(names[start : start + 16].rstrip(b"\0").decode() for start in (0, 16))


def _nvs_get_blob(port, payload):
    namespace, key, _ = _names(payload)
    return port.world.nvs.get_blob(namespace, key)


def _nvs_set_blob(port, payload):
    port.world.nvs.set_blob(*_names(payload))


def _nvs_get_i32(port, payload):
    namespace, key, _ = _names(payload)
    return struct.pack("<i", port.world.nvs.get_i32(namespace, key))


def _nvs_set_i32(port, payload):
    namespace, key, value = _names(payload)
    port.world.nvs.set_i32(namespace, key, struct.unpack("<i", value)[0])


def _nvs_erase(port, payload):
    namespace, key, _ = _names(payload)
    port.world.nvs.erase_key(namespace, key)


def _nvs_commit(port, payload):
    port.world.nvs.commit(_names(payload)[0])


FLASH_OPERATIONS = {
    protocol.PARTITIONS: _partitions,
    protocol.FLASH_READ: _read,
    protocol.FLASH_PROGRAM: _program,
    protocol.FLASH_ERASE: _erase,
    protocol.NVS_GET_BLOB: _nvs_get_blob,
    protocol.NVS_SET_BLOB: _nvs_set_blob,
    protocol.NVS_GET_I32: _nvs_get_i32,
    protocol.NVS_SET_I32: _nvs_set_i32,
    protocol.NVS_ERASE: _nvs_erase,
    protocol.NVS_COMMIT: _nvs_commit,
}
