"""What the keypad tells of each decision, and keypad and log of what the door does by itself."""

from firmware import door as doors
from firmware.core.words import (
    ACCEPTED,
    APPROVAL,
    BATTERY,
    BUDGET,
    CLOCK,
    EARLY,
    JAMMED,
    LATE,
    MISTYPED,
    OPENED,
    REVOKED,
    SCHEDULE,
    STORAGE,
    USED,
    WRONG,
)
from firmware.store import audit as log

# decision: a pattern of drivers/signals.py
ANSWERS = {
    OPENED: "opened",
    ACCEPTED: "accepted",
    WRONG: "wrong",
    MISTYPED: "mistyped",
    USED: "used",
    EARLY: "early",
    LATE: "late",
    SCHEDULE: "later",
    BUDGET: "later",
    REVOKED: "owner",
    CLOCK: "owner",
    APPROVAL: "owner",
    STORAGE: "owner",
    BATTERY: "battery",
    JAMMED: "jammed",
}

# report of `Door`: pattern, kind of event
DOOR = {
    doors.RELOCKED: ("locked", log.RELOCKED),
    doors.STUCK: ("jammed", log.JAM),
    doors.AJAR: ("ajar", log.AJAR),
    doors.FORCED: ("ajar", log.FORCED),
    doors.WEAK: ("battery", log.BATTERY),
}
