"""A check-in from end to end: what the lock says, what commands do to it, and the keypad meanwhile."""

import pytest

from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.verify import otp_code
from firmware.core.words import DURESS, EVENT, LOST, OWNER, TRUSTED, UNLOCK
from firmware.net import messages as m
from host_sim.runtime import RUNTIMES
from tests.host.radio_lock import CARRIER, GATEWAY, GRANTS, GUEST, checked_in, next_check_in, radio_lock
from tools.protocol.messages import Bye, Events, Hello, Result
from tools.protocol.seal import Channel

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))


def opens(lock, keys):
    """Whether the bolt opens for what is typed; the door locks itself again."""
    before = lock.openings
    lock.wake()
    lock.type(keys)
    found = lock.run_until(lambda: lock.openings > before, 3)
    lock.wait(20)
    return found


def done(lock, peer, number, kind, *fields):
    """How a command ends that waits for the next check-in."""
    peer.issuers.order(number, kind, *fields)
    before = len(peer.issuers.words(number))
    next_check_in(lock, peer)
    (word,) = peer.issuers.words(number)[before:]
    return word


def events(lock, kind):
    return [event for event in lock.log() if event["kind"] == kind]


@BOTH
def test_the_first_check_in_tells_all_and_the_next_what_is_new(runtime):
    with radio_lock(runtime) as (lock, peer):
        issuers = peer.issuers
        (hello,) = issuers.of(Hello)
        assert hello.quality == TRUSTED
        assert abs(hello.t - lock.now) < 60
        assert hello.reason == m.BY_TIMER
        assert [(c.sender, c.epoch, c.counter) for c in hello.counters] == [(1, 1, 0), (7, 1, 0), (9, 1, 0)]
        assert opens(lock, lock.issue("couriers") + "#")
        assert len(issuers.of(Hello)) == 1  # an opening can wait until the next time
        next_check_in(lock, peer)
        hello = issuers.of(Hello)[-1]
        told = [record for said in issuers.of(Events) for record in said.records]
        log = lock.log()
        assert [int.from_bytes(body[6:10], "little") for body, _ in told] == list(range(1, hello.head[0] + 1))
        assert (hello.head[0], hello.attempts) == (log[-1]["sequence"], 1)
        assert issuers.of(Bye)[-1].ignored == 0


@BOTH
def test_a_check_in_costs_three_turnarounds(runtime):
    with radio_lock(runtime) as (lock, peer):
        for _ in range(2):
            peer.issuers.order(GATEWAY, m.IDENTIFY)
        before = lock.world.network.traffic.turnarounds
        next_check_in(lock, peer)
        assert lock.world.network.traffic.turnarounds == before + 3
        assert peer.issuers.words() == [m.DONE, m.DONE]


@BOTH
def test_a_lost_clock_is_set_by_the_reply_alone(runtime):
    with radio_lock(runtime) as (lock, peer):
        lock.set_clock(1_000_000_000)
        next_check_in(lock, peer)
        assert peer.issuers.of(Hello)[-1].quality == LOST
        next_check_in(lock, peer)
        hello = peer.issuers.of(Hello)[-1]
        assert hello.quality == TRUSTED
        assert hello.uncertainty <= 3


@BOTH
def test_grants_come_and_go_by_radio(runtime):
    with radio_lock(runtime) as (lock, peer):
        record = pack_grant(id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, issuer=GUEST, label="new")
        assert done(lock, peer, GUEST, m.PUT_GRANT, record) == m.DONE
        again = len(peer.issuers.words(GUEST))
        assert done(lock, peer, CARRIER, m.REVOKE_GRANT, 40) == m.REFUSED
        code = lock.issue("couriers")
        assert done(lock, peer, GATEWAY, m.REVOKE_GRANT, 1) == m.DONE
        assert not opens(lock, code + "#")
        assert lock.answer == "owner"
        assert done(lock, peer, GUEST, m.REVOKE_GRANT, 40) == m.DONE
        assert done(lock, peer, GUEST, m.PUT_GRANT, record) == m.REFUSED
        assert again == 1
        assert [event["issuer"] for event in events(lock, "command")] == ["guest", "gateway", "guest"]


@BOTH
def test_a_grant_that_was_put_opens_at_once(runtime):
    with radio_lock(runtime) as (lock, peer):
        record = pack_grant(id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, label="new")
        assert done(lock, peer, GATEWAY, m.PUT_GRANT, record) == m.DONE
        code = otp_code(Grants(record), 0, 0, 3, lock.lock_id)
        assert opens(lock, code + "#")
        assert not opens(lock, code + "#")


@BOTH
def test_issuers_are_put_and_revoked_with_all_that_is_theirs(runtime):
    with radio_lock(runtime) as (lock, peer):
        assert done(lock, peer, GATEWAY, m.PUT_ISSUER, 12, UNLOCK, 20, 1, b"n" * 32, "neighbour") == m.DONE
        next_check_in(lock, peer)
        assert 12 in [counter.sender for counter in peer.issuers.of(Hello)[-1].counters]
        code = lock.issue("caller")
        assert done(lock, peer, GATEWAY, m.REVOKE_ISSUER, CARRIER) == m.DONE
        next_check_in(lock, peer)
        assert CARRIER not in [counter.sender for counter in peer.issuers.of(Hello)[-1].counters]
        assert not opens(lock, code + "#")
        assert lock.answer == "owner"
        assert done(lock, peer, GATEWAY, m.REVOKE_ISSUER, CARRIER) == m.BEFORE
        assert done(lock, peer, GATEWAY, m.REVOKE_ISSUER, 99) == m.UNKNOWN
        assert done(lock, peer, GATEWAY, m.REVOKE_ISSUER, GATEWAY) == m.REFUSED


@BOTH
def test_settings_change_within_their_bounds(runtime):
    with radio_lock(runtime) as (lock, peer):
        assert done(lock, peer, GATEWAY, m.SET_SETTINGS, {"relock_s": 20}) == m.DONE
        assert done(lock, peer, GATEWAY, m.SET_SETTINGS, {"relock_s": 20000}) == m.MALFORMED
        assert done(lock, peer, GATEWAY, m.SET_SETTINGS, {"mac": "00" * 16}) == m.REFUSED
        assert done(lock, peer, GATEWAY, m.SET_SETTINGS, {"buckets": [[9, 100, 60]]}) == m.REFUSED
        assert peer.issuers.of(Result)[-1].detail.startswith("risk")
        assert done(lock, peer, GUEST, m.SET_SETTINGS, {"relock_s": 30}) == m.REFUSED
        assert done(lock, peer, GATEWAY, m.MUTE, 1) == m.DONE
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        assert lock.run_until(lambda: lock.bolt == "unlocked", 3)
        lock.wait(15)
        assert lock.bolt == "unlocked"
        assert lock.run_until(lambda: lock.bolt == "locked", 10)


@BOTH
def test_codes_are_revoked_and_a_base_is_raised(runtime):
    with radio_lock(runtime) as (lock, peer):
        codes = [lock.issue("couriers", counter=counter) for counter in range(8)]
        assert done(lock, peer, GATEWAY, m.REVOKE_CODE, 1, 0, 2) == m.DONE
        assert done(lock, peer, GATEWAY, m.REVOKE_CODE, 1, 0, 2) == m.BEFORE
        assert done(lock, peer, GATEWAY, m.REVOKE_CODE, 77, 0, 2) == m.UNKNOWN
        assert not opens(lock, codes[2] + "#")
        assert done(lock, peer, GATEWAY, m.SET_BASE, 1, 6) == m.DONE
        assert done(lock, peer, GATEWAY, m.SET_BASE, 1, 5) == m.BEFORE
        assert not opens(lock, codes[5] + "#")
        assert opens(lock, codes[6] + "#")


@BOTH
def test_a_key_is_rotated_and_the_old_one_ends_with_the_first_use_of_the_new(runtime):
    with radio_lock(runtime) as (lock, peer):
        issuers = peer.issuers
        assert done(lock, peer, GUEST, m.ROTATE, GUEST, 2, b"2" * 32) == m.DONE
        assert done(lock, peer, GUEST, m.IDENTIFY) == m.DONE
        old = issuers.channels[GUEST]
        issuers.channels[GUEST] = Channel(b"2" * 32, lock.lock_id, GUEST, 2)
        issuers.counters[GUEST] = 0
        assert done(lock, peer, GUEST, m.IDENTIFY) == m.DONE
        peer.waiting.append(old.seal("down", m.IDENTIFY, 1000, b""))
        next_check_in(lock, peer)
        assert issuers.of(Bye)[-1].ignored == 1


@BOTH
def test_time_is_set_back_only_by_its_own_command(runtime):
    with radio_lock(runtime) as (lock, peer):
        truth = peer.issuers.now
        next_check_in(lock, peer)
        opens(lock, lock.issue("couriers") + "#")
        peer.issuers.now = lambda: truth() - 86400
        next_check_in(lock, peer)
        next_check_in(lock, peer)
        assert abs(peer.issuers.of(Hello)[-1].t - lock.now) < 60

        def set_time(hello):
            t = truth() - 86400
            nonce = hello.nonce.boots, hello.nonce.number
            peer.issuers.order(GATEWAY, m.SET_TIME, *nonce, int(t), 0, 500)

        peer.issuers.on_hello = set_time
        next_check_in(lock, peer)
        peer.issuers.on_hello = None
        assert peer.issuers.words()[-1] == m.DONE
        next_check_in(lock, peer)
        assert abs(peer.issuers.of(Hello)[-1].t - (lock.now - 86400)) < 60


@BOTH
def test_the_log_is_sent_again_from_where_it_is_wanted(runtime):
    with radio_lock(runtime) as (lock, peer):
        for _ in range(3):
            assert opens(lock, lock.issue("couriers") + "#")
        next_check_in(lock, peer)
        before = len(peer.issuers.of(Events))
        assert done(lock, peer, GATEWAY, m.SEND_LOG, 2) == m.DONE
        assert 2 in [said.first for said in peer.issuers.of(Events)[before:]]


@BOTH
def test_each_event_is_told_once_however_many_commands_come_while_the_lock_listens(runtime):
    with radio_lock(runtime) as (lock, peer):
        issuers = peer.issuers
        lock.wait(60)
        before, held, issuers.listen = len(issuers.of(Events)), issuers.have, 60
        assert lock.run_until(lambda: len(issuers.of(Hello)) == 2, 7200)
        for count in range(1, 6):
            lock.wait(2)
            peer.publish(issuers.seal(GATEWAY, m.IDENTIFY))
            assert lock.run_until(lambda count=count: len(issuers.words()) == count, 5)
        assert checked_in(lock, peer, 90)
        told = [body for said in issuers.of(Events)[before:] for body, _ in said.records]
        numbers = [int.from_bytes(body[6:10], "little") for body in told]
        assert len(numbers) >= 5
        assert numbers == list(range(held + 1, held + 1 + len(numbers)))


@BOTH
def test_a_called_lock_listens_until_it_is_unlocked(runtime):
    with radio_lock(runtime) as (lock, peer):
        lock.wake()
        lock.type(lock.issue("caller") + "#")
        assert lock.run_until(lambda: len(peer.issuers.of(Hello, CARRIER)) == 1, 10)
        hello = peer.issuers.of(Hello, CARRIER)[0]
        assert hello.reason == m.BY_CALL
        assert (hello.head[0], hello.attempts) == (0, 0)  # the owner's business
        lock.wait(30)
        assert lock.openings == 0
        expiry = int(lock.now) + 60
        peer.publish(peer.issuers.seal(CARRIER, m.UNLOCK_NOW, hello.nonce.boots, hello.nonce.number, expiry))
        assert lock.run_until(lambda: lock.openings == 1, 3)
        assert lock.run_until(lambda: peer.issuers.words(CARRIER) == [m.DONE] and not lock.awake, 30)
        assert lock.answers[-2][1] == "opened" or lock.answer == "locked"
        opened = [event for event in lock.log() if event["decision"] == "opened"]
        assert [event["issuer"] for event in opened] == ["carrier"]
        assert lock.world.radio.state == "off"


@BOTH
def test_a_call_that_nobody_answers_ends_in_time(runtime):
    with radio_lock(runtime) as (lock, peer):
        lock.wake()
        began = lock.now
        lock.type(lock.issue("caller") + "#")
        assert checked_in(lock, peer, 120)
        assert lock.now - began < 85 + 15
        assert lock.openings == 0


@BOTH
def test_a_call_without_a_code_has_a_budget(runtime):
    with radio_lock(runtime) as (lock, peer):
        answers = []
        for _ in range(4):
            lock.wake()
            lock.type("0#")
            lock.wait(2)
            answers.append(lock.answer)
            assert lock.run_until(lambda: not lock.awake, 120)
        assert answers == ["accepted", "accepted", "accepted", "later"]
        lock.cut_power()
        lock.wait(5)
        lock.restore_power()
        lock.wait(60)
        lock.wake()
        lock.type("0#")
        lock.wait(2)
        assert lock.answer == "later"
        assert [hello.reason for hello in peer.issuers.of(Hello)].count(m.BY_CALL) == 3


@BOTH
def test_an_entry_that_waits_is_approved_or_refused(runtime):
    with radio_lock(runtime) as (lock, peer):
        for kind, word, openings in ((m.APPROVE_ENTRY, "opened", 1), (m.REFUSE_ENTRY, "owner", 1)):
            hellos = len(peer.issuers.of(Hello, CARRIER))
            lock.wake()
            lock.type(lock.issue("both") + "#")
            lock.wait(1)
            assert lock.run_until(lambda hellos=hellos: len(peer.issuers.of(Hello, CARRIER)) > hellos, 10)
            hello = peer.issuers.of(Hello, CARRIER)[-1]
            assert hello.reason == m.BY_ENTRY
            message = peer.issuers.seal(CARRIER, kind, hello.waiting.boots, hello.waiting.number)
            answered = len(lock.answers)
            peer.publish(message)
            lock.run_until(lambda answered=answered: len(lock.answers) > answered, 5)
            assert word in [name for _, name in lock.answers[answered:]]
            assert lock.run_until(lambda: not lock.awake, 90)
            assert lock.openings == openings


@BOTH
def test_the_keypad_works_while_the_other_end_is_silent(runtime):
    with radio_lock(runtime) as (lock, peer):
        peer.issuers.silent = True
        hellos = len(peer.issuers.of(Hello))
        assert lock.run_until(lambda: len(peer.issuers.of(Hello)) > hellos, 7200)
        lock.type(lock.issue("couriers") + "#")
        assert lock.run_until(lambda: lock.openings == 1, 3)
        assert lock.awake
        assert lock.run_until(lambda: not lock.awake, 40)
        assert events(lock, "radio")[-1]["detail"] == 9


@BOTH
def test_duress_is_told_at_once_and_not_at_the_door(runtime):
    grants = [
        {"label": "couriers", "kind": "event", "digits": 8, "check": True},
        {"label": "forced", "kind": "event", "digits": 8, "check": True, "permissions": UNLOCK | DURESS},
    ]
    seen = {}
    for label in ("couriers", "forced"):
        with radio_lock(runtime, grants=grants) as (lock, peer):
            hellos = len(peer.issuers.of(Hello))
            answers = len(lock.answers)
            assert opens(lock, lock.issue(label) + "#")
            lock.wait(60)
            seen[label] = [name for _, name in lock.answers[answers:]]
            told = peer.issuers.of(Hello)[hellos:]
            assert [hello.reason for hello in told] == ([m.BY_EVENT] if label == "forced" else [])
    assert seen["forced"] == seen["couriers"]


@BOTH
def test_a_lockout_is_told_twice_a_day_at_most(runtime):
    with radio_lock(runtime) as (lock, peer):
        for _ in range(3):
            lock.wake()
            for counter in range(500, 512):
                lock.type(lock.issue("couriers", counter=counter) + "#")
                lock.wait(1)
            assert lock.run_until(lambda: not lock.awake, 60)
        assert [hello.reason for hello in peer.issuers.of(Hello)] == [m.BY_TIMER, m.BY_EVENT]  # power, one lockout


@BOTH
def test_a_lock_that_reaches_nobody_tries_more_and_more_rarely(runtime):
    with radio_lock(runtime, radio={"rarely_s": 3600}, peer=False) as (lock, _):
        lock.world.radio.access_point.up = False
        tried = []
        for _ in range(4):
            assert lock.run_until(lambda: lock.world.radio.state != "off", 4 * 86400)
            tried.append(lock.now)
            assert lock.run_until(lambda: lock.world.radio.state == "off", 30)
            assert lock.now - tried[-1] < 21
            assert lock.run_until(lambda: not lock.awake, 15)
        gaps = [int(b - a) for a, b in zip(tried, tried[1:], strict=False)]
        assert gaps == sorted(gaps)
        assert 6480 <= gaps[0] <= 7300
        assert gaps[2] > 25000
        assert [event["detail"] for event in events(lock, "radio")] == [1]


@BOTH
def test_an_issuer_that_the_owner_revokes_at_the_keypad_opens_nothing_in_the_check_in_under_way(runtime):
    owner = {"label": "owner", "kind": "number", "number": "918273645546", "uses": 0, "permissions": UNLOCK | OWNER}
    with radio_lock(runtime, grants=[*GRANTS, owner]) as (lock, peer):
        said = len(peer.issuers.of(Hello, CARRIER))
        lock.wake()
        lock.type("0#")
        assert lock.run_until(lambda: len(peer.issuers.of(Hello, CARRIER)) > said, 10)
        nonce = peer.issuers.of(Hello, CARRIER)[-1].nonce
        lock.type("918273645546#")
        assert lock.run_until(lambda: lock.openings == 1 and lock.bolt == "locked", 25)
        lock.type(f"82#{CARRIER}#")
        lock.wait(2)
        peer.publish(peer.issuers.seal(CARRIER, m.UNLOCK_NOW, nonce.boots, nonce.number, int(lock.now) + 60))
        assert lock.run_until(lambda: not lock.awake, 120)
        assert lock.openings == 1
        assert [event["issuer"] for event in lock.log() if event["kind"] == "revocation"] == ["carrier"]
