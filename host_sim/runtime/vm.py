"""The firmware under the MicroPython VM, each boot a process of its own, killed when the boot is over.

The world keeps running in this process; each request of the chip comes over a socket, one packet for each part. One
helper (vm_server.py) serves all locks of this process; it starts with the first boot and ends with this process.
"""

import atexit
import mmap
import os
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from host_sim.runtime.image import chip_image, firmware_image
from host_sim.runtime.run import FirmwareError, Run

_SERVER = Path(__file__).with_name("vm_server.py")
_MAX_REQUEST = 65536
_GUARD_S = 20
"""Seconds of real time within which the firmware must ask the world something; a second is far more than enough."""


class VmRuntime:
    """Runs boot.py and main.py of `root`; `heap` bounds the VM's heap as its `-X heapsize` does, for instance 96wK.

    A chip that has slept and woken will do so again: from then on the next VM starts ahead, beside the world's own
    work, and waits at its first request. `hear` is called with what each boot has printed, once that boot is over.
    """

    def __init__(self, root, heap=None, hear=None):
        folder = str(firmware_image(root).compiled())
        options = ("-X", f"heapsize={heap}") if heap else ()
        search_path = f"{chip_image().numbered()}:{folder}"
        self._command = (search_path, folder, "micropython", *options, "-m", "vm_main")
        self._boots = 0
        self._ahead = None
        self._hear = hear
        self._cells = None

    def boot(self, port):
        """Start the firmware from boot.py; returns its Run."""
        flash = port.world.flash
        if flash and not (self._cells and self._cells.fits(flash)):
            self.close()
            self._cells = _Cells(flash.size)
        if self._cells:
            self._cells.hold(flash)
        return Run(lambda: self._run(port.serve))

    def close(self):
        """End the VM that was started ahead."""
        if self._ahead:
            self._ahead.end()
            self._ahead = None
        if self._cells:
            self._cells.close()
            self._cells = None

    def _run(self, serve):
        vm, self._ahead = self._ahead or _Vm(self._command, self._cells), None
        self._boots += 1
        try:
            if self._boots > 1:
                self._ahead = _Vm(self._command, self._cells)
            vm.converse(serve)
        finally:
            if self._hear:
                self._hear(vm.said())
            vm.end()


class _Cells:
    """Memory for the bytes of a flash of `size`, which all VMs of a lock share with its world."""

    def __init__(self, size):
        self.file = os.memfd_create("flash")
        os.ftruncate(self.file, size)
        self._memory = mmap.mmap(self.file, size)
        self._flash = None

    def fits(self, flash):
        return flash.size == len(self._memory)

    def hold(self, flash):
        """Be the memory of `flash`, and of no other any more."""
        if flash is not self._flash:
            self._release()
            self._flash = flash
            if flash:
                flash.move(self._memory)

    def close(self):
        self._release()
        self._memory.close()
        os.close(self.file)

    def _release(self):
        if self._flash:
            self._flash.move(bytearray(self._flash.size))
            self._flash = None


class _Vm:
    """One VM, from its start to its end."""

    def __init__(self, command, cells):
        self._link, chip_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.settimeout(_GUARD_S)
        self._output = os.memfd_create("vm-output")
        with chip_end:
            _helper().fork(command, (chip_end.fileno(), self._output, *([cells.file] if cells else [])))
        self._pid = None

    def converse(self, serve):
        """Answer the VM until the world raises ChipStopped; raises FirmwareError when the VM ends or hangs."""
        link = self._link
        self._meet()
        while True:
            try:
                request = link.recv(_MAX_REQUEST)
            except (TimeoutError, ConnectionError) as error:
                raise FirmwareError(f"the firmware is stuck in a loop that never looks at a clock: {error}") from error
            if not request:
                raise FirmwareError(f"the VM ended by itself\n{self.said()}")
            head, payload = serve(request)
            link.send(head)
            if payload:
                link.send(payload)

    def end(self):
        """Kill the VM, wherever it is."""
        self._meet()
        _helper().end(self._pid)
        self._link.close()
        os.close(self._output)

    def _meet(self):
        """Learn the process id from the VM's first packet."""
        if self._pid is None:
            first = self._link.recv(_MAX_REQUEST)
            if not first:
                raise FirmwareError("the helper that starts MicroPython ended")
            self._pid = int(first)

    def said(self):
        """What the VM has printed so far."""
        return os.pread(self._output, os.fstat(self._output).st_size, 0).decode(errors="replace")


class _Helper:
    """The harness's end of vm_server.py."""

    def __init__(self):
        self.owner = os.getpid()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        site = str(Path(find_spec("micropython_module").origin).parent)
        with theirs:
            command = [sys.executable, "-I", "-S", str(_SERVER), str(theirs.fileno()), site]
            self._process = subprocess.Popen(  # in a group of its own: a Ctrl-C is for whoever waits for it
                command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, process_group=0
            )

    def fork(self, words, files):
        """Start a VM with its `files` (bus, output, where it has one the memory of its flash)."""
        socket.send_fds(self._control, ["\0".join(("fork", *words)).encode()], files)

    def end(self, child):
        """Kill the VM `child`, wherever it is."""
        os.kill(child, signal.SIGKILL)
        self._control.send(b"reap\0%d" % child)

    def close(self):
        self._control.close()
        if self.owner == os.getpid():
            self._process.wait()


_running = None


def _helper():
    """The helper of this process, started when there is none."""
    global _running
    if _running is None or _running.owner != os.getpid():
        _running = _Helper()
        atexit.register(_running.close)
    return _running
