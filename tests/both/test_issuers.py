"""Issuers beside each other at one lock: no code of one is the other's, and neither uses up what the other has."""

from keyring import DAY, KEY, NOW, Door, event, interval

from firmware.core.words import OPENED, UNLOCK, USED, WRONG

OTHER = bytes(reversed(KEY))
FIRST, SECOND = 3, 9  # the issuers


def two_events():
    """The same grant twice, but for id, key and issuer."""
    return Door(
        event(id=1, issuer=FIRST, check=True, permissions=UNLOCK),
        event(id=2, issuer=SECOND, check=True, permissions=UNLOCK, key=OTHER),
    )


def opened_by(door, code, t=NOW):
    """The issuer whose code opens, None if it does not."""
    return door.grants.issuer(door.place) if door.enter(code, t) == OPENED else None


def test_codes_open_as_their_own_issuers():
    door = two_events()
    for counter in range(100):
        assert opened_by(door, door.code(0, counter)) == FIRST
        assert [grant_id for grant_id, _, _ in door.burns] == [1]
        assert opened_by(door, door.code(1, counter)) == SECOND
        assert [grant_id for grant_id, _, _ in door.burns] == [2]


def test_one_that_uses_up_its_window_takes_nothing_from_the_other():
    door = two_events()
    for counter in range(300):
        assert opened_by(door, door.code(0, counter)) == FIRST
    assert door.state.event_base(0) > 250
    assert door.state.event_base(1) == 0
    for counter in range(15, -1, -1):
        code = door.code(1, counter)
        alive = counter >= door.state.event_base(1)
        assert opened_by(door, code) == (SECOND if alive else None)
        assert door.enter(code) != OPENED
    assert door.enter(door.code(0, 299)) == USED


def test_windows_of_time_at_the_same_time():
    same = {"step": DAY, "serials": 3, "check": True}
    door = Door(interval(id=1, issuer=FIRST, **same), interval(id=2, issuer=SECOND, key=OTHER, **same))
    step = door.grants.step_at(0, NOW)
    for serial in range(3):
        assert opened_by(door, door.code(0, step, serial)) == FIRST
    for serial in range(3):
        assert opened_by(door, door.code(1, step, serial)) == SECOND
        assert door.enter(door.code(0, step, serial)) == USED


def test_a_revoked_issuer_takes_nobody_with_it():
    door = Door(event(id=1, issuer=FIRST, revoked=True), event(id=2, issuer=SECOND, key=OTHER))
    assert opened_by(door, door.code(0, 0)) is None
    assert opened_by(door, door.code(1, 0)) == SECOND
    assert door.enter(door.code(1, 100)) == WRONG
