"""What a bench would read out of a lock, and what its owner keeps, as files for `python -m tools log`."""

PARTITION_FILE = "locklog.bin"
KEY_FILE = "log.key"


def write_dump(folder, lock):
    """Write the partition's contents and the log's first key to `folder`.

    A chip without the partition leaves neither.
    """
    if lock.world.flash:
        (folder / PARTITION_FILE).write_bytes(lock.flash)
        (folder / KEY_FILE).write_text(f"{lock.log_key.hex()}\n")
