"""What the radio must withstand: replays, stalls, nonsense, other brokers. The keypad works throughout."""

from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.calling import BANKS
from firmware.core.packing import pack_grant
from firmware.core.words import EVENT
from firmware.net import link as links
from firmware.net import messages as m
from firmware.store.vault import Vault
from host_sim.devices import Namespace
from host_sim.runtime import RUNTIMES
from host_sim.world.ends import FaultyEnd, ScriptedEnd
from tests.host.peer import KEYS
from tests.host.radio_lock import CARRIER, GATEWAY, GUEST, checked_in, next_check_in, radio_lock
from tools.protocol.messages import Bye, Hello, Result

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))


def opens(lock):
    """Whether a good code opens the door, which then locks itself."""
    before = lock.openings
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    found = lock.run_until(lambda: lock.openings > before, 3)
    assert lock.run_until(lambda: lock.bolt == "locked", 60)
    return found


def reasons(lock):
    """Why check-ins came to nothing, as the log has it, without those that were as the settings say."""
    return [event["detail"] for event in lock.log() if event["kind"] == "radio" and event["detail"] != 100]


def call(lock, peer):
    """A courier calls; the nonce of the check-in."""
    hellos = len(peer.issuers.of(Hello, CARRIER))
    lock.wake()
    lock.type(lock.issue("caller") + "#")
    assert lock.run_until(lambda: len(peer.issuers.of(Hello, CARRIER)) > hellos, 10)
    lock.wait(1)
    return peer.issuers.nonce


@BOTH
def test_a_captured_unlock_opens_nothing_a_second_time(runtime):
    with radio_lock(runtime) as (lock, peer):
        nonce = call(lock, peer)
        captured = peer.issuers.seal(CARRIER, m.UNLOCK_NOW, *nonce, int(lock.now) + 86400)
        peer.publish(captured)
        peer.publish(captured)
        assert checked_in(lock, peer, 60)
        assert lock.openings == 1
        peer.publish(captured)
        next_check_in(lock, peer)
        assert peer.issuers.of(Bye)[-1].ignored == 1
        lock.cut_power()
        peer.publish(captured)
        lock.wait(5)
        lock.restore_power()
        assert checked_in(lock, peer, 60)
        again = peer.issuers.seal(CARRIER, m.UNLOCK_NOW, *nonce, int(lock.now) + 86400)
        peer.publish(again)  # fresh, but for a check-in that is over
        next_check_in(lock, peer)
        assert peer.issuers.words(CARRIER) == [m.DONE, m.STALE]
        assert lock.openings == 1


@BOTH
def test_a_retained_unlock_at_each_connect_does_nothing(runtime):
    with radio_lock(runtime) as (lock, peer):
        nonce = call(lock, peer)
        retained = peer.issuers.seal(CARRIER, m.UNLOCK_NOW, *nonce, int(lock.now) + 86400)
        assert checked_in(lock, peer, 100)
        for _ in range(3):
            peer.waiting.append(retained)
            next_check_in(lock, peer)
        assert lock.openings == 0
        assert peer.issuers.words(CARRIER) == [m.STALE]


@BOTH
def test_a_message_that_comes_again_because_its_puback_was_lost(runtime):
    with radio_lock(runtime) as (lock, peer):
        nonce = call(lock, peer)
        message = peer.issuers.seal(CARRIER, m.UNLOCK_NOW, *nonce, int(lock.now) + 86400)
        acknowledged = peer.acknowledged
        peer.publish(message)
        peer.ends[-1].closed = True  # and the connection is gone
        assert lock.run_until(lambda: lock.openings == 1, 5)
        assert lock.run_until(lambda: not lock.awake, 60)
        assert peer.acknowledged == acknowledged
        peer.ends[-1].ready = False
        peer.waiting.append(message)
        next_check_in(lock, peer)
        assert peer.acknowledged > acknowledged
        assert lock.openings == 1


@BOTH
def test_an_issuer_who_was_revoked_still_publishes_and_is_not_heard(runtime):
    with radio_lock(runtime) as (lock, peer):
        peer.issuers.order(GATEWAY, m.REVOKE_ISSUER, GUEST)
        next_check_in(lock, peer)
        record = pack_grant(id=40, kind=EVENT, key=b"k" * 20, digits=8, check=True, issuer=GUEST)
        peer.publish(peer.issuers.seal(GUEST, m.PUT_GRANT, record))
        next_check_in(lock, peer)
        bye = peer.issuers.of(Bye)[-1]
        assert (bye.answered, bye.ignored, bye.why) == (0, 1, 2)
        assert peer.issuers.words(GUEST) == []
        assert [event["detail"] for event in lock.log() if event["kind"] == "ignored"] == [2]


@BOTH
def test_somebody_takes_the_locks_place_at_the_broker(runtime):
    with radio_lock(runtime) as (lock, peer):
        call(lock, peer)
        peer.ends[-1].closed = True
        assert lock.run_until(lambda: not lock.awake, 30)
        assert reasons(lock) == [links.BROKER]
        assert opens(lock)
        next_check_in(lock, peer)
        assert peer.issuers.of(Hello)[-1].nonce > peer.issuers.of(Hello)[-2].nonce


@BOTH
def test_every_foreign_forged_and_misdirected_message_is_ignored_and_told_once(runtime):
    with radio_lock(runtime) as (lock, peer):
        issuers = peer.issuers
        good = issuers.seal(GATEWAY, m.MUTE, 1)
        flipped = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
        for message in (*flipped, b"", b"\xdb", bytes(31), bytes(1100), good[:-1], good + b"\0"):
            peer.waiting.append(message)
        next_check_in(lock, peer)
        assert issuers.of(Bye)[-1].answered == 0
        assert issuers.of(Bye)[-1].ignored == len(good) + 6
        assert len([event for event in lock.log() if event["kind"] == "ignored"]) == 1
        peer.waiting.append(good)
        next_check_in(lock, peer)
        assert issuers.words() == [m.DONE]


@BOTH
def test_an_unlock_that_has_expired(runtime):
    with radio_lock(runtime) as (lock, peer):
        nonce = call(lock, peer)
        peer.publish(peer.issuers.seal(CARRIER, m.UNLOCK_NOW, *nonce, int(lock.now)))
        assert checked_in(lock, peer, 100)
        assert peer.issuers.words(CARRIER) == [m.EXPIRED]
        assert lock.openings == 0


@BOTH
def test_who_may_not_is_refused_and_the_log_says_so_once(runtime):
    with radio_lock(runtime) as (lock, peer):
        for _ in range(5):
            peer.issuers.order(GUEST, m.MUTE, 1)
        next_check_in(lock, peer)
        assert peer.issuers.words(GUEST) == [m.REFUSED] * 5
        undone = [event for event in lock.log() if event["kind"] == "undone"]
        assert [(event["issuer"], event["count"], event["detail"]) for event in undone] == [("guest", 5, m.REFUSED)]


@contextmanager
def asleep(runtime):
    """(lock, peer, snapshot) of a lock that has checked in once, shortly before it will again."""
    with radio_lock(runtime) as (lock, peer):
        assert lock.run_until(lambda: lock.world.radio.state != "off", 7200)
        assert checked_in(lock, peer, 60)
        lock.wait(3200)
        assert not lock.awake
        yield lock, peer, lock.snapshot()


def shaken(lock, snapshot, end):
    """Let the lock check in with `end`, type a good code meanwhile, and see that both come to their end."""
    lock.go_back(snapshot)
    lock.world.network.routes["10.0.0.2", 1883] = end
    lock.world.network.patience_s = 0
    assert lock.run_until(lambda: lock.world.radio.state == "up", 1000)
    began = lock.now
    lock.press("*")  # where the check-in is over already, this wakes the lock
    lock.wait(0.6)
    lock.type(lock.issue("couriers", counter=0) + "#")
    assert lock.run_until(lambda: lock.openings == 1, 4)
    assert lock.run_until(lambda: not lock.awake, 60)
    assert lock.world.radio.state == "off"
    return lock.now - began


@pytest.mark.parametrize(
    ("runtime", "direction", "size", "every"),
    [
        ("cpython", "down", 160, 1),
        ("cpython", "up", 420, 5),
        ("micropython", "down", 160, 11),
        ("micropython", "up", 420, 31),
    ],
)
def test_a_broker_that_stalls_after_any_byte_keeps_neither_lock_nor_keypad(runtime, direction, size, every):
    with asleep(runtime) as (lock, peer, snapshot):
        lasted = []
        for count in range(0, size, every):
            peer.issuers.orders[:] = [(GATEWAY, m.IDENTIFY, ())]
            peer.waiting.clear()
            lasted.append(shaken(lock, snapshot, lambda n=count: FaultyEnd(peer.end(), **{direction: n})))
        assert max(lasted) < 20 + 15


class Babbler(ScriptedEnd):
    """Answers each packet of the lock with the next of `pieces`."""

    def __init__(self, pieces):
        super().__init__()
        self.pieces = list(pieces)

    def received(self, data):
        if self.pieces:
            self.say(self.pieces.pop(0))


CONNACK = st.sampled_from([b"\x20\x02\x01\x00", b"\x20\x02\x00\x00", b"\x20\x02\x00\x05"])
PACKETS = st.one_of(
    CONNACK,
    st.binary(max_size=60),
    st.builds(
        lambda kind, size, body: bytes([kind]) + size + body,
        st.sampled_from([0x30, 0x31, 0x32, 0x34, 0x3A, 0x36, 0x40, 0x50, 0x62, 0x90, 0xD0, 0xF0, 0x00]),
        st.sampled_from([b"\x00", b"\x05", b"\x7f", b"\xff\x7f", b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff\x7f"]),
        st.binary(max_size=80),
    ),
)


class Fuzzed:
    """A lock asleep, and the moment to come back to."""

    def __init__(self, lock, snapshot):
        self.lock, self.snapshot = lock, snapshot

    def sets(self):
        """What both vaults hold."""
        nvs = Namespace(self.lock.world.nvs, "dropbolt")
        return [Vault(nvs, banks).load() for banks in ("ab", BANKS)]


@pytest.fixture(scope="module", params=list(RUNTIMES))
def fuzzed(request):
    with asleep(request.param) as (lock, _, snapshot):
        yield Fuzzed(lock, snapshot)


@settings(max_examples=25)
@given(pieces=st.lists(PACKETS, max_size=6), first=CONNACK, then=st.lists(PACKETS, max_size=6))
def test_nonsense_of_any_kind_leaves_the_lock_as_it_was(fuzzed, pieces, first, then):
    lock = fuzzed.lock
    lock.go_back(fuzzed.snapshot)
    before = fuzzed.sets()
    assert shaken(lock, fuzzed.snapshot, lambda: Babbler([*pieces, first, *then])) < 20 + 15
    assert fuzzed.sets() == before
    assert lock.openings == 1


@BOTH
def test_where_tls_is_set_nothing_is_ever_said_without(runtime):
    radio = {"security": "certificate", "authority": b"DER", "port": 8883, "keys": KEYS}
    with radio_lock(runtime, radio=radio, peer=False) as (lock, peer):
        lock.world.network.routes["10.0.0.2", 1883] = peer.end  # in the open, beside a closed port
        lock.wait(60)
        assert peer.connects == 0
        assert reasons(lock) == [links.CERTIFICATE]  # that authority is none
        lock.wait(7200)
        assert peer.connects == 0


@BOTH
def test_without_tls_is_said_every_day(runtime):
    with radio_lock(runtime) as (lock, peer):
        for _ in range(3):
            next_check_in(lock, peer)
        assert [event["detail"] for event in lock.log() if event["kind"] == "radio"] == [100]
        lock.wait(86400)
        assert [event["detail"] for event in lock.log() if event["kind"] == "radio"] == [100, 100]


@BOTH
def test_a_cut_between_counter_and_bolt_opens_nothing_later(runtime):
    with radio_lock(runtime) as (lock, peer):
        nonce = call(lock, peer)
        message = peer.issuers.seal(CARRIER, m.UNLOCK_NOW, *nonce, int(lock.now) + 86400)
        lock.cut_at_flash_op(1, "all")
        peer.publish(message)
        lock.wait(10)
        assert not lock.powered
        assert lock.openings == 0
        peer.ends[-1].ready = False
        peer.waiting.append(message)
        lock.restore_power()
        assert checked_in(lock, peer, 60)
        assert lock.openings == 0
        assert peer.issuers.of(Result, CARRIER) == []
