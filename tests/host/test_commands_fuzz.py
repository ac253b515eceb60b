"""A broker that does as it likes: drops, repeats, reorders, changes, invents messages, over several check-ins."""

import struct

from commanded import CARRIER, GATEWAY, GUEST, LOCK, NOW, Lock, sealed
from hypothesis import given
from hypothesis import strategies as st

from firmware.net import messages as m
from firmware.net.orders import COMMANDS
from tools.protocol.seal import Header

NONCES = [(12, 345), (12, 346), (13, 0)]
KINDS = st.sampled_from((*COMMANDS, m.SET_SETTINGS, 0, m.RESULT, 200))


def genuine():
    """Messages that senders have sealed, in the order of their counters; each is one that may do something."""
    made = []
    for check_in, nonce in enumerate(NONCES):
        pair, counter = struct.pack("<II", *nonce), 10 * check_in
        made.append(sealed(GATEWAY, counter, m.REPLY, pair + struct.pack("<IHHBIB", NOW, 0, 0, 0, 0, 0)))
        made.append(sealed(CARRIER, counter + 1, m.UNLOCK_NOW, pair + struct.pack("<I", NOW + 60)))
        made.append(sealed(GATEWAY, counter + 1, m.UNLOCK_NOW, pair + struct.pack("<I", NOW + 60)))
        made += [sealed(GUEST, counter + k, m.IDENTIFY) for k in range(1, 4)]
        made.append(sealed(GATEWAY, counter + 2, m.MUTE, b"\1"))
    return made


GENUINE = genuine()


@given(st.lists(st.lists(st.sampled_from(range(len(GENUINE))), max_size=30), min_size=3, max_size=3))
def test_whatever_the_broker_delivers_each_counter_counts_once(deliveries):
    lock, answered = Lock(), []
    for nonce, places in zip(NONCES, deliveries, strict=True):
        before = lock.done.count(("unlock", CARRIER)) + lock.done.count(("unlock", GATEWAY))
        commands = lock.check_in(nonce)
        for place in places:
            commands.receive(GENUINE[place])
        unlocked = lock.done.count(("unlock", CARRIER)) + lock.done.count(("unlock", GATEWAY)) - before
        assert unlocked <= int(commands.replied)
        answered += [
            (result[0], result[1], result[3])
            for result in commands.results
            if result[4] != m.RETRY  # its counter is not taken
        ]
    assert len(set(answered)) == len(answered)
    for number in (GATEWAY, CARRIER, GUEST):
        taken = [counter for of, _, counter in answered if of == number]
        assert taken == sorted(taken)
        assert lock.last(number, 1) == max(taken, default=0)
    assert lock.done.count(("identify",)) == sum(number == GUEST for number, _, _ in answered)


@given(st.sampled_from(GENUINE), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_changed_message_does_nothing(message, changes):
    changed = bytearray(message)
    for at, bits in changes:
        changed[at % len(changed)] ^= bits
    if changed == message:
        return
    lock = Lock()
    commands = lock.check_in(NONCES[0])
    commands.receive(bytes(changed))
    assert (lock.done, lock.writes, commands.results, commands.replied) == ([], 0, [], False)
    assert (commands.ignored, bool(commands.why)) == (1, True)


@given(st.binary(max_size=1100), st.booleans(), KINDS)
def test_junk_does_nothing(junk, headed, kind):
    message = Header(kind, GUEST, 1, 1, LOCK).packed() + junk if headed else junk
    lock = Lock()
    commands = lock.check_in(NONCES[0])
    commands.receive(message)
    assert (lock.done, lock.writes, commands.results) == ([], 0, [])
    assert commands.ignored == 1


@given(st.sampled_from((GATEWAY, CARRIER, GUEST)), KINDS, st.binary(max_size=100))
def test_whatever_a_sender_seals_is_answered_or_ignored(number, kind, text):
    lock = Lock()
    commands = lock.check_in(NONCES[0])
    commands.receive(GENUINE[0])
    commands.receive(sealed(number, 5, kind, text))
    assert len(commands.results) + commands.ignored == 1
    assert not commands.results or lock.last(number, 1) == 5
