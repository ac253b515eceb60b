"""The key matrix: electrical levels, ghosts, bounce."""

import pytest

from host_sim.chip.keymatrix import KEYS, columns
from host_sim.world.matrix import BOUNCE_US, KeyMatrix
from host_sim.world.timeline import FAR, Timeline


def mask(keys):
    return sum(1 << KEYS.index(key) for key in keys)


def scan(contacts):
    """Keys that a scan sees: each row driven high in turn, the others floating."""
    seen = set()
    for row in range(4):
        levels = columns(1 << row, 1 << row, contacts)
        seen |= {KEYS[3 * row + column] for column in range(3) if levels >> column & 1}
    return seen


@pytest.mark.parametrize("key", KEYS)
def test_one_key_shows_in_its_own_row_and_column_only(key):
    assert scan(mask(key)) == {key}


@pytest.mark.parametrize("pair", ["12", "14", "15", "*#", "19"])
def test_two_keys_show_as_they_are(pair):
    assert scan(mask(pair)) == set(pair)


@pytest.mark.parametrize(("corners", "ghost"), [("124", "5"), ("79*", "#"), ("130", ""), ("13*", "#")])
def test_three_corners_of_a_rectangle_show_the_fourth(corners, ghost):
    assert scan(mask(corners)) == set(corners) | set(ghost)


def test_all_rows_high_wakes_by_any_key():
    assert columns(0b1111, 0b1111, 0) == 0
    for key in KEYS:
        assert columns(0b1111, 0b1111, mask(key))


def test_a_row_held_low_pulls_down_what_is_joined_to_a_high_one():
    held = mask("14")
    assert columns(0b0001, 0b0001, held) == 0b001
    assert columns(0b0001, 0b0011, held) == 0


def test_no_row_driven_leaves_all_columns_to_their_pull_downs():
    assert columns(0b1111, 0, mask(KEYS)) == 0


def play(seed):
    """Contacts over time of one press and one release of 5, 100 ms apart."""
    timeline = Timeline()
    matrix = KeyMatrix(timeline, seed)
    changes = []
    matrix.on_change = lambda: changes.append((timeline.now_us, matrix.contacts))
    matrix.press("5")
    timeline.advance_to(100_000)
    matrix.release("5")
    timeline.advance_to(200_000)
    return changes


def test_contacts_bounce_after_press_and_release_and_then_follow_the_finger():
    changes = play(seed=1)
    pressed = [change for change in changes if change[0] < 100_000]
    released = [change for change in changes if change[0] >= 100_000]
    assert pressed[0] == (0, mask("5"))
    assert pressed[-1][1] == mask("5")
    assert pressed[-1][0] < BOUNCE_US
    assert released[-1][1] == 0
    assert 100_000 <= released[-1][0] < 100_000 + BOUNCE_US
    assert len(pressed) >= 3
    assert len(released) >= 3


def test_bounce_depends_on_the_seed_alone():
    assert play(seed=3) == play(seed=3)
    assert play(seed=3) != play(seed=4)


def test_a_release_within_the_bounce_ends_open():
    timeline = Timeline()
    matrix = KeyMatrix(timeline)
    matrix.press("#")
    timeline.advance_to(500)
    matrix.release("#")
    timeline.advance_to(50_000)
    assert matrix.contacts == 0
    assert timeline.next_us == FAR


def test_keys_are_named_and_pressed_once():
    matrix = KeyMatrix(Timeline())
    matrix.press("1")
    matrix.press("1")
    assert matrix.held == {"1"}
    matrix.release("2")
    for wrong in ("A", "", "12"):
        with pytest.raises(ValueError, match="must be one of"):
            matrix.press(wrong)
