"""The power goes at every operation of flash and NVS while a command is done: done or not, never half, never twice.

After each cut the lock boots with the set of before or the one of after, a good code opens, and the sender, who holds
no result, sends the command again at the next check-in. What the broker kept of the first message changes nothing then.
"""

import struct

from commanded import GATEWAY, GUEST, sealed, words
from keyring import event
from nor import PowerCut
from outpost import Outpost
from wrist import NOON

from firmware.core.words import OPENED, UNLOCK
from firmware.net import messages as m

FIRST, AGAIN, LAST = (12, 345), (12, 346), (12, 347)  # nonces of check-ins
TEARS = {"nvs": ("byte", "all"), "nor": ("none", "all")}
NEW_ISSUER = struct.pack("<BBHB32s12s", 20, UNLOCK, 3, 1, b"n" * 32, b"new")
COMMANDS = {
    "put grant": (m.PUT_GRANT, GUEST, event(id=40, key=b"k" * 20, issuer=GUEST)),
    "revoke grant": (m.REVOKE_GRANT, GUEST, b"\5\0"),
    "put issuer": (m.PUT_ISSUER, GATEWAY, NEW_ISSUER),
    "revoke issuer": (m.REVOKE_ISSUER, GATEWAY, bytes((GUEST,))),
    "set settings": (m.SET_SETTINGS, GATEWAY, b'{"relock_s":9,"ajar_s":77}'),
    "mute": (m.MUTE, GATEWAY, b"\1"),
    "rotate": (m.ROTATE, GUEST, bytes((GUEST, 2)) + b"2" * 32),
    "revoke code": (m.REVOKE_CODE, GUEST, struct.pack("<HBI", 5, 0, 7)),
    "set base": (m.SET_BASE, GUEST, struct.pack("<HI", 5, 48)),
    "set time": (m.SET_TIME, GATEWAY, struct.pack("<IHH", NOON - 86_400, 5, 6)),
}
ONE_COMMIT = ("put grant", "revoke grant", "set settings", "mute")  # and nothing before or after it
REFUSED = (
    (m.PUT_GRANT, event(id=40, key=b"a" * 20)),  # another's key
    (m.PUT_GRANT, event(id=40, key=b"k" * 20, check=True, digits=7)),  # as long as one without a check digit
    (m.SET_SETTINGS, b'{"relock_s":0}'),
)
KEYS = 2  # where they stand in `Outpost.contents`


def begun(lock, nonce):
    """A check-in that has the time."""
    commands = lock.check_in(nonce)
    t = lock.clock.read()[0]
    commands.receive(sealed(GATEWAY, 0, m.REPLY, struct.pack("<IIIHHBIB", *nonce, t, 0, 40, 0, 0, 0)))
    assert commands.replied
    return commands


def send(commands, name, counter, nonce):
    kind, number, text = COMMANDS[name]
    text = struct.pack("<II", *nonce) + text if kind == m.SET_TIME else text
    message = sealed(number, counter, kind, text)
    commands.receive(message)
    return message


def word(commands):
    (result,) = words(commands)
    return result[2]


def outcomes(name):
    """(contents before, contents after) the command, undisturbed, and how many operations of each kind it takes."""
    lock = Outpost()
    before = lock.contents()
    commands = begun(lock, FIRST)
    ops = lock.nvs.ops, lock.nor.ops
    send(commands, name, 5, FIRST)
    assert word(commands) == m.DONE, (name, commands.results)
    ops = {"nvs": lock.nvs.ops - ops[0], "nor": lock.nor.ops - ops[1]}
    lock.boot()
    return before, lock.contents(), ops


def struck(name, power, at, tear):
    """(lock, message) after a cut at operation `at` of the command, booted again."""
    lock = Outpost()
    commands = begun(lock, FIRST)
    getattr(lock, power).cut_at(at, tear)
    kind, number, text = COMMANDS[name]
    text = struct.pack("<II", *FIRST) + text if kind == m.SET_TIME else text
    message = sealed(number, 5, kind, text)
    try:
        commands.receive(message)
        raise AssertionError((name, power, at, tear, "nothing was cut"))
    except PowerCut:
        pass
    lock.nvs.dead = lock.nor.dead = True
    lock.board.memory, lock.board.rtc = b"", 0
    lock.boot()
    return lock, message


def same(name, found, contents):
    """Whether a lock is as `contents`; a clock that is being set may not be known for a while."""
    return found[:-1] == contents[:-1] and (found[-1] == contents[-1] or name == "set time" and found[-1] == 0)


def check(name, power, at, tear, before, after):
    where = name, power, at, tear
    number = COMMANDS[name][1]
    lock, message = struck(name, power, at, tear)
    assert lock.fault is None, where
    found = lock.contents()
    done = same(name, found, after)
    keys_first = (
        name in ("put issuer", "revoke issuer") and found == before[:KEYS] + after[KEYS : KEYS + 1] + before[3:]
    )
    assert done or same(name, found, before) or keys_first, where
    assert lock.opens(0) == OPENED, where

    # What the broker kept of the first message, then the same again under a new counter.
    commands = begun(lock, AGAIN)
    taken = lock.remote.last(number, 1) >= 5
    if name in ONE_COMMIT:
        assert done == taken, where
    if done and taken:
        before_replay = lock.contents()
        commands.receive(message)
        assert words(commands) == [] and lock.contents() == before_replay, where
    send(commands, name, 6, AGAIN)
    assert word(commands) in (m.DONE, m.BEFORE), (where, commands.results)
    assert lock.contents()[:-1] == after[:-1], where
    lock.boot()
    assert lock.contents()[:-1] == after[:-1], where
    assert name != "set time" or abs(lock.state.sync[0] - (NOON - 86_400)) <= 2, where
    commands = begun(lock, LAST)
    commands.receive(message)
    assert words(commands) == [] and lock.contents()[:-1] == after[:-1], where
    assert lock.opens(1) == OPENED, where
    return done


def cut_everywhere(names):
    for name in names:
        before, after, ops = outcomes(name)
        assert before != after
        seen = set()
        for power, tears in TEARS.items():
            for tear in tears:
                for at in range(1, ops[power] + 1):
                    seen.add(check(name, power, at, tear, before, after))
        assert seen == {True, False}, name


def test_grants_are_put_and_revoked_as_a_whole():
    cut_everywhere(("put grant", "revoke grant"))


def test_issuers_are_put_and_revoked_as_a_whole():
    cut_everywhere(("put issuer", "revoke issuer"))


def test_settings_are_changed_as_a_whole():
    cut_everywhere(("set settings", "mute"))


def test_keys_and_codes_and_time_are_changed_as_a_whole():
    cut_everywhere(("rotate", "revoke code", "set base", "set time"))


def test_after_a_change_that_is_refused_the_lock_goes_on_with_the_set_that_it_had():
    lock = Outpost()
    before, generation = lock.contents(), lock.generation
    commands = begun(lock, FIRST)
    ops = lock.nvs.ops
    for counter, (kind, text) in enumerate(REFUSED, 5):
        commands.receive(sealed(GATEWAY, counter, kind, text))
        *_, how, why = commands.results.pop()
        assert how in (m.REFUSED, m.MALFORMED) and why, how
        assert lock.session.attempts and not lock.fault
    assert lock.contents() == before and lock.generation == lock.state.generation == generation
    assert lock.nvs.ops - ops <= 4 * len(REFUSED)  # the counter of each, and no set
    assert lock.opens(0) == OPENED
