"""A lock's log as the gateway holds it, in the form that `python -m tools log verify` checks."""

from firmware.net.messages import HELLO
from firmware.store.audit import Event
from firmware.store.sectors import NO_MAC
from tools.log.lines import Head, Whole, event_line
from tools.protocol.messages import read


def export(store, lock_id):
    """(text, Whole) of the newest branch: what stands after its last gap."""
    rows = store.events(lock_id)
    first = len(rows)
    while first and (first == len(rows) or rows[first - 1]["number"] == rows[first]["number"] - 1):
        first -= 1
    rows = rows[first:]
    hello = store.lock(lock_id)["hello"]
    said = read(HELLO, hello) if hello else None
    head = Head(rows[-1]["number"], rows[-1]["mac"]) if rows else Head(0, NO_MAC)
    told = Head(*said.head) if said else Head(0, NO_MAC)
    whole = Whole(
        bytes.fromhex(lock_id),
        said.nonce.boots if said else 0,
        len(rows),
        rows[0]["number"] if rows else 0,
        rows[0]["before"] if rows else NO_MAC,
        head,
        told,
    )
    lines = (event_line(Event(row["body"], row["mac"], row["sector"])) for row in rows)
    return "".join(f"{line}\n" for line in (whole.line(), *lines)), whole
