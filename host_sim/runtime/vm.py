"""The firmware under the MicroPython VM, each boot a process of its own, killed when the boot is over.

The world keeps running in this process; each request of the chip comes over a socket, one packet for each part. One
helper (vm_server.py) serves all locks of this process; it starts with the first boot and ends with this process.
"""

import atexit
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
    """Runs boot.py and main.py of `root`; `heap` bounds the VM's heap as its `-X heapsize` does, for instance 96wK."""

    def __init__(self, root, heap=None):
        self._folder = str(firmware_image(root).compiled())
        self._search_path = f"{chip_image().compiled()}:{self._folder}"
        self._options = ("-X", f"heapsize={heap}") if heap else ()
        self._output = os.memfd_create("vm-output")

    def boot(self, serve):
        """Start the firmware from boot.py; returns its Run."""
        return Run(lambda: self._run(serve))

    def close(self):
        os.close(self._output)

    def _run(self, serve):
        os.truncate(self._output, 0)
        os.lseek(self._output, 0, os.SEEK_SET)
        link, chip_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with link:
            with chip_end:
                files = (chip_end.fileno(), self._output)
                child = _helper().fork((self._search_path, self._folder, "micropython", *self._arguments()), files)
            try:
                self._converse(link, serve)
            finally:
                _helper().end(child)

    def _arguments(self):
        return (*self._options, "-m", "vm_main")

    def _converse(self, link, serve):
        """Answer the VM until the world raises ChipStopped; raises FirmwareError when the VM ends or hangs."""
        link.settimeout(_GUARD_S)
        while True:
            try:
                request = link.recv(_MAX_REQUEST)
            except (TimeoutError, ConnectionError) as error:
                raise FirmwareError(f"the firmware is stuck in a loop that never looks at a clock: {error}") from error
            if not request:
                raise FirmwareError(f"the VM ended by itself\n{self._said()}")
            head, payload = serve(request)
            link.send(head)
            if payload:
                link.send(payload)

    def _said(self):
        return os.pread(self._output, _MAX_REQUEST, 0).decode(errors="replace")


class _Helper:
    """The harness's end of vm_server.py."""

    def __init__(self):
        self.owner = os.getpid()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        site = str(Path(find_spec("micropython_module").origin).parent)
        with theirs:
            command = [sys.executable, "-I", "-S", str(_SERVER), str(theirs.fileno()), site]
            self._process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL)

    def fork(self, words, files):
        """Start a VM with its `files` (bus, output); returns its process id."""
        socket.send_fds(self._control, ["\0".join(("fork", *words)).encode()], files)
        answer = self._control.recv(32)
        if not answer:
            raise FirmwareError("the helper that starts MicroPython ended")
        return int(answer)

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
