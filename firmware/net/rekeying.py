"""Changes of the table of root keys (keys.py has its invariants): each returns another table, packed.

The Keys that are given stay as they are, but for a command about an issuer once it is done. Loaded only for a message
that changes the table.
"""

from firmware.core.words import OWNER
from firmware.net.keys import MAX_KEYS, SPENT
from firmware.net.messages import BEFORE, FULL, MALFORMED, REFUSED, REVOKE_ISSUER, UNKNOWN, Refused


def change_issuer(
    keys, gateway, known, actions, mark, kind, number, permissions=0, quota=0, epoch=0, root=b"", label=""
):
    """Do a command that puts or revokes an issuer, with its keys; `actions`: whose methods do that. Raises Refused.

    known: whether there is an issuer of this number. Where there is none, a key that is in use is of somebody who was
    revoked at the keypad, and goes.
    """
    if number == gateway and not permissions & OWNER:
        raise Refused(REFUSED, b"the gateway stays an owner")
    if kind == REVOKE_ISSUER:
        packed = revoked(keys, number)
        actions.revoke_issuer(number, packed, mark)
    else:
        packed = put(keys, number, epoch, root) if epoch else None if known else revoked(keys, number)
        actions.put_issuer(number, permissions, quota, label, packed, mark)
    if packed is not None:
        keys.load(packed)


def retired(keys, number, epoch):
    """The table without the issuer's keys of earlier epochs."""
    return _without(keys, number, lambda e: e < epoch)


def rotated(keys, number, epoch, root):
    """The table with the issuer's next key, beside the one it uses.

    Raises Refused: unknown, if it has none; done before, if it is there; malformed, if the epoch is not the next.
    """
    epochs = [e for n, e in keys.in_use() if n == number]
    if not epochs:
        raise Refused(UNKNOWN)
    _check_new(keys, number, epoch, root, epochs[-1] + 1)
    return _without(keys, number, lambda e: e != epochs[0], (number, epoch, root))


def put(keys, number, epoch, root):
    """The table with this key as the issuer's only one.

    Raises Refused: malformed, unless it is there or its epoch is higher than each that the issuer had.
    """
    if keys.rows.get((number, epoch)) != root:
        _check_new(keys, number, epoch, root, epoch)
    return _without(keys, number, _every, (number, epoch, root))


def revoked(keys, number):
    """The table with none of the issuer's keys in use."""
    epochs = [e for n, e in keys.rows if n == number]
    if not epochs:
        return _pack(keys.rows)
    return _without(keys, number, _every, (number, max(epochs), SPENT))


def _check_new(keys, number, epoch, root, due):
    """Raise Refused unless this key can be added: `due` is the epoch it must have."""
    if keys.rows.get((number, epoch)) == root:
        raise Refused(BEFORE)
    if epoch != due or any(n == number and e >= epoch for n, e in keys.rows):
        raise Refused(MALFORMED, b"epoch")


def _without(keys, number, goes, *added):
    """The table without the issuer's keys whose epoch `goes`, and with the rows `added`. Raises Refused: full."""
    rows = {pair: root for pair, root in keys.rows.items() if pair[0] != number or not goes(pair[1])}
    for n, e, root in added:
        rows[n, e] = root
    if len(rows) > MAX_KEYS:
        raise Refused(FULL)
    return _pack(rows)


def _pack(rows):
    return b"".join(bytes(pair) + rows[pair] for pair in sorted(rows))


def _every(epoch):
    return True
