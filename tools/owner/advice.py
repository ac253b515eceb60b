"""What each refusal means at this lock, and what to do about it: by the words of the log."""

REFUSALS = {
    "wrong": ("no code of this lock", "compare digit by digit, and the door; `dropbolt doctor LOCK --code` tells more"),
    "mistyped": ("the check digit does not fit: a slip of the finger or the pen", "type it again; it cost nothing"),
    "used": ("the code has opened before", "issue a new one"),
    "early": ("the code's window has not begun", "come back in the window"),
    "late": ("the code's window is over, or later codes of its grant have passed it", "issue a new one"),
    "revoked": ("code, grant or issuer was revoked", "issue a new one if that was not meant"),
    "schedule": ("outside the hours of the grant's schedule, local time at the lock", "come within the hours"),
    "clock": ("the lock does not know the time well enough", "set its clock: over the cable, or by the gateway"),
    "budget": ("too many wrong codes of this length", "wait, or end it at the keypad: owner's code, then 7#"),
    "approval": ("a second code or an approval is wanted within a minute", "type the first part, then the second"),
    "battery": ("the batteries are too weak for the motor", "change them; the code still opens"),
    "jammed": (
        "the bolt did not arrive",
        "open door, 4# in the menu: if that passes align the strike; issue a new code",
    ),
    "storage": ("the flash did not take a record, or the lock has a fault", "see Faults in docs/field-guide.md"),
}
"""decision -> (what it means, what to do)."""
