"""Flash: the state journal, the audit log, the vault. Here: what went wrong with them, in one word each."""

SECTORS = 64  # of 4096 bytes: the whole partition, 16 for the journal, 48 for the log

MISSING = "missing"  # there is no partition
SIZE = "size"  # the partition has another geometry than the lock was made for
BLANK = "blank"  # nothing was ever written, or all of it was erased
FOREIGN = "foreign"  # written, but for another journal id
DAMAGED = "damaged"  # written for this lock, but not all that was acknowledged is there
REVERTED = "reverted"  # another state than was acknowledged, or the number that would tell is gone
FORGED = "forged"  # intact, but not made with the lock's key
READ = "read"  # the chip failed to read
PROGRAM = "program"  # the chip failed to program, or what was read back differs
ERASE = "erase"  # no sector could be erased
FULL = "full"  # what must be carried forward does not fit a sector
CLOSED = "closed"  # not mounted, or an operation failed since: mount again


class StorageError(OSError):
    """Flash cannot be trusted or did not do as told: refuse, stay closed. `reason` is one of the words above."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason
