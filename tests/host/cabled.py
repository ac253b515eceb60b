"""A simulated lock with a serial cable in it: the real firmware on the MicroPython VM, its console behind a pty.

    with Cabled(disk, config, held=True) as cable:
        deploy(cable.port, ...)
        cable.do(lambda lock: lock.maintenance_key(False))

The lock lives in a thread of its own, and with it the world: NVS, flash, clocks, keys, door. Simulated time passes
while its chip boots or runs, and stands still while it sleeps, has no power or sits at its open console. What the
console is told to do acts on that same board: `esp32.NVS` and `machine.reset()` are the lock's.
"""

import os
import pty
import queue
import select
import socket
import struct
import subprocess
import termios
import threading
import time
import tty
from functools import cache, partial
from pathlib import Path

from host_sim.chip import protocol
from host_sim.lock import Lock
from host_sim.runtime.image import chip_image
from host_sim.runtime.run import ChipStopped, FirmwareError, Run, pause
from tests.host.serial_lock import BLOCK, mounted
from tests.host.vm import MICROPYTHON
from tools.image import release, vfs

BLOCKS = 192
"""Of the file system: enough for one release."""
_LOOK_S = 0.01
_GUARD_S = 120
_WAIT_S = 300
_STEP_US = 20_000
"""Of simulated time, after which a chip at its console looks at the world again, or it would see no key of later."""
_JOIN = """
import vm_link
vm_link.join(FILE)
import esp32, machine, network, socket, time
import start as chip_start
"""
_START = """
def execute_as_the_chip(name):
    if name in os.listdir():
        execfile(name)

chip_start.start(execute_as_the_chip, vm_link.describe)
"""


@cache
def firmware():
    """The Release of the firmware as it is in this tree."""
    return release.build()


def installed(folder, made=None, blocks=BLOCKS):
    """A file in `folder` with a file system that has a Release and nothing else; the firmware's, if none is given."""
    disk = Path(folder, "disk")
    disk.write_bytes(vfs.build(made or firmware(), blocks * BLOCK).ljust(blocks * BLOCK, b"\xff"))
    return disk


class _Cable:
    """The runtime of a boot whose VM has a pty for a console and `disk` for its file system."""

    def __init__(self, disk, terminal):
        self._disk, self._terminal = disk, terminal
        self.world = None

    def boot(self, port):
        """Start boot.py and main.py of the disk; returns the Run, which goes on while the console is open."""
        return Run(lambda: self._run(port.serve))

    def close(self):
        """Nothing is kept between boots."""

    def _run(self, serve):
        termios.tcflush(self._terminal, termios.TCIFLUSH)  # what came in while the chip was in reset is lost
        link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with link, theirs:
            code = _JOIN.replace("FILE", str(theirs.fileno())) + mounted(self._disk) + _START
            vm = subprocess.Popen(
                [MICROPYTHON, "-X", "heapsize=4M", "-i", "-c", code],
                env={**os.environ, "MICROPYPATH": f"{chip_image().numbered()}:.frozen"},
                stdin=self._terminal,
                stdout=self._terminal,
                stderr=self._terminal,
                pass_fds=(theirs.fileno(),),
            )
            theirs.close()
            try:
                self._converse(link, serve)
                self._ended(vm, serve)
            finally:
                vm.kill()
                vm.wait()

    def _converse(self, link, serve):
        """Until the VM ends by itself."""
        waited_s = 0
        while True:
            if not select.select([link], [], [], _LOOK_S)[0]:
                waited_s += _LOOK_S
                if self.world.chip.state == "console":
                    pause()
                elif waited_s > _GUARD_S:
                    raise FirmwareError("the firmware is stuck in a loop that never looks at a clock")
                continue
            waited_s = 0
            request = link.recv(65536)
            if not request:
                return
            head, payload = serve(request)
            link.send(head)
            if payload:
                link.send(payload)

    def _ended(self, vm, serve):
        """At the prompt Ctrl-D resets the chip softly; `SerialLock`'s cut takes its power."""
        if vm.wait() < 0:
            self.world.cut_power()
            raise ChipStopped
        chip = self.world.chip
        if chip.state != "console":
            raise FirmwareError("the VM ended by itself")
        now = self.world.timeline.now_us - chip.began_us
        serve(struct.pack(protocol.REQUEST, protocol.RESET, now, 0, 0, 0, 0, 0) + bytes([protocol.SOFT_RESET]))


class Cabled:
    """The lock of `config` (a LockConfig, None for a bare board) with the file system in the file `disk`.

    held: whether the maintenance key is down when the batteries go in. options: see `Lock`.
    """

    def __init__(self, disk, config=None, held=False, **options):
        self._disk, self._config, self._held, self._options = disk, config, held, options
        self._wanted = queue.Queue()
        self._thread = threading.Thread(target=self._live)
        self.error = None
        """What the firmware did that it must never do: a FirmwareError."""

    def __enter__(self):
        self._terminal, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        """For whoever plugs in."""
        self._thread.start()
        self.do(lambda lock: None)
        return self

    def __exit__(self, kind, *exception):
        self._wanted.put(None)
        self._thread.join()
        os.close(self._slave)
        os.close(self._terminal)
        if self.error and kind is None:
            raise self.error

    def do(self, act):
        """Have the thread do `act(lock)`, a function of the Lock, between two steps of its life; returns the result."""
        done = queue.Queue()
        self._wanted.put((act, done))
        result, error = done.get(timeout=_WAIT_S)
        if error:
            raise error
        return result

    def settle(self):
        """Wait until the chip neither boots nor runs; returns whether its console is open."""
        return self.do(lambda lock: lock.run_until(lambda: not lock.awake, 120) and lock.console)

    def restarted(self, boots):
        """Wait until there have been more than so many boots; then as `settle`."""
        until = time.monotonic() + _WAIT_S
        while self.do(lambda lock: lock.boots) <= boots:
            if time.monotonic() > until:
                raise TimeoutError("the lock does not restart")
            time.sleep(_LOOK_S)
        return self.settle()

    def replug(self, held):
        """Take the power away and give it back, with the maintenance key held or not; returns as `settle` does."""
        self.do(partial(_replug, held=held))
        return self.settle()

    def _live(self):
        cable = _Cable(self._disk, self._terminal)
        with Lock(lambda root: cable, self._config, **self._options) as lock:
            cable.world = lock.world
            lock.world.chip.stays = True
            lock.maintenance_key(self._held)
            while self._serve(lock):
                self._step(lock)

    def _serve(self, lock):
        """Do what is wanted; False at the end."""
        busy = lock.awake or lock.console
        while True:
            try:
                wanted = self._wanted.get(not busy, _LOOK_S)
            except queue.Empty:
                return True
            if wanted is None:
                return False
            act, done = wanted
            try:
                done.put((act(lock), None))
            except Exception as error:
                done.put((None, error))

    def _step(self, lock):
        try:
            if lock.awake:
                lock.wait(0.1)
            elif lock.console:
                lock.world.horizon_us = lock.world.timeline.now_us + _STEP_US
                lock.world.chip.resume()
        except FirmwareError as error:
            self.error = error
            lock.cut_power()


def _replug(lock, held):
    lock.cut_power()
    lock.maintenance_key(held)
    lock.wait(1)
    lock.restore_power()
