"""Reading a file that somebody hands over: never more of it than it may have, however large or endless it is."""


class TooLong(OSError):
    """The file has more bytes than it may have; the text says how many those are."""


def read(path, limit):
    """The bytes of a file. Raises OSError for one that cannot be read, TooLong for one of more than `limit` bytes."""
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise TooLong(f"{path}: more than {limit:,} bytes")
    return content
