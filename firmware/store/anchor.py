"""The anchor: which record is the journal's newest that must not be taken back, as one number in NVS.

Nobody without the key makes up a record of the journal. But its newest records blanked, or an earlier image of it put
back, is a state that was true once, and with it codes would open again that are burnt; so is one that went another way
from such an image. So the attempts, burns and revocations have names, each by its own MAC and by how many there were
before it, and that of the newest stands here too. It is written once the record was read back and before anything is
done that rests on it: a power cut leaves it one record behind, never ahead.
"""

from binascii import hexlify

from micropython import const

from firmware.store import PROGRAM, READ, REVERTED, StorageError

_NOT_FOUND = -0x1102  # ESP_ERR_NVS_NOT_FOUND
_NAMED = const(7)  # bytes of the journal's id: a key in NVS has 15 characters
_ONE = const(0x10000)
_COUNT = const(0x7FFF0000)


def name_after(name, mac):
    """The name of a record by its MAC and the name of the one before it, 0 for the first; fits an i32.

    15 bits count, over and over; 16 bits are of the MAC.
    """
    return name + _ONE & _COUNT | mac[0] << 8 | mac[1]


class Anchor:
    """The anchor of one journal in an open NVS namespace.

    nvs: `get_i32(key)`, `set_i32(key, value)`, `commit()`, which raise OSError. journal_id: 8 bytes, of which the first
    seven give the key its name, so a new journal begins with an anchor of its own.
    """

    def __init__(self, nvs, journal_id):
        self._nvs = nvs
        self._key = "j" + hexlify(journal_id[:_NAMED]).decode()

    def read(self):
        """The name that stands there. Raises REVERTED if there is none, READ if NVS fails."""
        try:
            return self._nvs.get_i32(self._key)
        except OSError as error:
            raise StorageError(REVERTED if error.args[0] == _NOT_FOUND else READ)

    def write(self, name):
        """Have a name in NVS, read back. Raises PROGRAM."""
        try:
            self._nvs.set_i32(self._key, name)
            self._nvs.commit()
            written = self._nvs.get_i32(self._key)
        except OSError:
            raise StorageError(PROGRAM)
        if written != name:
            raise StorageError(PROGRAM)
