"""What must be true of grants before any code is compared against them: bounds of one, and rules of the whole table."""

from micropython import const

from firmware.core.words import (
    APPROVE,
    DURESS,
    EVENT,
    HOLD_OPEN,
    INTERVAL,
    NUMBER,
    OWNER,
    REMOTE,
    SERVICE,
    UNLOCK,
)

MAX_GRANTS = const(64)
MAX_CANDIDATES = const(256)
MAX_SERIALS = const(128)
MAX_SCHEDULES = const(16)
OWNER_DIGITS = const(12)
OWNER_S = const(15)  # seconds between two entries of the owner's length

_NUMBER_KEY = const(16)
_KNOWN = const(127)  # all permissions


class GrantError(ValueError):
    """A grant, or a table of grants, that the lock must not take; the text names the grant and the bound."""


def bound(grant_id, name, value, lowest, highest):
    """Raise GrantError unless `value` is `lowest` to `highest`; `grant_id` and `name` say which value it is."""
    if not lowest <= value <= highest:
        raise GrantError(f"grant {grant_id}: {name} {value}, must be {lowest} to {highest}")


def check_grants(grants):
    """Raise GrantError unless each grant is within its bounds and the table as a whole can be compared safely.

    At most 64 grants, 128 serials and 256 candidates; every id once; the check digit is there for all codes of a typed
    length or for none, or a slip could not be told from a wrong code; the owner's typed length belongs to owners alone,
    since it has no bucket.
    """
    count = len(grants)
    if count > MAX_GRANTS:
        raise GrantError(f"{count} grants, must be at most {MAX_GRANTS}")
    ids = set()
    lengths = {}
    for i in range(count):
        check_grant(grants, i)
        _check_neighbours(grants, i, ids, lengths)
        _check_second(grants, i)
    serials = sum(grants.serials(i) for i in range(count) if grants.kind(i) == INTERVAL)
    if serials > MAX_SERIALS:
        raise GrantError(f"{serials} serials over all grants, must be at most {MAX_SERIALS}")
    candidates = sum(grants.candidates(i) for i in range(count) if grants.kind(i) != NUMBER)
    if candidates > MAX_CANDIDATES:
        raise GrantError(f"{candidates} candidates over all grants, must be at most {MAX_CANDIDATES}")


def check_grant(grants, i):
    """Raise GrantError unless the grant in place `i` is within its bounds and does not contradict itself."""
    number = grants.id(i)
    kind = grants.kind(i)
    bound(number, "id", number, 1, REMOTE - 1)
    bound(number, "kind", kind, INTERVAL, NUMBER)
    if not grants.reserved_zero(i):
        raise GrantError(f"grant {number}: a reserved byte is not 0")
    _check_permissions(grants, i, number)
    bound(number, "schedule", grants.schedule(i), 0, MAX_SCHEDULES)
    if 0 < grants.valid_until(i) <= grants.valid_from(i):
        raise GrantError(f"grant {number}: valid until is not after valid from")
    if kind == NUMBER:
        _check_number(grants, i, number)
        return
    bound(number, "digits", grants.digits(i), 6, 9)
    bound(number, "key bytes", len(grants.key(i)), 20, 32)
    bound(number, "uses", grants.uses(i), 1, 1)
    if kind == EVENT:
        bound(number, "window", grants.window(i), 1, 64)
    else:
        _check_interval(grants, i, number)


def _check_permissions(grants, i, number):
    permissions = grants.permissions(i)
    bound(number, "permissions", permissions, 1, _KNOWN)
    if permissions & (HOLD_OPEN | DURESS | OWNER) and not permissions & UNLOCK:
        raise GrantError(f"grant {number}: hold open, duress and owner need the permission to unlock")
    if permissions & OWNER:
        if (grants.kind(i), grants.digits(i), grants.uses(i)) != (NUMBER, OWNER_DIGITS, 0):
            raise GrantError(
                f"grant {number}: an owner's grant is a number of {OWNER_DIGITS} digits without limit of uses"
            )
        if grants.schedule(i) or grants.second(i):
            raise GrantError(f"grant {number}: an owner's grant has neither schedule nor second part")
    elif permissions & SERVICE and grants.uses(i) != 1:
        raise GrantError(f"grant {number}: service codes open once")


def _check_interval(grants, i, number):
    bound(number, "serials", grants.serials(i), 1, MAX_SERIALS)
    bound(number, "step", grants.step(i), 30, 604800)
    bound(number, "offset", grants.offset(i), 0, grants.step(i) - 1)
    grace = grants.grace_before(i) + grants.grace_after(i)
    bound(number, "grace before and after", grace, 0, 31)
    # A burnt code that was early becomes the highest step; the 32 steps behind it must still reach the oldest in grace.
    bound(number, "grace and early", grace + grants.early(i), 0, 32)


def _check_number(grants, i, number):
    bound(number, "digits", grants.digits(i), 8, OWNER_DIGITS)
    bound(number, "key bytes", len(grants.key(i)), _NUMBER_KEY, _NUMBER_KEY)
    bound(number, "unpredictable digits", grants.unpredictable(i), 1, grants.digits(i))
    if grants.check(i) or grants.sha256(i):
        raise GrantError(f"grant {number}: a number has neither check digit nor hash")


def _check_neighbours(grants, i, ids, lengths):
    """Compare with the grants before: their `ids`, and of each typed length the first grant that has it."""
    number = grants.id(i)
    owner = grants.permissions(i) & OWNER
    if number in ids:
        raise GrantError(f"grant {number}: id is there twice")
    ids.add(number)
    length = grants.length(i)
    j = lengths.setdefault(length, i)
    if grants.check(j) != grants.check(i):
        raise GrantError(f"grant {number}: {length} digits typed as grant {grants.id(j)}, check digit in one only")
    if (grants.permissions(j) & OWNER) != owner:
        raise GrantError(f"grant {number}: typed length of the owner's, shared with grant {grants.id(j)}")


def _check_second(grants, i):
    """The grant whose codes must follow those of grant `i` is there, approves, and waits for nobody itself."""
    number, second = grants.id(i), grants.second(i)
    if second in (0, REMOTE):
        return
    j = grants.index(second)
    if j < 0 or j == i or not grants.permissions(j) & APPROVE or grants.second(j):
        raise GrantError(f"grant {number}: second part {second} is not a grant that approves by itself")
