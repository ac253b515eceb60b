"""A lock with a vault, a journal, a log and a radio's vault on flash that can lose power, and commands that come to it.

The lock's own `Wake`, `Remote` and `Commands` work on a small flash; keypad, bolt, broker and gateway stand in a few
lines here. What the set, the keys and the codes are can be asked after each boot.
"""

import json

from commanded import CARRIER, GATEWAY, GUEST, LOCK, PERMISSIONS, ROOTS
from keyring import event
from nor import Nor, Nvs
from test_config import GOOD
from wrist import NOON, Board, Bus

from firmware.assembly import Wake
from firmware.attempt import judge
from firmware.clock import Clock
from firmware.config import Config
from firmware.core.state import State
from firmware.core.verify import otp_code
from firmware.drivers.ds3231 import DS3231
from firmware.logbook import Logbook
from firmware.memory import Memory
from firmware.net.commands import Commands
from firmware.net.keys import Keys
from firmware.net.settings import pack
from firmware.remote import Remote
from firmware.store.audit import Audit
from firmware.store.chain import KEY_SIZE
from firmware.store.journal import Journal
from firmware.store.vault import Vault
from firmware.sync import synchronise

GOOD_GRANT = 1
GRANTS = event(id=GOOD_GRANT, key=b"a" * 20) + event(id=5, key=b"b" * 20, issuer=GUEST)
LABELS = {GATEWAY: "gateway", CARRIER: "carrier", GUEST: "guest"}
SETTINGS = dict(GOOD)
SETTINGS["lock"] = "".join(["%02x" % octet for octet in LOCK])
SETTINGS["buckets"] = [[8, 10, 28800]]
SETTINGS["risk_one_in"] = 10
SETTINGS["schedules"] = []
SETTINGS["issuers"] = [[number, LABELS[number], PERMISSIONS[number], 64] for number in sorted(ROOTS)]
_JOURNAL, _LOG = 3, 8  # sectors


class Nothing:
    """Signals, keypad, watchdog, door: whatever is asked of them, nothing happens."""

    mute = playing = False
    news = 0

    def poll(self, now):
        pass

    def feed(self):
        pass

    def tick(self, now):
        return 0

    def begin(self, steps, now):
        pass

    def held(self, now):
        return 0


class Battery:
    def millivolts(self):
        return 6000


class Radio:
    gateway, authority = GATEWAY, b""

    def __init__(self, packed):
        self.keys = Keys(packed)


class Limits:
    """None."""

    def add(self, *_):
        pass

    def grants(self, *_):
        return True


class Outpost(Wake):
    """Formatted, with a clock that was set, and asleep."""

    def __init__(self):
        self.nvs, self.nor = Nvs(), Nor(_JOURNAL + _LOG, 1024)
        self.board = Board()
        self.board.i2c, self.board.watchdog = Bus(), Nothing()
        self.board.ms = 1000
        packed = b"".join([bytes((number, 1)) + ROOTS[number] for number in sorted(ROOTS)])
        Vault(self.nvs, "cd").replace(b"{}", pack(packed, b""))
        Vault(self.nvs).replace(json.dumps(SETTINGS).encode(), GRANTS)
        self._open()
        self.journal.format()
        Audit(self.nor, self.config.journal, _JOURNAL, _LOG).format(b"f" * KEY_SIZE)
        synchronise(self.board, self.memory, self.journal, self.state, NOON, 100)
        self.count(1)
        self.boot()

    def _open(self):
        self.vault = Vault(self.nvs)
        self.config = Config(*self.vault.load())
        self.state = State(self.config.grants)
        self.journal = Journal(self.nor, self.state, self.config.journal, self.config.mac, self.nvs, 0, _JOURNAL)
        self.memory = Memory(self.board)
        self.clock = Clock(DS3231(self.board.i2c), self.board, self.memory, self.state)

    def load(self, keypad, table=None):
        self._open()
        self.journal.mount()

    def boot(self):
        """Power is there: begin with what flash and NVS hold."""
        self.nvs.revive()
        self.nor.revive()
        self.fault = None
        self.battery = Battery()
        self.load(None)
        audit = Audit(self.nor, self.config.journal, _JOURNAL, _LOG)
        audit.mount(self.state.head[0])
        self.logbook = Logbook(audit, lambda: (0, 0, 0, 0))
        self.judge()
        if self.generation > self.state.generation:
            self.count(self.state.boots)

    def judge(self):
        """A fresh judge."""
        self.session = Door(self)
        return self.session.attempts

    def check_in(self, nonce):
        """The Commands of a check-in that begins."""
        vault = Vault(self.nvs, "cd")
        radio = Radio(keys_in(vault))
        self.remote = Remote(self, self.session, radio, vault, self.turn, Limits())
        return Commands(LOCK, GATEWAY, nonce, radio.keys, self.remote)

    def turn(self):
        self.board.ms += 10

    def contents(self):
        """What a command may change, but for counters: settings, grants, keys, codes of grant 5, time."""
        text, table = Vault(self.nvs).load()
        fields = json.loads(bytes(text).decode())
        fields.pop("command", None)
        state, i = self.state, self.config.grants.index(5)
        codes = state.revoked(i, 0, 7) if i >= 0 else None, state.event_base(i) if i >= 0 else None
        settings = sorted([(name, repr(fields[name])) for name in fields])
        return settings, bytes(table), keys_in(Vault(self.nvs, "cd")), codes, state.sync[0]

    def opens(self, counter):
        """Whether a good code of that counter opens; it is spent then."""
        grants = self.config.grants
        code = otp_code(grants, grants.index(GOOD_GRANT), 0, counter, LOCK)
        attempts = self.judge()
        decision = attempts.judge(code.encode(), len(code), self.board.now())
        if attempts.pending:
            attempts.finish(decision)
        return decision


class Door:
    """The session of an Outpost, and its visitor, who has typed nothing yet."""

    busy = typing = discreet = False
    menu = remote = None

    def __init__(self, wake):
        self.signals = self.keypad = self.door = Nothing()
        self.visitor, self._wake = self, wake
        self.take_up()

    def take_up(self):
        self.attempts = None if self._wake.fault else judge(self._wake)

    def pause(self, now):
        return 0


def keys_in(vault):
    _, more = vault.load()
    return bytes(more[2 + more[0] + more[1] * 256 :])
