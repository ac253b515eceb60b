"""The power goes at every operation of flash and NVS while the owner changes the lock: the old lock or the new one.

The whole lock on both runtimes. Afterwards it wakes without a fault, the owner still gets in, and the courier's code is
answered as before or as it should be; what was confirmed has happened.
"""

import pytest

from firmware.store.vault import Vault
from host_sim.devices import Namespace
from host_sim.lock import Lock
from host_sim.runtime import RUNTIMES
from host_sim.runtime.image import PROJECT
from host_sim.session.parser import parse
from host_sim.session.setup import lock_config, start
from tests.host.test_power_cuts import broken_copy

SESSION = """
clock 2026-03-02 08:00
grant couriers event digits 8 check window 16
grant others event digits 8 check window 16
owner 482913375604
bucket 9 burst 2 every 8h
wake
"""
OWNER = "482913375604#"
CODE = "<code>"
"""Stands for the courier's code in an entry."""
FAST = {"hold_ms": 40, "gap_ms": 40}
TEARS = {"flash": ("none", "half", "all"), "nvs": ("old", "new")}
GRANT, ONE, LOCKOUT = "81# 1#", f"83# {CODE}#", "7#"
AT_DOOR = {GRANT: ("opened", "owner"), ONE: ("opened", "owner"), LOCKOUT: ("later", "opened")}
"""What is typed, and what a courier's code is answered before and after it."""
LEFT = {
    (GRANT, "nvs"): {"opened", "owner"},
    (GRANT, "flash"): {"owner"},  # the vault is written by then
    (ONE, "nvs"): {"opened", "owner"},  # the anchor of the attempt, and that of the revocation
    (ONE, "flash"): {"opened", "owner"},
    (LOCKOUT, "nvs"): set(),  # nothing is written there
    (LOCKOUT, "flash"): {"later", "opened"},
}
"""What cuts in the midst of it leave."""


class Owner:
    """A lock that sleeps, with a courier's code and a bucket that a stranger has emptied for `7#`."""

    def __init__(self, runtime, entries, root=PROJECT):
        session = parse(SESSION)
        self.lock = lock = Lock(runtime, lock_config(session), start=start(session), root=root)
        self.code = lock.issue("couriers")
        self.entries = entries.replace(CODE, self.code)
        lock.wait(20)
        if entries == LOCKOUT:
            for _ in range(2):
                assert self.answer(self.wrong()) == "wrong"
        self.asleep()
        self.before = lock.snapshot()

    def wrong(self):
        """A code of the right form that nobody has: of a counter far beyond the window."""
        return self.lock.issue("couriers", counter=900) + "#"

    def asleep(self):
        assert self.lock.run_until(lambda: not self.lock.awake, 60)

    def answer(self, keys):
        """Wake the lock, type an entry and return the answer."""
        lock = self.lock
        lock.run_until(lambda: lock.bolt == "locked" or not lock.awake, 20)
        lock.wake()
        seen = len(lock.answers)
        lock.type(keys, **FAST)

        def said():
            return [name for _, name in lock.answers[seen:] if name not in ("key", "ready", "busy", "locked")]

        assert lock.run_until(said, 25), "no answer"
        return said()[0]

    def change(self, where, k, tear):
        """Let the owner change something and the power go at operation `k`; whether it did."""
        lock = self.lock
        lock.go_back(self.before)
        assert self.answer(OWNER) == "opened"
        lock.run_until(lambda: lock.bolt == "locked", 20)
        lock.type(self.entries[:-1], **FAST) if " " not in self.entries else self._ask()
        if where == "flash":
            lock.cut_at_flash_op(k, tear)
        else:
            lock.world.nvs.cut_at(k, tear)
        self.confirmed = len(lock.answers)
        lock.type("#", **FAST)
        lock.wait(2)
        self.confirmed = "accepted" in [name for _, name in lock.answers[self.confirmed :]]
        if lock.powered:
            lock.cut_at_flash_op(0)
            lock.world.nvs.cut_at(0)
            return False
        lock.restore_power()
        lock.wait(1)
        self.asleep()
        return True

    def _ask(self):
        function, argument = self.entries.split(" ")
        assert self.answer_awake(function) == "accepted"
        self.lock.type(argument[:-1], **FAST)

    def answer_awake(self, keys):
        seen = len(self.lock.answers)
        self.lock.type(keys, **FAST)
        self.lock.wait(1.5)
        return [name for _, name in self.lock.answers[seen:] if name != "key"][0]

    def events(self):
        return [event["kind"] for event in self.lock.log()]

    @property
    def settings(self):
        return bytes(Vault(Namespace(self.lock.world.nvs, "dropbolt")).load()[0])


def cut_everywhere(owner, entries, where):
    """Cut each operation with each tear and hold the lock to what must be so afterwards."""
    before, after = AT_DOOR[entries]
    seen = set()
    for tear in TEARS[where]:
        k = 1
        while owner.change(where, k, tear):
            assert "fault" not in owner.events() and "crash" not in owner.events()
            answer = owner.answer(owner.code + "#")
            assert answer == after or not owner.confirmed and answer == before, (k, tear)
            assert owner.lock.openings == 1 + (answer == "opened")
            assert owner.answer(OWNER) == "opened"
            seen.add(answer)
            k += 1
        assert owner.confirmed and owner.answer(owner.code + "#") == after
    assert seen == LEFT[entries, where]


@pytest.mark.parametrize("where", TEARS)
@pytest.mark.parametrize("entries", AT_DOOR)
@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_a_cut_leaves_the_old_lock_or_the_new_one(runtime, entries, where):
    owner = Owner(runtime, entries)
    with owner.lock:
        cut_everywhere(owner, entries, where)


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_a_cut_while_the_sound_is_switched_off_leaves_it_on_or_off(runtime):
    owner = Owner(runtime, "5#")
    with owner.lock:
        old = owner.settings
        seen = set()
        for where, tears in TEARS.items():
            for tear in tears:
                k = 1
                while owner.change(where, k, tear):
                    seen.add(owner.settings == old)
                    assert b'"mute":true' in owner.settings or owner.settings == old
                    assert owner.answer(owner.code + "#") == "opened"
                    k += 1
        assert seen == {True, False}


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_a_change_that_a_cut_kept_out_of_the_log_shows_there_all_the_same(runtime):
    owner = Owner(runtime, GRANT)
    with owner.lock:
        assert owner.change("flash", 1, "none")
        assert owner.answer(owner.code + "#") == "owner"
        assert "revocation" not in owner.events() and "replaced" in owner.events()
        assert owner.change("flash", 2, "none")
        assert "revocation" in owner.events()


# The same checks must be able to fail: a menu that is broken on purpose.

BROKEN = {
    "revoked in memory alone": (GRANT, "self._wake.vault.replace(settings, packed)\n        for", "for"),
    "filled in memory alone": (LOCKOUT, "wake.journal.write(body)", "wake.state.apply(body)"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_menu_is_caught(tmp_path, name):
    entries, right, wrong = BROKEN[name]
    owner = Owner("cpython", entries, broken_copy(tmp_path, "firmware/service.py", [(right, wrong)]))
    with owner.lock, pytest.raises(AssertionError):
        cut_everywhere(owner, entries, "flash")
