"""A lock with 64 grants and all that a radio needs, beside what the system keeps in NVS: every change of it is done."""

import json

import pytest

from firmware.calling import BANKS
from firmware.core.bounds import MAX_GRANTS
from firmware.core.grants import Grants
from firmware.core.packing import pack_grant
from firmware.core.words import APPROVE, EVENT, UNLOCK
from firmware.net import messages as m
from firmware.store.vault import Vault
from host_sim.devices import Namespace
from host_sim.lock import DEFAULT_START
from host_sim.runtime import RUNTIMES
from tests.host.peer import KEYS
from tests.host.radio_lock import GATEWAY, GUEST, ISSUERS, next_check_in, radio_lock
from tools.protocol.messages import Result

AUTHORITY = bytes(range(256)) * 8
"""2 KiB, of a certificate that is not looked at without TLS."""
FORMER = {(number, 1): bytes([number]) * 32 for number in range(20, 35)}
ROWS = [
    *ISSUERS[:2],
    [GUEST, "guest", UNLOCK, 200],
    *([number, f"former {number}", UNLOCK, 9] for number, _ in FORMER),
][:15]
DONE = m.DONE, ""
OVER = 30
"""The grant that ended the day before."""


def grant(number):
    ends = {"valid_until": DEFAULT_START - 86_400} if number == OVER else {}
    return {"label": f"courier {number}", "kind": "event", "digits": 9, "window": 2, "issuer": GUEST} | ends


def packed(number, key, label=""):
    return pack_grant(id=number, kind=EVENT, key=key, digits=9, window=2, issuer=GUEST, label=label)


def contents(lock):
    """(settings, grants) as the lock has them in flash."""
    settings, table = Vault(Namespace(lock.world.nvs, "dropbolt")).load()
    return json.loads(settings), Grants(table)


def done(lock, peer, *order):
    """(word, detail) of one command of the gateway's."""
    before = len(peer.issuers.of(Result))
    peer.issuers.order(GATEWAY, *order)
    next_check_in(lock, peer)
    (result,) = peer.issuers.of(Result)[before:]
    return result.word, result.detail


@pytest.fixture(params=list(RUNTIMES))
def full(request):
    grants = [grant(number) for number in range(1, MAX_GRANTS + 1)]
    settings = {"issuers": ROWS, "risk_one_in": 10}
    radio = {"keys": KEYS | FORMER, "authority": AUTHORITY}
    with radio_lock(request.param, radio, grants, settings) as (lock, peer):
        assert lock.world.nvs.available_entries < 150
        yield lock, peer


def test_every_change_by_radio_is_done(full):
    lock, peer = full
    _, table = contents(lock)
    key = table.key(table.index(7))
    assert done(lock, peer, m.PUT_GRANT, packed(7, key, "again")) == DONE
    assert done(lock, peer, m.PUT_GRANT, packed(65, b"k" * 20)) == DONE  # in the place of the one that is over
    _, table = contents(lock)
    assert sorted(table.id(i) for i in range(len(table))) == [n for n in range(1, 66) if n != OVER]
    assert table.label(table.index(7)) == "again"
    assert done(lock, peer, m.PUT_GRANT, packed(66, b"l" * 20))[0] == m.FULL, "none but that one was over"

    assert done(lock, peer, m.REVOKE_GRANT, 8) == DONE
    assert done(lock, peer, m.SET_SETTINGS, {"relock_s": 9}) == DONE
    assert done(lock, peer, m.MUTE, 1) == DONE
    assert done(lock, peer, m.PUT_ISSUER, 40, UNLOCK, 1, 1, b"n" * 32, "new") == DONE
    assert done(lock, peer, m.ROTATE, 20, 2, b"r" * 32) == DONE
    assert done(lock, peer, m.REVOKE_ISSUER, GUEST) == DONE

    settings, table = contents(lock)
    assert (settings["relock_s"], settings["mute"]) == (9, True)
    assert [row[0] for row in settings["issuers"]] == [row[0] for row in ROWS if row[0] != GUEST] + [40]
    assert all(table.revoked(i) for i in range(MAX_GRANTS))
    more = Vault(Namespace(lock.world.nvs, "dropbolt"), BANKS).load()[1]
    assert AUTHORITY in more
    assert not [event for event in lock.log() if event["kind"] in ("fault", "crash")]


def test_a_grant_whose_codes_another_waits_for_keeps_its_place():
    grants = [grant(number) for number in range(1, MAX_GRANTS + 1)]
    over = {"valid_until": DEFAULT_START - 86_400}
    grants[0] |= over | {"permissions": APPROVE}
    grants[1] |= {"second": 1}
    issuers = [*ROWS[:2], [GUEST, "guest", UNLOCK | APPROVE, 200]]
    with radio_lock("cpython", None, grants, {"issuers": issuers, "risk_one_in": 10}) as (lock, peer):
        assert done(lock, peer, m.PUT_GRANT, packed(65, b"k" * 20)) == DONE
        _, table = contents(lock)
        assert table.index(1) == 0
        assert table.index(OVER) == -1
