"""A cut at every operation of NVS and flash, and at every message, of provisioning: the same command goes on."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from mpremote.transport import TransportError

from host_sim.world.tears import TEARS
from tests.host.owners import CONFIG, NUMBERS, PARCEL, folder
from tests.host.prompted import Prompt, bare_lock
from tools.config.reader import parse
from tools.image import Refused
from tools.owner.issue import IssueError, digits_of, issue
from tools.provision.books import Wanted
from tools.provision.flow import Provisioning
from tools.provision.lock import Lock as AtPrompt

RELEASE = "fw-000000000000"
QUIET = SimpleNamespace(tell=lambda line: None, ask=lambda question: True, waiting=lambda text: nullcontext())
CHANGED = CONFIG.replace('zone = "CET-1CEST,M3.5.0,M10.5.0/3"', 'zone = "UTC0"') + PARCEL


@pytest.fixture
def lock(monkeypatch):
    with bare_lock(monkeypatch) as made:
        yield made


def provision(lock, keep, config=CONFIG, pull_at=0, erase=False):
    """One run; (the Record it made, messages exchanged)."""
    transport = Prompt(lock)
    transport.pull_at = pull_at
    board = AtPrompt(transport, "port")
    board.check(RELEASE)
    work = Provisioning(board, keep, "front", Wanted(parse(config), NUMBERS), erase, QUIET)
    work.write()
    board.restart()
    work.finish()
    return keep.load("front"), transport.messages


def opens(lock, digits):
    lock.wait(30)
    lock.wake()
    lock.type(digits + "#")
    lock.wait(4)
    return lock.answer


def operations(lock, run):
    """(memory, number) of each operation that `run` makes, from where the lock is."""
    nvs, flash = lock.nvs_ops, lock.flash_ops
    run()
    yield from (("nvs", number) for number in range(1, lock.nvs_ops - nvs + 1))
    yield from (("flash", number) for number in range(1, lock.flash_ops - flash + 1))


def cut(lock, memory, number, run):
    """`run` until the power goes in an operation, which is done or not by turns."""
    if memory == "nvs":
        lock.world.nvs.cut_at(number, ("old", "new")[number % 2])
    else:
        lock.world.flash.cut_at(number, TEARS[number % len(TEARS)])
    with pytest.raises((TransportError, Refused)):
        run()
    assert not lock.powered


def works(lock, record, grant):
    """Whether a code of the grant opens."""
    return opens(lock, digits_of(record, issue(record, grant, int(lock.now)).code)) == "opened"


@pytest.fixture
def keep(tmp_path):
    return folder(tmp_path)


@pytest.fixture
def back(lock, keep):
    """Goes back to before the first provisioning."""
    bare = lock.snapshot()

    def go():
        lock.go_back(bare)
        (keep.path / "front.age").unlink(missing_ok=True)

    return go


def kept(keep):
    return keep.load("front") if "front" in keep.labels() else None


def test_power_cut_at_every_operation_of_a_first_provisioning(lock, keep, back):
    seen = set()
    for memory, number in list(operations(lock, lambda: provision(lock, keep))):
        back()
        cut(lock, memory, number, lambda: provision(lock, keep))
        before = kept(keep)
        with pytest.raises(IssueError, match="not provisioned to the end"):
            issue(before, "couriers", int(lock.now))
        record, _ = provision(lock, keep)
        assert (record.secrets, record.grants, record.pending) == (before.secrets, before.grants, False)
        seen.add(record.lock_id)
        if number % 16 == 1:
            assert works(lock, record, "couriers")
    assert len(seen) > 70


def test_cable_pulled_at_every_message_of_a_first_provisioning(lock, keep, back):
    _, messages = provision(lock, keep)
    for number in range(1, messages):
        back()
        with pytest.raises(OSError, match="Input/output"):
            provision(lock, keep, pull_at=number)
        before = kept(keep)
        record, _ = provision(lock, keep)
        assert before is None or before.secrets == record.secrets
        assert not record.pending
        if number % 8 == 1:
            assert works(lock, record, "couriers")


@pytest.fixture
def used(lock, keep):
    """(a code that was used, a function that goes back to that moment) of a lock in service."""
    provision(lock, keep)
    with keep.change("front") as record:
        digits = digits_of(record, issue(record, "couriers", int(lock.now)).code)
    assert opens(lock, digits) == "opened"
    lock.wait(30)
    moment, content = lock.snapshot(), (keep.path / "front.age").read_bytes()

    def go():
        lock.go_back(moment)
        (keep.path / "front.age").write_bytes(content)

    return digits, go


def changed(lock, keep, old):
    """Provision to the end, and look at what must be true after a change that was cut."""
    record, _ = provision(lock, keep, CHANGED)
    assert {name: record.secrets[name] for name in old.secrets} == old.secrets
    assert (record.settings["zone"], record.pending) == ("UTC0", False)
    return record


def test_power_cut_at_every_operation_of_a_change(lock, keep, used):
    digits, back = used
    old = keep.load("front")
    for memory, number in list(operations(lock, lambda: provision(lock, keep, CHANGED))):
        back()
        cut(lock, memory, number, lambda: provision(lock, keep, CHANGED))
        record = changed(lock, keep, old)
        if number % 4 == 1:
            assert opens(lock, digits) == "used"
            assert works(lock, record, "parcel 2")


def test_cable_pulled_at_every_message_of_a_change(lock, keep, used):
    digits, back = used
    old = keep.load("front")
    _, messages = provision(lock, keep, CHANGED)
    for number in range(1, messages):
        back()
        with pytest.raises(OSError, match="Input/output"):
            provision(lock, keep, CHANGED, pull_at=number)
        record = changed(lock, keep, old)
        if number % 8 == 1:
            assert opens(lock, digits) == "used"
            assert works(lock, record, "parcel 2")


def test_cable_pulled_at_every_message_while_a_lock_gets_new_keys(lock, keep, used):
    digits, back = used
    old = keep.load("front")
    _, messages = provision(lock, keep, erase=True)
    for number in range(1, messages):
        for path in keep.path.glob("front *.age"):
            path.unlink()
        back()
        with pytest.raises(OSError, match="Input/output"):
            provision(lock, keep, pull_at=number, erase=True)
        record, _ = provision(lock, keep, erase=True)
        assert not {*record.secrets.values()} & {*old.secrets.values()}
        archived = [label for label in keep.labels() if label != "front"]
        assert keep.load(archived[0]).secrets == old.secrets
        if number % 8 == 1:
            assert opens(lock, digits) in ("wrong", "mistyped")
            assert works(lock, record, "couriers")
