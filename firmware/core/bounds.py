"""What must be true of grants before any code is compared against them: bounds of one, and rules of the whole table."""

from micropython import const

from firmware.core.words import EVENT, INTERVAL, NUMBER, OWNER, UNLOCK

MAX_GRANTS = const(64)
MAX_CANDIDATES = const(256)
MAX_SERIALS = const(128)
OWNER_DIGITS = const(12)

_NUMBER_KEY = const(16)


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
        _check_one(grants, i)
        _check_neighbours(grants, i, ids, lengths)
    serials = sum(grants.serials(i) for i in range(count) if grants.kind(i) == INTERVAL)
    if serials > MAX_SERIALS:
        raise GrantError(f"{serials} serials over all grants, must be at most {MAX_SERIALS}")
    candidates = sum(grants.candidates(i) for i in range(count) if grants.kind(i) != NUMBER)
    if candidates > MAX_CANDIDATES:
        raise GrantError(f"{candidates} candidates over all grants, must be at most {MAX_CANDIDATES}")


def _check_one(grants, i):
    number = grants.id(i)
    kind = grants.kind(i)
    bound(number, "id", number, 1, 0xFFFF)
    bound(number, "kind", kind, INTERVAL, NUMBER)
    if grants.permissions(i) not in (UNLOCK, UNLOCK | OWNER):  # a duress code that opens like any other would be worse
        raise GrantError(f"grant {number}: permissions {grants.permissions(i)}, this lock knows unlock and owner")
    if not grants.reserved_zero(i):
        raise GrantError(f"grant {number}: a reserved byte is not 0")
    if kind == NUMBER:
        _check_number(grants, i, number)
        return
    bound(number, "digits", grants.digits(i), 6, 9)
    bound(number, "key bytes", len(grants.key(i)), 20, 32)
    bound(number, "uses", grants.uses(i), 1, 1)
    if kind == EVENT:
        bound(number, "window", grants.window(i), 1, 64)
        return
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
    if grants.check(i) or grants.sha256(i):
        raise GrantError(f"grant {number}: a number has neither check digit nor hash")


def _check_neighbours(grants, i, ids, lengths):
    """Compare with the grants before: their `ids`, and of each typed length the first grant that has it."""
    number = grants.id(i)
    owner = grants.permissions(i) & OWNER
    if owner and (grants.kind(i), grants.digits(i), grants.uses(i)) != (NUMBER, OWNER_DIGITS, 0):
        raise GrantError(f"grant {number}: an owner's grant is a number of {OWNER_DIGITS} digits without limit of uses")
    if number in ids:
        raise GrantError(f"grant {number}: id is there twice")
    ids.add(number)
    length = grants.length(i)
    j = lengths.setdefault(length, i)
    if grants.check(j) != grants.check(i):
        raise GrantError(f"grant {number}: {length} digits typed as grant {grants.id(j)}, check digit in one only")
    if (grants.permissions(j) & OWNER) != owner:
        raise GrantError(f"grant {number}: typed length of the owner's, shared with grant {grants.id(j)}")
