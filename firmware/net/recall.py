"""What the radio remembers from one check-in to the next, in RTC memory; without power it begins anew.

Nothing that security rests on, but for one thing: the number of the check-in, which is half of its nonce. So whoever
finds nothing here counts a boot in flash before it says hello.
"""

import struct

_FORMAT = "<IIII4s4s4s4s4sHBBB"
_SIZE = struct.calcsize(_FORMAT)
_NOWHERE = bytes(4)
_LEASE_S = 43200  # how long an address that was given is used without asking again; half a day


class Recall:
    """kept: what `packed` made, or b"".

    boots, number: nonce of the last check-in. sent: number of the newest event of the log that was sent. asked_at,
    lease: when an address was given (RTC seconds), and it with netmask, router and name server, 4 bytes each. ip: of
    the broker, from the last check-in that came so far. ignored, why: messages, as in the hello. failures: check-ins in
    a row that came to nothing. near: 1 while the configured access point answers. limits: what
    is packed by firmware/limits.py.
    """

    def __init__(self, kept):
        self.fresh = len(kept) < _SIZE
        fields = struct.unpack_from(_FORMAT, bytes(_SIZE) if self.fresh else kept)
        self.boots, self.number, self.sent, self.asked_at = fields[:4]
        self.lease = fields[4:8]
        self.ip = fields[8]
        self.ignored, self.why, self.failures, self.near = fields[9:]
        self.limits = bytes(kept[_SIZE:])
        if self.fresh:
            self.near = 1

    def packed(self):
        return (
            struct.pack(
                _FORMAT,
                self.boots,
                self.number,
                self.sent,
                self.asked_at,
                *self.lease,
                self.ip,
                min(self.ignored, 0xFFFF),
                self.why,
                min(self.failures, 255),
                self.near,
            )
            + self.limits
        )

    def next_nonce(self, boots):
        """The nonce of a new check-in at the count of `boots`: (boots, number)."""
        self.number = 0 if boots != self.boots else self.number + 1
        self.boots = boots
        return boots, self.number

    def addresses(self, now):
        """(own, netmask, router, name server) as texts that were given not long before RTC second `now`, or ()."""
        if self.lease[0] == _NOWHERE or not 0 <= now - self.asked_at < _LEASE_S:
            return ()
        return tuple([text(each) for each in self.lease])

    def keep_addresses(self, addresses, now):
        """They were given at RTC second `now`."""
        self.lease = tuple([packed(each) for each in addresses])
        self.asked_at = now

    def forget_addresses(self):
        """They lead nowhere any more."""
        self.lease = (_NOWHERE,) * 4
        self.ip = _NOWHERE

    @property
    def broker(self):
        """Address of the broker as text, or ""."""
        return "" if self.ip == _NOWHERE else text(self.ip)


def text(octets):
    """Four bytes as an address in dots."""
    return ".".join([str(octet) for octet in octets])


def packed(address):
    """An address in dots as four bytes."""
    return bytes([int(part) for part in address.split(".")])
