"""Settings and grants as the lock uses them.

What must be true of them is in settings.py, which a wake loads for a set that it has not seen yet: after a reset, and
after a change.
"""

import json
from binascii import unhexlify

from firmware.core.budget import Budget
from firmware.core.grants import Grants

_OCTETS = ("lock", "journal", "salt", "mac")
_PLAIN = ("relock_s", "ajar_s", "battery_min_mv", "battery_low_mv", "hold_s", "risk_one_in", "mute")


class ConfigError(ValueError):
    """Settings or grants that cannot be used; the text says what is wrong, `setting` where (None: not known there).

    place: of the setting in settings.SETTINGS, from 1; 0 if there is none of that name.
    """

    def __init__(self, setting, text, place=0):
        super().__init__(f"{setting}: {text}")
        self.setting = setting
        self.place = place


class Closed:
    """What a lock without usable settings runs on: it locks itself and opens for nobody."""

    journal = None
    relock_s = 5
    ajar_s = 60
    battery_min_mv = 4400
    battery_low_mv = 4800
    mute = False
    hold_s = 60
    schedules = None


class Config:
    """What the vault holds, parsed: `settings` is a JSON object, `grants` the packed table. Raises ConfigError.

    lock, journal (8 bytes), salt (16 bytes): ids and salt of this lock. mac (16 bytes): key that seals the journal.
    table: the packed grants.
    buckets: (typed length, burst in entries, refill in seconds per entry). relock_s: from door closed to bolt thrown.
    ajar_s: from bolt open to the warning. battery_min_mv: below it the motor is not driven; battery_low_mv: below it
    the log says so. mute: no buzzer. hold_s: how long a code may hold the bolt open at most. schedules: a
    `core.schedule.Schedules` if a grant has a schedule, else None. command: (issuer, key epoch, counter) of the command
    by radio that made this set, or None. What only concerns whoever changes the set (issuers,
    risk_one_in, a schedule that nobody has) is looked at by `core.admission`, not at a wake.
    """

    def __init__(self, settings, grants, known=False):
        """known: this very set has passed `settings.check` before, which is then not done again."""
        if not known:
            from firmware.settings import check

            check(settings, grants)
        fields = json.loads(bytes(settings).decode())
        for name in _OCTETS:
            setattr(self, name, unhexlify(fields[name]))
        for name in _PLAIN:
            setattr(self, name, fields[name])
        self.table = grants
        self.grants = Grants(grants)
        self.budget = Budget(fields["buckets"], self.grants)
        self.schedules = _schedules(fields, self.grants)
        mark = fields.get("command")
        self.command = mark and tuple(mark)


def _schedules(fields, grants):
    """A Schedules if a grant has one, else None."""
    if not any(grants.schedule(i) for i in range(len(grants))):
        return None
    from firmware.core.schedule import Schedules
    from firmware.core.zone import Zone

    return Schedules(fields["schedules"], Zone(fields["zone"]))
