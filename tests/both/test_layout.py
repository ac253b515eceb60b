"""What is computed before `#`, what is left afterwards, and what is kept when candidates are laid out anew."""

from entrance import Entrance
from keyring import NOW, CountedHmac, Door, event, interval, number

from firmware.core.words import EARLY, LATE, OPENED, USED, WRONG


def prepared(door, t=NOW):
    door.verifier.begin(t)
    steps = 0
    while door.verifier.work():
        steps += 1
    return steps


def big_table():
    return Door(
        event(id=1, window=64, digits=9),
        event(id=2, window=64, digits=8),
        interval(id=3, digits=9, serials=8),
        interval(id=4, digits=6, sha256=True, serials=2, step=30, grace_before=0, grace_after=0),
        number(b"1234567890", id=5),
    )


def test_nothing_is_left_to_compute_after_hash():
    door = big_table()
    prepared(door)
    for code in ("000000", door.code(1, 5), door.code(2, door.grants.step_at(2, NOW), 3), "1234567890"):
        with CountedHmac() as hmac:
            door.hits(code)
        assert hmac.count == 0


def test_what_is_laid_out_at_the_first_key_leaves_nothing_to_compute_either():
    for somebody_there in (False, True):
        entrance = Entrance(event(window=64), interval(serials=3), number(b"1234567890"))
        code = entrance.code(0, 63)
        if somebody_there:
            entrance.attempts.lay_out()
        else:
            assert not entrance.attempts.work()
        entrance.attempts.begin()
        with CountedHmac() as hmac:
            assert entrance.attempts.work()
        assert hmac.count == 0  # the next look at the keypad comes first
        while entrance.attempts.work():
            pass
        with CountedHmac() as hmac:
            assert entrance.enter(code) == OPENED
        assert hmac.count == 0


def test_an_entry_that_nobody_announced_is_compared_with_everything():
    codes = [Entrance(event(), interval(serials=3)).code(1, step, 2) for step in (0, NOW // 86400)]
    for code, answer in zip(codes, (WRONG, OPENED)):
        entrance = Entrance(event(), interval(serials=3))
        with CountedHmac() as hmac:
            assert entrance.enter(code) == answer
        assert hmac.count == 16 + 3 * 7 + 2  # each counter and step, and the key of each further serial
    entrance.attempts.begin()
    assert entrance.enter(code) == USED


def test_each_call_of_work_computes_one_hmac_at_most():
    door = big_table()
    door.verifier.begin(NOW)
    more = True
    while more:
        with CountedHmac() as hmac:
            more = door.verifier.work()
        assert hmac.count <= 1


def test_what_work_left_is_computed_by_match():
    door = big_table()
    wanted = [(2, 3, door.grants.step_at(2, NOW))]
    code = door.code(2, wanted[0][2], 3)
    for calls in (0, 1, 50, 200):
        door = big_table()
        door.verifier.begin(NOW)
        for _ in range(calls):
            door.verifier.work()
        assert door.hits(code) == wanted
    assert big_table().hits(code) == wanted


def test_a_step_that_ends_while_the_person_types_costs_nothing():
    door = Door(interval(step=30, serials=4))
    begins = door.grants.step_at(0, NOW) * 30
    prepared(door, begins + 29)
    now = door.grants.step_at(0, begins + 30)
    for behind, answer in ((4, WRONG), (3, LATE), (2, OPENED), (-1, OPENED), (-2, EARLY), (-3, WRONG)):
        code = door.code(0, now - behind, 1)
        with CountedHmac() as hmac:
            assert door.enter(code, begins + 30) == answer
        assert hmac.count == 0


def test_more_steps_or_a_clock_set_back_are_laid_out_again():
    door = Door(interval(step=30))
    prepared(door)
    for seconds in (60, 30 * 40, -30, -30 * 40):
        code = door.code(0, door.grants.step_at(0, NOW + seconds))
        assert len(door.hits(code, NOW + seconds)) == 1


def test_laying_out_again_keeps_what_is_still_in_place():
    door = Door(interval(step=30), event())
    total = prepared(door)
    assert total == 2 + 7 + 20
    for seconds, computed in ((0, 0), (29, 1), (0, 6), (30 * 3, 3), (30 * 100, 7)):
        with CountedHmac() as hmac:
            prepared(door, NOW + seconds)
        if seconds != 0 or computed == 0:
            assert hmac.count == computed
    door.enter(door.code(1, 0), NOW + 3000)
    with CountedHmac() as hmac:
        prepared(door, NOW + 3000)
    assert hmac.count == 1
    for counter in range(1, 17):
        assert door.hits(door.code(1, counter), NOW + 3000) == [(1, 0, counter)]


def test_a_base_that_moved_is_seen_without_begin():
    door = Door(event())
    prepared(door)
    for counter in (15, 4, 19, 8, 10, 9, 30):
        expected = WRONG if counter == 30 else OPENED
        assert door.enter(door.code(0, counter)) == expected


def test_the_largest_table():
    records = [event(id=k + 1, window=4) for k in range(63)]
    records.append(interval(id=64, step=30, serials=1, grace_before=0, grace_after=2, early=1))
    door = Door(*records)
    prepared(door)
    assert (62, 0, 3) in door.hits(door.code(62, 3))
    now = door.grants.step_at(63, NOW)
    assert (63, 0, now) in door.hits(door.code(63, now))
    door = Door(interval(serials=128, grace_before=0, grace_after=0))
    now = door.grants.step_at(0, NOW)
    assert (0, 127, now) in door.hits(door.code(0, now, 127))


def test_equal_work_for_a_miss_and_for_each_number_of_matching_digits():
    door = big_table()
    code = door.code(1, 5)
    prepared(door)
    for same in range(9):
        typed = code[:same] + "".join(str((int(digit) + 1) % 10) for digit in code[same:])
        with CountedHmac() as hmac:
            door.hits(typed)
        assert hmac.count == 0
