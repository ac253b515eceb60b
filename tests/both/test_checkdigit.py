"""The check digit: known numbers, every slip of one digit, every swap of neighbours."""

from firmware.core.checkdigit import check_digit, is_valid

CODES = (b"0", b"5", b"755224", b"94287082", b"07081804", b"000000", b"123456789", b"909090909", b"987654321")


def checked(code):
    return code + bytes([48 + check_digit(code, len(code))])


def test_known_numbers():
    assert check_digit(b"7992739871", 10) == 3
    assert check_digit(b"411111111111111", 15) == 1
    assert check_digit(b"000000", 6) == 0


def test_only_the_digits_that_count():
    assert check_digit(bytearray(b"755224999"), 6) == check_digit(b"755224", 6)
    assert is_valid(bytearray(checked(b"755224") + b"9"), 7)


def test_ten_of_a_hundred_are_valid():
    for code in CODES:
        assert sum(is_valid(code + bytes([48 + last]), len(code) + 1) for last in range(10)) == 1


def test_every_wrong_digit_shows():
    for code in CODES:
        right = checked(code)
        for at in range(len(right)):
            for digit in range(48, 58):
                slip = right[:at] + bytes([digit]) + right[at + 1 :]
                assert is_valid(slip, len(slip)) == (slip == right)


def test_every_swap_of_neighbours_shows_but_of_0_and_9():
    for code in CODES:
        for tens in range(100):
            right = checked(b"%02d" % tens + code)
            for at in range(len(right) - 1):
                slip = right[:at] + right[at + 1 : at + 2] + right[at : at + 1] + right[at + 2 :]
                hidden = slip == right or right[at : at + 2] in (b"09", b"90")
                assert is_valid(slip, len(slip)) == hidden
