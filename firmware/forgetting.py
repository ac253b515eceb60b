"""Room among the counters of commands: whoever is no issuer any more is forgotten. Loaded only where there is none."""

from firmware.net.rekeying import revoked
from firmware.store import StorageError


def make_room(lock):
    """Forget the counters of those who are no issuers any more, once their keys are gone. lock: a Remote.

    Raises Refused.
    """
    keys, state = lock.radio.keys, lock.wake.state
    try:
        issuers = lock.issuers()
    except StorageError as error:
        lock.failed(error)
    gone = [number for number, _, _ in state.counters if number not in issuers]
    spent = [number for number, _ in keys.in_use() if number in gone]
    for number in spent:
        keys.load(revoked(keys, number))
    if spent:
        lock.keep_keys(revoked(keys, spent[0]))
    for number in gone:
        lock.write(state.command(number, 0, 0))
