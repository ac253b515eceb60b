"""Replacing a file that must not be lost: the old one stays until the new one is whole, on disk, and reads well."""

import os
import tempfile
from pathlib import Path


def replace(path, content, check=lambda path: None):
    """Have `content` (bytes) at `path`, whole or not at all, for its owner alone.

    check(path): looks at the new file before it counts. Raises OSError and what `check` raises; what was there stays
    then.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    except OSError as error:
        error.filename = str(path)  # nobody knows the other name
        raise
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        check(Path(name))
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write(path, content):
    """As `replace`, the file that a link leads to; what is no file, such as a pipe, just gets `content`."""
    if path.exists() and not path.is_file():
        path.write_bytes(content)
    else:
        replace(path.resolve(), content)
