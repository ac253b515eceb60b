"""The chip's flash seen from a bench: what `firmware/store` needs to read or write it while no chip runs."""

_BLOCK = 4096


class FlashDevice:
    """The partition over a `NorFlash` as a block device, as `esp32.Partition` offers it."""

    def __init__(self, flash):
        self._flash = flash

    def readblocks(self, block, buffer, offset=0):
        buffer[:] = self._flash.read(block * _BLOCK + offset, len(buffer))

    def writeblocks(self, block, buffer, offset):
        """Program only: the store always gives an offset."""
        self._flash.program(block * _BLOCK + offset, buffer)

    def ioctl(self, operation, argument):
        """4: number of blocks, 5: their size, 6: erase one."""
        if operation == 4:
            return self._flash.size // _BLOCK
        if operation == 5:
            return _BLOCK
        self._flash.erase(argument)
        return 0


class FlashImage:
    """A copy of the partition as a block device that can only be read."""

    def __init__(self, image):
        self._image = image

    def readblocks(self, block, buffer, offset=0):
        start = block * _BLOCK + offset
        buffer[:] = self._image[start : start + len(buffer)]

    def ioctl(self, operation, argument):
        """4: number of blocks, 5: their size."""
        return len(self._image) // _BLOCK if operation == 4 else _BLOCK


class Namespace:
    """One namespace of an `Nvs`, as `esp32.NVS` offers it."""

    def __init__(self, nvs, name):
        self._nvs = nvs
        self._name = name

    def get_blob(self, key, buffer):
        data = self._nvs.get_blob(self._name, key)
        buffer[: len(data)] = data
        return len(data)

    def get_i32(self, key):
        return self._nvs.get_i32(self._name, key)

    def set_i32(self, key, value):
        self._nvs.set_i32(self._name, key, value)

    def set_blob(self, key, data):
        self._nvs.set_blob(self._name, key, data)

    def erase_key(self, key):
        self._nvs.erase_key(self._name, key)

    def commit(self):
        self._nvs.commit(self._name)


class I2cBus:
    """The bus with the DS3231 on it, as `machine.I2C` offers it."""

    def __init__(self, clock):
        self._clock = clock

    def readfrom_mem_into(self, _, register, buffer):
        buffer[:] = self._clock.read(register, len(buffer))

    def writeto_mem(self, _, register, data):
        self._clock.write(register, data)
