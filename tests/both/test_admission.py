"""Admission of a whole set: everything that speaks against it is told, and what is right is admitted."""

from firmware.core.admission import AdmissionError, admit
from firmware.core.calendar import days_from_civil
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.state import State
from firmware.core.words import CALL, EVENT, HOLD_OPEN, INTERVAL, NUMBER, OPENED, OWNER, SERVICE, UNLOCK

NOW = 1772438400  # 2026-03-02 08:00 UTC, a Monday
HOUR = 3600
WEEKDAYS = 31
SETTINGS = {
    "buckets": [[9, 10, 28800], [10, 10, 28800]],
    "zone": "CET-1CEST,M3.5.0,M10.5.0/3",
    "schedules": [[[WEEKDAYS, 480, 1080]], [[64, 120, 180]]],
    "issuers": [[1, "parcels", UNLOCK | CALL, 40], [7, "cleaners", UNLOCK | HOLD_OPEN, 20]],
    "risk_one_in": 1000,
}


def key(n):
    return bytes([n]) * 20


def event(id, **fields):
    values = {"id": id, "kind": EVENT, "key": key(id), "digits": 8, "check": True}
    values.update(fields)
    return pack_grant(**values)


def interval(id, **fields):
    return event(id, **dict([("kind", INTERVAL), ("step", HOUR)] + list(fields.items())))


def number(id, **fields):
    return event(
        id, **dict([("kind", NUMBER), ("key", b"n" * 16), ("digits", 10), ("check", False)] + list(fields.items()))
    )


def owner(id):
    return number(id, key=b"o" * 16, digits=12, uses=0, permissions=UNLOCK | OWNER)


def complaints(*records, now=NOW, before=None, used=(), **changed):
    """What is told of the set of these grants, with `changed` settings."""
    settings = dict(SETTINGS)
    settings.update(changed)
    try:
        admit(settings, Grants(b"".join(records)), now, before and Grants(before), used)
    except AdmissionError as error:
        assert str(error) == "; ".join(error.complaints)
        return error.complaints
    return []


def test_a_set_in_which_all_is_right():
    good = (
        event(1, issuer=1, permissions=UNLOCK | CALL),
        interval(2, issuer=7, schedule=1, permissions=UNLOCK | HOLD_OPEN),
        number(3, valid_until=NOW + HOUR),
        owner(4),
    )
    assert complaints(*good) == []
    assert complaints() == []


def test_an_issuer_must_be_known():
    assert complaints(event(1, issuer=2)) == ["grant 1: there is no issuer 2"]
    assert complaints(event(1, issuer=0)) == []


def test_a_grant_may_no_more_than_its_issuer():
    assert complaints(event(1, issuer=1, permissions=UNLOCK | HOLD_OPEN | SERVICE)) == [
        "grant 1: permissions that issuer 1 has not: hold open, service"
    ]


def test_quotas_count_all_codes_outstanding_of_an_issuer_alone():
    of_parcels = [event(n, issuer=1, window=16) for n in (1, 2)]
    of_others = [event(3, issuer=7, window=20), event(4, window=64)]
    small = {"buckets": [[9, 1, 30 * 86400]]}
    assert complaints(*(of_parcels + of_others), **small) == []
    over = of_parcels + of_others + [interval(5, issuer=1, serials=3)]
    assert complaints(*over, **small) == ["issuer 1: 44 codes outstanding, quota 40"]
    assert complaints(*(over[:-1] + [interval(5, issuer=1, serials=3, revoked=True)]), **small) == []
    past = interval(5, issuer=1, serials=3, valid_until=NOW)
    assert complaints(*(over[:-1] + [past]), before=past, **small) == []


def test_what_could_yield_the_same_code_is_told():
    told = "grant 2: same key as grant 1: one code would be of both"
    assert complaints(event(1), event(2, key=key(1))) == [told]
    assert complaints(event(1), interval(2, key=key(1))) == [told]
    assert complaints(event(1), event(2, key=key(1), sha256=True)) == [told]
    assert complaints(event(1), event(2, key=key(1) + bytes(12))) == [told]  # the same key to HMAC
    assert complaints(event(1), event(2, key=key(1), revoked=True)) == [told]
    assert complaints(number(1), number(2)) == ["grant 2: same number as grant 1: one code would be of both"]
    assert complaints(number(1), number(2, key=b"m" * 16)) == []


def test_a_grant_never_has_fewer_serials_since_the_lock_would_forget_what_they_opened():
    many, few = interval(1, serials=8), interval(1, serials=4)
    state = State(Grants(many))
    state.apply(state.burn(9, 0, [(1, 5, 400)]))
    state.apply(state.outcome(OPENED, 9, 0, 1, (0, bytes(4))))
    assert state.interval_used(0, 5, 400)
    for records in (few, many):
        bodies = [bytes(body) for body in state.snapshot()]
        state = State(Grants(records))
        for body in bodies:
            state.apply(body)
    assert not state.interval_used(0, 5, 400)
    assert complaints(few, before=many) == ["grant 1: serials 4: it had 8, and never has fewer"]
    assert complaints(many, before=few) == []


def test_schedules_must_be_there_and_possible():
    assert complaints(event(1, schedule=3)) == ["grant 1: there is no schedule 3"]
    assert complaints(schedules=[[[1, 600, 480]], []]) == [
        "schedule 1: window 1: from minute 600 to 480, must be 0 <= from < to <= 1440",
        "schedule 2: must be a list of 1 to 21 windows, or it never opens",
    ]
    assert complaints(zone="Europe/Berlin") == ["zone: expected a number from 0 to 24 at place 7"]


def test_a_schedule_must_open_while_the_grant_is_valid():
    saturday = NOW + 5 * 86400
    told = ["grant 1: schedule 1 is closed for as long as the grant is valid"]
    weekend = {"schedule": 1, "valid_from": saturday, "valid_until": saturday + 47 * HOUR}
    assert complaints(event(1, **weekend)) == told  # until eight on Monday, in Berlin
    assert complaints(event(1, schedule=1, valid_from=saturday, valid_until=saturday + 47 * HOUR + 1)) == []
    evening = NOW + 9 * HOUR  # 18:00 in Berlin
    assert complaints(event(1, schedule=1, valid_until=evening + HOUR), now=evening) == told
    assert complaints(event(1, schedule=1, valid_until=evening + HOUR), now=evening - 1) == []
    assert complaints(event(1, schedule=1, valid_from=saturday, valid_until=saturday + 8 * 86400)) == []


def test_an_hour_that_never_comes_opens_nothing():
    sunday = days_from_civil(2026, 3, 29) * 86400  # two o'clock becomes three in Berlin
    for schedule, opens in (([64, 120, 180], False), ([64, 90, 150], True), ([64, 150, 200], True)):
        told = complaints(
            event(1, schedule=1, valid_from=sunday, valid_until=sunday + 8 * HOUR), schedules=[[schedule]]
        )
        assert (not told) == opens, (schedule, told)


def test_what_is_over_is_told_of_new_grants_only():
    over = event(1, valid_until=NOW)
    assert complaints(over) == ["grant 1: valid until lies in the past"]
    assert complaints(event(1, valid_until=NOW + 1)) == []
    assert complaints(event(1, valid_until=NOW, revoked=True)) == []
    assert complaints(over, before=over) == []
    assert complaints(over, before=event(1)) == ["grant 1: valid until lies in the past"]
    assert complaints(over, before=event(2)) == ["grant 1: valid until lies in the past"]


def test_an_id_is_never_given_to_another_grant():
    assert complaints(event(5), used=(4, 5)) == ["grant 5: its id was used before"]
    assert complaints(event(5, label="renamed"), before=event(5), used=(4, 5)) == []
    assert complaints(event(5, key=key(6)), before=event(5)) == ["grant 5: its id belongs to another grant"]
    assert complaints(interval(5), before=event(5)) == ["grant 5: its id belongs to another grant"]


def test_each_typed_length_needs_its_bucket():
    assert complaints(event(1, digits=7), event(2, digits=6), buckets=[[9, 10, 28800]]) == [
        "buckets: typed length 8 of grant 1 has no bucket",
        "buckets: typed length 7 of grant 2 has no bucket",
    ]
    assert complaints(owner(1), buckets=[[12, 1, 86400]]) == ["buckets: typed length 12 of grant 1 must have none"]


def test_the_risk_keeps_to_the_bound():
    risky = event(1, digits=6, check=False, window=16)
    bucket = [[6, 5, 48 * HOUR]]
    (told,) = complaints(risky, buckets=bucket)
    assert told == "risk: a stranger opens with a chance of 3.0e-03 a year, above 1 in 1000"
    assert complaints(risky, buckets=bucket, risk_one_in=100) == []


def test_issuers_themselves():
    for rows, told in (
        (["parcels"], "issuers: row 1 must be [number, label, permissions, quota]"),
        ([[1, "a", 1]], "issuers: row 1 must be"),
        ([[1, "a", 1, 1], [2, "b", True, 1]], "issuers: row 2 must be"),
        ([[0, "a", 1, 1]], "issuer 0: number must be 1 to 255"),
        ([[256, "a", 1, 1]], "issuer 256: number must be 1 to 255"),
        ([[1, "a", 1, 1], [1, "b", 1, 1]], "issuer 1: is there twice"),
        ([[1, "", 1, 1]], "issuer 1: label must have 1 to 12 bytes"),
        ([[1, "thirteen byte", 1, 1]], "issuer 1: label must have"),
        ([[1, "a", 1, 1], [2, "a", 1, 1]], "issuer 2: label a is there twice"),
        ([[1, "a", 0, 1]], "issuer 1: permissions 0, must be 1 to 127"),
        ([[1, "a", 128, 1]], "issuer 1: permissions 128"),
        ([[1, "a", 1, -1]], "issuer 1: quota -1, must not be negative"),
    ):
        (said,) = complaints(issuers=rows)
        assert said.startswith(told), (rows, said)


def test_everything_is_told_at_once():
    told = complaints(
        event(1, issuer=2, valid_until=NOW - 1),
        event(2, issuer=7, key=key(1), permissions=UNLOCK | CALL, schedule=9, window=40),
        number(3, digits=11),
        schedules=[[]],
        zone="",
        issuers=[[7, "cleaners", UNLOCK, 3], [7, "again", 0, 0]],
    )
    assert len(told) == 11, told
    subjects = [text.split(":")[0] for text in told]
    for subject in ("issuer 7", "zone", "schedule 1", "grant 1", "grant 2", "buckets"):
        assert subject in subjects, subject
