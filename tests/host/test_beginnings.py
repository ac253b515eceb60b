"""A boot that begins as earlier ones did goes on where they left a copy of their VM, and nobody can tell."""

import pytest

from host_sim.runtime import RUNTIMES, vm
from host_sim.runtime.beginnings import HELLO, Beginnings
from host_sim.runtime.vm_process import begin
from tests.host.boards import board, reported, run

BOTH = pytest.mark.parametrize("runtime", list(RUNTIMES))

REED = """
from firmware import heavy
import time
reed = machine.Pin(14, machine.Pin.IN)
before = reed.value()
time.sleep_us(500)
machine.WDT(timeout=8000)
heavy.count.append(1)
report([before, reed.value(), len(heavy.count), time.ticks_ms(), machine.reset_cause()])
machine.deepsleep(580)
"""
HEAVY = {"heavy.py": "count = []\n"}
CLOSED, OPEN = 0, 1
ASLEEP = 4


@BOTH
def test_what_the_world_says_counts_and_not_what_it_said_to_others(tmp_path, runtime):
    with board(tmp_path, runtime, REED, HEAVY) as world:
        run(world, 0.5)
        assert reported(world) == [CLOSED, CLOSED, 1, 420, 1]
        for _ in range(5):
            run(world, 1)
            assert reported(world) == [CLOSED, CLOSED, 1, 420, ASLEEP]
        world.bolt.turn(1)
        until_us = world.chip.sleep[0]
        world.timeline.at(until_us + 420_200, world.door.open)  # between the two looks
        run(world, 1)
        assert reported(world) == [CLOSED, OPEN, 1, 420, ASLEEP]
        run(world, 1)
        assert reported(world) == [OPEN, OPEN, 1, 420, ASLEEP]
        world.door.close()
        run(world, 1)
        assert reported(world) == [CLOSED, CLOSED, 1, 420, ASLEEP]
        world.cut_power()
        world.power_on()
        run(world, 0.5)
        assert reported(world) == [CLOSED, CLOSED, 1, 420, 1]


def test_few_of_many_boots_begin_anew(tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr(vm, "begin", lambda command, files: begun.append(command) or begin(command, files))
    for seconds in (20, 10):
        with board(tmp_path, "micropython", REED, HEAVY) as world:
            run(world, seconds)
            assert world.chip.boots > seconds - 2
            assert reported(world)[2] == 1
    assert len(begun) < 10


class Watching:
    """Stands for a VM of which copies can be made."""

    def __init__(self):
        self.copies = []

    def copy(self):
        self.copies.append(Copied())
        return self.copies[-1]


class Copied:
    usable = True
    closed = False

    def close(self):
        self.closed = True


def reply(next_us=9, rest=b""):
    return bytes(8) + next_us.to_bytes(8, "little") + bytes(15) + rest, b""


def asked(operation, now=0, read=0, until=0):
    head = bytes([operation]) + now.to_bytes(8, "little") + bytes(16) + read.to_bytes(4, "little") + bytes(3)
    return head + until.to_bytes(8, "little")


SYNC, WAIT, I2C = 1, 2, 8


def learnt(told, request):
    """(the Beginnings that have met this three times, the VM)."""
    known, machine = Beginnings(), Watching()
    for _ in range(3):
        assert known.learn("lock", told, request, machine)
    return known, machine


def test_a_beginning_is_what_was_met_three_times_up_to_the_first_request_about_the_world():
    told = [(HELLO, reply()), (asked(SYNC), reply())]
    known, machine = learnt(told, asked(I2C, now=3))
    assert len(machine.copies) == 1
    assert not known.learn("lock", told, asked(SYNC), machine)
    found = known.find("lock", [(HELLO, reply())], lambda request: reply(next_us=8))
    assert (found.told, found.request) == (told, asked(I2C, now=3))
    assert known.find("other lock", [(HELLO, reply())], None) is None
    assert known.find("lock", [(HELLO, reply(rest=b"1"))], None) is None
    known.learn("lock", told, asked(I2C, now=3), machine)
    assert len(machine.copies) == 1


@pytest.mark.parametrize("said", [reply(rest=b"other"), reply(next_us=3)])
def test_a_boot_that_is_told_something_else_begins_anew_with_what_it_was_told(said):
    known, _ = learnt([(HELLO, reply()), (asked(SYNC), reply())], asked(I2C, now=3))
    told = [(HELLO, reply())]
    assert known.find("lock", told, lambda request: said) is None
    assert told == [(HELLO, reply()), (asked(SYNC), said)]


@pytest.mark.parametrize("request_made", [asked(WAIT, until=9), asked(I2C, now=9), asked(I2C, read=1)])
def test_no_beginning_is_made_where_time_or_flash_was_looked_at(request_made):
    _, machine = learnt([(HELLO, reply())], request_made)
    assert not machine.copies


def test_the_longest_unused_gives_way():
    known, machine = Beginnings(), Watching()
    for number in range(7):
        for _ in range(3):
            known.learn(number, [(HELLO, reply())], asked(I2C), machine)
        assert known.find(0, [(HELLO, reply())], None)
    assert [copy.closed for copy in machine.copies] == [False, True, False, False, False, False, False]
