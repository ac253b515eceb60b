"""Commands at a lock: who may, when, once; what a hostile broker can do with them; what a power cut leaves."""

import struct

from commanded import CARRIER, ENTRY, GATEWAY, GUEST, NONCE, NOW, ROOTS, Cut, Lock, sealed, words
from keyring import event

from firmware.core.words import OWNER, UNLOCK
from firmware.net import commands as reasons
from firmware.net import messages as m


def pair(nonce=NONCE):
    return struct.pack("<II", *nonce)


def reply(nonce=NONCE, follow=0, have=0, listen=0, t=NOW):
    return struct.pack("<8sIHHBIB", pair(nonce), t, 250, 40, follow, have, listen)


def unlock(nonce=NONCE, expiry=NOW + 60):
    return pair(nonce) + struct.pack("<I", expiry)


def issuer(number, permissions=UNLOCK, epoch=0, root=bytes(32)):
    return struct.pack("<BBHB32s12s", number, permissions, 3, epoch, root, b"label")


# type -> (plaintext, who may, what is then done)
KINDS = {
    m.UNLOCK_NOW: (unlock(), CARRIER, ("unlock", CARRIER)),
    m.APPROVE_ENTRY: (pair(ENTRY), CARRIER, ("approve", ENTRY, CARRIER)),
    m.REFUSE_ENTRY: (pair(ENTRY), CARRIER, ("refuse", ENTRY, CARRIER)),
    m.PUT_GRANT: (event(id=40, issuer=GUEST), GUEST, ("put grant", 40)),
    m.REVOKE_GRANT: (b"\5\0", GUEST, ("revoke grant", 5)),
    m.PUT_ISSUER: (issuer(20), GATEWAY, ("put issuer", 20, UNLOCK, 3, "label")),
    m.REVOKE_ISSUER: (bytes((GUEST,)), GATEWAY, ("revoke issuer", GUEST)),
    m.SET_TIME: (pair() + struct.pack("<IHH", NOW, 5, 6), GATEWAY, ("set time", NOW, 5, 6)),
    m.SET_SETTINGS: (b'{"relock_s":9}', GATEWAY, ("set settings", {"relock_s": 9})),
    m.MUTE: (b"\1", GATEWAY, ("mute", True)),
    m.SEND_LOG: (b"\7\0\0\0", GATEWAY, ("send log", 7)),
    m.IDENTIFY: (b"", GUEST, ("identify",)),
    m.ROTATE: (bytes((GUEST, 2)) + b"n" * 32, GUEST, None),
    m.REVOKE_CODE: (struct.pack("<HBI", 5, 1, 42), GUEST, ("revoke code", 5, 1, 42)),
    m.SET_BASE: (struct.pack("<HI", 5, 48), GUEST, ("set base", 5, 48)),
}


def ready(lock=None):
    """(lock, commands) of a check-in that has the time; `done` is empty."""
    lock = lock or Lock()
    commands = lock.check_in()
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply()))
    assert commands.replied
    lock.done.clear()
    return lock, commands


def test_every_command_is_done_and_answered():
    for kind, (text, number, done) in KINDS.items():
        lock, commands = ready()
        commands.receive(sealed(number, 5, kind, text))
        assert lock.done == ([done] if done else []), kind
        assert words(commands) == [(number, 5, m.DONE)], kind
        assert lock.last(number, 1) == 5, kind
        assert (commands.ignored, commands.why) == (0, 0)


def test_changes_of_the_set_have_their_counter_in_the_vault_alone():
    for kind in KINDS:
        lock, commands = ready()
        text, number, _ = KINDS[kind]
        commands.receive(sealed(number, 5, kind, text))
        in_vault = kind in (
            m.PUT_GRANT,
            m.REVOKE_GRANT,
            m.PUT_ISSUER,
            m.REVOKE_ISSUER,
            m.SET_SETTINGS,
            m.MUTE,
        )
        assert ((number, 1) in lock.vault, (number, 1) in lock.journal) == (in_vault, not in_vault), kind


def test_a_command_comes_once_however_often_it_is_delivered():
    for kind, (text, number, done) in KINDS.items():
        lock, commands = ready()
        message = sealed(number, 5, kind, text)
        for _ in range(3):
            commands.receive(message)
        later = lock.check_in((12, 346))
        later.receive(message)
        later.receive(sealed(GATEWAY, 0, m.REPLY, reply((12, 346))))
        later.receive(message)
        assert [what for what in lock.done if what[0] != "time"] == ([done] if done else []), kind
        assert words(commands) == [(number, 5, m.DONE)]
        assert words(later) == []
        spent = kind == m.REVOKE_ISSUER  # not of its own sender
        assert later.why == reasons.REPLAYED or spent, kind


def test_a_lower_counter_is_too_late():
    lock, commands = ready()
    for counter in (9, 8, 3, 0):
        commands.receive(sealed(GUEST, counter, m.IDENTIFY))
    assert words(commands) == [(GUEST, 9, m.DONE)]
    assert (commands.ignored, commands.why) == (3, reasons.REPLAYED)
    commands.receive(sealed(GUEST, 2**32 - 1, m.IDENTIFY))
    assert lock.last(GUEST, 1) == 2**32 - 1


def test_counters_are_each_senders_own():
    lock, commands = ready()
    commands.receive(sealed(GUEST, 9, m.IDENTIFY))
    commands.receive(sealed(CARRIER, 1, m.IDENTIFY))
    assert words(commands) == [(GUEST, 9, m.DONE), (CARRIER, 1, m.DONE)]
    assert (lock.last(GUEST, 1), lock.last(CARRIER, 1)) == (9, 1)


def test_the_greater_counter_of_journal_and_vault_counts():
    for table in ("journal", "vault"):
        lock = Lock()
        lock.journal[GUEST, 1] = lock.vault[GUEST, 1] = 3
        getattr(lock, table)[GUEST, 1] = 8
        lock, commands = ready(lock)
        commands.receive(sealed(GUEST, 8, m.IDENTIFY))
        assert commands.why == reasons.REPLAYED
        commands.receive(sealed(GUEST, 9, m.IDENTIFY))
        assert words(commands) == [(GUEST, 9, m.DONE)]


def test_who_may_not_is_refused_and_the_counter_is_taken():
    for kind, (text, may, _) in KINDS.items():
        for number in (GATEWAY, CARRIER, GUEST):
            owner = number == GATEWAY and kind not in (m.APPROVE_ENTRY, m.REFUSE_ENTRY)
            if number == may or owner or kind == m.IDENTIFY:
                continue
            if kind == m.UNLOCK_NOW and number == GUEST:
                continue  # may unlock
            lock, commands = ready()
            commands.receive(sealed(number, 5, kind, text))
            assert lock.done == [], kind
            assert words(commands) == [(number, 5, m.REFUSED)], (kind, number)
            assert lock.last(number, 1) == 5


def test_an_owner_without_the_permission_to_unlock_does_not():
    lock, commands = ready()
    lock.issuers[GATEWAY] = OWNER
    commands.receive(sealed(GATEWAY, 5, m.UNLOCK_NOW, unlock()))
    assert words(commands) == [(GATEWAY, 5, m.REFUSED)]


def test_grants_of_others_are_out_of_reach():
    for text in (
        event(id=6, issuer=GUEST),  # another's grant
        event(id=8, issuer=GUEST),  # nobody's
        event(id=41, issuer=CARRIER),  # in another's name
        event(id=41, issuer=GUEST, permissions=UNLOCK | 8),  # more than its issuer may
    ):
        lock, commands = ready()
        commands.receive(sealed(GUEST, 5, m.PUT_GRANT, text))
        assert (lock.done, words(commands)) == ([], [(GUEST, 5, m.REFUSED)])
    lock, commands = ready()
    commands.receive(sealed(GUEST, 5, m.REVOKE_GRANT, b"\x99\0"))
    assert words(commands) == [(GUEST, 5, m.REFUSED)]
    commands.receive(sealed(GATEWAY, 5, m.REVOKE_GRANT, b"\x99\0"))
    commands.receive(sealed(GATEWAY, 6, m.PUT_GRANT, event(id=6, issuer=CARRIER)))
    assert lock.done == [("put grant", 6)]
    assert words(commands)[1:] == [(GATEWAY, 5, m.UNKNOWN), (GATEWAY, 6, m.DONE)]


def test_a_revoked_grant_stays_revoked():
    lock, commands = ready()
    commands.receive(sealed(GATEWAY, 5, m.REVOKE_GRANT, b"\5\0"))
    for number in (GUEST, GATEWAY):
        commands.receive(sealed(number, 6, m.PUT_GRANT, event(id=5, issuer=GUEST)))
    assert words(commands)[1:] == [(GUEST, 6, m.REFUSED), (GATEWAY, 6, m.REFUSED)]
    assert lock.revoked(5)


def test_unlock_names_the_live_check_in_and_does_nothing_outside_it():
    for nonce in ((12, 344), (11, 345), (345, 12), (0, 0)):
        lock, commands = ready()
        commands.receive(sealed(CARRIER, 5, m.UNLOCK_NOW, unlock(nonce)))
        assert (lock.done, words(commands)) == ([], [(CARRIER, 5, m.STALE)])
        assert lock.last(CARRIER, 1) == 5
    lock, commands = ready()
    commands.receive(sealed(GATEWAY, 5, m.SET_TIME, pair((12, 344)) + struct.pack("<IHH", NOW, 5, 6)))
    assert (lock.done, words(commands)) == ([], [(GATEWAY, 5, m.STALE)])


def test_unlock_expires_as_soon_as_the_clock_cannot_rule_it_out():
    for expiry, uncertainty, word in (
        (NOW + 1, 0, m.DONE),
        (NOW, 0, m.EXPIRED),
        (NOW + 30, 29, m.DONE),
        (NOW + 30, 30, m.EXPIRED),
        (0, 0, m.EXPIRED),
        (2**32 - 1, 2**32, m.EXPIRED),
    ):
        lock = Lock()
        lock.uncertainty = uncertainty
        lock, commands = ready(lock)
        commands.receive(sealed(CARRIER, 5, m.UNLOCK_NOW, unlock(expiry=expiry)))
        assert words(commands) == [(CARRIER, 5, word)]
        assert (lock.done == [("unlock", CARRIER)]) == (word == m.DONE)


def test_an_unlock_sealed_anew_opens_no_second_time():
    lock, commands = ready()
    for number, counter in ((CARRIER, 5), (CARRIER, 6), (GATEWAY, 5)):
        commands.receive(sealed(number, counter, m.UNLOCK_NOW, unlock()))
    assert lock.done == [("unlock", CARRIER)]
    assert [word for _, _, word in words(commands)] == [m.DONE, m.BEFORE, m.BEFORE]


def test_an_unlock_that_could_not_be_done_may_come_again():
    lock, commands = ready()
    lock.refusals["unlock"] = m.RETRY
    commands.receive(sealed(CARRIER, 5, m.UNLOCK_NOW, unlock()))
    lock.refusals.clear()
    commands.receive(sealed(CARRIER, 5, m.UNLOCK_NOW, unlock()))
    commands.receive(sealed(CARRIER, 6, m.UNLOCK_NOW, unlock()))
    assert lock.done == [("unlock", CARRIER)]
    assert words(commands) == [(CARRIER, 5, m.RETRY), (CARRIER, 6, m.DONE)]
    assert commands.results[0][5] == b"because"


def test_commands_wait_for_the_time_and_keep_their_order():
    lock = Lock()
    commands = lock.check_in()
    commands.receive(sealed(CARRIER, 5, m.UNLOCK_NOW, unlock()))
    commands.receive(sealed(GATEWAY, 6, m.MUTE, b"\1"))
    commands.receive(sealed(GATEWAY, 7, m.MUTE, b"\0"))
    assert (lock.done, commands.results, commands.replied) == ([], [], False)
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply(follow=2, have=77, listen=45)))
    assert lock.done == [("time", NOW, 250, 40), ("unlock", CARRIER), ("mute", True), ("mute", False)]
    assert (commands.left, commands.have, commands.listen) == (2, 77, 45)
    commands.receive(sealed(CARRIER, 6, m.IDENTIFY))
    assert commands.left == 2
    commands.receive(sealed(GATEWAY, 8, m.IDENTIFY))
    commands.receive(sealed(GATEWAY, 8, m.IDENTIFY))
    assert commands.left == 1
    commands.receive(sealed(GATEWAY, 9, m.IDENTIFY))
    commands.receive(sealed(GATEWAY, 10, m.IDENTIFY))
    assert commands.left == 0


def test_eight_wait_and_the_ninth_is_to_come_again():
    lock = Lock()
    commands = lock.check_in()
    for counter in range(1, 11):
        for _ in range(2):
            commands.receive(sealed(GATEWAY, counter, m.IDENTIFY))
    assert words(commands) == [(GATEWAY, 9, m.RETRY)] * 2 + [(GATEWAY, 10, m.RETRY)] * 2
    assert commands.why == reasons.REPLAYED
    assert lock.last(GATEWAY, 1) == 0
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply()))
    assert lock.done[1:] == [("identify",)] * 8
    commands.receive(sealed(GATEWAY, 9, m.IDENTIFY))
    assert words(commands)[-1] == (GATEWAY, 9, m.DONE)


def test_of_those_that_wait_two_are_owners():
    commands = Lock().check_in()
    for counter in range(1, 8):
        commands.receive(sealed(GUEST, counter, m.IDENTIFY))
    for counter in range(1, 4):
        commands.receive(sealed(GATEWAY, counter, m.IDENTIFY))
    assert words(commands) == [(GUEST, 7, m.RETRY), (GATEWAY, 3, m.RETRY)]


def test_beyond_the_limit_of_a_day_nothing_is_done_or_written_and_the_counter_stays():
    lock = Lock()
    commands = lock.check_in()
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply()))
    lock.enough = True
    writes = lock.writes
    for counter, kind in enumerate((m.UNLOCK_NOW, m.APPROVE_ENTRY, m.IDENTIFY), 1):
        commands.receive(sealed(CARRIER, counter, kind, KINDS[kind][0]))
    assert words(commands) == [(CARRIER, counter, m.RETRY) for counter in (1, 2, 3)]
    assert (lock.writes, lock.last(CARRIER, 1)) == (writes, 0)
    lock.enough = False
    commands.receive(sealed(CARRIER, 1, m.UNLOCK_NOW, unlock()))
    assert words(commands)[-1] == (CARRIER, 1, m.DONE)


def test_replays_take_no_place_among_those_that_wait():
    lock = Lock()
    lock.vault[GUEST, 1] = 20
    commands = lock.check_in()
    for counter in range(1, 21):
        commands.receive(sealed(GUEST, counter, m.IDENTIFY))
    commands.receive(sealed(GUEST, 21, m.IDENTIFY))
    assert (commands.results, commands.ignored) == ([], 20)
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply()))
    assert words(commands) == [(GUEST, 21, m.DONE)]


def test_what_waits_is_void_when_the_broker_reorders_it():
    lock = Lock()
    commands = lock.check_in()
    for counter in (6, 5, 7):
        commands.receive(sealed(GUEST, counter, m.IDENTIFY))
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply()))
    assert words(commands) == [(GUEST, 6, m.DONE), (GUEST, 7, m.DONE)]
    assert commands.why == reasons.REPLAYED


def test_without_a_reply_nothing_is_done():
    lock = Lock()
    commands = lock.check_in()
    commands.receive(sealed(CARRIER, 5, m.UNLOCK_NOW, unlock()))
    assert (lock.done, lock.writes) == ([], 0)


def test_only_the_gateways_first_reply_to_this_hello_counts():
    wrong = (
        sealed(GATEWAY, 0, m.REPLY, reply((12, 344))),
        sealed(GATEWAY, 0, m.REPLY, reply((11, 345))),
        sealed(CARRIER, 0, m.REPLY, reply()),
    )
    for message in wrong:
        lock = Lock()
        commands = lock.check_in()
        commands.receive(message)
        assert (commands.replied, lock.done, commands.why) == (False, [], reasons.UNASKED)
    lock, commands = ready()
    commands.receive(sealed(GATEWAY, 1, m.REPLY, reply(t=NOW + 1000)))
    assert (lock.done, commands.why) == ([], reasons.UNASKED)
    lock = Lock()
    lock.issuers[GATEWAY] = UNLOCK
    commands = lock.check_in()
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply()))
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply()[:-1]))
    assert (commands.replied, lock.done) == (False, [])
    assert commands.why == reasons.UNASKED | reasons.NO_MESSAGE


def test_what_is_not_for_this_lock_or_not_of_a_sender_is_ignored():
    good = sealed(GUEST, 5, m.IDENTIFY)
    forged = bytearray(good)
    forged[20] ^= 1
    for message, why in (
        (b"", reasons.NO_MESSAGE),
        (good[:31], reasons.NO_MESSAGE),
        (good + bytes(1025), reasons.NO_MESSAGE),
        (b"\0" + good[1:], reasons.NO_MESSAGE),
        (sealed(GUEST, 5, m.IDENTIFY, lock=bytes(8)), reasons.NO_MESSAGE),
        (sealed(GUEST, 5, m.IDENTIFY, epoch=2), reasons.FOREIGN),
        (sealed(44, 5, m.IDENTIFY, root=bytes(32)), reasons.FOREIGN),
        (bytes(forged), reasons.FORGED),
        (sealed(GUEST, 5, m.IDENTIFY, root=ROOTS[GATEWAY]), reasons.FORGED),
        (sealed(GATEWAY, 5, m.IDENTIFY, root=ROOTS[GUEST]), reasons.FORGED),
    ):
        lock, commands = ready()
        commands.receive(message)
        assert (lock.done, lock.writes, commands.results) == ([], 0, [])
        assert (commands.ignored, commands.why) == (1, why)


def test_what_is_malformed_is_answered_and_its_counter_taken():
    for kind, text in (
        (m.MUTE, b"\2"),
        (m.MUTE, b""),
        (99, b""),
        (m.HELLO, b""),
        (m.SET_SETTINGS, b"[]"),
        (m.SET_BASE, struct.pack("<HI", 5, 1000000001)),
        (m.REVOKE_CODE, struct.pack("<HBI", 5, 0, 1000000001)),
    ):
        lock, commands = ready()
        commands.receive(sealed(GATEWAY, 5, kind, text))
        assert (lock.done, words(commands)) == ([], [(GATEWAY, 5, m.MALFORMED)])
        assert lock.last(GATEWAY, 1) == 5


def test_what_the_lock_refuses_is_told_and_only_retry_and_storage_leave_the_counter():
    for word in (m.BEFORE, m.REFUSED, m.STALE, m.FULL, m.UNKNOWN, m.RETRY, m.STORAGE):
        lock, commands = ready()
        lock.refusals["put grant"] = word
        commands.receive(sealed(GUEST, 5, m.PUT_GRANT, event(id=40, issuer=GUEST)))
        assert words(commands) == [(GUEST, 5, word)]
        assert commands.results[0][5] == b"because"
        assert lock.last(GUEST, 1) == (0 if word in (m.RETRY, m.STORAGE) else 5)


def test_a_flash_that_fails_does_nothing_and_says_so():
    for kind, (text, number, _) in KINDS.items():
        lock, commands = ready()
        lock.fails = True
        commands.receive(sealed(number, 5, kind, text))
        assert (lock.done, words(commands)) == ([], [(number, 5, m.STORAGE)]), kind
        assert commands._keys.in_use() == [(GATEWAY, 1), (CARRIER, 1), (GUEST, 1)]


def test_a_cut_at_any_write_does_a_command_at_most_once_and_loses_no_change():
    once = (m.UNLOCK_NOW, m.APPROVE_ENTRY, m.REFUSE_ENTRY, m.SET_TIME, m.SEND_LOG, m.IDENTIFY)
    for kind, (text, number, done) in KINDS.items():
        for cut in range(4):
            lock, commands = ready()
            lock.cut_at, lock.after = cut // 2, cut % 2
            message = sealed(number, 5, kind, text)
            try:
                commands.receive(message)
            except Cut:
                pass
            assert lock.done == [] or cut > 1, kind
            lock.cut_at = None
            _, again = ready_again(lock)
            again.receive(message)
            times = sum(1 for what in lock.done if what == done)
            if kind in once:
                assert times <= 1, kind
            elif kind in (m.REVOKE_CODE, m.SET_BASE):
                assert times >= 1, kind
            assert lock.last(number, 1) == 5, kind
            check_kept(lock, kind)


def ready_again(lock):
    """The same lock after a boot, in a check-in whose nonce a message from before cannot have known."""
    commands = lock.check_in((13, 0))
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply((13, 0))))
    lock.done = [what for what in lock.done if what[0] != "time"]
    return lock, commands


def check_kept(lock, kind):
    """What a change leaves in flash."""
    assert kind != m.PUT_GRANT or lock.grants[40] == [GUEST, False]
    assert kind != m.REVOKE_GRANT or lock.revoked(5)
    assert kind != m.PUT_ISSUER or lock.issuers[20] == UNLOCK
    assert kind != m.REVOKE_ISSUER or not lock.permissions(GUEST)


def test_a_change_of_another_sender_is_not_undone_by_an_old_one_after_a_cut():
    lock, commands = ready()
    lock.cut_at, lock.after = 0, True
    put = sealed(GUEST, 5, m.PUT_GRANT, event(id=40, issuer=GUEST))
    try:
        commands.receive(put)
    except Cut:
        lock.cut_at = None
    _, commands = ready_again(lock)
    commands.receive(sealed(GATEWAY, 5, m.REVOKE_GRANT, b"\x28\0"))
    commands.receive(put)
    assert lock.revoked(40)
    assert commands.why == reasons.REPLAYED


def test_both_keys_are_good_until_the_first_message_under_the_new_one():
    lock, commands = ready()
    new = b"n" * 32
    commands.receive(sealed(GUEST, 5, m.ROTATE, bytes((GUEST, 2)) + new))
    commands.receive(sealed(GUEST, 6, m.IDENTIFY))
    commands.receive(sealed(GUEST, 7, m.ROTATE, bytes((GUEST, 2)) + new))
    assert [word for _, _, word in words(commands)] == [m.DONE, m.DONE, m.BEFORE]
    _, commands = ready_again(lock)
    commands.receive(sealed(GUEST, 1, m.IDENTIFY, epoch=2, root=b"x" * 32))
    commands.receive(sealed(GUEST, 8, m.IDENTIFY))
    commands.receive(sealed(GUEST, 1, m.IDENTIFY, epoch=2, root=new))
    commands.receive(sealed(GUEST, 9, m.IDENTIFY))
    assert words(commands) == [(GUEST, 8, m.DONE), (GUEST, 1, m.DONE)]
    assert [result[1:3] for result in commands.results] == [(1, ROOTS[GUEST]), (2, new)]
    assert commands.why == reasons.FORGED | reasons.FOREIGN
    assert lock.check_in()._keys.in_use() == [(GATEWAY, 1), (CARRIER, 1), (GUEST, 2)]


def test_the_gateways_reply_under_its_new_key_ends_the_old_one():
    lock, commands = ready()
    commands.receive(sealed(GATEWAY, 5, m.ROTATE, bytes((GATEWAY, 2)) + b"n" * 32))
    commands = lock.check_in((12, 346))
    commands.receive(sealed(GATEWAY, 6, m.IDENTIFY))
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply((12, 346)), epoch=2, root=b"n" * 32))
    assert commands.replied
    assert words(commands) == []
    assert commands.why == reasons.FOREIGN
    assert lock.check_in()._keys.root(GATEWAY, 1) is None


def test_a_key_that_cannot_be_dropped_from_flash_is_dropped_from_memory():
    lock, commands = ready()
    commands.receive(sealed(GUEST, 5, m.ROTATE, bytes((GUEST, 2)) + b"n" * 32))
    lock.fails = True
    commands.receive(sealed(GUEST, 1, m.IDENTIFY, epoch=2, root=b"n" * 32))
    commands.receive(sealed(GUEST, 6, m.IDENTIFY))
    assert words(commands)[1:] == [(GUEST, 1, m.STORAGE)]
    assert commands.why == reasons.FOREIGN
    assert lock.check_in()._keys.root(GUEST, 1) == ROOTS[GUEST]


def test_a_revoked_issuer_is_heard_no_more_not_even_what_waits():
    lock = Lock()
    commands = lock.check_in()
    commands.receive(sealed(GATEWAY, 5, m.REVOKE_ISSUER, bytes((GUEST,))))
    commands.receive(sealed(GUEST, 5, m.IDENTIFY))
    commands.receive(sealed(GATEWAY, 0, m.REPLY, reply()))
    commands.receive(sealed(GUEST, 6, m.IDENTIFY))
    assert words(commands) == [(GATEWAY, 5, m.DONE)]
    assert (commands.ignored, commands.why) == (2, reasons.FOREIGN)
    assert lock.check_in()._keys.root(GUEST, 1) is None


def test_the_gateway_stays_an_owner():
    lock, commands = ready()
    commands.receive(sealed(GATEWAY, 5, m.REVOKE_ISSUER, bytes((GATEWAY,))))
    commands.receive(sealed(GATEWAY, 6, m.PUT_ISSUER, issuer(GATEWAY, UNLOCK)))
    commands.receive(sealed(GATEWAY, 7, m.PUT_ISSUER, issuer(GATEWAY, UNLOCK | OWNER)))
    assert [word for _, _, word in words(commands)] == [m.REFUSED, m.REFUSED, m.DONE]


def test_a_new_issuer_is_heard_at_once_and_its_epoch_never_comes_back():
    lock, commands = ready()
    commands.receive(sealed(GATEWAY, 5, m.PUT_ISSUER, issuer(20, UNLOCK, 4, b"t" * 32)))
    commands.receive(sealed(20, 1, m.IDENTIFY, epoch=4, root=b"t" * 32))
    commands.receive(sealed(GATEWAY, 6, m.REVOKE_ISSUER, b"\x14"))
    commands.receive(sealed(20, 2, m.IDENTIFY, epoch=4, root=b"t" * 32))
    for counter, epoch in ((7, 3), (8, 4), (9, 5)):
        commands.receive(sealed(GATEWAY, counter, m.PUT_ISSUER, issuer(20, UNLOCK, epoch, b"u" * 32)))
    assert [word for _, _, word in words(commands)] == [m.DONE, m.DONE, m.DONE, m.MALFORMED, m.MALFORMED, m.DONE]
    assert commands._keys.root(20, 5) == b"u" * 32
    assert commands.why == reasons.FOREIGN


def test_a_flood_of_good_messages_ends_and_leaves_room_for_the_owners():
    lock, commands = ready()
    most = reasons.MAX_ANSWERED - reasons.OWNERS
    for counter in range(1, 100):
        commands.receive(sealed(GUEST, counter, m.IDENTIFY))
    assert len(commands.results) == commands.answered == most
    assert (commands.ignored, commands.why) == (99 - most, reasons.FLOOD)
    assert lock.last(GUEST, 1) == most
    for counter in range(1, 20):
        commands.receive(sealed(GATEWAY, counter, m.IDENTIFY))
    assert commands.answered == reasons.MAX_ANSWERED
    assert lock.last(GATEWAY, 1) == reasons.OWNERS
