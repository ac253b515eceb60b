"""Weekly schedules: at which hours of local time the codes of a grant may open.

A schedule is a list of windows [days, from, to]: days a bit mask, 1 Monday to 64 Sunday; from and to in minutes of the
local day, from below to, at most 1440. A window over midnight is two. A window means what the clocks of the place show:
an hour that exists twice is in it twice, one that does not exist never. Loaded only where a grant has a schedule.
"""

from micropython import const

_DAY = const(86400)
_MINUTES = const(1440)
_ALL_DAYS = const(127)
_WINDOWS = const(21)  # at most in one schedule: three a day


class ScheduleError(ValueError):
    """A schedule that the lock must not take; the text names it and says what is wrong."""


class Schedules:
    """The schedules in `rows`, numbered from 1, in the local time of `zone`. Raises ScheduleError."""

    def __init__(self, rows, zone):
        for number, windows in enumerate(rows, 1):
            for problem in problems(windows):
                raise ScheduleError(f"schedule {number}: {problem}")
        self._rows = rows
        self._zone = zone

    def allows(self, number, t):
        """Whether schedule `number` is open at unix second `t`; one that does not exist never is."""
        return self._end(number, t) > t

    def closes(self, number, t, limit):
        """The first unix second from `t` on at which schedule `number` is closed, `limit` if it stays open until then.

        Windows that meet, as over midnight, are one.
        """
        while t < limit:
            end = self._end(number, t)
            if end == t:
                return t
            change = self._zone.next_change(t)  # from there on local time goes on elsewhere
            t = end if change is None else min(end, change)
        return limit

    def _end(self, number, t):
        """Unix second at which the window that is open at `t` ends by the offset of `t`; `t` if none is open."""
        if not 1 <= number <= len(self._rows):
            return t
        days, second = divmod(t + self._zone.offset(t), _DAY)
        bit = 1 << (days + 3) % 7  # 1970-01-01 was a Thursday
        end = 0
        for mask, since, until in self._rows[number - 1]:
            if mask & bit and since * 60 <= second < until * 60:
                end = max(end, until * 60)
        return t - second + end if end else t


def problems(windows):
    """What is wrong with the windows of one schedule, a text each."""
    if not isinstance(windows, list) or not 1 <= len(windows) <= _WINDOWS:
        return [f"must be a list of 1 to {_WINDOWS} windows, or it never opens"]
    return [text for place, window in enumerate(windows, 1) for text in _problems_of(place, window)]


def _problems_of(place, window):
    if not isinstance(window, list) or [type(value) for value in window] != [int] * 3:
        return [f"window {place} must be [days, from minute, to minute]"]
    days, since, until = window
    found = []
    if not 1 <= days <= _ALL_DAYS:
        found.append(f"window {place}: days {days}, must be 1 to {_ALL_DAYS}")
    if not 0 <= since < until <= _MINUTES:
        found.append(f"window {place}: from minute {since} to {until}, must be 0 <= from < to <= {_MINUTES}")
    return found
