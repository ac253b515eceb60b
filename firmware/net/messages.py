"""What sealed messages say: types, fields, bounds (docs/protocol.md has the tables). Little-endian, no padding.

The lock packs what goes up; orders.py unpacks what comes down. The other end's code takes the formats from both. A
nonce is two u32, (boots, number of the check-in): it names one check-in, and no two have the same. Of an entry that
waits for approval it is (boots, number of the attempt).
"""

import struct

from micropython import const

# up
HELLO = const(1)
EVENTS = const(2)
RESULT = const(3)
BYE = const(4)
# down
REPLY = const(16)
UNLOCK_NOW = const(17)
APPROVE_ENTRY = const(18)
REFUSE_ENTRY = const(19)
PUT_GRANT = const(20)
REVOKE_GRANT = const(21)
PUT_ISSUER = const(22)
REVOKE_ISSUER = const(23)
SET_TIME = const(24)
SET_SETTINGS = const(25)
MUTE = const(26)
SEND_LOG = const(27)
IDENTIFY = const(28)
ROTATE = const(29)
REVOKE_CODE = const(30)
SET_BASE = const(31)

# How a command ended.
DONE = const(1)
BEFORE = const(2)  # it was so already, or the nonce was used up: nothing was done now
REFUSED = const(3)  # this sender may not do this
EXPIRED = const(4)
STALE = const(5)  # the nonce names no live check-in, or no entry that waits
MALFORMED = const(6)
FULL = const(7)
RETRY = const(8)  # not now: to be sent again, under a new counter
STORAGE = const(9)  # the flash did not take it
UNKNOWN = const(10)  # there is no such grant, code or issuer

# Why the lock checks in.
BY_TIMER = const(1)
BY_CALL = const(2)
BY_EVENT = const(3)
BY_ENTRY = const(4)  # one waits for approval

MAX_EVENTS = const(20)
MAX_COUNTERS = const(32)
MAX_DETAIL = const(200)
EVENT_SIZE = const(28)

HELLO_FORMAT = "<IIIBHI4sIIHBBIIHB3BB"
COUNTER_FORMAT = "<BBI"  # sender, epoch, last counter
EVENTS_FORMAT = "<IIII4s"  # nonce, number of the first, sequence of its sector, MAC before
RESULT_FORMAT = "<IIIB"  # nonce, counter of the command, how it ended
BYE_FORMAT = "<IIBHB"  # nonce, answered, ignored, why


class MessageError(ValueError):
    """The plaintext is not what a message of its type says, or what was to be said is out of bounds."""


class Refused(Exception):
    """A command is not done: `word` is BEFORE to UNKNOWN, `detail` says more to its sender (UTF-8, 200 bytes)."""

    def __init__(self, word, detail=b""):
        super().__init__(word)
        self.word = word
        self.detail = detail


def pack_hello(nonce, clock, log, generation, attempts, power, reason, waiting, ignored, version, counters):
    """What the lock says first. Raises MessageError for more than 32 counters.

    clock: (unix s, quality as in core/words.py, uncertainty in s). log: its head, (sequence, MAC). generation: of the
    set in the vault. attempts: counted so far. power: (battery mV, bolt and door: bits 0 and 1 the bolt's position as
    in drivers/bolt.py, 4 door closed, 8 jammed). reason: BY_TIMER to BY_ENTRY. waiting: nonce of the entry that waits,
    or (0, 0). ignored: (messages, why: bits) at the last check-in. version: of the firmware, three u8. counters:
    (sender, epoch, last counter) each.
    """
    if len(counters) > MAX_COUNTERS:
        raise MessageError("counters")
    t, quality, uncertainty = clock
    fields = nonce + (t, quality, _u16(uncertainty)) + log + (generation, attempts, _u16(power[0]), power[1], reason)
    fields += waiting + (_u16(ignored[0]), ignored[1]) + version
    text = struct.pack(HELLO_FORMAT, *fields, len(counters))
    for item in counters:
        text += struct.pack(COUNTER_FORMAT, *item)
    return text


def pack_events(nonce, first, sector, before, events):
    """Events of one sector of the log, in their order: the key of their MACs goes by the sector.

    first: number of the first one. sector: sequence of its sector. before: MAC of the event before it. events: body and
    MAC, 28 bytes each, 1 to 20. Raises MessageError for another size.
    """
    if not 0 < len(events) <= MAX_EVENTS * EVENT_SIZE or len(events) % EVENT_SIZE:
        raise MessageError("events")
    return struct.pack(EVENTS_FORMAT, *nonce, first, sector, before) + events


def pack_result(nonce, counter, word, detail=b""):
    """How the command under `counter` ended: DONE to UNKNOWN. detail: UTF-8 text for its sender, cut at 200 bytes."""
    return struct.pack(RESULT_FORMAT, *nonce, counter, word) + detail[:MAX_DETAIL]


def pack_bye(nonce, answered, ignored, why):
    """What the lock says last: how many commands it has answered, how many messages it has ignored, and why (bits)."""
    return struct.pack(BYE_FORMAT, *nonce, min(answered, 255), _u16(ignored), why)


def _u16(value):
    """The nearest that fits: on MicroPython struct.pack cuts what does not."""
    return min(value, 0xFFFF)
