"""The anchor: how far the journal has come, as one number in NVS, out of reach of whatever happens to the partition.

Nobody without the key makes up a record of the journal. But its newest records blanked, or an earlier image of it put
back, is a state that was true once, and with it codes would open again that are burnt. So how far the journal had come
(`Ring.progress`) when it last took what must not be taken back stands here too. It is raised once the record was read
back and before anything is done that rests on it: a power cut leaves it one record behind, never ahead.
"""

from binascii import hexlify

from micropython import const

from firmware.store import FULL, PROGRAM, READ, REVERTED, StorageError

_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND
_HIGHEST = 0x7FFFFFFF  # that an i32 holds: 16 million sectors, ten times what the flash lasts
_NAMED = const(7)  # bytes of the journal's id: a key in NVS has 15 characters


class Anchor:
    """The anchor of one journal in an open NVS namespace.

    nvs: `get_i32(key)`, `set_i32(key, value)`, `commit()`, which raise OSError. journal_id: 8 bytes, of which the first
    seven give the key its name, so a new journal begins with an anchor of its own.
    """

    def __init__(self, nvs, journal_id):
        self._nvs = nvs
        self._key = "j" + hexlify(journal_id[:_NAMED]).decode()

    def check(self, progress):
        """Raise REVERTED if there is no anchor or the journal's progress is behind it, READ if NVS fails."""
        try:
            reverted = progress < self._nvs.get_i32(self._key)
        except OSError as error:
            raise StorageError(REVERTED if error.args[0] == _NOT_FOUND else READ)
        if reverted:
            raise StorageError(REVERTED)

    def write(self, progress):
        """Have the journal's progress in NVS, read back. Raises FULL if it is more than there can be, PROGRAM."""
        if progress > _HIGHEST:
            raise StorageError(FULL)
        try:
            self._nvs.set_i32(self._key, progress)
            self._nvs.commit()
            written = self._nvs.get_i32(self._key)
        except OSError:
            raise StorageError(PROGRAM)
        if written != progress:
            raise StorageError(PROGRAM)
