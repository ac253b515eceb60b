"""Commands by radio about codes one by one: revoked, or passed over. Each only ever goes forward."""

from micropython import const

from firmware.core.burns import MAX_REVOKED
from firmware.core.records import StateError
from firmware.core.words import EVENT, INTERVAL, OWNER
from firmware.net import messages
from firmware.net.messages import Refused

_OWNERS = const(8)  # places among the revoked codes that are left to owners


class Codes:
    """lock: the Remote whose commands these are."""

    def __init__(self, lock):
        self._lock = lock

    def revoke_code(self, grant_id, serial, value, number):
        grants, i = self._place(grant_id)
        state, kind = self._lock.wake.state, grants.kind(i)
        if serial >= grants.serials(i) or kind not in (INTERVAL, EVENT) and value:
            raise Refused(messages.UNKNOWN)
        if state.revoked(i, serial, value) or kind == EVENT and state.event_used(i, value):
            raise Refused(messages.BEFORE)
        left = MAX_REVOKED - len([code for code in state.revocations if not state.is_past(code, state.floor)])
        if left <= _OWNERS and not self._lock.permissions(number) & OWNER:
            raise Refused(messages.FULL)
        try:
            body = state.revoke([(grant_id, serial, value)])
        except StateError:
            raise Refused(messages.FULL)
        self._lock.write(body)

    def set_base(self, grant_id, counter):
        grants, i = self._place(grant_id)
        if grants.kind(i) != EVENT:
            raise Refused(messages.UNKNOWN)
        if counter <= self._lock.wake.state.event_base(i):
            raise Refused(messages.BEFORE)
        self._lock.write(self._lock.wake.state.raised(i, counter))

    def _place(self, grant_id):
        grants = self._lock.wake.config.grants
        i = grants.index(grant_id)
        if i < 0:
            raise Refused(messages.UNKNOWN)
        self._lock.about = grant_id
        return grants, i
