"""What a program or an erase leaves behind when the power goes in its midst.

| tear           | a program had                                | an erase had                           |
|----------------|----------------------------------------------|----------------------------------------|
| `none`         | changed nothing                              | changed nothing                        |
| `byte`         | done the first byte                          | cleaned the first byte                 |
| `seven`        | done 7 bytes                                 | cleaned 7 bytes                        |
| `thirteen`     | done 13 bytes                                | cleaned 13 bytes                       |
| `half`         | done the first half                          | cleaned the first half                 |
| `most`         | done all but the last 4 bytes                | cleaned all but the last 4 bytes       |
| `all_but_byte` | done all but the last byte                   | cleaned all but the last byte          |
| `all_but_bit`  | cleared all but one of the bits to clear     | set all but one of the bits to set     |
| `all`          | done everything, unacknowledged              | done everything, unacknowledged        |
| `bits`         | cleared a random subset of the bits to clear | set a random subset of the bits to set |
| `bytes`        | done each byte or not, at random             | cleaned each byte or not, at random    |
| `tail`         | done the second half only                    | programmed the second half to zeros    |

A chip fills its page in no promised order (`tail` of a program), and programs a sector to zeros before it erases it, so
that cells age alike (`tail` of an erase).
"""

from random import Random

_PREFIXES = {
    "none": lambda n: 0,
    "byte": lambda n: 1,
    "seven": lambda n: 7,
    "thirteen": lambda n: 13,
    "half": lambda n: n // 2,
    "most": lambda n: max(0, n - 4),
    "all_but_byte": lambda n: max(0, n - 1),
    "all": lambda n: n,
}

TEARS = (
    "none",
    "byte",
    "seven",
    "thirteen",
    "half",
    "most",
    "all_but_byte",
    "all_but_bit",
    "all",
    "bits",
    "bytes",
    "tail",
)
"""The names of all twelve, in the order of the table."""


def torn_program(old, new, tear, seed=0):
    """The bytes left where programming `new` over `old` (of equal length) was torn. Raises ValueError: unknown tear."""
    if tear == "tail":
        half = len(old) // 2
        return old[:half] + new[half:]
    return _torn(old, new, tear, seed)


def torn_erase(old, tear, seed=0):
    """The bytes left where erasing `old` was torn. Raises ValueError for an unknown tear."""
    if tear == "tail":
        half = len(old) // 2
        return old[:half] + bytes(len(old) - half)
    return _torn(old, b"\xff" * len(old), tear, seed)


def _torn(old, new, tear, seed):
    if tear in _PREFIXES:
        done = _PREFIXES[tear](len(old))
        return new[:done] + old[done:]
    random = Random(seed)
    if tear == "bytes":
        return bytes(random.choice(pair) for pair in zip(old, new, strict=True))
    was, becomes = int.from_bytes(old), int.from_bytes(new)
    changing = was ^ becomes
    if tear == "bits":
        undone = changing & random.getrandbits(8 * len(old)) if changing else 0
    elif tear == "all_but_bit":
        undone = _one_bit_of(changing, random)
    else:
        raise ValueError(f"tear {tear!r}, must be one of {', '.join(TEARS)}")
    return (becomes ^ undone).to_bytes(len(old))


def _one_bit_of(mask, random):
    """One of the set bits of `mask`, chosen at random; 0 when none is set."""
    chosen = 0
    for seen in range(1, mask.bit_count() + 1):
        lowest = mask & -mask
        if random.randrange(seen) == 0:
            chosen = lowest
        mask ^= lowest
    return chosen
