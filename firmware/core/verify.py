"""Verification: which grants' codes are the digits that were typed, with all codes computed while they are typed.

The codes that are compared lie in one packed array of slots. A run of slots belongs to one serial of an interval or to
an event and holds the codes of consecutive steps or counters; a number has a run of one slot without a code. `lay_out`
makes the slots, `begin` places the runs for an instant, `work` computes one code, `match` compares. After `#` only
`match` is left, whose work depends on the number of digits typed and on the table, never on the digits. Most check-ins
see no key: until somebody is there the slots take no memory, and whatever needs them first makes them.

    run of an interval at step c   c - grace_after - 1 .. c + grace_before + early + 1
    run of an event                base - 4 .. base + window - 1

The first step and the four counters behind the base tell `late` and `used` from `wrong`; the step ahead of `early` is
there so that a step which ends while the person types costs nothing after `#`.
"""

from array import array
from hashlib import sha1, sha256

from micropython import const

from firmware.core.checkdigit import check_digit, is_valid
from firmware.core.hotp import Hmac
from firmware.core.stretch import number_key
from firmware.core.words import EARLY, EVENT, INTERVAL, LATE, NUMBER, OPENED, USED, WRONG

EVENT_LOOK_BACK = const(4)
INTERVAL_LOOK_BACK = const(1)

_AHEAD = const(1)  # steps laid out beyond what can be answered now
_NO_CODE = const(0x3FFFFFFF)  # equals no code: more than nine digits, yet a small int on the chip
_ALWAYS_READ = const(4)  # hits are decoded as if there were at least so many


def code_hmac(grants, i, serial, lock_id):
    """HMAC of a grant's codes; serial 0 uses the grant's own key, so that an authenticator app can hold it.

    Serial s uses HMAC-SHA-256(key, "dropbolt/serial" + lock id, 8 bytes + grant id, 2 + serial, 1), big-endian.
    """
    key = grants.key(i)
    if serial:
        message = b"dropbolt/serial" + lock_id + grants.id(i).to_bytes(2, "big") + bytes((serial,))
        key = Hmac(key, sha256).digest(message)
    return Hmac(key, sha256 if grants.sha256(i) else sha1)


def otp_code(grants, i, serial, value, lock_id):
    """The code of a step or counter `value` as text, with its check digit if the grant has one."""
    digits = grants.digits(i)
    code = "%0*d" % (digits, code_hmac(grants, i, serial, lock_id).code(value, digits))
    return code + str(check_digit(code.encode(), digits)) if grants.check(i) else code


def mistyped(grants, digits, n):
    """Whether the first `n` of `digits` miss the check digit which every code of that length has."""
    return grants.checked_length(n) and not is_valid(digits, n)


class Verifier:
    """Candidates of one lock: `lock_id` 8 bytes, `salt` 16 bytes; `grants` checked and unchanged while it lives."""

    def __init__(self, grants, state, lock_id, salt):
        self._grants = grants
        self._state = state
        self._lock_id = lock_id
        self._salt = salt
        self._otp_runs = 0
        self._cursor = 0
        self._hmac = None
        self._hmac_run = -1
        self._starts = self._found = None  # until `lay_out`

    def lay_out(self):
        """Make the slots of all candidates, without a code in any; nothing is kept of those that are there."""
        grants = self._grants
        sizes = []  # (grant, serial, slots) of each run
        numbers = []
        for i in range(len(grants)):
            kind = grants.kind(i)
            if kind == NUMBER:
                numbers.append((i, 0, 1))
            elif kind == EVENT:
                sizes.append((i, 0, EVENT_LOOK_BACK + grants.window(i)))
            else:
                spread = grants.grace_after(i) + 1 + grants.grace_before(i) + grants.early(i)
                for serial in range(grants.serials(i)):
                    sizes.append((i, serial, INTERVAL_LOOK_BACK + spread + _AHEAD))
        otp_runs = len(sizes)
        sizes += numbers
        sizes.append((0, 0, 1))  # a spare, so that an unused place of `found` can be decoded too
        self._grant = bytearray(run[0] for run in sizes)
        self._serial = bytearray(run[1] for run in sizes)
        self._typed = bytearray(grants.length(run[0]) if len(grants) else 0 for run in sizes)
        self._filled = bytearray(len(sizes))
        self._first = array("i", [0] * len(sizes))
        self._starts = array("H", [0] * (len(sizes) + 1))
        self._run = bytearray()
        for run, (_, _, slots) in enumerate(sizes):
            self._starts[run + 1] = self._starts[run] + slots
            self._run.extend(bytes([run]) * slots)
        self._codes = array("i", [_NO_CODE] * self._starts[otp_runs])
        self._found = array("H", [0] * (len(self._run) + _ALWAYS_READ))
        self._otp_runs = otp_runs

    def begin(self, t):
        """Place the candidates for unix second `t` and the state as it is; codes still in place are kept."""
        self._place(t, 0)

    def work(self):
        """Compute at most one HMAC; False when nothing is left to compute."""
        run = self._cursor
        start = self._starts
        while run < self._otp_runs and self._filled[run] == start[run + 1] - start[run]:
            run += 1
        self._cursor = run
        if run == self._otp_runs:
            return False
        if self._hmac_run != run:
            self._hmac = code_hmac(self._grants, self._grant[run], self._serial[run], self._lock_id)
            self._hmac_run = run
            return True
        at = self._filled[run]
        value = self._first[run] + at
        code = self._hmac.code(value, self._grants.digits(self._grant[run])) if value >= 0 else _NO_CODE
        self._codes[start[run] + at] = code
        self._filled[run] = at + 1
        return True

    def match(self, digits, n, t):
        """Hits among all codes: a list of (grant's place, serial, step or counter; 0, 0 for a number).

        `digits`: buffer of ASCII digits of which `n` were typed; `t`: unix second of `#`. A hit may still be one that
        does not open: see `classify`. The stretch of a number is run for every entry.
        """
        self._place(t, _AHEAD)
        while self.work():
            pass
        count = self._compare(digits, n, number_key(self._salt, bytes(digits[:n])))
        hits = [self._hit(self._found[k]) for k in range(max(count, _ALWAYS_READ))]
        return hits[:count]

    def _place(self, t, slack):
        """Move every run that does not begin where it must, or at most `slack` steps before it."""
        if self._found is None:
            self.lay_out()
        grants = self._grants
        run = 0
        for i in range(len(grants)):
            kind = grants.kind(i)
            if kind == NUMBER:
                continue
            if kind == INTERVAL:
                first = grants.step_at(i, t) - grants.grace_after(i) - INTERVAL_LOOK_BACK
                room = slack
            else:
                first = self._state.event_base(i) - EVENT_LOOK_BACK
                room = 0
            for _ in range(grants.serials(i)):
                if not 0 <= first - self._first[run] <= room:
                    self._move(run, first)
                run += 1
        self._cursor = 0

    def _move(self, run, first):
        codes, start = self._codes, self._starts[run]
        shift = first - self._first[run]
        keep = max(0, self._filled[run] - shift) if shift > 0 else 0
        for at in range(start, start + keep):
            codes[at] = codes[at + shift]
        self._filled[run] = keep
        self._first[run] = first

    def _compare(self, digits, n, stretched):
        """Note the slots that equal the entry in `_found`; how many. No branch depends on the digits.

        A slot is always noted, and the next one overwrites it unless it was equal: `codes[slot] ^ value` is 0 there and
        positive elsewhere, so that one less of it has its sign bit set only there.
        """
        grants, codes, start, typed, found = self._grants, self._codes, self._starts, self._typed, self._found
        checked = grants.checked_length(n)
        valid = int(not checked or is_valid(digits, n))
        value = 0
        for j in range(min(n - int(checked), 9)):
            value = value * 10 + digits[j] - 48
        count = 0
        for run in range(self._otp_runs):
            if typed[run] == n:
                for slot in range(start[run], start[run + 1]):
                    found[count] = slot
                    count += ((codes[slot] ^ value) - 1) >> 31 & valid
        for run in range(self._otp_runs, len(typed) - 1):
            if typed[run] == n:
                found[count] = start[run]
                # How far two stretched hashes agree tells nothing about the digits behind them.
                count += int(grants.key(self._grant[run]) == stretched)
        return count

    def _hit(self, slot):
        run = self._run[slot]
        return self._grant[run], self._serial[run], self._first[run] + slot - self._starts[run]


def classify(grants, state, hit, t):
    """What a hit's place in its window at unix second `t` says: OPENED (it may), USED, EARLY, LATE or WRONG.

    LATE and USED are told only of codes that can never open again, EARLY of those within the grant's early steps.
    """
    i, serial, value = hit
    kind = grants.kind(i)
    if kind == NUMBER:
        uses = grants.uses(i)
        return USED if uses and state.number_uses(i) >= uses else OPENED
    if kind == EVENT:
        behind = state.event_base(i) - value
        if behind > EVENT_LOOK_BACK or behind <= -grants.window(i):
            return WRONG
        if state.event_used(i, value):
            return USED
        return LATE if behind > 0 else OPENED
    ahead = value - grants.step_at(i, t) - grants.grace_before(i)
    behind = grants.step_at(i, t) - grants.grace_after(i) - value
    if ahead > grants.early(i) or behind > INTERVAL_LOOK_BACK:
        return WRONG
    if state.interval_used(i, serial, value):
        return USED
    if ahead > 0:
        return EARLY
    return LATE if behind > 0 else OPENED
