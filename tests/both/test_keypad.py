from pins import Matrix

from firmware.drivers.keypad import KEYS, Keypad

POLL_MS = 10


class Scanning(Keypad):
    """Scans all of the matrix at every poll."""

    def steady(self):
        return False


class Hands:
    """Presses keys and polls as the app does; `other` shows what a scan at every poll would have read."""

    def __init__(self):
        self.matrix = Matrix()
        self.keypad = Keypad(self.matrix.rows, self.matrix.look)
        self.other = Scanning(self.matrix.rows, self.matrix.look)
        self.now = 0

    def hold(self, keys, ms):
        self.matrix.contacts = set(keys)
        for _ in range(0, ms, POLL_MS):
            assert self.keypad.poll(self.now) == self.other.poll(self.now)
            assert self.keypad.active == self.other.active
            self.now += POLL_MS

    def read(self):
        keys, others = everything(self.keypad), everything(self.other)
        assert keys == others
        return keys


def everything(keypad):
    keys = ""
    key = keypad.read()
    while key:
        keys += key
        key = keypad.read()
    return keys


def test_every_key_is_read_once_per_press():
    hands = Hands()
    for key in KEYS:
        hands.hold(key, 80)
        hands.hold("", 40)
    assert hands.read() == KEYS


def test_the_same_digit_three_times_is_three_digits():
    hands = Hands()
    for _ in range(3):
        hands.hold("4", 30)
        hands.hold("", 30)
    assert hands.read() == "444"


def test_a_contact_that_bounces_is_one_press():
    hands = Hands()
    for _ in range(4):
        hands.hold("7", 5)
        hands.hold("", 5)
    hands.hold("7", 60)
    for _ in range(4):
        hands.hold("", 5)
        hands.hold("7", 5)
    hands.hold("", 60)
    assert hands.read() == "7"


def test_a_touch_shorter_than_the_debounce_is_nothing():
    hands = Hands()
    hands.hold("5", 5)
    hands.hold("", 50)
    assert hands.read() == ""


def test_fast_typing_overlaps_two_keys():
    hands = Hands()
    hands.hold("1", 40)
    hands.hold("12", 20)
    hands.hold("2", 40)
    hands.hold("23", 20)
    hands.hold("3", 40)
    hands.hold("", 40)
    assert hands.read() == "123"


def test_two_keys_at_once_count_for_nothing_until_both_are_up():
    hands = Hands()
    hands.hold("15", 60)
    hands.hold("1", 60)
    hands.hold("19", 60)
    hands.hold("", 40)
    assert hands.read() == ""
    hands.hold("8", 40)
    hands.hold("", 40)
    assert hands.read() == "8"


def test_any_keys_that_come_and_go_are_read_as_by_a_scan_at_every_poll():
    hands, state = Hands(), 1
    down = ""
    for _ in range(150):
        state = state * 1103 % 65521
        key = KEYS[state % 12]
        down = down.replace(key, "") if key in down else down + key
        if len(down) > 3:
            down = down[2:]
        hands.hold(down, 10 * (1 + state // 12 % 4))
        hands.read()


def test_while_one_key_stays_down_or_none_is_a_poll_looks_once_or_twice_and_scans_nothing():
    hands = Hands()
    for keys, looks in (("", 1), ("5", 2), ("", 1)):
        hands.hold(keys, 40)
        hands.matrix.looks = 0
        assert hands.keypad.poll(hands.now) == (keys != "")  # it waits to be read
        assert hands.matrix.looks == looks
        hands.read()


def test_a_poll_tells_of_a_key_to_be_read_and_of_the_last_one_up():
    hands = Hands()
    told = []
    for keys in ("", "8", "8", "8", "80", "80", "80", "0", "0", "", "", ""):
        hands.matrix.contacts = set(keys)
        told.append(hands.keypad.poll(hands.now))
        hands.now += POLL_MS
        everything(hands.keypad)
    assert told == [False, False, True, False, False, True, False, False, False, False, True, False]
    assert all(row.driven and row.level for row in hands.matrix.rows)


def test_the_end_of_a_touch_too_short_to_count_is_told():
    hands = Hands()
    hands.hold("5", 10)
    assert hands.keypad.active
    hands.matrix.contacts = set()
    assert hands.keypad.poll(hands.now) and not hands.keypad.active


def test_the_ghost_at_the_fourth_corner_is_rejected():
    hands = Hands()
    hands.hold("1", 40)
    hands.hold("13", 40)
    hands.hold("137", 60)  # the matrix shows 9 as well
    hands.hold("", 40)
    assert hands.read() == "13"


def test_a_second_key_of_the_same_column_is_read_beside_a_stuck_one():
    hands = Hands()
    hands.hold("8", 500)
    for key in "25079":
        hands.hold("8" + key, 80)
        hands.hold("8", 40)
    assert hands.read() == "825079"


def test_a_held_key_is_one_press_and_keeps_the_keypad_active():
    hands = Hands()
    hands.hold("0", 5000)
    assert hands.read() == "0"
    assert hands.keypad.active
    hands.hold("", 40)
    assert not hands.keypad.active


def test_keys_wait_in_order_until_they_are_read_and_the_seventeenth_is_dropped():
    hands = Hands()
    for key in "12345678901234567":
        hands.hold(key, 20)
        hands.hold("", 20)
    assert hands.read() == "1234567890123456"


def test_what_was_down_as_the_lock_fell_asleep_is_no_new_key_and_keeps_no_other_from_being_one():
    for still, also, keys in (("8", "", ""), ("8", "1", "1"), ("", "1", "1"), ("8", "13", ""), ("", "", "")):
        hands = Hands()
        hands.hold(still + also, POLL_MS)
        for keypad in (hands.keypad, hands.other):
            keypad.expect(1 << KEYS.index("8"))
        hands.hold(still + also, 80)
        assert hands.read() == keys, (still, also)
        hands.hold("", 40)
        hands.hold("8", 80)
        assert hands.read() == "8"
