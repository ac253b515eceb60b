"""Times as the clocks at the lock show them: unix seconds to words, and back over changes of daylight saving time."""

from datetime import UTC, datetime, timedelta

_DAY = 86400
_EPOCH = datetime(1970, 1, 1)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def local(zone, t):
    """What the clocks of a Zone show at unix second `t`: a datetime without zone."""
    return (datetime.fromtimestamp(t, UTC) + timedelta(seconds=zone.offset(t))).replace(tzinfo=None)


def instants(zone, when):
    """Unix seconds at which the clocks show `when`: one, two in an hour that is there twice, none in one left out."""
    wall = int((when - _EPOCH).total_seconds())
    offsets = {zone.offset(wall + shift) for shift in (-2 * _DAY, 0, 2 * _DAY)}
    return sorted(wall - offset for offset in offsets if zone.offset(wall - offset) == offset)


def ahead(zone, t):
    """How far the clocks are ahead of UTC at `t`, as text: UTC+1, UTC-3:30."""
    seconds = zone.offset(t)
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"UTC{'-' if seconds < 0 else '+'}{hours}" + (f":{minutes:02}" if minutes else "")


def moment(zone, t):
    """An instant in words: Tue 24 Nov 2026 09:00 (UTC+1)."""
    return f"{_date(zone, t)} {_clock(zone, t)} ({ahead(zone, t)})"


def span(zone, since, until):
    """From an instant to another: the day once if it is the same, both offsets if the clocks change in between.

    Midnight at the end is 24:00 of the day before.
    """
    if ahead(zone, since) != ahead(zone, until - 1):
        return f"{moment(zone, since)} to {moment(zone, until)}, over a change of the clocks"
    begin, end = local(zone, since), local(zone, until)
    last, clock = end, _clock(zone, until)
    if (end.hour, end.minute, end.second) == (0, 0, 0):
        last, clock = end - timedelta(days=1), "24:00"
    tail = clock if begin.date() == last.date() else f"{last:%a} {last.day} {last:%b %Y} {clock}"
    return f"{_date(zone, since)} {_clock(zone, since)} to {tail} ({ahead(zone, since)})"


def weekly(windows):
    """The windows of a schedule in words: Mon-Fri 08:00-18:00, Sat 08:00-13:00."""
    return ", ".join(f"{_days(days)} {_wall(since)}-{_wall(until)}" for days, since, until in windows)


def _days(mask):
    """Mon-Fri, Mon+Wed+Sat: neighbours are one run."""
    runs = []
    for day in (day for day in range(7) if mask >> day & 1):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return "+".join(_DAYS[run[0]] + (f"-{_DAYS[run[-1]]}" if len(run) > 1 else "") for run in runs)


def _wall(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _date(zone, t):
    when = local(zone, t)
    return f"{when:%a} {when.day} {when:%b %Y}"


def _clock(zone, t):
    when = local(zone, t)
    return f"{when:%H:%M:%S}" if when.second else f"{when:%H:%M}"
