"""The check digit of RFC 4226 appendix C (the credit card one, Luhn's), which tells a slip from a wrong code.

It shows every single wrong digit and every swap of neighbours but 09 for 90. Digits are ASCII in bytes. The work
depends on their number alone.
"""

_DOUBLED = b"\x00\x02\x04\x06\x08\x01\x03\x05\x07\x09"  # twice the digit, the digits of the product added up


def check_digit(digits, n):
    """The digit, 0 to 9, that follows the first `n` of `digits`."""
    total = 0
    for j in range(n):
        digit = digits[j] - 48
        total += _DOUBLED[digit] if (n - j) % 2 else digit
    return -total % 10


def is_valid(digits, n):
    """Whether the last of the first `n` of `digits` is the check digit of those before it."""
    return check_digit(digits, n - 1) == digits[n - 1] - 48
