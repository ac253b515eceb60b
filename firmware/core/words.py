"""The lock's vocabulary: decisions, kinds of grant, permissions and clock quality, as small numbers.

Flash records hold these numbers, so a number never changes its meaning; new words go to the end.
"""

from micropython import const

# What the lock answers to an entry. 0 is no decision.
UNKNOWN = const(0)  # power was lost before the outcome could be kept
OPENED = const(1)
WRONG = const(2)
MISTYPED = const(3)
USED = const(4)
EARLY = const(5)
LATE = const(6)
REVOKED = const(7)
SCHEDULE = const(8)
CLOCK = const(9)
BUDGET = const(10)
APPROVAL = const(11)
BATTERY = const(12)
JAMMED = const(13)
STORAGE = const(14)
ACCEPTED = const(15)  # a code that was right and does not open: a service code, or a second part come first

DECISIONS = (
    None,
    "opened",
    "wrong",
    "mistyped",
    "used",
    "early",
    "late",
    "revoked",
    "schedule",
    "clock",
    "budget",
    "approval",
    "battery",
    "jammed",
    "storage",
    "accepted",
)

# What a grant's codes are: RFC 6238 time steps, RFC 4226 counters, or digits chosen elsewhere.
INTERVAL = const(1)
EVENT = const(2)
NUMBER = const(3)

KINDS = (None, "interval", "event", "number")

# What a grant's codes may do: bits of its permissions.
UNLOCK = const(1)
HOLD_OPEN = const(2)
SERVICE = const(4)
DURESS = const(8)
CALL = const(16)
APPROVE = const(32)
OWNER = const(64)

PERMISSIONS = ("unlock", "hold open", "service", "duress", "call", "approve", "owner")

REMOTE = const(0xFFFF)  # as a grant's second part: an approval by radio

# How far the clock's reading may be trusted.
TRUSTED = const(1)
STALE = const(2)
LOST = const(3)

NEVER = const(0x3FFFFFFF)  # 34 years, the uncertainty in seconds of a clock that knows nothing

QUALITIES = (None, "trusted", "stale", "lost")
