"""What a person is told of: the computer's own errors by sentences, what came from elsewhere as nothing but text."""

import errno

_STEPS = {
    errno.ENOENT: "compare its name",
    errno.EISDIR: "name a file in it",
    errno.ENOTDIR: "compare its name",
    errno.ENOSPC: "make room on this computer's disk, then run the same command again",
    errno.EDQUOT: "make room on this computer's disk, then run the same command again",
    errno.EACCES: "this user may not; take another file or folder, or change whose it is",
    errno.EPERM: "this user may not; take another file or folder, or change whose it is",
    errno.EROFS: "take a folder that can be written to",
}


def sentence(error):
    """One sentence for an exception, with the next step; that of an OSError is by its number."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    step = _STEPS.get(error.errno)
    return f"{told}: {step}" if step else told


def plain(text):
    """What a lock, or whoever has its keys, has said, as a terminal may show it: `?` for whatever is not printed."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
