"""Grants: what the lock holds for an issuer, packed 80 bytes each into one buffer.

A grant is never an object of its own: 64 of them as objects would take a third of the chip's heap. `Grants` reads
fields by the grant's place in the table. packing.py makes a record; bounds.py says what must be true of a table before
any code is compared against it.

Record, little-endian: id u16, kind u8, flags u8 (1 check digit, 2 SHA-256, 4 revoked), digits u8, permissions u8,
issuer u8, count u8 (serials of an interval, window of an event, unpredictable digits of a number), step u32 s,
offset u32 s, grace_before u8, grace_after u8, early u8, schedule u8, valid_from u32, valid_until u32 (unix s, 0 no
bound), uses u16 (0 unlimited), second u16, label 12 bytes UTF-8, key length u8, key 32 bytes, max_u u16 s, u8 0.
"""

import struct

from micropython import const

from firmware.core.bounds import GrantError
from firmware.core.words import EVENT, INTERVAL, NUMBER, OWNER

GRANT_SIZE = const(80)
FLAGS_AT = const(3)
LABEL_AT = const(32)
LABEL_SIZE = const(12)
REVOKED = const(4)

_CHECK_DIGIT = const(1)
_SHA256 = const(2)
_KEY_LENGTH = const(44)
_KEY = const(45)
_MAX_U = const(77)
_LAST = const(79)
_LEAST_U = const(10)  # seconds: a third of the grace of the shortest step, one of 30 s on either side


class Grants:
    """A table of packed grants; every accessor takes the grant's place `i` in it, from 0."""

    def __init__(self, buf):
        """`buf`: bytes or bytearray, a whole number of records; raises GrantError if it is not."""
        if len(buf) % GRANT_SIZE:
            raise GrantError(f"grants: {len(buf)} bytes are not a whole number of {GRANT_SIZE}-byte records")
        self._buf = buf

    def __len__(self):
        return len(self._buf) // GRANT_SIZE

    def _u8(self, i, at):
        return self._buf[i * GRANT_SIZE + at]

    def _u16(self, i, at):
        return struct.unpack_from("<H", self._buf, i * GRANT_SIZE + at)[0]

    def _u32(self, i, at):
        return struct.unpack_from("<I", self._buf, i * GRANT_SIZE + at)[0]

    def record(self, i):
        """The 80 bytes of the grant."""
        return bytes(self._buf[i * GRANT_SIZE : (i + 1) * GRANT_SIZE])

    def id(self, i):
        """The grant's number, 1 to 65535, never given to another grant of this lock."""
        return self._u16(i, 0)

    def kind(self, i):
        """INTERVAL, EVENT or NUMBER."""
        return self._u8(i, 2)

    def check(self, i):
        """Whether its codes end in a check digit."""
        return bool(self._u8(i, 3) & _CHECK_DIGIT)

    def sha256(self, i):
        """Whether its codes come from HMAC-SHA-256 instead of HMAC-SHA-1."""
        return bool(self._u8(i, 3) & _SHA256)

    def revoked(self, i):
        """Whether nothing of it opens any more; it stays in the table so that its codes are answered `revoked`."""
        return bool(self._u8(i, 3) & REVOKED)

    def revoke(self, i):
        """Have nothing of it open any more, as long as this table is in use; needs a bytearray."""
        self._buf[i * GRANT_SIZE + FLAGS_AT] |= REVOKED

    def digits(self, i):
        """Digits of a code without its check digit: 6 to 9, of a number 8 to 12."""
        return self._u8(i, 4)

    def length(self, i):
        """Digits that a person types, the check digit included."""
        return self._u8(i, 4) + (self._u8(i, 3) & _CHECK_DIGIT)

    def permissions(self, i):
        """Bits UNLOCK to OWNER of what its codes may do."""
        return self._u8(i, 5)

    def issuer(self, i):
        """Number of the authority that makes its codes, 0 to 255."""
        return self._u8(i, 6)

    def serials(self, i):
        """How many codes, a key each, share one step of an interval; 1 for the other kinds."""
        return self._u8(i, 7) if self.kind(i) == INTERVAL else 1

    def window(self, i):
        """How many counters from the base on an event accepts; 0 for the other kinds."""
        return self._u8(i, 7) if self.kind(i) == EVENT else 0

    def unpredictable(self, i):
        """How many digits of a number a stranger cannot know, as its owner declares: 1 to its digits; others 0."""
        return self._u8(i, 7) if self.kind(i) == NUMBER else 0

    def step(self, i):
        """Length of an interval's step in seconds, 30 to 604,800."""
        return self._u32(i, 8)

    def offset(self, i):
        """Unix second at which an interval's step 0 begins, below one step."""
        return self._u32(i, 12)

    def step_at(self, i, t):
        """The interval's step at unix second `t`: the moving factor T of RFC 6238 4.2, with T0 = offset."""
        return (t - self.offset(i)) // self.step(i)

    def grace_before(self, i):
        """Steps before its own in which a code already opens."""
        return self._u8(i, 16)

    def grace_after(self, i):
        """Steps after its own in which a code still opens."""
        return self._u8(i, 17)

    def early(self, i):
        """Steps ahead of grace_before whose codes are answered `early` instead of `wrong`."""
        return self._u8(i, 18)

    def max_u(self, i):
        """How many seconds the clock may be wrong while the codes of an interval are compared.

        Unless the grant says otherwise: a third of the shorter grace, of a step where there is none; at least 10 s.
        """
        given = self._u16(i, _MAX_U)
        return given or max(_LEAST_U, self.step(i) * max(1, min(self.grace_before(i), self.grace_after(i))) // 3)

    def schedule(self, i):
        """Number of the weekly schedule within which its codes open, from 1; 0: at any time."""
        return self._u8(i, 19)

    def valid_from(self, i):
        """Unix second before which no code of the grant opens; 0: no bound."""
        return self._u32(i, 20)

    def valid_until(self, i):
        """Unix second from which on no code of the grant opens; 0: no bound."""
        return self._u32(i, 24)

    def uses(self, i):
        """How often one code opens: 1 for one-time codes, for a number also more, or 0: without limit."""
        return self._u16(i, 28)

    def second(self, i):
        """What must follow its codes within a minute: a code of the grant with this id, or REMOTE; 0: nothing."""
        return self._u16(i, 30)

    def label(self, i):
        """Name for people, up to 12 bytes as UTF-8."""
        at = i * GRANT_SIZE + LABEL_AT
        return str(bytes(self._buf[at : at + LABEL_SIZE]).rstrip(b"\0"), "utf-8")

    def key(self, i):
        """Secret of 20 to 32 bytes; of a number its 16 stretched bytes."""
        at = i * GRANT_SIZE + _KEY
        return bytes(self._buf[at : at + self._u8(i, _KEY_LENGTH)])

    def candidates(self, i):
        """K of the grant: how many of its codes can open now or soon, so that the answer to them is not `wrong`."""
        kind = self.kind(i)
        if kind == INTERVAL:
            return self.serials(i) * (self.grace_before(i) + 1 + self.grace_after(i) + self.early(i))
        return self.window(i) if kind == EVENT else 1

    def index(self, grant_id):
        """Place of the grant with this number, or -1."""
        for i in range(len(self)):
            if self.id(i) == grant_id:
                return i
        return -1

    def has_length(self, length):
        """Whether any code has this typed length; if none has, there is nothing to compare an entry with."""
        return any(self.length(i) == length for i in range(len(self)))

    def checked_length(self, length):
        """Whether codes of this typed length end in a check digit: all do or none does."""
        return any(self.check(i) and self.length(i) == length for i in range(len(self)))

    def owner_length(self, length):
        """Whether this typed length is the owner's, which has a delay in place of a bucket."""
        return any(self.permissions(i) & OWNER and self.length(i) == length for i in range(len(self)))

    def reserved_zero(self, i):
        """Whether every byte that has no meaning yet is 0; a grant that asks for what is unknown must not open."""
        buf, at = self._buf, i * GRANT_SIZE
        unused = bytes(buf[at + _KEY + buf[at + _KEY_LENGTH] : at + _MAX_U])
        return buf[at + 3] < 8 and not (buf[at + _LAST] or unused.strip(b"\0"))
