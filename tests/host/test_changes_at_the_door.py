"""What a change of the set by radio does to what lasts at the door: an entry that waits, a bolt that is held open."""

import json

import pytest

from firmware.calling import BANKS
from firmware.core.grants import GRANT_SIZE
from firmware.core.packing import pack_grant
from firmware.core.words import APPROVE, EVENT, HOLD_OPEN, OWNER, REMOTE, SERVICE, UNLOCK
from firmware.logbook import FAULTS
from firmware.net import messages as m
from firmware.store import PROGRAM
from firmware.store.vault import Vault
from host_sim.devices import Namespace
from host_sim.provision import Issuer, LockConfig
from host_sim.runtime import RUNTIMES
from host_sim.world.nvs import NvsError
from tests.host.radio_lock import CARRIER, GATEWAY, GRANTS, GUEST, checked_in, next_check_in, radio_lock
from tools.protocol.messages import Hello

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
OWNERS_CODE = "918273645546"
OWNERS = {"label": "owner", "kind": "number", "number": OWNERS_CODE, "uses": 0, "permissions": UNLOCK | OWNER}
WAITS = 3  # number of the grant whose codes wait for an approval
OTHER = pack_grant(id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, issuer=GUEST, label="new")
VALID_FROM, VALID_UNTIL = 20, 24  # where they stand in a grant's record


def waiting(lock, peer):
    """Type a code that waits for an approval; the hello that tells of it."""
    told = len(peer.issuers.of(Hello, CARRIER))
    lock.wake()
    lock.type(lock.issue("both") + "#")
    assert lock.run_until(lambda: len(peer.issuers.of(Hello, CARRIER)) > told, 10)
    hello = peer.issuers.of(Hello, CARRIER)[-1]
    assert hello.waiting.number
    lock.wait(1)
    return hello


def answered(lock, peer, number, kind, *fields):
    """How a command ends that is sent while the lock listens."""
    before = len(peer.issuers.words(number))
    peer.publish(peer.issuers.seal(number, kind, *fields))
    assert lock.run_until(lambda: len(peer.issuers.words(number)) > before, 10)
    return peer.issuers.words(number)[-1]


def late(lock, peer, number, kind, *fields):
    """How a command ends that is there at the next check-in."""
    peer.publish(peer.issuers.seal(number, kind, *fields))
    next_check_in(lock, peer)
    return peer.issuers.words(number)[-1]


def asleep(lock):
    assert lock.run_until(lambda: not lock.awake, 90)


@BOTH
@pytest.mark.parametrize(
    ("number", "kind", "fields"),
    [
        (GATEWAY, m.MUTE, (1,)),
        (GATEWAY, m.SET_SETTINGS, ({"relock_s": 7},)),
        (GUEST, m.PUT_GRANT, (OTHER,)),
        (GATEWAY, m.REVOKE_GRANT, (1,)),
        (GATEWAY, m.REVOKE_ISSUER, (GUEST,)),
    ],
    ids=["mute", "settings", "put grant", "revoke grant", "revoke issuer"],
)
def test_an_entry_that_waits_outlives_a_change_of_something_else(runtime, number, kind, fields):
    with radio_lock(runtime) as (lock, peer):
        entry = waiting(lock, peer).waiting
        assert answered(lock, peer, number, kind, *fields) == m.DONE
        assert answered(lock, peer, CARRIER, m.APPROVE_ENTRY, entry.boots, entry.number) == m.DONE
        assert lock.openings == 1
        asleep(lock)
        lock.wake()
        lock.type(lock.issue("both", counter=0) + "#")
        lock.wait(2)
        assert lock.answer == "used"


@BOTH
@pytest.mark.parametrize(
    ("kind", "fields"), [(m.REVOKE_GRANT, (WAITS,)), (m.REVOKE_ISSUER, (CARRIER,))], ids=["grant", "issuer"]
)
def test_an_entry_whose_grant_is_revoked_waits_no_more_and_both_ends_are_told(runtime, kind, fields):
    with radio_lock(runtime) as (lock, peer):
        entry = waiting(lock, peer).waiting
        assert lock.answer == "accepted"
        assert answered(lock, peer, GATEWAY, kind, *fields) == m.DONE
        lock.wait(3)
        assert lock.answer == "owner"
        asleep(lock)
        assert late(lock, peer, GATEWAY, m.APPROVE_ENTRY, entry.boots, entry.number) == m.STALE
        assert lock.openings == 0
        told = [event for event in lock.log() if event["attempt"] == entry.number and event["kind"] == "entry"]
        assert [event["decision"] for event in told] == ["approval", "revoked"]
        assert [event["grant"] for event in told] == ["both", "both"]


@BOTH
def test_an_entry_whose_grant_becomes_another_waits_no_more(runtime):
    with radio_lock(runtime) as (lock, peer):
        lock.wake()
        hello = waiting(lock, peer)
        table = bytes(Vault(Namespace(lock.world.nvs, "dropbolt")).load()[1])
        record = table[(WAITS - 1) * GRANT_SIZE : WAITS * GRANT_SIZE]
        longer = record[:VALID_UNTIL] + b"\xff\xff\xff\x7f" + record[VALID_UNTIL + 4 :]
        assert answered(lock, peer, GATEWAY, m.PUT_GRANT, longer) == m.DONE
        asleep(lock)
        assert lock.answer == "owner"
        assert late(lock, peer, CARRIER, m.APPROVE_ENTRY, hello.waiting.boots, hello.waiting.number) == m.STALE
        assert lock.openings == 0


@BOTH
def test_an_entry_waits_no_more_once_another_grant_that_has_its_digits_has_changed(runtime):
    same = {"key": b"k" * 20, "digits": 8, "kind": "event"}
    digits = Issuer(LockConfig(grants=[same | {"label": "both"}])).code("both", 0, counter=0)
    twin = {"label": "twin", "kind": "number", "number": digits, "issuer": GUEST}
    grants = [same | {"label": "both", "second": REMOTE, "issuer": CARRIER}, twin | {"valid_from": 4_000_000_000}]
    with radio_lock(runtime, grants=grants) as (lock, peer):
        entry = waiting(lock, peer).waiting
        record = Vault(Namespace(lock.world.nvs, "dropbolt")).load()[1][GRANT_SIZE:]
        now_open = bytes(record[:VALID_FROM]) + bytes(4) + bytes(record[VALID_FROM + 4 :])
        assert answered(lock, peer, GATEWAY, m.PUT_GRANT, now_open) == m.DONE
        asleep(lock)
        assert late(lock, peer, CARRIER, m.APPROVE_ENTRY, entry.boots, entry.number) == m.STALE
        for openings, answer in ((1, "opened"), (1, "used")):
            lock.wake()
            lock.type(digits + "#")
            lock.wait(2)
            assert (lock.openings, lock.answer) == (openings, answer)


@BOTH
def test_a_second_code_outlives_a_change_of_something_else_and_not_one_of_its_own_grant(runtime):
    grants = [
        {"label": "first", "kind": "event", "digits": 8, "check": True, "second": 2},
        {"label": "second", "kind": "event", "digits": 8, "check": True, "permissions": APPROVE},
        {"label": "other", "kind": "event", "digits": 8, "check": True},
    ]
    with radio_lock(runtime, grants=grants) as (lock, peer):
        for revoked, openings in ((3, 1), (2, 1)):
            lock.wake()
            lock.type("0#")
            lock.wait(4)
            lock.type(lock.issue("first") + "#")
            lock.wait(2)
            assert answered(lock, peer, GATEWAY, m.REVOKE_GRANT, revoked) == m.DONE
            lock.type(lock.issue("second") + "#")
            lock.wait(4)
            assert lock.openings == openings
            lock.run_until(lambda: not lock.awake, 120)


@BOTH
def test_the_approval_of_a_code_that_does_not_open_is_done_too(runtime):
    grants = [{"label": "both", "kind": "event", "digits": 8, "check": True, "permissions": SERVICE, "second": REMOTE}]
    with radio_lock(runtime, grants=grants) as (lock, peer):
        entry = waiting(lock, peer).waiting
        assert answered(lock, peer, CARRIER, m.APPROVE_ENTRY, entry.boots, entry.number) == m.DONE
        lock.wait(2)
        lock.type("2#")  # the battery's state, from the menu
        lock.wait(8)
        assert lock.openings == 0
        asleep(lock)
        assert [event["decision"] for event in lock.log() if event["kind"] == "entry"] == ["approval", "accepted"]
        assert [event["kind"] for event in lock.log()].count("service") == 1


@BOTH
def test_who_approves_is_told_that_the_batteries_would_not_move_the_bolt_after_all(runtime, monkeypatch):
    with radio_lock(runtime) as (lock, peer):
        entry = waiting(lock, peer).waiting
        program, written = lock.world.flash.program, []

        def counted(address, data):
            program(address, data)
            written.append(address)
            if len(written) == 2:  # the counter of the command, the burn
                lock.battery(4300)

        monkeypatch.setattr(lock.world.flash, "program", counted)
        assert answered(lock, peer, CARRIER, m.APPROVE_ENTRY, entry.boots, entry.number) == m.REFUSED
        assert lock.openings == 0
        assert [event["decision"] for event in lock.log() if event["kind"] == "entry"] == ["approval", "battery"]


@BOTH
@pytest.mark.parametrize("kind", [m.UNLOCK_NOW, m.APPROVE_ENTRY], ids=["unlock", "approve"])
def test_whoever_opens_by_radio_is_told_that_the_bolt_is_stuck(runtime, kind):
    with radio_lock(runtime) as (lock, peer):
        hello = waiting(lock, peer)
        lock.jam()
        live, entry = hello.nonce, hello.waiting
        fields = (live.boots, live.number, int(lock.now) + 60) if kind == m.UNLOCK_NOW else (entry.boots, entry.number)
        assert answered(lock, peer, CARRIER, kind, *fields) == m.REFUSED
        assert lock.openings == 0
        lock.jam(False)
        asleep(lock)
        assert "jammed" in [event["decision"] for event in lock.log() if event["kind"] == "entry"]


@BOTH
def test_an_entry_that_comes_while_the_lock_listens_is_told_at_once(runtime):
    with radio_lock(runtime) as (lock, peer):
        told = len(peer.issuers.of(Hello, CARRIER))
        lock.wake()
        lock.type("0#")
        assert lock.run_until(lambda: len(peer.issuers.of(Hello, CARRIER)) > told, 10)
        lock.wait(5)
        began = lock.now
        hello = waiting(lock, peer)
        assert lock.now - began < 8
        assert hello.reason == m.BY_ENTRY
        entry = hello.waiting
        assert answered(lock, peer, CARRIER, m.APPROVE_ENTRY, entry.boots, entry.number) == m.DONE
        assert lock.openings == 1


@BOTH
def test_an_entry_that_is_typed_again_while_it_waits_is_told_again(runtime):
    with radio_lock(runtime) as (lock, peer):
        first = waiting(lock, peer).waiting
        second = waiting(lock, peer).waiting
        assert second.number > first.number
        assert answered(lock, peer, CARRIER, m.APPROVE_ENTRY, first.boots, first.number) == m.STALE
        assert answered(lock, peer, CARRIER, m.APPROVE_ENTRY, second.boots, second.number) == m.DONE
        assert lock.openings == 1


# A bolt that is held open

HOLDER = {"label": "holder", "kind": "event", "digits": 8, "check": True, "permissions": UNLOCK | HOLD_OPEN}
HOLDS = 4


def held(lock):
    """Open by a code that holds the bolt open, and see that it does."""
    lock.wake()
    lock.type(lock.issue("holder") + "#")
    assert lock.run_until(lambda: lock.openings == 1, 4)
    lock.wait(60)
    assert lock.bolt == "unlocked"


def holding(runtime):
    grants = [*GRANTS, {**HOLDER, "issuer": GUEST}, OWNERS]
    issuers = [
        [GATEWAY, "gateway", 127, 64],
        [CARRIER, "carrier", 127, 64],
        [GUEST, "guest", UNLOCK | HOLD_OPEN, 64],
    ]
    settings = {"issuers": issuers, "hold_s": 43200}
    return radio_lock(runtime, grants=grants, settings=settings)


@BOTH
@pytest.mark.parametrize(
    ("kind", "fields"), [(m.REVOKE_GRANT, (HOLDS,)), (m.REVOKE_ISSUER, (GUEST,))], ids=["grant", "issuer"]
)
def test_a_bolt_held_open_by_what_is_revoked_locks(runtime, kind, fields):
    with holding(runtime) as (lock, peer):
        held(lock)
        peer.issuers.order(GATEWAY, kind, *fields)
        next_check_in(lock, peer)
        assert lock.run_until(lambda: lock.bolt == "locked", 30)
        assert [event["detail"] for event in lock.log() if event["kind"] == "held"] == [1, 2]


@BOTH
def test_a_bolt_held_open_by_what_is_revoked_waits_for_the_door(runtime):
    with holding(runtime) as (lock, peer):
        held(lock)
        lock.door("open")
        peer.issuers.order(GATEWAY, m.REVOKE_GRANT, HOLDS)
        assert checked_in(lock, peer, 7200)
        lock.wait(5)
        assert lock.bolt == "unlocked"
        lock.door("closed")
        assert lock.run_until(lambda: lock.bolt == "locked", 30)


@BOTH
def test_a_bolt_held_open_by_another_grant_stays_so(runtime):
    with holding(runtime) as (lock, peer):
        held(lock)
        peer.issuers.order(GATEWAY, m.REVOKE_GRANT, 1)
        next_check_in(lock, peer)
        lock.wait(60)
        assert lock.bolt == "unlocked"
        assert [event["detail"] for event in lock.log() if event["kind"] == "held"] == [1]


@BOTH
def test_a_bolt_held_open_by_what_the_owner_revokes_at_the_keypad_locks(runtime):
    with holding(runtime) as (lock, peer):
        held(lock)
        lock.wake()
        lock.type(OWNERS_CODE + "#")
        lock.wait(20)
        lock.type(f"81#{HOLDS}#")
        assert lock.run_until(lambda: lock.bolt == "locked", 30)
        assert [event["detail"] for event in lock.log() if event["kind"] == "held"] == [1, 2]


@BOTH
def test_an_error_of_flash_in_the_midst_of_a_change_is_told_with_its_time(runtime, monkeypatch):
    with radio_lock(runtime) as (lock, peer):
        nvs = lock.world.nvs
        write = nvs.set_blob

        def fails(namespace, key, data):
            if key[0] in BANKS:
                raise NvsError("ESP_ERR_NVS_INVALID_NAME")
            write(namespace, key, data)

        monkeypatch.setattr(nvs, "set_blob", fails)
        assert late(lock, peer, GATEWAY, m.PUT_ISSUER, 12, UNLOCK, 20, 1, b"n" * 32, "new") == m.STORAGE
        (told,) = [event for event in lock.log() if event["kind"] == "fault"]
        assert told["detail"] == FAULTS.index(PROGRAM)
        assert abs(told["t"] - lock.now) < 60


@BOTH
def test_a_lock_that_was_muted_at_the_keypad_is_unmuted_by_radio_in_the_same_wake(runtime):
    with radio_lock(runtime, grants=[*GRANTS, OWNERS]) as (lock, peer):
        lock.wake()
        lock.wait(16)
        lock.wake()
        lock.type("0#")
        assert lock.run_until(lambda: len(peer.issuers.of(Hello, CARRIER)) == 1, 10)
        lock.type(OWNERS_CODE + "#")
        lock.wait(3)
        lock.type("5#")
        lock.wait(3)
        assert muted(lock)
        assert answered(lock, peer, GATEWAY, m.MUTE, 0) == m.DONE
        assert not muted(lock)
        assert answered(lock, peer, GATEWAY, m.MUTE, 0) == m.BEFORE


def muted(lock):
    """What the vault says."""
    return json.loads(Vault(Namespace(lock.world.nvs, "dropbolt")).load()[0])["mute"]
