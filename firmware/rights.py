"""Commands by radio that change settings or issuers: like those that change grants (changes.py), but rarer.

The whole set is looked at, as when it is provisioned.
"""

import json

from firmware.changes import Changes
from firmware.config import ConfigError
from firmware.core.grants import Grants
from firmware.net import messages
from firmware.net.messages import Refused
from firmware.settings import MAX_ROWS

_CHANGEABLE = (
    "buckets",
    "relock_s",
    "ajar_s",
    "battery_min_mv",
    "battery_low_mv",
    "mute",
    "zone",
    "schedules",
    "hold_s",
    "risk_one_in",
)


class Rights(Changes):
    """Parameters as of `Changes`."""

    def set_settings(self, changed, mark):
        for name in changed:
            if name not in _CHANGEABLE:
                raise Refused(messages.REFUSED, name.encode())

        def change(fields, table, t):
            fields.update(changed)
            _admit(fields, table, t)

        self.replace(mark, change)

    def mute(self, on, mark):
        if self.lock.wake.config.mute == on:
            raise Refused(messages.BEFORE)
        self.replace(mark, lambda fields, table, t: fields.update({"mute": on}))

    def put_issuer(self, number, permissions, quota, label, packed, mark):
        def change(fields, table, t):
            rows = [row for row in fields["issuers"] if row[0] != number]
            if len(rows) >= MAX_ROWS:
                raise Refused(messages.FULL)
            fields["issuers"] = rows + [[number, label, permissions, quota]]
            _admit(fields, table, t)

        self.replace(mark, change, packed)

    def revoke_issuer(self, number, packed, mark):
        if number == mark[0]:
            raise Refused(messages.REFUSED, b"another owner does that")
        if not self.lock.permissions(number):
            raise Refused(messages.BEFORE if self.lock.radio.keys.known(number) else messages.UNKNOWN)

        def change(fields, table, t):
            fields["issuers"] = [row for row in fields["issuers"] if row[0] != number]
            grants = Grants(table)
            for i in range(len(grants)):
                if grants.issuer(i) == number:
                    grants.revoke(i)

        self.replace(mark, change, packed)


def _admit(fields, table, t):
    """Have a whole set looked at."""
    from firmware.core.admission import admit
    from firmware.settings import check

    grants = Grants(table)
    try:
        check(json.dumps(fields).encode(), table)
        admit(fields, grants, t, grants)
    except ConfigError as error:
        raise Refused(messages.MALFORMED, str(error).encode())
    except ValueError as error:
        raise Refused(messages.REFUSED, str(error).encode())
