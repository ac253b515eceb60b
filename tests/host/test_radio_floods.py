"""What others can make the lock write by radio: bounded by the day, whoever they are."""

import pytest

from firmware.core.packing import pack_grant
from firmware.core.words import EVENT
from firmware.limits import ALL_CHANGES, CHANGES, COMMANDS
from firmware.net import messages as m
from host_sim.runtime import RUNTIMES
from tests.host.radio_lock import CARRIER, GATEWAY, GUEST, next_check_in, radio_lock
from tests.host.test_changes_at_the_door import waiting
from tools.protocol.messages import Hello

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))


def kinds(lock, before=0):
    return [event["kind"] for event in lock.log()][before:]


@BOTH
def test_a_hostile_broker_gets_few_events_into_the_log_in_a_day(runtime):
    with radio_lock(runtime, {"often_s": 1200, "rarely_s": 1200}) as (lock, peer):
        before, said = len(lock.log()), len(peer.issuers.of(Hello))
        junk = [
            b"",
            bytes(40),
            peer.issuers.seal(GUEST, m.IDENTIFY)[:-1],
            peer.issuers.seal(GUEST, m.IDENTIFY, counter=0),
        ]
        for n in range(70):
            peer.issuers.silent = n % 3 == 2
            peer.waiting += junk[n % 4 :]
            peer.present = n % 7 != 0
            lock.wait(1200)
        assert len(peer.issuers.of(Hello)) - said > 25
        assert len(lock.log()) - before <= 8
        assert {"ignored", "radio"} <= set(kinds(lock, before))


@BOTH
def test_an_issuer_has_so_many_commands_a_day_and_the_rest_cost_nothing(runtime):
    with radio_lock(runtime, {"rarely_s": 3600}) as (lock, peer):
        before = len(lock.log())
        done = 0
        for _ in range(COMMANDS + 4):
            for _ in range(9):
                peer.issuers.order(GUEST, m.IDENTIFY)
            words = len(peer.issuers.words(GUEST))
            next_check_in(lock, peer)
            found = peer.issuers.words(GUEST)[words:]
            assert set(found[1:]) == {m.RETRY}
            done += found[0] == m.DONE
            counters = {c.sender: c.counter for c in peer.issuers.of(Hello)[-1].counters}
            if lock.now - 86400 > peer.issuers.of(Hello)[0].t:
                break
        assert 20 <= done <= COMMANDS + 2
        assert counters[GUEST] < COMMANDS * 10
        assert kinds(lock, before).count("command") == done
        assert kinds(lock, before).count("undone") <= 2
        assert len(lock.log()) - before <= COMMANDS + 8


@BOTH
def test_changes_by_issuers_who_own_nothing_are_few_and_the_owner_has_no_limit(runtime):
    with radio_lock(runtime) as (lock, peer):

        def put(number, first, count):
            for n in range(first, first + count):
                record = pack_grant(id=40 + n, kind=EVENT, key=bytes([n]) * 20, digits=8, check=True, issuer=number)
                peer.issuers.order(number, m.PUT_GRANT, record)
            before = len(peer.issuers.words(number))
            next_check_in(lock, peer)
            return peer.issuers.words(number)[before:].count(m.RETRY)

        assert put(GUEST, 0, CHANGES + 1) == 1
        assert put(CARRIER, 10, CHANGES) == 2 * CHANGES - ALL_CHANGES
        assert put(CARRIER, 20, 1) == 1
        for _ in range(ALL_CHANGES + 1):
            peer.issuers.order(GATEWAY, m.REVOKE_GRANT, 40)
        next_check_in(lock, peer)
        assert m.RETRY not in peer.issuers.words(GATEWAY)
        lock.wait(86400)
        assert put(GUEST, 30, 1) == 0


@BOTH
def test_orders_about_an_entry_that_waits_count_but_for_the_first_of_each_issuer(runtime):
    with radio_lock(runtime) as (lock, peer):
        entry = waiting(lock, peer).waiting
        for _ in range(COMMANDS + 9):
            peer.publish(peer.issuers.seal(CARRIER, m.REFUSE_ENTRY, entry.boots, entry.number + 1))
        assert lock.run_until(lambda: len(peer.issuers.words(CARRIER)) == COMMANDS + 9, 20)
        assert peer.issuers.words(CARRIER) == [m.STALE] * (COMMANDS + 1) + [m.RETRY] * 8
        peer.publish(peer.issuers.seal(GATEWAY, m.APPROVE_ENTRY, entry.boots, entry.number))
        assert lock.run_until(lambda: lock.openings == 1, 10), "nobody else is kept from it"
        assert lock.run_until(lambda: not lock.awake, 90)
        entry = waiting(lock, peer).waiting
        peer.publish(peer.issuers.seal(CARRIER, m.APPROVE_ENTRY, entry.boots, entry.number))
        assert lock.run_until(lambda: lock.openings == 2, 10), "nor he himself from settling the next one"
