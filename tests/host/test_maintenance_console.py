"""The console of a lock, by mpremote against the firmware on the VM: open with the maintenance key, never without."""

import os
import threading
from contextlib import contextmanager

import pytest
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from host_sim.chip.protocol import SOFT_RESET
from host_sim.lock import LockConfig
from tests.host.cabled import Cabled, firmware, installed

CONTROLS = b"\x03\x04\x05\x01\x02\r"
"""Ctrl-C, D, E, A, B and Enter: all that means anything to a prompt."""
GRANTS = [{"label": "couriers", "kind": "event", "digits": 8, "check": True}]
REACH = "import machine\nprint(machine.unique_id().hex())"


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("disk"))


def prompt(port, patience_s=60):
    """A raw REPL at the serial `port`. Raises TransportError where there is none."""
    transport = SerialTransport(port, timeout=patience_s)
    try:
        transport.enter_raw_repl(soft_reset=False, timeout_overall=patience_s)
    except TransportError:
        transport.close()
        raise
    return transport


def opens(lock):
    """Whether the lock opens for a good code."""
    lock.wake()
    lock.type(lock.issue("couriers") + "#")
    return lock.run_until(lambda: lock.bolt == "unlocked", 3)


def kinds(lock):
    return [event["kind"] for event in lock.log()]


@contextmanager
def flooded(port):
    """Somebody types CONTROLS at the serial `port` without a pause; gives what comes back."""
    line, over, heard = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK), threading.Event(), []

    def type_and_listen():
        while not over.wait(0.001):
            for act in (lambda: os.write(line, CONTROLS), lambda: heard.append(os.read(line, 4096))):
                try:
                    act()
                except BlockingIOError:  # full, or nothing there
                    pass

    thread = threading.Thread(target=type_and_listen)
    thread.start()
    try:
        yield heard
    finally:
        over.set()
        thread.join()
        os.close(line)


def test_controls_at_any_time_from_boot_to_sleep_give_no_prompt(disk):
    with Cabled(disk, LockConfig(GRANTS)) as cable, flooded(cable.port) as heard:
        for _ in range(3):
            assert not cable.replug(held=False)
            assert cable.do(opens)
            cable.settle()
        assert heard == []
        cable.replug(held=True)  # in the midst of opening it they are of no use either; at the prompt Ctrl-D closes it
        assert cable.do(kinds).count("maintenance") == 1


@pytest.mark.parametrize("name", ["board", "app", "assembly"])
def test_controls_give_no_prompt_where_the_firmware_does_not_load(tmp_path, name):
    files = {path: content for path, content in firmware().files.items() if path != f"firmware/{name}.mpy"}
    broken = firmware()._replace(files=files)
    with Cabled(installed(tmp_path, broken), LockConfig(GRANTS)) as cable, flooded(cable.port) as heard:
        assert not cable.settle()
        assert heard == []
        cable.replug(held=True)
        cable.restarted(2)  # by a Ctrl-D, which only a prompt takes
    assert b">>>" in b"".join(heard)


@pytest.mark.parametrize("config", [LockConfig(GRANTS), None])
def test_the_key_gives_a_prompt_on_the_lock_s_own_board(disk, config):
    with Cabled(disk, config, held=True) as cable:
        assert cable.settle()
        transport = prompt(cable.port)
        assert transport.exec(REACH).strip() == b"240ac4d00b01"
        transport.exec_raw_no_follow("machine.reset()")
        transport.close()
        assert not cable.restarted(1)  # though the key is still down


def test_without_the_key_the_lock_is_as_ever_and_there_is_no_prompt(disk):
    with Cabled(disk, LockConfig(GRANTS)) as cable:
        assert not cable.settle()
        with pytest.raises(TransportError):
            prompt(cable.port, 0.5)
        assert cable.do(opens)


@pytest.mark.parametrize("raw", [False, True])
def test_a_soft_reset_keeps_no_prompt_open_either(disk, raw):
    """After one from raw mode MicroPython runs no main.py."""
    with Cabled(disk, LockConfig(GRANTS), held=True) as cable:
        assert cable.settle()
        transport = prompt(cable.port)
        cable.do(lambda lock: lock.maintenance_key(False))
        if not raw:
            transport.exit_raw_repl()
        boots = cable.do(lambda lock: lock.boots)
        transport.serial.write(b"\x04")
        assert not cable.restarted(boots + 1)  # a soft one, and what boot.py makes of it
        transport.close()
        assert cable.do(lambda lock: lock.world.chip.reset_cause) != SOFT_RESET
        assert cable.do(opens)


def test_a_reset_closes_it_again_and_the_log_has_it(disk):
    with Cabled(disk, LockConfig(GRANTS), held=True) as cable:
        assert cable.settle()
        transport = prompt(cable.port)
        cable.do(lambda lock: lock.maintenance_key(False))
        transport.exec_raw_no_follow("import machine\nmachine.reset()")
        transport.close()
        assert not cable.restarted(1)
        assert cable.do(kinds) == ["boot", "maintenance", "boot"]
        with pytest.raises(TransportError):
            prompt(cable.port, 0.5)
        assert cable.do(opens)
