"""What the eye makes of a pattern of light and sound."""

from firmware.drivers.signals import unpacked


def rhythm(steps):
    """What the eye sees: how long light and dark last in turn, equal neighbours joined, without the dark at the end."""
    lengths = []
    last = None
    for led, _, ms in unpacked(steps):
        if led == last:
            lengths[-1] += ms
        else:
            lengths.append(ms)
        last = led
    return tuple(lengths[: len(lengths) // 2 * 2 + 1 if last else -1])


def flashes(steps):
    """How long each light lasts."""
    return tuple(ms for n, ms in enumerate(rhythm(steps)) if n % 2 == 0)


def gaps(steps):
    """How long each dark between two lights lasts."""
    return tuple(ms for n, ms in enumerate(rhythm(steps)) if n % 2)


def word(steps):
    """A rhythm as a person would tell it: a letter for each wink, short or long flash; None: neither fish nor fowl."""
    if any(not 60 <= ms <= 200 for ms in gaps(steps)):
        return None
    letters = ""
    for ms in flashes(steps):
        if 30 <= ms <= 80:
            letters += "w"
        elif 100 <= ms <= 250:
            letters += "s"
        elif 500 <= ms <= 1000:
            letters += "L"
        else:
            return None
    return letters
