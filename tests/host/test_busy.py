"""Where a check-in computes for long, nobody looks at the keypad: who is there is told, and no half an entry judged."""

import pytest

from firmware.core.words import DURESS, UNLOCK
from firmware.net import messages as m
from host_sim.chip import protocol
from host_sim.runtime import RUNTIMES
from host_sim.world.port import Port
from tests.host.radio_lock import CARRIER, GATEWAY, GRANTS, next_check_in, radio_lock
from tests.host.test_checkin_tls import locked, said_bye
from tools.protocol.messages import Hello

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))
SLOW = [protocol.NVS_SET_BLOB, protocol.NVS_SET_I32, protocol.NVS_ERASE, protocol.FLASH_ERASE, protocol.FLASH_PROGRAM]
WATCHDOG_S, SLOWEST_S = 8, 0.25
"""The chip's watchdog, and what one of these operations may take: an erase of 4 KiB, worn, and what it is for."""


def called(lock):
    """Somebody calls from the keypad, and is told that the lock is about to compute."""
    lock.wake()
    lock.type("0#")
    assert lock.run_until(lambda: lock.answer == "busy", 10)
    assert lock.answers[-2][1] == "accepted"  # to its end


@BOTH
def test_a_tls_handshake_is_announced_and_halves_no_entry(runtime, broker):
    with locked(runtime, broker, {"authority": broker.authority.der}) as (lock, issuers):
        said_bye(lock, issuers)
        told = len(issuers.of(Hello))
        called(lock)
        code = lock.issue("couriers")
        lock.type(code + "#")
        lock.wait(1)
        assert len(issuers.of(Hello)) == told + 1, "the handshake came later"
        assert lock.answer == "busy"
        assert lock.openings == 0
        assert lock.log()[-1]["attempt"] == 0
        lock.type(code + "#")
        assert lock.run_until(lambda: lock.openings == 1, 3)


@BOTH
def test_an_entry_under_way_comes_to_its_end_before_the_handshake(runtime, broker):
    with locked(runtime, broker, {"authority": broker.authority.der}) as (lock, issuers):
        said_bye(lock, issuers)
        lock.wake()
        lock.type("0#" + lock.issue("couriers") + "#")
        assert lock.run_until(lambda: lock.openings == 1, 3)


@BOTH
def test_a_change_of_the_set_waits_for_an_entry_under_way_and_is_announced(runtime):
    with radio_lock(runtime) as (lock, peer):
        told = len(peer.issuers.of(Hello, CARRIER))
        lock.wake()
        lock.type("0#")
        assert lock.run_until(lambda: len(peer.issuers.of(Hello, CARRIER)) > told, 10)
        lock.wait(2)
        code = lock.issue("couriers")
        lock.type(code[:2])
        peer.publish(peer.issuers.seal(GATEWAY, m.SET_SETTINGS, {"relock_s": 7}))
        lock.type(code[2:])
        assert peer.issuers.words() == []
        lock.type("#")
        assert lock.run_until(lambda: peer.issuers.words() == [m.DONE], 10)
        lock.wait(1)
        names = [name for _, name in lock.answers]
        assert names.index("opened") < names.index("busy")
        assert lock.openings == 1


@BOTH
def test_nobody_there_is_told_nothing(runtime):
    with radio_lock(runtime) as (lock, peer):
        before = len(lock.world.signals.edges)
        peer.issuers.order(GATEWAY, m.MUTE, 1)
        next_check_in(lock, peer)
        assert peer.issuers.words() == [m.DONE]
        assert len(lock.world.signals.edges) == before


@BOTH
def test_duress_is_told_without_a_sign_at_the_door_over_tls_too(runtime, broker):
    grants = [*GRANTS, {"label": "forced", "kind": "event", "digits": 8, "check": True, "permissions": UNLOCK | DURESS}]
    seen = {}
    for label in ("couriers", "forced"):
        with locked(runtime, broker, {"authority": broker.authority.der}, grants=grants) as (lock, issuers):
            said_bye(lock, issuers)
            told = len(issuers.of(Hello))
            issuers.order(GATEWAY, m.MUTE, 1)
            issuers.order(GATEWAY, m.IDENTIFY)
            lock.wake()
            lock.type(lock.issue(label) + "#")
            lock.wait(40)
            assert len(issuers.of(Hello)) == told + (label == "forced")
            seen[label] = [edge[1:] for edge in lock.world.signals.edges]
    assert seen["forced"] == seen["couriers"]


def test_a_call_after_a_code_under_duress_sounds_like_any_call(broker):
    grants = [*GRANTS, {"label": "forced", "kind": "event", "digits": 8, "check": True, "permissions": UNLOCK | DURESS}]
    heard = {}
    for label in ("couriers", "forced"):
        with locked("cpython", broker, {"authority": broker.authority.der}, grants=grants) as (lock, issuers):
            said_bye(lock, issuers)
            lock.wake()
            answers = len(lock.answers)
            lock.type(lock.issue(label) + "#")
            assert lock.run_until(lambda: lock.openings == 1, 3)
            lock.wait(2)
            lock.type("0#")
            lock.wait(5)
            heard[label] = [name for _, name in lock.answers[answers:]]
    assert "busy" in heard["couriers"]
    assert heard["forced"] == heard["couriers"]


@BOTH
def test_the_watchdog_is_fed_while_a_set_is_changed(runtime, monkeypatch):
    counts, answer = {}, Port.answer

    def counted(port, operation, now, fed, *request):
        counts[fed] = counts.get(fed, 0) + (operation in SLOW)
        return answer(port, operation, now, fed, *request)

    grants = [{"label": f"g{n}", "kind": "event", "digits": 8, "check": True, "window": 4} for n in range(64)]
    options = {"grants": grants, "settings": {"risk_one_in": 10, "buckets": [[9, 3, 172_800]]}}
    with radio_lock(runtime, **options) as (lock, peer):
        peer.issuers.order(GATEWAY, m.PUT_ISSUER, 20, UNLOCK, 1, 1, b"n" * 32, "new")
        peer.issuers.order(GATEWAY, m.REVOKE_ISSUER, 20)
        monkeypatch.setattr(Port, "answer", counted)
        next_check_in(lock, peer)
        assert peer.issuers.words() == [m.DONE, m.DONE]
        assert 0 < max(counts.values()) * SLOWEST_S <= WATCHDOG_S / 2
