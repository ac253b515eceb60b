"""Whether an owner's record, read from a file that another computer may have made, is one in every field."""

from firmware.clock import END
from firmware.core.records import BODY_SIZE
from tools.log.lines import LineError, read_head

_COUNTER = (0, 0xFFFFFFFF)
_GRANT = (1, 0xFFFE)
_SERIAL = (0, 127)
_TIME = (0, END)
_NUMBER = (1, 10**9)


def wrong(record):
    """Name of the first field that no record of a lock has so; None: all are right by themselves.

    settings and grants are the lock's to judge (firmware/config.py).
    """
    for name, right in _FIELDS.items():
        if not right(getattr(record, name)):
            return name
    table = record.table
    places = [(table.index(code.grant), code.serial) for code in record.codes]
    return None if all(i >= 0 and serial < table.serials(i) for i, serial in places) else "codes"


def _whole(bounds):
    low, high = bounds
    return lambda value: type(value) is int and low <= value <= high


def _list(right):
    return lambda value: isinstance(value, list) and all(right(item) for item in value)


def _table(key, right):
    return lambda value: isinstance(value, dict) and all(key(k) and right(item) for k, item in value.items())


def _text(value):
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _hex(value):
    try:
        return isinstance(value, str) and len(bytes.fromhex(value)) * 2 == len(value)
    except ValueError:
        return False


def _head(value):
    try:
        return value is None or bool(read_head(value))
    except LineError:
        return False


def _radio(value):
    if value is None:
        return True
    return isinstance(value, dict) and isinstance(value.get("settings"), dict) and _hex(value.get("authority"))


def _code(code):
    whole = code.serial, code.value, code.issued, code.since, code.until
    bounds = _SERIAL, _COUNTER, _TIME, _TIME, _TIME
    if not all(_whole(bound)(value) for value, bound in zip(whole, bounds, strict=True)):
        return False
    return _whole(_NUMBER)(code.number) and _whole(_GRANT)(code.grant) and _text(code.whom) and code.state in _STATES


_STATES = ("open", "withdrawn")
_IDS = _list(_whole(_GRANT))
_FIELDS = {
    "label": _text,
    "secrets": _table(_text, _hex),
    "share": _table(_whole(_GRANT), _list(_whole(_SERIAL))),
    "next": _table(_whole(_GRANT), _whole(_COUNTER)),
    "apps": _IDS,
    "codes": _list(_code),
    "head": _head,
    "seen": _list(lambda body: _hex(body) and len(body) == 2 * BODY_SIZE),
    "seen_at": _whole(_TIME),
    "board": _hex,
    "pending": lambda value: isinstance(value, bool),
    "provisioned": _whole(_TIME),
    "used": _IDS,
    "registered": _IDS,
    "radio": _radio,
}
