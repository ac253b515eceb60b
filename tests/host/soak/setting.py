"""The lock that a soak lives with: its issuers, its grants, the parcels that are expected."""

from random import Random

from firmware.core.words import APPROVE, CALL, DURESS, HOLD_OPEN, OWNER, REMOTE, SERVICE, UNLOCK
from host_sim.lock import LockConfig
from tests.host.radio_lock import INSECURE
from tests.host.soak.books import BURST, REFILL, STEP
from tests.host.soak.books import DURESS as DURESS_LABEL
from tests.host.soak.gateway import CARRIER, GATEWAY, GUEST

OWNERS_CODE = "482913375604"
PARCELS = 24
ISSUERS = [
    [GATEWAY, "gateway", OWNER | UNLOCK | APPROVE | CALL, 64],
    [CARRIER, "carrier", UNLOCK | APPROVE | CALL, 64],
    [GUEST, "guest", UNLOCK, 64],
]
WINDOW = 8
HOLD_S = 3600
"""For which a code may hold the bolt open, at most: `set settings` makes it less."""
_EVENT = {"kind": "event", "digits": 8, "check": True, "window": WINDOW}
GRANTS = [
    {"label": "courier", **_EVENT, "issuer": CARRIER},
    {"label": "guest", "kind": "interval", "digits": 8, "check": True, "step": STEP, "serials": 2, "issuer": GUEST},
    {"label": "app", "kind": "interval", "digits": 6},
    {"label": "caller", **_EVENT, "permissions": CALL, "issuer": CARRIER},
    {"label": "both", **_EVENT, "second": REMOTE, "issuer": CARRIER},
    {"label": "fitter", **_EVENT, "permissions": SERVICE | UNLOCK},
    {"label": DURESS_LABEL, **_EVENT, "permissions": UNLOCK | DURESS},
    {"label": "holder", **_EVENT, "permissions": UNLOCK | HOLD_OPEN},
    {"label": "pair", **_EVENT, "second": 10, "issuer": CARRIER},
    {"label": "recipient", **_EVENT, "permissions": APPROVE},
    {"label": "owner", "kind": "number", "number": OWNERS_CODE, "uses": 0, "permissions": UNLOCK | OWNER},
]


def config():
    """Of a lock; the numbers of its parcels are drawn once and for all."""
    chance = Random(0)
    numbers = ["".join(chance.choices("0123456789", k=10)) for _ in range(PARCELS)]
    parcels = [
        {"label": f"parcel{k}", "kind": "number", "number": number, "issuer": CARRIER, "unpredictable": 8}
        for k, number in enumerate(numbers)
    ]
    return LockConfig(
        grants=GRANTS + parcels,
        buckets=[(length, BURST[length], REFILL[length]) for length in BURST],
        settings={"issuers": ISSUERS, "risk_one_in": 50, "hold_s": HOLD_S},
        radio={**INSECURE, "often_s": 900, "rarely_s": 3600},
    )
