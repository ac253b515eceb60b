"""The entry collector: what each key does, the limit of digits, silence."""

from keyring import raises

from firmware.core.entry import (
    CLEARED,
    DIGIT,
    DOUBTFUL,
    ENTERED,
    MAX_DIGITS,
    NOTHING,
    OVERLONG,
    SILENCE_MS,
    Entry,
)


def typed(entry, keys, now=0):
    return [entry.feed(key, now) for key in keys]


def text(entry):
    return bytes(entry.digits[: entry.length])


def test_digits_then_hash():
    entry = Entry()
    assert typed(entry, "0123456789#") == [DIGIT] * 10 + [ENTERED]
    assert text(entry) == b"0123456789"


def test_hash_on_nothing():
    entry = Entry()
    assert typed(entry, "##") == [NOTHING, NOTHING]
    assert entry.length == 0


def test_star_clears_memory_too():
    entry = Entry()
    assert typed(entry, "123*") == [DIGIT, DIGIT, DIGIT, CLEARED]
    assert entry.length == 0
    assert bytes(entry.digits) == bytes(MAX_DIGITS)
    assert typed(entry, "45#")[-1] == ENTERED
    assert text(entry) == b"45"


def test_next_key_after_the_end_begins_anew():
    for key, expected in (("7", b"7"), ("*", b""), ("#", b"")):
        entry = Entry()
        typed(entry, "123#")
        entry.feed(key, 0)
        assert text(entry) == expected


def test_sixteen_digits_are_an_entry():
    entry = Entry()
    typed(entry, "1" * 16)
    assert entry.feed("#", 0) == ENTERED
    assert text(entry) == b"1" * 16


def test_more_are_void_until_hash_or_star():
    for more in (1, 2, 500):
        entry = Entry()
        assert typed(entry, "1" * (16 + more)) == [DIGIT] * (16 + more)
        assert entry.feed("#", 0) == OVERLONG
        assert entry.length == 0
        assert bytes(entry.digits) == bytes(MAX_DIGITS)
        assert typed(entry, "2#") == [DIGIT, ENTERED]
    typed(entry, "1" * 17)
    assert typed(entry, "*3#") == [CLEARED, DIGIT, ENTERED]
    assert text(entry) == b"3"


def test_silence_clears_at_ten_seconds_and_not_before():
    entry = Entry()
    entry.feed("1", 500)
    assert not entry.tick(500 + SILENCE_MS - 1)
    entry.feed("2", 500 + SILENCE_MS - 1)
    assert not entry.tick(500 + 2 * SILENCE_MS - 2)
    assert text(entry) == b"12"
    assert entry.tick(500 + 2 * SILENCE_MS - 1)
    assert entry.length == 0
    assert bytes(entry.digits) == bytes(MAX_DIGITS)


def test_silence_is_noticed_by_the_next_key():
    entry = Entry()
    typed(entry, "12", 0)
    entry.feed("3", SILENCE_MS)
    assert text(entry) == b"3"
    assert entry.feed("#", 2 * SILENCE_MS) == NOTHING


def test_silence_clears_a_void_entry():
    entry = Entry()
    typed(entry, "1" * 20, 0)
    assert entry.tick(SILENCE_MS)
    assert typed(entry, "12#", SILENCE_MS)[-1] == ENTERED
    assert text(entry) == b"12"


def test_silence_leaves_an_empty_or_ended_entry():
    entry = Entry()
    assert not entry.tick(SILENCE_MS)
    typed(entry, "12#")
    assert not entry.tick(10 * SILENCE_MS)
    assert text(entry) == b"12"


def test_no_other_keys():
    for key in ("", "A", "12", "\n"):
        assert raises(ValueError, lambda key=key: Entry().feed(key, 0))


def de_bruijn(n):
    """The shortest string in which every string of `n` decimal digits stands, as on a keypad that slides a window."""
    word = [0] * (10 * n)
    found = []

    def extend(t, p):
        if t > n:
            if n % p == 0:
                found.extend(word[1 : p + 1])
            return
        word[t] = word[t - p]
        extend(t + 1, p)
        for digit in range(word[t - p] + 1, 10):
            word[t] = digit
            extend(t + 1, t)

    extend(1, 1)
    return "".join([str(digit) for digit in found + found[: n - 1]])


def test_a_stream_with_every_code_in_it_is_one_overlong_entry():
    stream = de_bruijn(3)
    assert len({stream[at : at + 3] for at in range(1000)}) == 1000 and len(stream) == 1002
    entry = Entry()
    assert ENTERED not in typed(entry, stream)
    assert typed(entry, "#") == [OVERLONG]


def test_a_stream_is_as_many_entries_as_it_has_hashes():
    stream = de_bruijn(3)
    entry = Entry()
    entries = []
    for at in range(0, 1000, 9):
        assert typed(entry, stream[at : at + 9] + "#")[-1] == ENTERED
        entries.append(text(entry).decode())
    assert "".join(entries) == stream[:1002]
    assert len(entries) == 112


def test_an_entry_of_which_a_key_may_be_missing_is_not_judged():
    entry = Entry()
    assert not entry.blind(500)
    assert typed(entry, "12", 2000) == [DIGIT, DIGIT] and not entry.doubtful
    assert entry.blind(3000) and entry.doubtful
    assert typed(entry, "34#", 5000) == [DIGIT, DIGIT, DOUBTFUL]
    assert text(entry) == b"" and entry.digits == bytes(MAX_DIGITS)
    assert typed(entry, "1234#", 5500) == [DIGIT] * 4 + [ENTERED]
    assert text(entry) == b"1234"


def test_nor_is_one_that_may_have_begun_while_nobody_looked():
    for wait, end in ((0, DOUBTFUL), (999, DOUBTFUL), (1000, ENTERED)):
        entry = Entry()
        entry.blind(3000)
        assert typed(entry, "12#", 3000 + wait)[-1] == end


def test_doubt_ends_with_the_entry():
    for ended in ("*", None, "#"):
        entry = Entry()
        typed(entry, "12")
        entry.blind(100)
        if ended:
            entry.feed(ended, 200)
        else:
            entry.tick(SILENCE_MS)
        assert typed(entry, "12#", SILENCE_MS + 1100)[-1] == ENTERED


def test_an_entry_that_has_ended_is_beyond_doubt():
    entry = Entry()
    typed(entry, "12#")
    assert not entry.blind(100) and text(entry) == b"12"
