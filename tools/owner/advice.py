"""What each refusal, fault and failed check-in means, and what to do about it: by the words of the log."""

from firmware.net import link
from firmware.store import audit

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

_ANEW = "provision it anew: no code from before works"
_NEW_KEYS = "keep a dump; provision it with new keys"
_FLASH = ("the flash fails", "batteries out and in; if it comes back, a new chip")
_JOURNAL = ("the journal is not whole, not this lock's own, or not its newest", _NEW_KEYS)
_PARTITION = ("no partition `locklog` of 64 sectors", "`make flash`: its image has the right partition table")
FAULTS = {
    "unprovisioned": ("no settings and no keys: a new chip, or NVS was erased", _ANEW),
    "vault": ("settings and keys cannot be read", _ANEW),
    "settings": ("a setting is missing, unknown or out of range", "correct the configuration, provision it again"),
    "outdated": ("an older set than it has worked with: what was revoked may be back", "provision it with the newest"),
    "missing": _PARTITION,
    "size": _PARTITION,
    "blank": ("there is no journal", "provision it with new keys"),
    "foreign": ("the journal is another lock's", "provision it with new keys"),
    "damaged": _JOURNAL,
    "forged": _JOURNAL,
    "reverted": _JOURNAL,
    "read": _FLASH,
    "program": _FLASH,
    "erase": _FLASH,
    "full": _FLASH,
    "closed": _FLASH,
}
"""fault -> (what it means, what to do)."""

RADIO = {
    link.WIFI: "is the Wi-Fi there, with the name and the password that the lock has? 2.4 GHz?",
    link.NAME: "is the broker's name right, and does the network have a name server? `ip` in the settings needs none",
    link.BROKER: "does the broker run, at this host and port?",
    link.CERTIFICATE: "is the broker's certificate of the lock's authority, for this host, in its dates?",
    link.TLS: "is TLS at this port, and has the broker the lock's pre-shared key? That wants MicroPython 1.29",
    link.DENIED: "does the broker have the lock's user and login?",
    link.STALLED: "weak Wi-Fi, a slow network, or somebody stalls it",
    link.NONSENSE: "is it the broker's port?",
    link.SILENT: "does the gateway run, and does its key file have this lock?",
    link.DRIVER: "batteries out and in; if it comes back, weak batteries or a broken chip",
    link.MEMORY: "once: nothing; always: fewer grants, and tell whoever makes the firmware",
    link.BROKEN: "`make deploy` or `make flash`: a file of the firmware may be missing; keys and log stay",
    audit.UNSAFE: "give the broker TLS, unless it stands on a desk",
    audit.UNUSABLE: "correct the radio's settings, provision it again",
}
"""detail of the event `radio` -> what to look at."""

JAM = "door open, 4# in the menu: if that passes align the strike, else see The bolt in docs/field-guide.md"
OTHER_SET = (
    "changed by its gateway, or provisioned since by another record: take the newest record, or provision it again"
)
