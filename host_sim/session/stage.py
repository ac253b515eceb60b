"""What a session has at hand while it is played: the lock, the codes by name, and when the last keys were pressed."""

import random

from firmware.core.checkdigit import check_digit
from host_sim.session.fields import NOT_ANSWERS, CodeOf, Literal


class StepError(Exception):
    """A step cannot be done as written, though nothing was expected; the text says why."""


class Stage:
    """The lock on stage, with the names a session has given so far."""

    def __init__(self, lock, codes, check_lengths, grants, other_end=None):
        """`codes`: digits by name, as known from the start; `check_lengths`: typed lengths with a check digit.

        `grants`: ids by label. `other_end`: an OtherEnd, None for a lock without a radio.
        """
        self.lock = lock
        self.codes = dict(codes)
        self.grants = grants
        self.other_end = other_end
        self._check_lengths = frozenset(check_lengths)
        self._answers_before = 0
        self._check_ins_before = 0
        self._random = random.Random(0)  # the same guesses in every run: a session can be played again

    def keys_begin(self):
        """From here on an answer is an answer to what is pressed now."""
        self._answers_before = len(self.lock.answers)

    def act_begins(self):
        """From here on a check-in is one that came after what is done now."""
        self._check_ins_before = len(self.other_end.heard) if self.other_end else 0

    @property
    def check_ins(self):
        """Reasons of the check-ins since the last action."""
        return self.other_end.heard[self._check_ins_before :] if self.other_end else []

    @property
    def answers(self):
        """Names of what light and buzzer have said since the last keys."""
        return [name for _, name in self.lock.answers[self._answers_before :] if name not in NOT_ANSWERS]

    def keys(self, parts):
        """The keys to press for what a `type` line says."""
        return "".join(self._part(part) for part in parts)

    def _part(self, part):
        if isinstance(part, Literal):
            return part.keys
        if isinstance(part, CodeOf):
            return self._code(part)
        return self._guess(part.digits)

    def _code(self, part):
        code = self.codes[part.name]
        if not part.wrong:
            return code
        if part.wrong > len(code):
            raise StepError(f"<{part.name}> has only {len(code)} digits")
        place = part.wrong - 1
        return code[:place] + str((int(code[place]) + 1) % 10) + code[place + 1 :]

    def _guess(self, length):
        checked = length in self._check_lengths
        digits = "".join(self._random.choice("0123456789") for _ in range(length - checked))
        return digits + str(check_digit(digits.encode(), length - 1)) if checked else digits
