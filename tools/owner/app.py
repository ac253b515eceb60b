"""A grant's key as an authenticator app takes it: an otpauth link (Google Authenticator's Key URI format), a QR code.

An app makes plain codes of RFC 6238 with T0 = 0: no check digit, no serials, steps of 30 or 60 seconds.
"""

import base64
import io
from urllib.parse import quote

import segno

from firmware.core.words import INTERVAL
from tools.owner.issue import IssueError, check_on_lock

_STEPS = (30, 60)
_MOST_DIGITS = 8


def link(record, label):
    """The otpauth link of a grant: whoever has it can make all of its codes. Raises IssueError: an app cannot."""
    table, i = record.table, record.place(label)
    why = []
    if table.kind(i) != INTERVAL:
        why.append("they do not go by the time")
    else:
        if table.step(i) not in _STEPS or table.offset(i):
            why.append("an app wants steps of 30 or 60 seconds without an offset")
        if table.serials(i) > 1:
            why.append("it has serials")
    if table.check(i):
        why.append("they have a check digit")
    if table.digits(i) > _MOST_DIGITS:
        why.append(f"they have more than {_MOST_DIGITS} digits")
    if why:
        raise IssueError(f"no authenticator app makes the codes of {table.label(i)}: {', '.join(why)}")
    name = "Dropbolt:" + quote(f"{record.label} {table.label(i)}", safe="")
    secret = base64.b32encode(table.key(i)).decode().rstrip("=")
    algorithm = "SHA256" if table.sha256(i) else "SHA1"
    return (
        f"otpauth://totp/{name}?secret={secret}&issuer=Dropbolt&algorithm={algorithm}"
        f"&digits={table.digits(i)}&period={table.step(i)}"
    )


def give(record, label):
    """The link of a grant, whose codes are the app's from now on: this computer gives out none of them any more."""
    check_on_lock(record)
    made = link(record, label)
    grant_id = record.table.id(record.place(label))
    if grant_id not in record.apps:
        if not record.share.get(grant_id):
            raise IssueError(f"{label} is another computer's: make the app's link there")
        record.apps.append(grant_id)
        record.share[grant_id] = []
    return made


def drawn(text):
    """A QR code of `text` in characters of a terminal, with the quiet zone that ISO/IEC 18004 wants."""
    out = io.StringIO()
    segno.make(text, micro=False, error="m").terminal(out=out, border=4, compact=True)
    return out.getvalue()
