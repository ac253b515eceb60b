"""The interface for tests: a lock with the real firmware is typed at, cut off and looked into, on both runtimes."""

import pytest

from host_sim.lock import FirmwareError, Lock, LockConfig
from host_sim.runtime import RUNTIMES

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

GRANTS = [
    {"label": "lobby", "kind": "interval", "step": 3600, "digits": 8, "check": True},
    {"label": "couriers", "kind": "event", "digits": 8, "check": True},
    {"label": "parcel", "kind": "number", "number": "10123456784"},
    {"label": "owner", "kind": "number", "number": "482913375604", "permissions": 65, "uses": 0},
]


def opens(lock, code):
    """Whether typing `code` draws the bolt back; afterwards the lock has locked itself and sleeps."""
    before = lock.openings
    lock.wake()
    lock.type(code + "#")
    opened = lock.run_until(lambda: lock.bolt == "unlocked", 16)  # the owner's code is delayed up to 15 s
    assert opened == (lock.openings > before)
    lock.wait(45)  # after the owner's code the menu is open for half a minute
    assert (lock.bolt, lock.awake) == ("locked", False)
    return opened


@BOTH
def test_every_kind_of_grant_opens_once_and_the_owner_always(runtime):
    with Lock(runtime, LockConfig(GRANTS)) as lock:
        lock.wait(20)
        for label in ("lobby", "couriers", "parcel"):
            code = lock.issue(label)
            assert opens(lock, code)
            assert not opens(lock, code)
            assert lock.answer == "used"
        assert opens(lock, lock.issue("owner"))
        assert opens(lock, lock.issue("owner"))
        assert lock.openings == 5
        assert [event["grant"] for event in lock.log() if event["decision"] == "opened"] == [
            "lobby",
            "couriers",
            "parcel",
            "owner",
            "owner",
        ]


def test_both_runtimes_live_the_same_life_to_the_microsecond():
    lives = []
    for runtime in RUNTIMES:
        with Lock(runtime, LockConfig(GRANTS), seed=7) as lock:
            lock.wait(20)
            opens(lock, lock.issue("couriers"))
            opens(lock, "123456789")
            lock.cut_power()
            lock.wait(60)
            lock.restore_power()
            lock.wait(20)
            lives.append((lock.trace, lock.flash, lock.world.signals.edges))
    assert lives[0] == lives[1]


@BOTH
def test_a_cut_at_a_flash_operation_stops_the_lock_until_power_returns(runtime):
    with Lock(runtime, LockConfig(GRANTS)) as lock:
        lock.wait(20)
        lock.wake()
        lock.cut_at_flash_op(2, tear="half")
        lock.type(lock.issue("couriers") + "#")
        lock.wait(5)
        assert not lock.powered
        assert lock.openings == 0
        lock.restore_power()
        lock.wait(20)
        assert lock.log()[-1]["kind"] == "boot"
        assert opens(lock, lock.issue("couriers"))


@BOTH
def test_a_locked_bolt_keeps_the_door_shut_and_an_open_door_keeps_the_bolt_back(runtime):
    with Lock(runtime, LockConfig(GRANTS)) as lock:
        lock.door("open")
        assert lock.door_state == "closed"
        lock.wake()
        lock.type(lock.issue("couriers") + "#")
        lock.wait(2)
        lock.door("open")
        assert lock.door_state == "open"
        lock.wait(30)
        assert lock.bolt == "unlocked"
        lock.door("closed")
        lock.wait(10)
        assert lock.bolt == "locked"


@BOTH
def test_a_bare_board_and_one_without_a_partition_stay_closed_and_say_so(runtime):
    for config in (None, LockConfig(GRANTS, sectors=None), LockConfig(GRANTS, sectors=32), LockConfig(settings=None)):
        with Lock(runtime, config) as lock:
            lock.wake()
            lock.type("123456789#")
            lock.wait(5)
            assert lock.answer == "owner"
            assert lock.openings == 0


@BOTH
def test_firmware_at_the_prompt_is_an_error(runtime, tmp_path):
    (tmp_path / "main.py").write_text("1 / 0")
    with Lock(runtime, root=tmp_path) as lock:
        with pytest.raises(FirmwareError, match="ZeroDivisionError"):
            lock.wait(2)
        assert lock.prompt
        lock.wait(2)
        with pytest.raises(FirmwareError, match="prompt"):
            lock.wake()


def test_the_heap_of_the_vm_can_be_bounded():
    with Lock("micropython", LockConfig(GRANTS), heap="144wK") as lock:
        lock.wait(20)
        assert opens(lock, lock.issue("couriers"))
    with Lock("micropython", LockConfig(GRANTS), heap="16K") as lock, pytest.raises(FirmwareError):
        lock.wake()


def test_codes_are_the_same_for_the_same_seed_and_skip_equal_digits():
    config = LockConfig([{"label": "couriers", "kind": "event", "digits": 6}])
    with Lock(config=config, seed=1) as one, Lock(config=config, seed=1) as again, Lock(config=config, seed=2) as other:
        codes = [one.issue("couriers") for _ in range(1500)]
        assert len(set(codes)) == 1500
        assert codes[:9] == [again.issue("couriers") for _ in range(9)]
        assert codes[0] != other.issue("couriers")
        assert one.issue("couriers", counter=0) == codes[0]


def test_trace_tells_what_happened_in_words():
    with Lock(config=LockConfig(GRANTS)) as lock:
        lock.wait(20)
        opens(lock, lock.issue("couriers"))
        told = [(happening.kind, happening.text) for happening in lock.trace]
        for line in [
            ("power", "on"),
            ("chip", "boots"),
            ("chip", "sleeps"),
            ("key", "#"),
            ("flash", "attempt 1: 9 digits"),
            ("flash", "attempt 1: burnt couriers"),
            ("bolt", "unlocked"),
            ("flash", "attempt 1: opened"),
            ("flash", "log: opened couriers"),
            ("answer", "opened"),
        ]:
            assert line in told


def test_only_keys_can_be_typed():
    with Lock(config=LockConfig(GRANTS)) as lock, pytest.raises(ValueError, match="'a'"):
        lock.type("12a#")


@BOTH
def test_a_sync_over_the_cable_is_taken_asleep_and_without_power_and_what_cannot_be_is_refused(runtime):
    with Lock(runtime, LockConfig(GRANTS, synchronised=False)) as lock:
        lock.wait(20)
        assert not opens(lock, lock.issue("lobby"))
        lock.sync()
        assert opens(lock, lock.issue("lobby"))
        lock.cut_power()
        lock.coin_cell(False)
        lock.wait(3600.7)
        lock.coin_cell(True)
        lock.sync(offset_s=-0.5)
        with pytest.raises(ValueError, match="floor"):
            lock.sync(offset_s=-86_400)
        lock.restore_power()
        lock.wait(20)
        assert opens(lock, lock.issue("lobby"))
        lock.wake()
        with pytest.raises(ValueError, match="asleep"):
            lock.sync()
    with Lock(runtime) as lock, pytest.raises(ValueError, match="provisioned"):
        lock.sync()
