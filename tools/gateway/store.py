"""What the gateway knows, in one SQLite file: locks as they last said, commands, what was sealed, events, alarms.

Everything that a message brings is committed before anything is answered to it (`batch`), so a gateway that dies at any
time goes on from there, and no counter is used twice. Several processes may have the file open: the gateway that runs,
and the commands of a shell. It holds keys of grants while these wait, and is readable by its owner alone.

A command's state: `waiting` until a lock checks in, `sent` while its result is due, then one of these for good: `done`,
`failed` (with the result's word), `expired` (never sent in time), `unanswered` (an unlock that the lock may have taken:
sending it again could open twice), `cancelled`.
"""

import os
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass

WAITING, SENT, DONE, FAILED = "waiting", "sent", "done", "failed"
EXPIRED, UNANSWERED, CANCELLED = "expired", "unanswered", "cancelled"

_PATIENCE_S = 30
_KEPT_CHECK_INS = 1000
"""Of each lock, to tell a hello that was heard before from one that was not."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS lock (
    id TEXT PRIMARY KEY, boots INTEGER NOT NULL DEFAULT -1, check_in INTEGER NOT NULL DEFAULT -1,
    counter INTEGER NOT NULL DEFAULT -1, heard REAL NOT NULL DEFAULT 0, hello BLOB, announced TEXT,
    branch INTEGER NOT NULL DEFAULT 0, have INTEGER NOT NULL DEFAULT 0, mac BLOB DEFAULT x'00000000',
    sector INTEGER NOT NULL DEFAULT 0, filled INTEGER NOT NULL DEFAULT 0,
    gap INTEGER, sure INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS check_in (
    lock TEXT, boots INTEGER, number INTEGER, tag BLOB, heard REAL, PRIMARY KEY (lock, boots, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS command (
    number INTEGER PRIMARY KEY, lock TEXT NOT NULL, kind INTEGER NOT NULL, text BLOB, shown TEXT NOT NULL,
    made REAL NOT NULL, expires REAL, state TEXT NOT NULL DEFAULT 'waiting', word INTEGER, detail TEXT, ended REAL
);
CREATE INDEX IF NOT EXISTS open_command ON command (lock, number) WHERE state IN ('waiting', 'sent');
CREATE TABLE IF NOT EXISTS sealed (
    lock TEXT, epoch INTEGER, counter INTEGER, command INTEGER NOT NULL, boots INTEGER, check_in INTEGER,
    PRIMARY KEY (lock, epoch, counter)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sealed_command ON sealed (command);
CREATE TABLE IF NOT EXISTS event (
    lock TEXT, branch INTEGER, number INTEGER, sector INTEGER, before BLOB, body BLOB, mac BLOB, verdict TEXT,
    heard REAL, PRIMARY KEY (lock, branch, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
    number INTEGER PRIMARY KEY, lock TEXT NOT NULL, word TEXT NOT NULL, text TEXT NOT NULL,
    first REAL NOT NULL, last REAL NOT NULL, count INTEGER NOT NULL DEFAULT 1, seen INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS new_alarm ON alarm (lock, word) WHERE NOT seen;
"""


@dataclass(frozen=True)
class Command:
    """A command in the queue. text: its plaintext, None where that is made when it is sent. shown: it in words."""

    number: int
    lock: str
    kind: int
    text: bytes | None
    shown: str
    made: float
    expires: float | None
    state: str
    word: int | None
    detail: str | None
    ended: float | None


class Store:
    """The file at `path`, made where there is none. Raises sqlite3.Error: it is no such file, or the disk fails.

    clock: tells the time to everything that works with this file, by functions of the module `time`.
    """

    def __init__(self, path, clock=time):
        self.clock = clock
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self.db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self._version = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self.db.execute(f"PRAGMA {pragma}")
        with self.batch():
            for statement in _SCHEMA.split(";"):
                self.db.execute(statement)

    def close(self):
        """Close the file."""
        self.db.close()

    @contextmanager
    def batch(self):
        """All that is done meanwhile is on disk together, or none of it."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def one(self, query, *values):
        """The first row, or None."""
        return self.db.execute(query, values).fetchone()

    def all(self, query, *values):
        """All rows."""
        return self.db.execute(query, values).fetchall()

    def changed_elsewhere(self):
        """Whether another process has committed something since this was last asked."""
        version, self._version = self._version, self.one("PRAGMA data_version")[0]
        return version != self._version

    # Locks

    def lock(self, lock):
        """The row of a lock: as it last said, and how far its log is held."""
        row = self.one("SELECT * FROM lock WHERE id = ?", lock)
        if row is None:
            self.db.execute("INSERT INTO lock (id) VALUES (?)", (lock,))
            row = self.one("SELECT * FROM lock WHERE id = ?", lock)
        return row

    def set_lock(self, lock, **values):
        """Change columns of a lock's row."""
        names = ", ".join(f"{name} = ?" for name in values)
        self.db.execute(f"UPDATE lock SET {names} WHERE id = ?", (*values.values(), lock))

    def begin_check_in(self, lock, nonce, tag, text):
        """A hello was taken: only what comes under its nonce is taken from now on."""
        now, since = self.clock.time(), self.lock(lock)["heard"]
        self.db.execute("INSERT INTO check_in VALUES (?, ?, ?, ?, ?)", (lock, nonce.boots, nonce.number, tag, now))
        oldest = nonce.number - _KEPT_CHECK_INS
        self.db.execute("DELETE FROM check_in WHERE lock = ? AND boots = ? AND number = ?", (lock, nonce.boots, oldest))
        self.set_lock(lock, boots=nonce.boots, check_in=nonce.number, counter=0, heard=max(since, now), hello=text)

    def heard_before(self, lock, nonce, tag):
        """Whether this very hello was taken once."""
        query = "SELECT 1 FROM check_in WHERE lock = ? AND boots = ? AND number = ? AND tag = ?"
        return self.one(query, lock, nonce.boots, nonce.number, tag) is not None

    def newest_time(self):
        """Unix s at which a lock was last heard."""
        return self.one("SELECT max(heard) FROM lock")[0] or 0.0

    # Commands

    def queue(self, lock, kind, text, shown, expires=None):
        """Add a command; returns its number."""
        columns = "INSERT INTO command (lock, kind, text, shown, made, expires) VALUES (?, ?, ?, ?, ?, ?)"
        return self.db.execute(columns, (lock, kind, text, shown, self.clock.time(), expires)).lastrowid

    def open_commands(self, lock):
        """The Commands of a lock that have not ended, in their order."""
        query = "SELECT * FROM command WHERE lock = ? AND state IN ('waiting', 'sent') ORDER BY number"
        return [Command(*row) for row in self.all(query, lock)]

    def locks_with_commands(self):
        """Ids of the locks for which a command waits to be sent."""
        return {row[0] for row in self.all("SELECT DISTINCT lock FROM command WHERE state = 'waiting'")}

    def command(self, number):
        """The Command of a number, None if there is none."""
        row = self.one("SELECT * FROM command WHERE number = ?", number)
        return row and Command(*row)

    def end(self, number, state, word=None, detail=None):
        """A command has ended; the keys in it are wiped."""
        change = "UPDATE command SET state = ?, word = ?, detail = ?, ended = ?, text = NULL WHERE number = ?"
        self.db.execute(change, (state, word, detail, self.clock.time(), number))

    def again(self, number, word=None, detail=None):
        """A command waits anew: its last result, if any, asks for it."""
        change = "UPDATE command SET state = 'waiting', word = ?, detail = ? WHERE number = ?"
        self.db.execute(change, (word, detail, number))

    def seal(self, lock, epoch, counter, command, nonce):
        """A command goes out under this counter, in this check-in."""
        row = (lock, epoch, counter, command, nonce.boots, nonce.number)
        self.db.execute("INSERT INTO sealed VALUES (?, ?, ?, ?, ?, ?)", row)
        self.db.execute("UPDATE command SET state = 'sent' WHERE number = ?", (command,))

    def last_counter(self, lock, epoch):
        """The highest counter that this gateway has used, 0 for none."""
        return self.one("SELECT max(counter) FROM sealed WHERE lock = ? AND epoch = ?", lock, epoch)[0] or 0

    def sealed_as(self, lock, epoch, counter):
        """Number of the command that went out under this counter, None for none."""
        row = self.one("SELECT command FROM sealed WHERE lock = ? AND epoch = ? AND counter = ?", lock, epoch, counter)
        return row and row[0]

    def last_seal(self, command):
        """(epoch, counter) under which a command went out last, None if it never did."""
        query = "SELECT epoch, counter FROM sealed WHERE command = ? ORDER BY epoch DESC, counter DESC LIMIT 1"
        row = self.one(query, command)
        return row and tuple(row)

    # Log

    def events(self, lock):
        """Rows of the events of a lock's newest branch, oldest first."""
        return self.all(
            "SELECT * FROM event WHERE lock = ? AND branch = ? ORDER BY number", lock, self.lock(lock)["branch"]
        )

    def newest_event(self, lock):
        """Row of the newest event, None if there is none."""
        row = self.lock(lock)
        query = "SELECT * FROM event WHERE lock = ? AND branch = ? AND number = ?"
        return self.one(query, lock, row["branch"], row["have"])

    # Alarms

    def alarm(self, lock, word, text):
        """Keep an alarm; one that its owner has not seen yet counts up when the same comes again. Returns its count."""
        now = self.clock.time()
        row = self.one("SELECT number, count FROM alarm WHERE lock = ? AND word = ? AND text = ? AND NOT seen",
                       lock, word, text)  # fmt: skip
        if row:
            self.db.execute("UPDATE alarm SET count = count + 1, last = ? WHERE number = ?", (now, row[0]))
            return row[1] + 1
        insert = "INSERT INTO alarm (lock, word, text, first, last) VALUES (?, ?, ?, ?, ?)"
        self.db.execute(insert, (lock, word, text, now, now))
        return 1
