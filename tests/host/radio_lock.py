"""A simulated lock with a radio, and its other end inside the test."""

from contextlib import contextmanager

from firmware.core.words import APPROVE, CALL, OWNER, REMOTE, UNLOCK
from host_sim.lock import Lock, LockConfig
from tests.host.peer import KEYS, Issuers, Peer

GATEWAY, CARRIER, GUEST = 1, 7, 9
ISSUERS = [
    [GATEWAY, "gateway", OWNER | UNLOCK | APPROVE | CALL, 64],
    [CARRIER, "carrier", UNLOCK | APPROVE | CALL, 32],
    [GUEST, "guest", UNLOCK, 32],
]
GRANTS = [
    {"label": "couriers", "kind": "event", "digits": 8, "check": True},
    {"label": "caller", "kind": "event", "digits": 8, "check": True, "permissions": CALL, "issuer": CARRIER},
    {"label": "both", "kind": "event", "digits": 8, "check": True, "second": REMOTE, "issuer": CARRIER},
]
INSECURE = {"security": "insecure", "port": 1883, "keys": KEYS}


@contextmanager
def radio_lock(runtime="cpython", radio=None, grants=GRANTS, settings=None, peer=True, **options):
    """(lock, its Peer), after its first check-in where `peer` answers; nothing is spoken with TLS here."""
    config = LockConfig(
        grants=grants, settings={"issuers": ISSUERS, **(settings or {})}, radio=INSECURE | (radio or {})
    )
    with Lock(runtime, config, **options) as lock:
        other = Peer(Issuers(lock.lock_id, lambda: lock.now))
        if peer:
            lock.world.network.routes["10.0.0.2", 1883] = other.end
            assert lock.run_until(lambda: other.packets[-1:] == [0xE0] and not lock.awake, 40), lock.log()
        yield lock, other


def checked_in(lock, peer, seconds=40, count=1):
    """Let time pass until the lock has taken its leave once more, and sleeps."""
    before = peer.packets.count(0xE0)
    return lock.run_until(lambda: peer.packets.count(0xE0) >= before + count and not lock.awake, seconds)


def next_check_in(lock, peer):
    """Let time pass until the next check-in is over."""
    assert checked_in(lock, peer, 7200), lock.log()[-3:]
