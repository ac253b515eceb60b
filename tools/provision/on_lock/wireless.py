"""At the lock's prompt, after trials.py: the radio as far as the broker, as a check-in gets there."""

from firmware import radio as check_ins
from firmware.clock import Clock
from firmware.drivers.ds3231 import DS3231
from firmware.net import mqtt, names, wifi  # noqa: F401  (a check-in loads them late)
from firmware.net.recall import Recall
from firmware.net.settings import Radio

_PATIENCE_MS = 20000


class _Lock:
    """What a check-in asks of the lock until it is connected: `config` has id and key, `logbook` is told nothing."""

    def __init__(self):
        self.board, self.config, self.logbook = board, self, self
        self.clock = Clock(DS3231(board.i2c), board, Memory(board), state)
        fields = json.loads(bytes(Vault(nvs).load()[0]).decode())
        self.lock, self.mac = unhexlify(fields["lock"]), unhexlify(fields["mac"])

    def event(self, kind, detail=0):
        pass

    once = event


def reach():
    """Wi-Fi, name, TCP, TLS, user: 0, or why the broker was not reached, a word of firmware/net/link.py."""
    attempt = check_ins._Attempt(_Lock(), None, Radio(*Vault(nvs, _RADIO).load()), None, Recall(b""), _Lock(), breathe)
    failed = 0
    try:
        attempt._connect(ignored, board.now() + _PATIENCE_MS)
    except Exception as error:
        failed = check_ins._why(error)
    finally:
        attempt._off()
    say(failed)


def ignored(message):
    """What waits for the lock at the broker comes again."""


def breathe():
    board.wait(5, False)
