"""MicroPython's `esp32`: partitions, NVS, wake sources (`esp32_partition.c`, `esp32_nvs.c`, `modesp32.c`)."""

import struct

import protocol
from bus import chip
from micropython import const

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True

_RTC_PADS = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39)
_BLOCK = const(4096)
_READ_CALL_US = protocol.READ_CALL_US
_READ_BYTES_PER_US = protocol.READ_BYTES_PER_US
_LEGIBLE = protocol.LEGIBLE
_EINVAL = const(22)
_INVALID_SIZE = (-0x104, "ESP_ERR_INVALID_SIZE")
_ESP_ERR_NVS_INVALID_LENGTH = const(0x110C)
_ENTRY = "<BBII16s"
_ENTRY_SIZE = const(26)


def _text(field):
    return bytes(field).rstrip(b"\0").decode()


class Partition:
    """A partition as a block device. `find` returns those that fit; `Partition(label)` raises OSError(ENOENT)."""

    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, label):
        for entry in _partitions():
            if _text(entry[4]) == label:
                self._entry = entry
                return
        raise OSError(2, "ENOENT")

    @staticmethod
    def find(type=TYPE_APP, subtype=0xFF, label=None, block_size=_BLOCK):
        """Partitions of `type`, with `subtype` unless 255 and `label` unless None, in the order of the table."""
        found = []
        for entry in _partitions():
            if entry[0] == type and subtype in (0xFF, entry[1]) and label in (None, _text(entry[4])):
                partition = Partition(_text(entry[4]))
                partition._block = block_size
                found.append(partition)
        return found

    _block = _BLOCK

    def info(self):
        """(type, subtype, address, size, label, encrypted)."""
        kind, subtype, address, size, label = self._entry
        return kind, subtype, address, size, _text(label), False

    def _address(self, block, offset, count):
        return self._entry[2] + self._within(block * self._block + offset, count)

    def _within(self, start, count):
        if start < 0 or start + count > self._entry[3]:
            raise OSError(*_INVALID_SIZE)
        return start

    def readblocks(self, block, buffer, offset=0):
        count, start = len(buffer), block * self._block + offset
        end = start + count
        if start < 0 or end > self._entry[3]:
            raise OSError(*_INVALID_SIZE)
        done, cells = chip.now + _READ_CALL_US + count // _READ_BYTES_PER_US, chip.cells
        if done < chip.next and chip.flags & _LEGIBLE and cells is not None:
            chip.now = done
            chip.unasked += count
            buffer[:] = cells[start:end]
        else:
            buffer[:] = chip.call(protocol.FLASH_READ, struct.pack("<II", self._entry[2] + start, count))

    def writeblocks(self, block, buffer, offset=None):
        """Program `buffer`. Without `offset` its sectors are erased first; with it nothing is."""
        address = self._address(block, offset or 0, len(buffer))
        if offset is None:
            chip.call(protocol.FLASH_ERASE, struct.pack("<II", address, len(buffer)))
        chip.call(protocol.FLASH_PROGRAM, struct.pack("<I", address) + bytes(buffer))

    def ioctl(self, operation, argument):
        """4: number of blocks, 5: their size, 6: erase one, which returns -22 unless blocks have 4096 bytes."""
        if operation in (1, 2, 3):
            return 0
        if operation == 4:
            return self._entry[3] // self._block
        if operation == 5:
            return self._block
        if operation == 6:
            if self._block != _BLOCK:
                return -_EINVAL
            chip.call(protocol.FLASH_ERASE, struct.pack("<II", self._address(argument, 0, _BLOCK), _BLOCK))
            return 0
        return None


def _partitions():
    if chip.partitions is None:
        chip.partitions = chip.call(protocol.PARTITIONS)
    table = chip.partitions
    return [struct.unpack_from(_ENTRY, table, start) for start in range(0, len(table), _ENTRY_SIZE)]


class NVS:
    """A namespace of the non-volatile storage; names up to 15 characters. A missing key raises OSError(-0x1102)."""

    def __init__(self, namespace):
        self._namespace = namespace.encode()

    def _call(self, operation, key, data=b""):
        return chip.call(operation, struct.pack("<16s16s", self._namespace, key.encode()) + data)

    def get_blob(self, key, buffer):
        """Copy the value into `buffer` and return its length; OSError when the buffer is too small."""
        data = self._call(protocol.NVS_GET_BLOB, key)
        size = len(data)
        if size > len(buffer):
            raise OSError(-_ESP_ERR_NVS_INVALID_LENGTH, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[:size] = data
        return size

    def set_blob(self, key, data):
        self._call(protocol.NVS_SET_BLOB, key, bytes(data))

    def get_i32(self, key):
        return struct.unpack("<i", self._call(protocol.NVS_GET_I32, key))[0]

    def set_i32(self, key, value):
        self._call(protocol.NVS_SET_I32, key, struct.pack("<i", value))

    def erase_key(self, key):
        self._call(protocol.NVS_ERASE, key)

    def commit(self):
        self._call(protocol.NVS_COMMIT, "")


def _wake_pad(pin):
    if pin.number not in _RTC_PADS:
        raise ValueError("invalid pin")
    return pin.number


def wake_on_ext0(pin=None, level=WAKEUP_ALL_LOW):
    """Let one pin wake the chip when it has `level`; None: none."""
    mask, _, _, ext1_level = chip.armed
    chip.armed = (mask, -1 if pin is None else _wake_pad(pin), 1 if level else 0, ext1_level)


def wake_on_ext1(pins=None, level=WAKEUP_ALL_LOW):
    """Let `pins` wake the chip when any is high or all are low; None keeps those of the last call, () is none."""
    mask, ext0_pin, ext0_level, _ = chip.armed
    if pins is not None:
        mask = 0
        for pin in pins:
            mask |= 1 << _wake_pad(pin)
    chip.armed = (mask, ext0_pin, ext0_level, 1 if level else 0)


def gpio_deep_sleep_hold(enable):
    """Keep held pads that are not RTC pads through deep sleep too. Those of the lock are RTC pads or need no hold."""
