"""What a bench would read out of a lock, as files for `python -m tools log`."""

PARTITION_FILE = "locklog.bin"


def write_dump(folder, lock):
    """Write the partition's contents to `folder`, made if there is none; nothing for a chip without the partition."""
    folder.mkdir(parents=True, exist_ok=True)
    if lock.world.flash:
        (folder / PARTITION_FILE).write_bytes(lock.flash)
