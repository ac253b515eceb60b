"""Packed grants: what goes in comes out, every bound of one, every rule of a table."""

from keyring import KEY, raises

from firmware.core.bounds import GrantError, check_grants
from firmware.core.grants import GRANT_SIZE, Grants
from firmware.core.packing import pack_grant
from firmware.core.words import (
    APPROVE,
    CALL,
    DURESS,
    EVENT,
    HOLD_OPEN,
    INTERVAL,
    NUMBER,
    OWNER,
    REMOTE,
    SERVICE,
    UNLOCK,
)

STRETCHED = b"s" * 16


def interval(**fields):
    values = {"id": 1, "kind": INTERVAL, "key": KEY}
    values.update(fields)
    return pack_grant(**values)


def event(**fields):
    return interval(**dict([("kind", EVENT)] + list(fields.items())))


def number(**fields):
    return interval(**dict([("kind", NUMBER), ("key", STRETCHED)] + list(fields.items())))


def owner(**fields):
    values = {"id": 99, "digits": 12, "uses": 0, "permissions": OWNER | UNLOCK}
    values.update(fields)
    return number(**values)


def refused(make, text):
    told = raises(GrantError, make)
    assert told is not None, text
    assert text in told, told


def refused_table(text, *records):
    refused(lambda: check_grants(Grants(b"".join(records))), text)


def test_an_interval_comes_back():
    grants = Grants(
        interval(
            id=65534,
            key=b"\xff" * 32,
            digits=9,
            check=True,
            sha256=True,
            permissions=UNLOCK,
            issuer=255,
            serials=7,
            step=604800,
            offset=604799,
            grace_before=3,
            grace_after=20,
            early=9,
            valid_from=1900000000,
            valid_until=0xFFFFFFFF,
            schedule=16,
            second=REMOTE,
            max_u=65535,
            revoked=True,
            label="Käse & Brot",
        )
    )
    assert len(grants) == 1
    assert (grants.id(0), grants.kind(0), grants.digits(0), grants.length(0)) == (65534, INTERVAL, 9, 10)
    assert (grants.check(0), grants.sha256(0), grants.issuer(0)) == (True, True, 255)
    assert grants.permissions(0) == UNLOCK
    assert (grants.schedule(0), grants.second(0), grants.max_u(0), grants.revoked(0)) == (16, REMOTE, 65535, True)
    assert (grants.serials(0), grants.window(0), grants.step(0), grants.offset(0)) == (7, 0, 604800, 604799)
    assert (grants.grace_before(0), grants.grace_after(0), grants.early(0)) == (3, 20, 9)
    assert (grants.valid_from(0), grants.valid_until(0)) == (1900000000, 0xFFFFFFFF)
    assert (grants.uses(0), grants.label(0), grants.key(0)) == (1, "Käse & Brot", b"\xff" * 32)
    assert grants.candidates(0) == 7 * (3 + 1 + 20 + 9)


def test_an_event_and_a_number_come_back():
    grants = Grants(bytearray(event(window=64, digits=6) + number(id=2, digits=10, uses=65535, unpredictable=7)))
    assert (grants.kind(0), grants.window(0), grants.serials(0), grants.candidates(0)) == (EVENT, 64, 1, 64)
    assert (grants.check(0), grants.sha256(0), grants.length(0), grants.key(0)) == (False, False, 6, KEY)
    assert (grants.kind(1), grants.uses(1), grants.key(1), grants.label(1)) == (NUMBER, 65535, STRETCHED, "")
    assert (grants.window(1), grants.serials(1), grants.candidates(1)) == (0, 1, 1)
    assert (grants.unpredictable(0), grants.unpredictable(1)) == (0, 7)
    assert (grants.schedule(0), grants.second(0), grants.revoked(0)) == (0, 0, False)


def test_defaults():
    grants = Grants(interval() + event(id=2) + number(id=3))
    assert (grants.digits(0), grants.step(0), grants.offset(0), grants.serials(0)) == (8, 30, 0, 1)
    assert (grants.grace_before(0), grants.grace_after(0), grants.early(0)) == (1, 1, 1)
    assert grants.window(1) == 16
    assert grants.uses(2) == 1


def test_the_layout_is_fixed():
    record = interval(id=0x0102, digits=7, check=True, step=0x01020304 % 604800, valid_from=0x05060708, label="door")
    assert len(record) == GRANT_SIZE
    assert record[:6] == b"\x02\x01\x01\x01\x07\x01"
    assert record[20:24] == b"\x08\x07\x06\x05"
    assert record[32:44] == b"door" + bytes(8)
    assert record[44:65] == b"\x14" + KEY
    assert record[65:] == bytes(15)


def test_steps_begin_at_the_offset():
    grants = Grants(interval(step=86400, offset=3600))
    assert grants.step_at(0, 3599) == -1
    assert grants.step_at(0, 3600) == 0
    assert grants.step_at(0, 3600 + 86399) == 0
    assert grants.step_at(0, 3600 + 86400) == 1


def test_the_place_of_an_id():
    grants = Grants(event(id=5) + event(id=9))
    assert (grants.index(5), grants.index(9), grants.index(7), grants.index(0)) == (0, 1, -1, -1)


def test_lengths():
    grants = Grants(event(id=1, digits=6) + event(id=2, digits=8, check=True) + owner())
    assert [n for n in range(20) if grants.has_length(n)] == [6, 9, 12]
    assert [n for n in range(20) if grants.checked_length(n)] == [9]
    assert [n for n in range(20) if grants.owner_length(n)] == [12]


def test_bounds_of_one_time_codes():
    refused(lambda: interval(id=7, digits=10), "grant 7: digits 10, must be 6 to 9")
    refused(lambda: event(digits=5), "digits 5, must be 6 to 9")
    refused(lambda: event(id=0), "id 0")
    refused(lambda: event(id=65536), "id 65536")
    refused(lambda: event(key=b"k" * 19), "key bytes 19, must be 20 to 32")
    refused(lambda: event(key=b"k" * 33), "key bytes 33")
    refused(lambda: event(label="thirteen byte"), "label bytes 13")
    refused(lambda: event(label="ä" * 7), "label bytes 14")
    for permissions in (HOLD_OPEN, DURESS | SERVICE, APPROVE | DURESS):
        refused(lambda permissions=permissions: event(permissions=permissions), "need the permission to unlock")
    for permissions in (SERVICE, APPROVE, CALL, UNLOCK | HOLD_OPEN | DURESS):
        event(permissions=permissions)
    refused(lambda: event(permissions=0), "permissions 0, must be 1 to 127")
    refused(lambda: event(permissions=128 | UNLOCK), "permissions 129")
    refused(lambda: event(id=65535), "id 65535")
    refused(lambda: event(schedule=17), "schedule 17, must be 0 to 16")
    refused(lambda: event(valid_from=1900000000, valid_until=1900000000), "valid until is not after valid from")
    refused(lambda: event(issuer=256), "issuer 256")
    refused(lambda: event(valid_until=1 << 32), "valid until")
    refused(lambda: event(valid_from=-1), "valid from -1")
    refused(lambda: interval(kind=0), "kind 0, must be 1 to 3")
    refused(lambda: interval(kind=4), "kind 4")


def test_bounds_of_an_interval():
    refused(lambda: interval(serials=0), "serials 0, must be 1 to 128")
    refused(lambda: interval(serials=129), "serials 129")
    refused(lambda: interval(step=29), "step 29, must be 30 to 604800")
    refused(lambda: interval(step=604801), "step 604801")
    refused(lambda: interval(step=30, offset=30), "offset 30, must be 0 to 29")
    refused(lambda: interval(grace_before=16, grace_after=16), "grace before and after 32, must be 0 to 31")
    refused(lambda: interval(grace_before=300), "grace before 300")
    refused(lambda: interval(grace_before=0, grace_after=31, early=2), "grace and early 33, must be 0 to 32")
    interval(grace_before=0, grace_after=31, early=1)


def test_bounds_of_an_event():
    refused(lambda: event(window=0), "window 0, must be 1 to 64")
    refused(lambda: event(window=65), "window 65")


def test_bounds_of_a_number():
    refused(lambda: number(digits=7), "digits 7, must be 8 to 12")
    refused(lambda: number(digits=13), "digits 13")
    refused(lambda: number(key=KEY), "key bytes 20, must be 16 to 16")
    refused(lambda: number(uses=65536), "uses 65536")
    refused(lambda: number(unpredictable=0), "unpredictable digits 0, must be 1 to 8")
    refused(lambda: number(unpredictable=9), "unpredictable digits 9")
    refused(lambda: number(check=True), "neither check digit nor hash")
    refused(lambda: number(sha256=True), "neither check digit nor hash")


def test_an_owner_is_a_number_of_twelve_digits():
    for fields in ({"digits": 11}, {"uses": 1}, {"kind": EVENT, "key": KEY, "digits": 9}):
        refused(lambda fields=fields: owner(**fields), "an owner's grant is a number of 12 digits")
    refused(lambda: owner(permissions=OWNER), "need the permission to unlock")
    for fields in ({"schedule": 1}, {"second": 5}):
        refused(lambda fields=fields: owner(**fields), "neither schedule nor second part")
    owner(permissions=OWNER | UNLOCK | DURESS)


def test_service_codes_open_once():
    refused(lambda: number(permissions=SERVICE, uses=0), "service codes open once")
    number(permissions=SERVICE)


def test_a_second_part_is_a_grant_that_approves():
    first = event(id=1, second=2)
    wanted = "grant 1: second part 2 is not a grant that approves by itself"
    refused_table(wanted, first)
    refused_table(wanted, first, event(id=2))
    refused_table(wanted, first, event(id=2, permissions=APPROVE, second=3), event(id=3, permissions=APPROVE))
    refused_table("grant 1: second part 1", event(id=1, second=1, permissions=UNLOCK | APPROVE))
    check_grants(Grants(first + event(id=2, permissions=APPROVE)))
    check_grants(Grants(event(id=1, second=REMOTE)))


def test_how_far_the_clock_may_be_wrong():
    for fields, seconds in (
        ({}, 10),
        ({"step": 3600}, 1200),
        ({"step": 3600, "grace_before": 2, "grace_after": 4}, 2400),
        ({"step": 86400, "grace_before": 0, "grace_after": 2}, 28800),
        ({"step": 30, "grace_before": 0, "grace_after": 0}, 10),
        ({"step": 3600, "max_u": 45}, 45),
    ):
        assert Grants(interval(**fields)).max_u(0) == seconds, fields


def test_bytes_that_mean_nothing_must_be_zero():
    for make, first in ((interval, 65), (number, 61)):
        for at in list(range(first, 77)) + [79]:
            record = bytearray(make())
            record[at] = 1
            refused_table("grant 1: a reserved byte is not 0", record)
    record = bytearray(interval())
    record[3] = 8
    refused_table("grant 1: a reserved byte is not 0", record)


def test_a_damaged_record_is_refused_not_followed():
    record = bytearray(event())
    record[44] = 255
    refused_table("key bytes", record)
    record = bytearray(event())
    record[28] = 2
    refused_table("uses 2, must be 1 to 1", record)
    refused(lambda: Grants(event()[:-1]), "79 bytes are not a whole number of 80-byte records")


def test_an_empty_table_is_fine():
    grants = Grants(b"")
    check_grants(grants)
    assert len(grants) == 0
    assert not grants.has_length(8)


def test_ids_are_unique():
    refused_table("grant 4: id is there twice", event(id=4), event(id=5), event(id=4))


def test_at_most_64_grants():
    records = [event(id=k + 1, window=4) for k in range(64)]
    check_grants(Grants(b"".join(records)))
    refused_table("65 grants, must be at most 64", *(records + [number(id=65, digits=10)]))


def test_at_most_256_candidates():
    records = [event(id=k + 1, window=64) for k in range(4)]
    check_grants(Grants(b"".join(records + [number(id=9)])))
    refused_table("257 candidates", *(records + [event(id=9, window=1)]))
    refused_table("260 candidates", *(records + [interval(id=9)]))


def test_at_most_128_serials():
    single = {"grace_before": 0, "grace_after": 0, "early": 0}
    records = [interval(id=1, serials=128, **single), event(id=3, window=1)]
    check_grants(Grants(b"".join(records)))
    refused_table("129 serials", *(records + [interval(id=2, serials=1, **single)]))


def test_no_mix_of_check_digits_at_one_length():
    refused_table("8 digits typed as grant 1, check digit in one only", event(id=1, digits=7, check=True), event(id=2))
    refused_table("check digit in one only", event(id=1, digits=8, check=True), number(id=2, digits=9))
    check_grants(Grants(event(id=1, digits=8, check=True) + number(id=2, digits=8)))


def test_the_owners_length_is_the_owners():
    refused_table("typed length of the owner's, shared with grant 1", number(id=1, digits=12), owner())
    check_grants(Grants(owner() + owner(id=98) + number(id=1, digits=11)))


def test_a_grant_is_revoked_and_its_neighbours_are_not():
    packed = bytearray(event(id=1, digits=8, check=True) + event(id=2, sha256=True) + owner())
    table = Grants(packed)
    table.revoke(1)
    assert [table.revoked(i) for i in range(3)] == [False, True, False]
    assert table.sha256(1) and not table.check(1)
    assert bytes(packed[80:160]) == event(id=2, sha256=True, revoked=True)
    check_grants(table)
