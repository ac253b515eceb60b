"""What comes down, unpacked: the reply and commands, with fields and bounds, and who may give which. Little-endian.

Loaded for each message, and let go before it is done: the table takes room that a change of the set wants.
"""

import json
import struct

from firmware.core.bounds import GrantError, check_grant
from firmware.core.grants import LABEL_AT, LABEL_SIZE, Grants
from firmware.core.words import APPROVE, OWNER, UNLOCK
from firmware.net.messages import (
    APPROVE_ENTRY,
    IDENTIFY,
    MUTE,
    PUT_GRANT,
    PUT_ISSUER,
    REFUSE_ENTRY,
    REFUSED,
    REPLY,
    REVOKE_CODE,
    REVOKE_GRANT,
    REVOKE_ISSUER,
    ROTATE,
    SEND_LOG,
    SET_BASE,
    SET_SETTINGS,
    SET_TIME,
    UNLOCK_NOW,
    MessageError,
    Refused,
)

_NUMBER = (1, 255)
_GRANT = (1, 0xFFFE)
_MS = (0, 999)
_VALUE = (0, 1000000000)  # of a code: what a window holds beyond it is a small int on the chip, too

# Type -> format, and for each field None or its lowest and highest value.
COMMANDS = {
    REPLY: ("<IIIHHBIB", (None, None, None, _MS, None, (0, 64), None, (0, 60))),
    UNLOCK_NOW: ("<III", (None, None, None)),
    APPROVE_ENTRY: ("<II", (None, None)),
    REFUSE_ENTRY: ("<II", (None, None)),
    PUT_GRANT: ("<80s", (None,)),
    REVOKE_GRANT: ("<H", (_GRANT,)),
    PUT_ISSUER: ("<BBHB32s12s", (_NUMBER, (1, 127), None, None, None, None)),
    REVOKE_ISSUER: ("<B", (_NUMBER,)),
    SET_TIME: ("<IIIHH", (None, None, None, _MS, None)),
    MUTE: ("<B", ((0, 1),)),
    SEND_LOG: ("<I", (None,)),
    IDENTIFY: ("<", ()),
    ROTATE: ("<BB32s", (_NUMBER, _NUMBER, None)),
    REVOKE_CODE: ("<HBI", (_GRANT, (0, 127), _VALUE)),
    SET_BASE: ("<HI", (_GRANT, _VALUE)),
}


def unpack(kind, text):
    """The fields of a message that came down, in the order of docs/protocol.md; SET_SETTINGS: (dict of settings,).

    kind: its type. text: its plaintext. Raises MessageError for any other type, size or value than there may be.
    """
    if kind == SET_SETTINGS:
        return (_settings(text),)
    if kind not in COMMANDS:
        raise MessageError("type")
    fmt, bounds = COMMANDS[kind]
    if len(text) != struct.calcsize(fmt):
        raise MessageError("size")
    fields = struct.unpack(fmt, text)
    for value, bound in zip(fields, bounds):
        if bound and not bound[0] <= value <= bound[1]:
            raise MessageError("field")
    if kind == PUT_GRANT:
        _check_grant(text)
    elif kind == PUT_ISSUER:
        if bool(fields[3]) != any(fields[4]):
            raise MessageError("a key without an epoch, or an epoch without a key")
        return fields[:5] + (_label(fields[5]),)
    elif kind == ROTATE and not any(fields[2]):
        raise MessageError("no key")
    return fields


def permit(actions, number, kind, fields):
    """Raise Refused unless issuer `number` may do this: owners anything, others with what is theirs."""
    permissions = actions.permissions(number)
    if kind == UNLOCK_NOW:
        allowed = permissions & UNLOCK
    elif kind in (APPROVE_ENTRY, REFUSE_ENTRY):
        allowed = permissions & APPROVE
    elif kind == IDENTIFY or permissions & OWNER:
        allowed = permissions
    elif kind == PUT_GRANT:
        grant = Grants(fields[0])
        own = grant.issuer(0) == number and actions.issuer_of(grant.id(0)) in (None, number)
        allowed = own and not grant.permissions(0) & ~permissions
    elif kind in (REVOKE_GRANT, REVOKE_CODE, SET_BASE):
        allowed = actions.issuer_of(fields[0]) == number
    else:
        allowed = kind == ROTATE and fields[0] == number
    if not permissions or not allowed:
        raise Refused(REFUSED)


def _settings(text):
    try:
        settings = json.loads(bytes(text).decode())
    except (ValueError, UnicodeError, RuntimeError):  # the last: nested too deeply
        settings = None
    if not isinstance(settings, dict) or not all(isinstance(name, str) for name in settings):
        raise MessageError("not a JSON object")
    return settings


def _check_grant(record):
    try:
        check_grant(Grants(record), 0)
    except GrantError as error:
        raise MessageError(str(error))
    _label(record[LABEL_AT : LABEL_AT + LABEL_SIZE])


def _label(padded):
    """Text of a field that zeros fill up, as a terminal may show it."""
    try:
        label = padded.rstrip(b"\0").decode()
    except (ValueError, UnicodeError):
        label = "\0"
    if any(char < " " or "~" < char < "\xa0" for char in label):
        raise MessageError("label")
    return label
