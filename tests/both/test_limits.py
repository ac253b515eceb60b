"""What others can make the lock write, bounded by the day."""

from firmware.limits import (
    ALL_CHANGES,
    CHANGES,
    COMMANDS,
    FAILED,
    IGNORED,
    UNDONE,
    UNSAFE,
    Limits,
)
from firmware.store import audit as log

DAY = 86400


class Logbook:
    def __init__(self):
        self.events = []

    def event(self, kind, detail=0, grant_id=0, issuer=0, count=1):
        self.events.append((kind, detail, issuer, count))


def lived(steps, begun=2 * DAY):
    """What is logged of `steps`: (seconds since the one before, trouble, reasons, count, issuer) each; kept between."""
    logbook, kept, now = Logbook(), b"", begun
    for seconds, *trouble in steps:
        now += seconds
        limits = Limits(kept)
        limits.begin(now)
        if trouble:
            limits.add(*trouble)
        limits.tell(logbook)
        kept = limits.packed()
    return logbook.events


def test_the_same_trouble_is_told_once_a_day_and_counted():
    hours = [(3600, FAILED, 1 << 7)] * 50
    assert lived(hours) == [(log.RADIO, 7, 0, 1), (log.RADIO, 7, 0, 24), (log.RADIO, 7, 0, 24)]


def test_what_was_counted_is_told_when_the_day_is_over_even_if_nothing_happens_any_more():
    assert lived([(0, FAILED, 2), (60, FAILED, 2), (60, FAILED, 2), (DAY,), (DAY,)]) == [
        (log.RADIO, 1, 0, 1),
        (log.RADIO, 1, 0, 2),
    ]


def test_another_reason_is_told_at_once():
    found = lived([(0, FAILED, 1 << 1), (60, FAILED, 1 << 9), (60, FAILED, 1 << 1), (60, FAILED, 1 << 9)])
    assert found == [(log.RADIO, 1, 0, 1), (log.RADIO, 9, 0, 1)]
    found = lived([(0, UNDONE, 1 << 3, 5, 7), (60, UNDONE, 1 << 3, 2, 9), (60, UNDONE, 1 << 8, 1, 9)])
    assert found == [(log.UNDONE, 3, 7, 5), (log.UNDONE, 8, 9, 3)]
    found = lived([(0, IGNORED, 4, 70), (60, IGNORED, 4, 70), (60, IGNORED, 4 | 32, 1)])
    assert found == [(log.IGNORED, 4, 0, 70), (log.IGNORED, 36, 0, 71)]
    assert lived([(0, UNSAFE, 1), (60, UNSAFE, 1)]) == [(log.RADIO, log.UNSAFE, 0, 1)]


def test_a_day_of_everything_that_an_enemy_can_send_is_a_few_events():
    steps = [(60, FAILED, 1 << (n % 12 + 1)) for n in range(1440)]
    assert len(lived(steps)) <= 12 + 1
    steps = [(60, IGNORED, 1 << (n % 6), 1) for n in range(1440)]
    assert len(lived(steps)) <= 6 + 1


def test_a_clock_of_the_chip_that_began_anew_begins_a_day():
    limits = Limits(b"")
    limits.begin(DAY * 300)
    kept = [limits.grants(7, False) for _ in range(COMMANDS + 1)]
    assert kept == [True] * COMMANDS + [False]
    limits = Limits(limits.packed())
    limits.begin(5)
    assert limits.grants(7, False)


def test_each_issuer_has_commands_of_its_own():
    limits = Limits(b"")
    limits.begin(0)
    for _ in range(COMMANDS):
        assert limits.grants(7, False)
    limits = Limits(limits.packed())
    limits.begin(DAY - 1)
    assert not limits.grants(7, False)
    assert limits.grants(9, False)
    limits.begin(DAY)
    assert limits.grants(7, False)


def test_changes_have_a_limit_for_each_issuer_and_for_all():
    limits = Limits(b"")
    limits.begin(0)
    assert [limits.grants(7, True) for _ in range(CHANGES + 1)] == [True] * CHANGES + [False]
    assert limits.grants(7, False)
    found = sum([limits.grants(issuer, True) for issuer in (8, 9, 10) for _ in range(CHANGES)])
    assert found == ALL_CHANGES - CHANGES


def test_no_count_is_too_large_to_be_kept():
    limits = Limits(b"")
    limits.add(IGNORED, 63, 70000)
    limits.add(IGNORED, 63, 70000)
    for issuer in range(1, 19):
        for _ in range(COMMANDS + 2):
            limits.grants(issuer, True)
    assert len(limits.packed()) <= 256 - 41
    logbook = Logbook()
    Limits(limits.packed()).tell(logbook)
    assert logbook.events == [(log.IGNORED, 63, 0, 65535)]
