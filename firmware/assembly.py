"""Puts a wake together from what the flash holds, looking at the keypad between the parts.

A lock whose vault, settings or journal cannot be used gets a session all the same, without `Attempts`: it locks itself,
answers every entry with `storage`, says in the log what is wrong, and opens for nobody. What judges entries is loaded
when somebody is there: by now, if a key has woken the chip.
"""

from firmware import door as doors
from firmware.calling import Calling
from firmware.clock import Clock
from firmware.config import Closed, Config, ConfigError
from firmware.core.grants import Grants
from firmware.core.state import MOST_RESTARTS, State
from firmware.core.words import LOST, UNKNOWN
from firmware.drivers.battery import Battery
from firmware.drivers.bolt import Bolt
from firmware.drivers.ds3231 import DS3231
from firmware.drivers.signals import Signals
from firmware.logbook import OUTDATED, SETTINGS, UNPROVISIONED, VAULT, Logbook
from firmware.memory import Memory
from firmware.session import Session
from firmware.store import BLANK, CLOSED, SECTORS, SIZE, StorageError
from firmware.store import audit as log
from firmware.store.audit import Audit
from firmware.store.journal import Journal
from firmware.store.vault import Vault, VaultError


class Wake:
    """What one wake is made of.

    fault: None, or why the lock stays closed: (word of logbook.FAULTS, setting). lost: None, or why the log was begun
    anew, a word of logbook.FAULTS. feed: as of a Vault. counted: the journal has this boot.
    """

    def __init__(self, board):
        self.board = board
        self.fault = self.lost = None
        self.counted = False
        self.partition = self.vault = self.feed = None
        self.config = Closed
        self.state = State(Grants(b""))
        self.journal = None
        self.battery = Battery(board.adc)
        self.memory = Memory(board)
        self.clock = None
        self.logbook = Logbook(None, self._facts)

    @property
    def generation(self):
        """Of the set in the vault, as far as the journal's record can count."""
        return min(self.vault.generation, 0xFFFF)

    def load(self, keypad, table=None):
        """Vault, settings, journal: each needs what the one before says. table: a bytearray for the grants, which were
        checked in this wake: when they were loaded, or before they were written."""
        board = self.board
        try:
            self.partition = board.partition("locklog")
            if self.partition and self.partition.ioctl(4, 0) != SECTORS:
                raise StorageError(SIZE)
            nvs = board.nvs("dropbolt")
            self.vault = Vault(nvs)
            self.vault.feed = self.feed
            contents = self.vault.load(table=table)
            known = table is not None or board.slept() and self.memory.checked == self.vault.mark
            self.config = Config(*contents, known)
            self.memory.checked = self.vault.mark
            keypad.poll(board.now())
            self.state = State(self.config.grants)
            self.journal = Journal(self.partition, self.state, self.config.journal, self.config.mac, nvs)
            self.journal.mount()
            if self.generation < self.state.generation:
                self.fault = (OUTDATED, 0)
        except ConfigError as error:
            self.fault = (SETTINGS, error.place)
        except VaultError as error:
            self.fault = (UNPROVISIONED if error.reason == BLANK else VAULT, 0)
        except StorageError as error:
            self.fault = (error.reason, 0)
        except OSError:  # the chip cannot open its NVS
            self.fault = (VAULT, 0)
        self.clock = Clock(DS3231(board.i2c), board, self.memory, self.state)

    def open_log(self):
        """The audit log, if there is one to write to."""
        audit = Audit(self.partition, self.config.journal)
        try:
            self.lost = audit.mount(self.state.head[0])
        except StorageError as error:  # no log keeps nobody out: what an opening rests on is the journal
            self.lost = error.reason
            audit = None
        self.logbook = Logbook(audit, self._facts)

    def tell(self):
        """Log what this boot finds: loss of power, what it cut short, what was put right, what keeps it closed."""
        if self.lost:
            self.logbook.lost(self.lost)
        elif not self.fault:
            self.logbook.account(self.state.attempts - (self.state.pending is not None))
        slept = self.board.slept()
        last = self.logbook.last
        faulty = last and last.kind == log.FAULT  # maybe still: then nothing is new
        if not faulty and not slept:
            self._tell_boot(self.state.restarts + 1)
        self.logbook.repaired(0 if self.fault else self.journal.repaired)
        self.counted = slept and not self.fault and not self.state.pending and self.generation <= self.state.generation
        if not self.fault and not self.counted:
            try:
                self._note_power()
            except StorageError as error:
                self.fault = (error.reason, 0)
        if self.fault:
            self.logbook.fault(*self.fault)
        elif faulty and not slept:
            self._tell_boot(self.state.restarts)

    def held_s(self):
        """Seconds for which the bolt is still held open; what is not so, or not known to be so, is over, and so is a
        hold by a code whose grant is revoked or gone."""
        return self._held_s() if self.memory.held_until else 0

    def _held_s(self):
        t, quality = self.clock.read()
        left = min(self.memory.held_until - t, self.memory.held_to - self.board.rtc_seconds())
        if quality != LOST and not self.fault and 0 < left <= self.config.hold_s:
            grants = self.config.grants
            i = grants.index(self.memory.held_by)
            if i >= 0 and not grants.revoked(i):
                return left
        self.memory.hold(0, 0, 0)
        self.logbook.event(log.HELD, log.OVER)
        return 0

    def keep_hold(self, door):
        """Hold the bolt of `door` open only for as long as that is still right, after the set has changed."""
        now = self.board.now()
        if door.held(now):
            door.hold(now, self.held_s())

    def crash(self):
        """Open for nobody any more, and say in the log, if that is still possible, that this wake has failed."""
        self.fault = self.fault or (CLOSED, 0)
        try:
            self.logbook.once(log.CRASH, 0)
        except Exception:
            self.logbook = Logbook(None, self._facts)

    def count(self, boots, restarts=None):
        """Have in the journal how often there was a boot, how often in a row without an end (None: as it says), and
        which set the vault holds. Raises StorageError."""
        self.clock.read()
        clock, state = self.clock, self.state
        self.journal.write(state.clock(clock.credit, clock.reference, clock.floor, boots, self.generation, restarts))

    def in_order(self):
        """The lock sleeps with nothing left to do, or has opened: what comes is no boot in a row with those before."""
        restarts = 0 if self.fault else self.state.restarts
        if restarts > 1 or not self.counted:  # of one no record is worth it: the next boot will be the second
            from firmware.restarts import forget

            forget(self, restarts)

    def patience_s(self):
        """Seconds for which the bolt, which is drawn, is not thrown: see `doors.patience_s`."""
        if self.board.slept():
            return min(max(0, self.memory.relock_at - self.board.rtc_seconds()), doors.LONGEST_S)
        from firmware.restarts import patience

        return patience(self)

    def _facts(self):
        t, quality = self.clock.read()
        return t, self.battery.millivolts(), quality, self.state.attempts

    def _note_power(self):
        state = self.state
        if state.pending:
            _, length, level, grant_id = state.pending
            grants = self.config.grants
            i = grants.index(grant_id)
            self.logbook.event(log.CUT, 0, grant_id, grants.issuer(i) if i >= 0 else 0)
            self.journal.write(state.outcome(UNKNOWN, length, level, grant_id, self.logbook.head))
        new = not self.board.slept()
        boots = state.boots + new
        replaced = self.generation > state.generation
        if replaced and state.generation:
            self.logbook.event(log.REPLACED)
        if boots > state.boots or replaced:
            self.count(boots, state.restarts + new)
        self.counted = True

    def _tell_boot(self, restarts):
        """Of many boots in a row the first is told, and each that doubles their number, for those before, too; those
        beyond what the journal counts are not."""
        if restarts <= MOST_RESTARTS and not restarts & (restarts - 1):
            self.logbook.event(log.BOOT, self.board.reset_cause(), 0, 0, max(1, restarts // 2))


def build(board, keypad):
    """A Session ready to be served, and what calls the other end; `keypad` is polled along the way."""
    keypad.poll(board.now())
    wake = Wake(board)
    keypad.expect(wake.memory.stuck)
    held_s = 0
    try:
        wake.feed = board.watchdog.feed
        wake.load(keypad)
        keypad.poll(board.now())
        wake.open_log()
        wake.tell()
        held_s = wake.held_s()
    except Exception:  # not foreseen: open for nobody, but lock the door and answer
        wake.crash()
    keypad.poll(board.now())
    config = wake.config
    bolt = Bolt(*board.motor, board.locked, board.unlocked, config.battery_min_mv)
    delays = config.relock_s * 1000, config.ajar_s * 1000
    door = doors.Door(bolt, board.reed, wake.battery, *delays, config.battery_low_mv)
    if held_s:
        door.hold(board.now(), held_s)
    if not door.locked:
        door.defer(board.now(), wake.patience_s())
    if door.closed and wake.memory.told == doors.FORCED:
        wake.memory.told = 0
    signals = Signals(board.led, board.buzzer, config.mute)
    calling = Calling(wake)
    session = Session(keypad, door, signals, calling)
    if board.called():
        try:
            session.listen()
        except Exception:  # once more, without a judge
            wake.crash()
            session.listen()
        session.greet(board.now())
    return session, calling
